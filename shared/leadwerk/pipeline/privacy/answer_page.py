"""The answer to a person as a page that they can read: decisions with their reasons in plain words, then all rows.

One file without scripts, in German, French, Italian or English; every value is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from leadwerk.catalogue.languages import Language
from leadwerk.errors import UNREADABLE_JSON
from leadwerk.pipeline.privacy.access import AccessAnswer, TableOfPerson, rights_of_person
from leadwerk.policy.model import Policy
from leadwerk.texts import action_label, has, text
from leadwerk.texts.points import point_reason
from leadwerk.warehouse.records import ScoreReason, ScoreRow

FOLDER = Path(__file__).parent
MOMENT = "%d.%m.%Y %H:%M UTC"


@dataclass(frozen=True)
class DecisionInWords:
    """A stored score as its person reads it: what was decided, from what, and what spoke for and against it."""

    scored_at: str
    lead_id: str
    decision: str
    figures: str
    reasons: tuple[str, ...]
    points: tuple[str, ...]


@dataclass(frozen=True)
class TableInWords:
    """Rows of a table: what they are, how long they stay, and their values by column."""

    name: str
    purpose: str
    kept: str
    rows: list[list[tuple[str, str]]]


def answer_page(answer: AccessAnswer, policy: Policy, language: Language) -> str:
    """The page as HTML in `language`."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Escaped without exception: what a person once typed into a form must not run where their answer is opened.
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("answer.html").render(
        t=lambda key, **values: text(language, f"privacy.{key}", **values),
        language=language,
        answer=answer,
        rights=rights_of_person(language, answer.number),
        answered_at=answer.answered_at.strftime(MOMENT),
        decisions=list(_decisions(answer, policy, language)),
        tables=[_table(part, language) for part in answer.tables],
    )


def _decisions(answer: AccessAnswer, policy: Policy, language: Language) -> Iterator[DecisionInWords]:
    rows = next((part.rows for part in answer.tables if part.table == "scores"), [])
    for score in msgspec.convert(rows, list[ScoreRow]):
        cluster = score.score_cluster
        figures = {"privacy.figure.score": score.predictive_score, "privacy.figure.points": score.points}
        yield DecisionInWords(
            scored_at=_cell(score.scored_at),
            lead_id=score.lead_id,
            decision=f"{text(language, f'cluster.{cluster}')}: {action_label(policy, language, cluster)}"
            if has(language, f"cluster.{cluster}")
            else cluster,
            figures=", ".join(text(language, key, value=f"{v:g}") for key, v in figures.items() if v is not None),
            reasons=tuple(_reason(item, language) for item in score.reasons),
            points=tuple(
                point_reason(policy, language, item.rule or "", item.points or 0.0, item.events or 0)
                for item in score.ledger
            ),
        )


def _reason(item: ScoreReason, language: Language) -> str:
    """A reason in the reader's language, or as it was written if only another language was stored."""
    try:
        fact = msgspec.json.decode(item.facts or "{}", type=dict[str, str]).get(language)
    except UNREADABLE_JSON:  # of an earlier release
        fact = None
    direction = "against" if (item.contribution or 0.0) < 0 else "for"
    return text(language, f"reason.{direction}", fact=fact) if fact else str(item.text)


def _table(part: TableOfPerson, language: Language) -> TableInWords:
    key = f"privacy.table.{part.table}"
    days = part.retention_days
    return TableInWords(
        name=part.table,
        purpose=text(language, key),
        kept=text(language, "privacy.kept.days", days=f"{days}") if days else text(language, "privacy.kept.erasure"),
        rows=[[(name, _cell(value)) for name, value in row.items() if not _is_empty(value)] for row in part.rows],
    )


def _cell(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, datetime):
        return value.strftime(MOMENT)
    if isinstance(value, list | tuple):
        return "; ".join(_cell(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_cell(item)}" for name, item in value.items() if not _is_empty(item))
    return str(value)


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], ())

"""Stored reasons: the reasons of scores, read for the leads of one page, in any reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Protocol

import msgspec
from msgspec import Struct

from leadwerk.texts import text
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreReason
from leadwerk.warehouse.statement import statement


class StoredReasons(Struct, frozen=True):
    """A row of scores/reasons."""

    score_id: str
    reasons: tuple[ScoreReason, ...]


class ReasonDetail(Struct, frozen=True, kw_only=True):
    """A reason in the reader's language, without the words that say for or against.

    `contribution`: of the model in log-odds, of a rule in points; `feature`: its group, or the rule's name.
    """

    feature: str
    contribution: float
    fact: str


class ScoreOfLead(Protocol):
    """Where a score stands in its table."""

    @property
    def score_id(self) -> str: ...

    @property
    def lead_id(self) -> str: ...

    @property
    def day(self) -> date: ...


def reasons_of_scores(warehouse: Warehouse, rows: Sequence[ScoreOfLead]) -> Mapping[str, Sequence[ScoreReason]]:
    """Reasons by score id. They are read for one page only: they are the widest column by far."""
    if not rows:
        return {}
    parameters = {
        "score_ids": [row.score_id for row in rows],
        "lead_ids": [row.lead_id for row in rows],
        "first_day": min(row.day for row in rows),
        "last_day": max(row.day for row in rows),
    }
    return {row.score_id: row.reasons for row in warehouse.rows(statement("scores/reasons", StoredReasons), parameters)}


def reason_details(reasons: Iterable[ScoreReason], language: str) -> tuple[ReasonDetail, ...]:
    """Reasons in a reader's language; an older score has them in the lead's language alone."""
    return tuple(
        ReasonDetail(
            feature=reason.feature or "",
            contribution=reason.contribution or 0.0,
            fact=_facts(reason).get(language) or reason.text or "",
        )
        for reason in reasons
    )


def _facts(reason: ScoreReason) -> dict[str, str]:
    return msgspec.json.decode(reason.facts, type=dict[str, str]) if reason.facts else {}


def reason_sentence(language: str, reason: ScoreReason) -> str:
    """The reason as a sentence: in the reader's language where the score has it."""
    fact = _facts(reason).get(language)
    if fact is None:
        return reason.text or ""
    return text(language, "reason.against" if (reason.contribution or 0.0) < 0 else "reason.for", fact=fact)

"""Quality by group as results show it: whether scores are as honest for every language, canton, channel and device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from leadwerk.report.report_rows import ScoredOutcome
from leadwerk.report.results.answers import z_of_many
from leadwerk.report.results.segments import segment_name
from leadwerk.report.results.table_words import Cells, column_heads, interval_text
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson

if TYPE_CHECKING:
    from leadwerk.report.group_quality import GroupQuality

KINDS: Final = ("language", "region", "channel", "device")
COLUMNS = ("by", "group", "leads", "rate", "interval", "predicted", "hot", "auc")


def group_rows(outcomes: Sequence[ScoredOutcome], hot: int) -> list[GroupQuality]:
    """Quality of each group of scored leads whose outcome is certain; HOT is a score of `hot` or more."""
    # Imported where it is used: it brings numpy.
    import numpy as np

    from leadwerk.report.group_quality import group_quality

    groups = {kind: [getattr(outcome, kind) for outcome in outcomes] for kind in KINDS}
    return group_quality(
        groups,
        np.array([outcome.probability for outcome in outcomes], dtype=np.float64),
        np.array([outcome.predictive_score >= hot for outcome in outcomes], dtype=np.bool_),
        np.array([outcome.converted for outcome in outcomes], dtype=np.bool_),
    )


def groups_answer(wording: Wording, outcomes: Sequence[ScoredOutcome], rows: Sequence[GroupQuality]) -> str:
    """Names the groups that differ from what the model expected of them, beyond what it was wrong on all leads.

    Corrected for how many are compared: one of twenty differs by chance.
    """
    compared = [row for row in rows if not row.is_small]
    if not compared:
        return wording.say("page.answer.groups.few")
    z, level = z_of_many(len(compared)), _level(outcomes)
    off = [row for row in compared if _is_off(row, level, z)]
    if not off:
        return wording.say("page.answer.groups.even", count=len(compared))
    names = [segment_name(wording, row.kind, row.value) for row in off]
    return wording.say("page.answer.groups.off", groups=", ".join(names))


def groups_table(wording: Wording, rows: Sequence[GroupQuality]) -> tuple[Cells, list[Cells]]:
    """Head and rows; groups with too few conversions, or too few others, are marked."""
    return column_heads(wording, *COLUMNS), [_cells(wording, row) for row in rows]


def groups_note(wording: Wording) -> str:
    """What the mark of small groups, and AUC, mean."""
    return wording.say("page.groups.few_note", mark=wording.say("report.small"))


def _level(outcomes: Sequence[ScoredOutcome]) -> float:
    """Wins among all leads for each that the model expected: a market that changed is no unfairness to a group."""
    expected = sum(outcome.probability for outcome in outcomes)
    return sum(outcome.converted for outcome in outcomes) / expected if expected else 1.0


def _is_off(row: GroupQuality, level: float, z: float) -> bool:
    low, high = wilson(row.observed.value, row.observed.of, z)
    return not low <= row.predicted * level <= high


def _cells(wording: Wording, row: GroupQuality) -> Cells:
    leads = wording.number(row.leads)
    return (
        wording.say(f"page.by.{row.kind}"),
        segment_name(wording, row.kind, row.value),
        f"{leads} {wording.say('report.small')}" if row.is_small else leads,
        wording.percent(row.observed.value, 1),
        interval_text(wording, row.observed.low, row.observed.high),
        wording.percent(row.predicted, 1),
        wording.percent(row.hot.value),
        "–" if row.auc is None else wording.number(row.auc, 2),
    )

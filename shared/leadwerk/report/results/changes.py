"""Changes of what decides on leads: models that came to serve and rules that came into force, by week of the chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from leadwerk.report.wording import Wording

DAYS_A_WEEK = 7
LETTERS = {"model": "M", "model_before": "M", "rules": "R", "rules_before": "R"}
"""What marks a change in a chart: the same letters in all our languages."""


class DecisionChange(Struct, frozen=True, kw_only=True):
    """A row of audit/changes; `_before`: what had served earlier serves again."""

    changed_at: datetime
    kind: Literal["model", "model_before", "rules", "rules_before"]


def by_week(changes: Sequence[DecisionChange], first: datetime, weeks: int) -> dict[int, list[DecisionChange]]:
    """The changes by week since the day of `first`, the oldest first; those of other weeks are left out."""
    weekly: dict[int, list[DecisionChange]] = {}
    for change in changes:
        week = (change.changed_at.date() - first.date()) // timedelta(days=DAYS_A_WEEK)
        if 0 <= week < weeks:
            weekly.setdefault(week, []).append(change)
    return weekly


def marks(wording: Wording, weekly: Mapping[int, Sequence[DecisionChange]]) -> dict[int, tuple[str, str]]:
    """Of each week with a change: its letters, and the changes in words."""
    return {
        week: ("".join(sorted({LETTERS[change.kind] for change in changes})), changes_text(wording, changes))
        for week, changes in weekly.items()
    }


def changes_text(wording: Wording, changes: Sequence[DecisionChange]) -> str:
    """The changes of a week in words; a dash without one."""
    return ", ".join(
        wording.say(f"page.change.{change.kind}", day=wording.day(change.changed_at)) for change in changes
    ) or "–"  # fmt: skip

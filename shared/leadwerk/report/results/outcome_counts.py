"""Outcome counts: leads by week, segment and time to first contact, as counts that add up."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar, get_args

from msgspec import Struct

from leadwerk.policy.kpi_limits import Segmentation

SEGMENTS: tuple[Segmentation, ...] = get_args(Segmentation)
Key = TypeVar("Key", bound=Hashable)


class Totals(Struct, frozen=True, kw_only=True):
    """Sums of some rows: leads, those with a certain outcome, those won, and those HOT at first."""

    leads: int
    certain: int
    won: int
    hot: int

    @property
    def rate(self) -> float | None:
        """Share of the certain ones that were won."""
        # Not by all leads: the youngest have had no time to convert, and a growing market would look like a worse one.
        return self.won / self.certain if self.certain else None


class OutcomeCount(Totals, frozen=True, kw_only=True):
    """A row of leads/outcome_counts. The first contact came within 2 ** `wait_level` hours (None: there was none)."""

    week: int
    segment: str | None
    wait_level: int | None


def totals(rows: Iterable[OutcomeCount]) -> Totals:
    """The sums of rows."""
    chosen = list(rows)
    return Totals(
        leads=sum(row.leads for row in chosen),
        certain=sum(row.certain for row in chosen),
        won=sum(row.won for row in chosen),
        hot=sum(row.hot for row in chosen),
    )


def grouped(rows: Sequence[OutcomeCount], key: Callable[[OutcomeCount], Key]) -> dict[Key, Totals]:
    """Sums by a key of the rows, in order of their first appearance."""
    groups: dict[Key, list[OutcomeCount]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: totals(group) for name, group in groups.items()}


def waits(rows: Sequence[OutcomeCount]) -> list[tuple[int, float]]:
    """Hours, and the share of all leads that were contacted within them.

    >>> waits([OutcomeCount(week=0, segment=None, wait_level=1, leads=3, certain=0, won=0, hot=0),
    ...        OutcomeCount(week=0, segment=None, wait_level=None, leads=1, certain=0, won=0, hot=0)])
    [(1, 0.0), (2, 0.75)]
    """
    # Of all leads, also those never contacted: otherwise calling fewer would look like calling sooner.
    everybody = sum(row.leads for row in rows)
    most = max((row.wait_level for row in rows if row.wait_level is not None), default=-1)
    return [
        (2**level, sum(row.leads for row in rows if row.wait_level is not None and row.wait_level <= level) / everybody)
        for level in range(most + 1)
    ]


def hours_of(rows: Sequence[OutcomeCount], share: float) -> int | None:
    """Within how many hours this share of the leads was contacted; None if it was not."""
    return next((hours for hours, contacted_share in waits(rows) if contacted_share >= share), None)

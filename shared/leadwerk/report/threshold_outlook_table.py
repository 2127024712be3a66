"""What each threshold asks of sellers and brings them: calls, expected wins, and what one more hour would bring.

Wins are expected by the model's calibrated chances of the leads that came in; without a model by what became of past
leads: k of n that had reached the threshold converted, with Wilson's interval. One more hour takes the leads that are
next in line, those right below the threshold; their rate is made to rise with the level (pool adjacent violators: Ayer
et al. 1955, Ann. Math. Stat. 26:641), so that chance does not make a lead of 49 points better than one of 50.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from leadwerk.stats.arrays import Floats
from leadwerk.stats.wilson import wilson

MINUTES_AN_HOUR = 60
OutlookSource = Literal["chances", "past", "nothing"]
LEAST_LEADS: Final = 30
"""Fewer past leads with an outcome say nothing of wins (as training.minimum_positives asks for by default)."""


@dataclass(frozen=True)
class OutlookEstimate:
    """A figure and, where it comes from counts, its 95 % interval."""

    value: float
    low: float | None = None
    high: float | None = None

    def times(self, factor: float) -> OutlookEstimate:
        """All of it, so many times.

        >>> OutlookEstimate(2.0, 1.0, 3.0).times(2)
        OutlookEstimate(value=4.0, low=2.0, high=6.0)
        """
        low, high = (None if end is None else end * factor for end in (self.low, self.high))
        return OutlookEstimate(self.value * factor, low, high)


@dataclass(frozen=True)
class OutlookRow:
    """One threshold: calls and seller's hours a week, wins a week, and wins that one more hour a week would bring.

    `wins` is None where no wins are known; `hour` also at the lowest threshold, whose next level is not counted.
    """

    threshold: int
    calls: float
    hours: float
    wins: OutlookEstimate | None
    hour: OutlookEstimate | None


@dataclass(frozen=True)
class Outlook:
    """Outlook for all leads that a seller can serve.

    `today`: the threshold of all sellers in force; `wanted`: the value that would fill the time of `room` leads a week.
    `source` of the expected wins: the model's chances, `past_leads` with a known outcome, or nothing.
    """

    basis: Literal["model", "points"]
    today: int
    wanted: int
    room: float
    hours: float
    source: OutlookSource
    past_leads: int
    rungs: tuple[OutlookRow, ...]
    one_more_hour: OutlookEstimate | None
    seller_pools: Mapping[str, int]


@dataclass(frozen=True)
class OutlookSection:
    """Neighbouring levels, `first` to `last`, of which `converted` of `leads` past leads converted."""

    first: int
    last: int
    leads: int
    converted: int

    @property
    def rate(self) -> float:
        return self.converted / self.leads

    @property
    def estimate(self) -> OutlookEstimate:
        """The rate with Wilson's interval."""
        return OutlookEstimate(self.rate, *wilson(self.rate, self.leads))


def by_chance(low: int, calls: Floats, wins: Floats, minutes_per_lead: float) -> list[OutlookRow]:
    """The ladder by the model's chances.

    Args:
        low: the first threshold.
        calls: (levels,) leads a week that reach low, low + 1, …
        wins: (levels,) the sum of their chances.
        minutes_per_lead: a seller's time for one.

    >>> import numpy as np
    >>> [rung.hour for rung in by_chance(50, np.array([10.0, 6.0]), np.array([1.0, 0.8]), 30)][1]
    OutlookEstimate(value=0.1, low=None, high=None)
    """
    an_hour = MINUTES_AN_HOUR / minutes_per_lead
    rungs = []
    for k, (called, won) in enumerate(zip(calls.tolist(), wins.tolist(), strict=True)):
        more = calls[k - 1] - called if k else 0.0
        hour = OutlookEstimate(round(float((wins[k - 1] - won) / more * an_hour), 9)) if more else None
        rungs.append(OutlookRow(low + k, called, called / an_hour, OutlookEstimate(won), hour))
    return rungs


def by_past(low: int, calls: Floats, past: Mapping[int, tuple[int, int]], minutes_per_lead: float) -> list[OutlookRow]:
    """The ladder by past leads: `past` holds, by level, how many leads reached it at best and how many converted.

    >>> import numpy as np
    >>> rungs = by_past(50, np.array([10.0, 6.0]), {49: (60, 3), 50: (20, 4), 51: (20, 10)}, 60)
    >>> rungs[0].wins.value, rungs[1].wins.value, rungs[1].hour.value
    (3.8, 3.0, 0.2)
    """
    an_hour = MINUTES_AN_HOUR / minutes_per_lead
    has_enough_past = sum(leads for leads, _ in past.values()) >= LEAST_LEADS
    blocks = rising(past) if has_enough_past else []
    rungs: list[OutlookRow] = []
    won = 0.0
    for k in reversed(range(len(calls))):
        called, threshold = float(calls[k]), low + k
        more = called - (float(calls[k + 1]) if k + 1 < len(calls) else 0.0)
        won += more * (_rate(blocks, threshold) or 0.0)
        below = next((block for block in blocks if block.first <= threshold - 1 <= block.last), None)
        hour = below.estimate.times(an_hour) if below else None
        rungs.insert(
            0,
            OutlookRow(
                threshold,
                called,
                called / an_hour,
                _around(won, called, past, threshold) if has_enough_past else None,
                hour,
            ),
        )
    return rungs


def _rate(blocks: Sequence[OutlookSection], level: int) -> float | None:
    return next((block.rate for block in reversed(blocks) if block.first <= level), None)


def _around(won: float, called: float, past: Mapping[int, tuple[int, int]], threshold: int) -> OutlookEstimate:
    """Wins with the interval that the conversion of all past leads from this threshold on has, in proportion."""
    at_or_above = [counts for level, counts in past.items() if level >= threshold]
    leads, converted = (sum(counts[k] for counts in at_or_above) for k in (0, 1))
    rate = converted / leads if leads else 0.0
    low, high = wilson(rate, leads)
    if not converted:
        return OutlookEstimate(won, 0.0, max(won, high * called))
    return OutlookEstimate(won, won * low / rate, won * high / rate)


def rising(past: Mapping[int, tuple[int, int]]) -> list[OutlookSection]:
    """Levels pooled until their rates rise; levels without a lead belong to the block below them.

    >>> [(b.first, b.last, b.rate) for b in rising({50: (10, 2), 51: (10, 1), 54: (10, 5)})]
    [(50, 53, 0.15), (54, 54, 0.5)]
    """
    blocks: list[OutlookSection] = []
    for level, (leads, converted) in sorted((level, counts) for level, counts in past.items() if counts[0]):
        blocks.append(OutlookSection(level, level, leads, converted))
        while len(blocks) > 1 and blocks[-2].rate >= blocks[-1].rate:
            upper, lower = blocks.pop(), blocks.pop()
            both = (lower.leads + upper.leads, lower.converted + upper.converted)
            blocks.append(OutlookSection(lower.first, upper.last, *both))
    ends = [block.first - 1 for block in blocks[1:]] + [block.last for block in blocks[-1:]]
    return [OutlookSection(b.first, end, b.leads, b.converted) for b, end in zip(blocks, ends, strict=True)]


def at(rungs: Sequence[OutlookRow], threshold: int) -> OutlookRow:
    """The rung of a threshold."""
    return next(rung for rung in rungs if rung.threshold == threshold)


def one_more_hour(rung: OutlookRow, room: float) -> OutlookEstimate | None:
    """What one more hour a week would bring at a threshold, whose sellers have time for `room` leads a week.

    With more calls than time it would go to leads that are HOT and wait; else to the next in line.

    >>> busy = OutlookRow(50, 20.0, 20.0, OutlookEstimate(4.0, 2.0, 5.0), OutlookEstimate(0.1))
    >>> one_more_hour(busy, room=10.0), one_more_hour(busy, room=20.0)
    (OutlookEstimate(value=0.2, low=0.1, high=0.25), OutlookEstimate(value=0.1, low=None, high=None))
    """
    if rung.calls > room and rung.wins and rung.hours:
        return rung.wins.times(1 / rung.hours)
    return rung.hour

"""Key figures of scored leads whose outcome is known: pure computation over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WILSON_Z = 1.96  # 95 %


@dataclass(frozen=True)
class Bin:
    """Leads of similar probability: how many, what was predicted, what came (share, with its 95 % interval)."""

    leads: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Band:
    """Leads with a predictive score of `low` up to and including `high`."""

    low: int
    high: int
    leads: int
    converted: int

    @property
    def rate(self) -> float | None:
        """Share of them that converted; None without leads."""
        return self.converted / self.leads if self.leads else None


@dataclass(frozen=True)
class Savings:
    """Calling only leads from `threshold` on, against calling all of them."""

    threshold: int
    leads: int
    called: int
    converted: int
    reached: int

    @property
    def calls_per_success(self) -> float | None:
        """Calls for one conversion when everybody is called."""
        return self.leads / self.converted if self.converted else None

    @property
    def calls_per_success_with_scores(self) -> float | None:
        """Calls for one conversion when only leads from the threshold on are called."""
        return self.called / self.reached if self.reached else None

    @property
    def saved(self) -> float | None:
        """Share of the calls for one conversion that scores save."""
        before, after = self.calls_per_success, self.calls_per_success_with_scores
        return 1 - after / before if before and after is not None else None

    @property
    def kept(self) -> float | None:
        """Share of all conversions that are still reached."""
        return self.reached / self.converted if self.converted else None


def wilson(successes: int, trials: int, z: float = WILSON_Z) -> tuple[float, float]:
    """Interval of a share (Wilson 1927, J. Am. Stat. Assoc. 22:209).

    >>> low, high = wilson(5, 50)
    >>> round(low, 3), round(high, 3)
    (0.043, 0.214)
    """
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, z * z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = z * np.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def calibration(probability: Floats, converted: Floats, bins: int = 10) -> list[Bin]:
    """Bins of equally many leads, by rising probability.

    >>> p, y = np.array([.1, .1, .5, .5]), np.array([0., 0., 1., 0.])
    >>> [(b.leads, b.predicted, b.observed) for b in calibration(p, y, bins=2)]
    [(2, 0.1, 0.0), (2, 0.5, 0.5)]
    """
    order = np.argsort(probability, kind="stable")
    return [_bin(probability[part], converted[part]) for part in np.array_split(order, bins) if len(part)]


def _bin(probability: Floats, converted: Floats) -> Bin:
    low, high = wilson(int(converted.sum()), len(converted))
    return Bin(len(converted), float(probability.mean()), float(converted.mean()), low, high)


def gains(probability: Floats, converted: Floats, points: int = 21) -> list[tuple[float, float]]:
    """Which share of the conversions is reached by calling which share of the leads, best first.

    >>> gains(np.array([.9, .1, .2, .8]), np.array([1., 0., 0., 1.]), points=3)
    [(0.0, 0.0), (0.5, 1.0), (1.0, 1.0)]
    """
    total = converted.sum()
    if not total:
        return []
    reached = np.concatenate([[0.0], np.cumsum(converted[np.argsort(-probability, kind="stable")])]) / total
    shares = np.linspace(0, 1, points)
    return [
        (round(float(s), 4), float(np.interp(s * len(converted), np.arange(len(reached)), reached))) for s in shares
    ]


def lift(probability: Floats, converted: Floats, share: float = 0.1) -> float | None:
    """How many times more often the best `share` of leads converts than all do.

    >>> lift(np.arange(10) / 10, np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1.0]))
    5.0
    """
    if not converted.sum():
        return None
    best = np.argsort(-probability, kind="stable")[: max(1, round(share * len(converted)))]
    return float(converted[best].mean() / converted.mean())


def bands(
    score: npt.NDArray[np.int64], converted: Floats, edges: Sequence[int] = tuple(range(0, 101, 10))
) -> list[Band]:
    """Leads and conversions by predictive score; `edges` are the lowest scores of the bands and the end.

    >>> [(b.low, b.high, b.leads, b.rate) for b in bands(np.array([20, 60, 100]), np.array([0., 0., 1.]), (0, 50, 100))]
    [(0, 49, 1, 0.0), (50, 100, 2, 0.5)]
    """
    result = []
    for low, end in pairwise(edges):
        high = end if end == edges[-1] else end - 1
        inside = (score >= low) & (score <= high)
        result.append(Band(low, high, int(inside.sum()), int(converted[inside].sum())))
    return result


def savings(score: npt.NDArray[np.int64], converted: Floats, threshold: int) -> Savings:
    """What calling only leads with at least `threshold` would have cost and brought.

    >>> s = savings(np.array([80, 80, 20, 20]), np.array([1., 0., 0., 0.]), 70)
    >>> s.calls_per_success, s.calls_per_success_with_scores, s.saved, s.kept
    (4.0, 2.0, 0.5, 1.0)
    """
    called = score >= threshold
    return Savings(threshold, len(score), int(called.sum()), int(converted.sum()), int(converted[called].sum()))


def auc(score: Floats, converted: Floats) -> float | None:
    """Chance that a converted lead is ranked above one that did not convert, ties counted half
    (Mann & Whitney 1947, Ann. Math. Stat. 18:50).

    >>> auc(np.array([.1, .4, .35, .8]), np.array([0., 0., 1., 1.]))
    0.75
    """
    positives, negatives = int(converted.sum()), int(len(converted) - converted.sum())
    if not positives or not negatives:
        return None
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[converted > 0].sum() - positives * (positives + 1) / 2) / (positives * negatives))

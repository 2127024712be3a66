"""Score bands: conversions by predictive score, and what calling from a threshold on saves. Pure, over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from leadwerk.stats.arrays import Bools


@dataclass(frozen=True)
class ScoreBand:
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
class ThresholdSavings:
    """Calling only leads from `threshold` on, against calling all of them."""

    threshold: int
    leads: int
    called: int
    converted: int
    reached_conversions: int

    @property
    def calls_per_success(self) -> float | None:
        """Calls for one conversion when everybody is called."""
        return self.leads / self.converted if self.converted else None

    @property
    def calls_per_success_with_scores(self) -> float | None:
        """Calls for one conversion when only leads from the threshold on are called."""
        return self.called / self.reached_conversions if self.reached_conversions else None

    @property
    def saved(self) -> float | None:
        """Share of the calls for one conversion that scores save."""
        before, after = self.calls_per_success, self.calls_per_success_with_scores
        return 1 - after / before if before and after is not None else None

    @property
    def conversion_share(self) -> float | None:
        """Share of all conversions that are still reached."""
        return self.reached_conversions / self.converted if self.converted else None


def score_bands(
    score: npt.NDArray[np.int64], converted: Bools, edges: Sequence[int] = tuple(range(0, 101, 10))
) -> list[ScoreBand]:
    """Leads and conversions by predictive score; `edges` are the lowest scores of the bands and the end.

    >>> bands = score_bands(np.array([20, 60, 100]), np.array([False, False, True]), (0, 50, 100))
    >>> [(band.low, band.high, band.leads, band.rate) for band in bands]
    [(0, 49, 1, 0.0), (50, 100, 2, 0.5)]
    """
    result = []
    for low, end in pairwise(edges):
        # The last band includes its upper end: a score of 100 belongs to 90–100.
        high = end if end == edges[-1] else end - 1
        inside = (score >= low) & (score <= high)
        result.append(ScoreBand(low, high, int(inside.sum()), int(converted[inside].sum())))
    return result


def threshold_savings(score: npt.NDArray[np.int64], converted: Bools, threshold: int) -> ThresholdSavings:
    """What calling only leads with at least `threshold` would have cost and brought.

    >>> s = threshold_savings(np.array([80, 80, 20, 20]), np.array([True, False, False, False]), 70)
    >>> s.calls_per_success, s.calls_per_success_with_scores, s.saved, s.conversion_share
    (4.0, 2.0, 0.5, 1.0)
    """
    called = score >= threshold
    return ThresholdSavings(
        threshold, len(score), int(called.sum()), int(converted.sum()), int(converted[called].sum())
    )

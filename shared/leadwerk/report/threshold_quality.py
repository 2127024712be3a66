"""Threshold quality: what calling from each score on would have found, with intervals. Pure, over arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadwerk.stats.arrays import Bools
from leadwerk.stats.wilson import wilson

THRESHOLDS = (90, 80, 70, 60, 50, 40, 30)
FEW = 5
"""Fewer conversions, or fewer others, say nothing for certain."""


@dataclass(frozen=True)
class Share:
    """A share of `of` leads, with its 95 % interval."""

    value: float
    low: float
    high: float
    of: int

    @classmethod
    def of_counts(cls, part: int, whole: int) -> Share:
        """`part` of `whole`; without any the whole range.

        >>> share = Share.of_counts(5, 20)
        >>> share.value, round(share.low, 2), round(share.high, 2)
        (0.25, 0.11, 0.47)
        """
        value = part / whole if whole else 0.0
        return cls(value, *wilson(value, whole), whole)


@dataclass(frozen=True)
class ThresholdQuality:
    """Leads with at least this score: their conversion rate (precision), their share of all conversions (recall)."""

    threshold: int
    leads: int
    converted: int
    precision: Share
    recall: Share

    @property
    def is_small(self) -> bool:
        """Whether there are too few conversions, or too few others, to conclude anything."""
        return min(self.converted, self.leads - self.converted) < FEW


def threshold_quality(
    score: npt.NDArray[np.int64], converted: Bools, thresholds: Sequence[int] = THRESHOLDS
) -> list[ThresholdQuality]:
    """Precision and recall from each threshold on.

    >>> [quality] = threshold_quality(np.array([80, 80, 20]), np.array([True, False, True]), [70])
    >>> quality.precision.value, quality.recall.value, quality.is_small
    (0.5, 0.5, True)
    """
    rows = []
    for threshold in thresholds:
        inside = score >= threshold
        leads, conversions = int(inside.sum()), int(converted[inside].sum())
        precision, recall = Share.of_counts(conversions, leads), Share.of_counts(conversions, int(converted.sum()))
        rows.append(ThresholdQuality(threshold, leads, conversions, precision, recall))
    return rows

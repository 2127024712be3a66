"""Ranking within blocks of time: whether an order tells leads of the same time apart, whatever the base rate does.

A base rate that moves rewards any column that follows the calendar, and punishes a ranking that is still right. Within
a block of consecutive leads neither matters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from leadwerk.stats.arrays import Bools, Floats, Index

POSITIVES_A_BLOCK = 5
FEWEST_BLOCKS, MOST_BLOCKS = 2, 20


@dataclass(frozen=True)
class WithinTimeAuc:
    """Area under the ROC curve among leads of the same block; `error` is its standard error, leads drawn.

    `z`: distance from chance in standard errors; 0 where no block has both classes.
    """

    value: float
    error: float
    z: float

    def lower(self, quantile: float) -> float:
        """Lower limit, `quantile` standard errors below the value."""
        return self.value - quantile * self.error


def time_blocks(as_of: np.ndarray[tuple[int], np.dtype[np.datetime64]], positives: int) -> Index:
    """Number of each row's block: consecutive rows in time, as many blocks as the conversions allow, 2 to 20.

    >>> time_blocks(np.array(["2026-01-03", "2026-01-01", "2026-01-02", "2026-01-04"], "datetime64[us]"), 3).tolist()
    [1, 0, 0, 1]
    """
    # Too many blocks leave most without a conversion; too few let the calendar decide again.
    return equal_blocks(as_of, int(np.clip(positives // POSITIVES_A_BLOCK, FEWEST_BLOCKS, MOST_BLOCKS)))


def equal_blocks(as_of: np.ndarray[tuple[int], np.dtype[np.datetime64]], count: int) -> Index:
    """Number of each row's block, of so many of equal size: consecutive rows in time."""
    block = np.empty(len(as_of), dtype=np.intp)
    block[np.argsort(as_of, kind="stable")] = np.arange(len(as_of)) * count // max(len(as_of), 1)
    return block


def within_time_auc(converted: Bools, score: Floats, block: Index, lead: Index) -> WithinTimeAuc:
    """Mean of the blocks' areas, weighted as in van Elteren's test (1960, Bull. Int. Statist. Inst. 37, p. 351).

    The error is that of Obuchowski (1997, Biometrics 53, p. 567): rows of one lead share its fate, so the parts of the
    area that they contribute are summed before they are squared. It is never below what chance alone would give a
    perfect order among so few: half a pair counts as wrong.

    >>> converted, block = np.array([True, False] * 20), np.arange(40) // 20
    >>> auc = within_time_auc(converted, converted * 1.0, block, np.arange(40))
    >>> auc.value, 0.02 < auc.error < 0.05, auc.z > 4
    (1.0, True, True)
    """
    parts = list(_blocks(converted, score, block))
    if not parts:
        return WithinTimeAuc(0.5, float("inf"), 0.0)
    value, influence = _combined(parts, len(converted))
    clustered = _clustered(influence, lead)
    error = float(np.sqrt(max(clustered, _least_variance(converted, lead, value))))
    weights = _weights(parts)
    by_chance = float(sum(weight**2 * part.null_variance for weight, part in zip(weights, parts, strict=True)))
    # z compares with chance: the larger of both errors keeps few leads from looking certain.
    null_error = np.sqrt(max(by_chance, clustered))
    return WithinTimeAuc(value, error, float((value - 0.5) / null_error))


def within_time_difference(converted: Bools, a: Floats, b: Floats, block: Index, lead: Index) -> tuple[float, float]:
    """Area of the order `a` less that of `b` within blocks, and its standard error: paired, leads drawn.

    DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, p. 837, with sums by lead as in Obuchowski 1997.

    >>> converted, block, lead = np.arange(40) % 2 == 0, np.zeros(40, int), np.arange(40)
    >>> gap, error = within_time_difference(converted, converted * 1.0, lead * 1.0, block, lead)
    >>> round(gap, 2), 0 < error < 0.2
    (0.53, True)
    """
    sides = [_combined(list(_blocks(converted, score, block)), len(converted)) for score in (a, b)]
    (first, first_influence), (second, second_influence) = sides
    return first - second, float(np.sqrt(_clustered(first_influence - second_influence, lead)))


def _combined(parts: list[_Block], rows: int) -> tuple[float, Floats]:
    """The mean area, and each row's part of its error, (n,); chance without blocks of both classes."""
    influence = np.zeros(rows)
    if not parts:
        return 0.5, influence
    weights = _weights(parts)
    for weight, part in zip(weights, parts, strict=True):
        influence[part.rows] = weight * part.influence
    return float(sum(weight * part.auc for weight, part in zip(weights, parts, strict=True))), influence


def _weights(parts: list[_Block]) -> Floats:
    weights = np.array([part.weight for part in parts])
    shares: Floats = weights / weights.sum()
    return shares


def _clustered(influence: Floats, lead: Index) -> float:
    _, position = np.unique(lead, return_inverse=True)
    return float((np.bincount(position, influence) ** 2).sum())


@dataclass(frozen=True)
class _Block:
    """One block: its rows, area, weight, each row's part of the area's error, and the area's variance by chance."""

    rows: Index
    auc: float
    weight: float
    influence: Floats
    null_variance: float


def _blocks(converted: Bools, score: Floats, block: Index) -> Iterator[_Block]:
    for number in np.unique(block):
        rows = np.flatnonzero(block == number)
        hit = converted[rows]
        positives, negatives = int(hit.sum()), int((~hit).sum())
        if not positives or not negatives:
            continue
        placement = _placements(score[rows], hit)
        auc = float(placement[hit].mean())
        influence = np.where(hit, (placement - auc) / positives, (placement - auc) / negatives)
        null_variance = (positives + negatives + 1) / (12 * positives * negatives)
        yield _Block(rows, auc, positives * negatives / (positives + negatives + 1), influence, null_variance)


def _placements(score: Floats, hit: Bools) -> Floats:
    """For each row, the share of the other class against which it is ranked correctly; ties count half."""
    up, down = np.sort(score[hit]), np.sort(score[~hit])
    below = (np.searchsorted(down, score, "left") + np.searchsorted(down, score, "right")) / (2 * len(down))
    above = 1 - (np.searchsorted(up, score, "left") + np.searchsorted(up, score, "right")) / (2 * len(up))
    placement: Floats = np.where(hit, below, above)
    return placement


def _least_variance(converted: Bools, lead: Index, value: float) -> float:
    """Variance of a share `value` among the leads of the rarer class, half a lead being wrong where none is."""
    fewer = max(1, min(len(np.unique(lead[converted])), len(np.unique(lead[~converted]))))
    share = (min(max(value, 1 - value) * fewer, fewer - 0.5) + 0.25) / (fewer + 0.5)
    return share * (1 - share) / fewer / 2

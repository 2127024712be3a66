"""Level of the probabilities: recalibrated on the newest outcomes, because a base rate moves faster than an order.

Only the intercept is fitted, with a prior for no shift, and it is applied only where the newest outcomes differ from
the prediction by more than chance explains (Shewhart's limit). The order of leads never changes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.learning.landmarks import Times
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.log_odds import sigmoid

WINDOW = 500
"""Newest matured leads that the level is taken from, one landmark of each."""

FEWEST = 30
"""Fewer matured leads say nothing about the level."""

PRIOR = 4.0
"""Curvature of the prior for no shift, in leads of a chance of one half times four."""

CLEARLY = 3.0
"""Standard deviations of the number of conversions beyond which the level is off."""

STEPS = 50
BLOCKS = 10


@dataclass(frozen=True)
class LevelShift:
    """`shift` is added to the log-odds; `deviation`: observed less expected conversions, in standard deviations."""

    shift: float
    deviation: float
    leads: int


def level_shift(log_odds: Floats, converted: Bools) -> LevelShift:
    """The shift b with Σ(p(b) − y) + PRIOR·b = 0, or 0 where the outcomes are what was expected, or too few.

    >>> random = np.random.default_rng(1)
    >>> converted = random.random(500) < 0.3
    >>> round(level_shift(np.full(500, -2.2), converted).shift, 1), level_shift(np.full(500, -0.85), converted).shift
    (1.4, 0.0)
    """
    if len(converted) < FEWEST:
        return LevelShift(0.0, 0.0, len(converted))
    p = sigmoid(log_odds)
    deviation = float((converted.sum() - p.sum()) / np.sqrt(max(float((p * (1 - p)).sum()), 1e-9)))
    # A level that follows every month's noise makes yesterday's and today's scores incomparable.
    if abs(deviation) <= CLEARLY:
        return LevelShift(0.0, deviation, len(converted))
    shift = 0.0
    for _ in range(STEPS):
        p = sigmoid(log_odds + shift)
        # Newton's step, clipped: far from the solution p (1 − p) is nearly zero, and a full step would overshoot for
        # ever.
        step = float(((p - converted).sum() + PRIOR * shift) / ((p * (1 - p)).sum() + PRIOR))
        shift -= float(np.clip(step, -1, 1))
        if abs(step) < 1e-8:
            break
    return LevelShift(shift, deviation, len(converted))


def newest_leads(as_of: Times, lead: Index, count: int = WINDOW) -> Index:
    """Positions of the newest landmark of each of the `count` newest leads.

    >>> days = np.array(["2026-01-01", "2026-01-03", "2026-01-02"], "datetime64[us]")
    >>> newest_leads(days, np.array([7, 7, 8])).tolist()
    [1, 2]
    """
    # Stable and reversed: of equal times the later row comes first, whatever the sorting algorithm.
    newest_first = np.argsort(as_of, kind="stable")[::-1]
    _, first = np.unique(lead[newest_first], return_index=True)
    return newest_first[np.sort(first)[:count]]


@dataclass(frozen=True)
class LeveledForecast:
    """Probabilities (n,) as they would have been with the level known then, and the rate known then, (n,)."""

    probability: Floats
    rate: Floats


def leveled_forecast(
    log_odds: Floats, converted: Bools, as_of: Times, lead: Index, *, horizon_days: int, rate: float
) -> LeveledForecast:
    """Replay the test period: each block of rows gets the level of outcomes that had matured before it began.

    `rate`: of the training part, known before the first block.
    """
    block = np.empty(len(as_of), dtype=np.intp)
    block[np.argsort(as_of, kind="stable")] = np.arange(len(as_of)) * BLOCKS // max(len(as_of), 1)
    probability, known_rate = np.empty(len(as_of)), np.empty(len(as_of))
    for number in np.unique(block):
        rows = np.flatnonzero(block == number)
        # Only outcomes that had matured when the block began: any later one would let the replay look into its future.
        matured = np.flatnonzero(as_of + np.timedelta64(horizon_days, "D") <= as_of[rows].min())
        newest = matured[newest_leads(as_of[matured], lead[matured])]
        shift = level_shift(log_odds[newest], converted[newest]).shift
        probability[rows] = sigmoid(log_odds[rows] + shift)
        known_rate[rows] = _known_rate(converted[newest], rate)
    return LeveledForecast(probability, known_rate)


def _known_rate(converted: Bools, before: float) -> float:
    """The rate of the newest window; what it lacks in leads counts at the rate before."""
    return float((converted.sum() + before * max(WINDOW - len(converted), 1)) / max(WINDOW, len(converted) + 1))

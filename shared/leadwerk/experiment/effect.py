"""Effect: the difference of two arms by intention to treat, with intervals that hold for rare wins.

Rates: adjusted Newcombe. The outcome is regressed on the arm, a score frozen before the assignment, and their product
(Lin 2013, Annals of Applied Statistics 7); the score explains a share R² of the variance, so that each adjusted rate is
worth n/(1 − R²) leads in Wilson's limits, which Newcombe (1998, Statistics in Medicine 17, p. 873, method 10) combines.
Where the effect depends on the score, the mean score of the leads that came by chance moves the effect: its variance is
added (Negi and Wooldridge 2021, Econometric Reviews 40, p. 504), for the effect is meant for all leads to come.
Means such as calls and revenue: Welch's standard error. Ratios such as calls for one win: Fieller's limits (1954).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np

from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.wilson import Z, wilson

MINIMUM_WON = 5
"""Wins in both arms together below which nothing is estimated."""


@dataclass(frozen=True)
class IntervalEstimate:
    """A figure with its 95 % interval; limits may be infinite where the data do not bound it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class RateEffect:
    """Adjusted rates of wins of the scored and the control group, their difference, and R² of the frozen score."""

    scored: IntervalEstimate
    control: IntervalEstimate
    difference: IntervalEstimate
    explained: float


def rate_effect(won: Bools, is_scored: Bools, frozen_score: Floats | None = None) -> RateEffect:
    """The difference scored − control in the share won, n leads; `frozen_score` (n,): e.g. log-odds before assignment.

    Both groups need a lead.

    >>> won = np.array([True] * 30 + [False] * 170 + [True] * 10 + [False] * 190)
    >>> effect = rate_effect(won, np.arange(400) < 200)
    >>> round(effect.difference.value, 3), round(effect.difference.low, 3), round(effect.difference.high, 3)
    (0.1, 0.042, 0.16)
    """
    y, by_score = won.astype(np.float64), _Adjusted((won[is_scored].mean(), won[~is_scored].mean()))
    # A score that is the same for all explains nothing, and two leads an arm always lie on their own line.
    if frozen_score is not None and np.ptp(frozen_score) > 0 and min(is_scored.sum(), (~is_scored).sum()) > 2:
        by_score = _adjusted(y, is_scored, frozen_score - frozen_score.mean())
    sizes = (int(is_scored.sum()), int((~is_scored).sum()))
    limits = [
        # Wilson's limits take a share; the adjusted rate may lie slightly outside of [0, 1].
        wilson(float(np.clip(rate, 0, 1)), size / (1 - by_score.explained))
        for rate, size in zip(by_score.rates, sizes, strict=True)
    ]
    scored, control = (
        IntervalEstimate(float(rate), *limit) for rate, limit in zip(by_score.rates, limits, strict=True)
    )
    difference, drawn = scored.value - control.value, Z * Z * by_score.drawn_variance
    return RateEffect(
        scored,
        control,
        IntervalEstimate(
            difference,
            difference - sqrt((scored.value - scored.low) ** 2 + (control.high - control.value) ** 2 + drawn),
            difference + sqrt((scored.high - scored.value) ** 2 + (control.value - control.low) ** 2 + drawn),
        ),
        by_score.explained,
    )


@dataclass(frozen=True)
class _Adjusted:
    """Rates of both arms at the mean score, and the share of the variance within the arms that the score explains.

    `drawn_variance`: of the difference, from the scores of the leads that happened to come.
    """

    rates: tuple[float, float]
    explained: float = 0.0
    drawn_variance: float = 0.0


def _adjusted(y: Floats, is_scored: Bools, score: Floats) -> _Adjusted:
    """Regression of each arm on the centred score."""
    rates, slopes, residual, total = [], [], 0.0, 0.0
    for arm in (is_scored, ~is_scored):
        centred = score[arm] - score[arm].mean()
        # One slope an arm (Lin's interaction): a common slope may lose precision where the arms differ in size.
        slope = float(centred @ y[arm]) / max(float(centred @ centred), 1e-12)
        slopes.append(slope)
        rates.append(float(y[arm].mean() - slope * score[arm].mean()))
        residual += float(((y[arm] - y[arm].mean() - slope * centred) ** 2).sum())
        total += float(((y[arm] - y[arm].mean()) ** 2).sum())
    # Capped: a score that explained all would make each lead worth infinitely many.
    explained = min(1 - residual / total, 0.95) if total > 0 else 0.0
    drawn = (slopes[0] - slopes[1]) ** 2 * float(score.var()) / len(score)
    return _Adjusted((rates[0], rates[1]), explained, drawn)


def mean_difference(values: Floats, is_scored: Bools) -> IntervalEstimate:
    """The difference of means scored − control. Welch 1947, Biometrika 34.

    >>> round(mean_difference(np.array([3.0, 5.0, 1.0, 3.0]), np.array([True, True, False, False])).value, 1)
    2.0
    """
    scored, control = values[is_scored], values[~is_scored]
    difference = float(scored.mean() - control.mean())
    reach = Z * sqrt(_variance_of_mean(scored) + _variance_of_mean(control))
    return IntervalEstimate(difference, difference - reach, difference + reach)


def ratio(numerator: Floats, denominator: Floats | Bools) -> IntervalEstimate:
    """Σ numerator / Σ denominator over independent leads, such as calls for one win, with Fieller's limits.

    Without a clear denominator the interval has no upper limit.

    >>> estimate = ratio(np.ones(100), np.arange(100) % 4 == 0)
    >>> round(estimate.value, 1), round(estimate.low, 1), round(estimate.high, 1)
    (4.0, 3.0, 6.1)
    """
    # Solves (mean_above − r · mean_below)² = Z² · Var for r: the two roots of a r² − 2 b r + c are the limits.
    below = denominator.astype(np.float64)
    n, mean_above, mean_below = len(numerator), float(numerator.mean()), float(below.mean())
    if mean_below <= 0:
        return IntervalEstimate(float("inf"), 0.0, float("inf"))
    covariance = np.cov(numerator, below) / n if n > 1 else np.zeros((2, 2))
    value = mean_above / mean_below
    a = mean_below**2 - Z**2 * covariance[1, 1]
    b = mean_above * mean_below - Z**2 * covariance[0, 1]
    c = mean_above**2 - Z**2 * covariance[0, 0]
    root = b * b - a * c
    # The denominator may be zero within its own error: then no largest ratio can be excluded.
    if a <= 0 or root < 0:
        return IntervalEstimate(value, 0.0, float("inf"))
    return IntervalEstimate(value, float((b - sqrt(root)) / a), float((b + sqrt(root)) / a))


def _variance_of_mean(values: Floats) -> float:
    return float(values.var(ddof=1)) / len(values) if len(values) > 1 else float("inf")


def minimum_detectable_effect(
    leads: int, scored_share: float, rate: float, *, explained: float = 0.0, power_z: float = 0.842
) -> float:
    """The smallest rise of the rate that such an experiment finds in four of five cases (5 % two-sided).

    Solves Δ = √(1−R²) (1.96 √(p̄(1−p̄)(1/n₁+1/n₀)) + 0.842 √(p₁(1−p₁)/n₁ + p₀(1−p₀)/n₀)); the usual formula with p₀
    alone is too hopeful. Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions, 2003, chapter 4.

    >>> [round(minimum_detectable_effect(n, share, 0.03, explained=0.1), 4) for n, share in ((2000, 0.9), (10000, 0.5))]
    [0.0467, 0.0098]
    """
    scored, control = leads * scored_share, leads * (1 - scored_share)
    if min(scored, control) < 1 or not isfinite(rate):
        return float("inf")
    low, high = 0.0, 1 - rate
    # Bisection: the effect is on both sides of the equation, and 60 halvings reach the precision of a float.
    for _ in range(60):
        effect = (low + high) / 2
        raised = rate + effect
        pooled = scored_share * raised + (1 - scored_share) * rate
        null = Z * sqrt(pooled * (1 - pooled) * (1 / scored + 1 / control))
        alternative = power_z * sqrt(raised * (1 - raised) / scored + rate * (1 - rate) / control)
        needed = sqrt(1 - explained) * (null + alternative)
        low, high = (effect, high) if effect < needed else (low, effect)
    return high

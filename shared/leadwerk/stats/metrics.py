"""Metrics of a forecast. Each takes labels, probabilities and, for the bootstrap, weights.

`converted` and `probability` are (n,); `weights` (b, n) gives b values at once, one a row; without it every row counts
once and the result is a float. Equal probabilities are ties: no metric depends on the order of the rows.

Where `converted` may be `Outcomes`, true chances in place of outcomes give the metric's expectation over outcomes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.stats.arrays import Bools, Floats, Outcomes
from leadwerk.stats.log_odds import SMALLEST_PROBABILITY

BINS = 10
TOP_SHARE = 0.10


def auc(converted: Outcomes, probability: Floats, weights: Floats | None = None) -> Any:
    """Area under the ROC curve: the chance that a converted lead stands above another one.

    Mann and Whitney 1947; Hanley and McNeil 1982. Ties count half. NaN without both classes.

    >>> auc(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.4, 0.4]))
    0.875
    >>> auc(np.array([1.0, 0.5, 0.0]), np.array([0.9, 0.5, 0.1]))  # true chances
    0.9444444444444444
    """
    positive, negative = _classes_by_score(converted, probability, weights)
    # Negatives strictly below each score; those with the same score count half in the next line.
    below = np.cumsum(negative, axis=-1) - negative
    with np.errstate(invalid="ignore"):
        value = (positive * (below + negative / 2)).sum(-1) / (positive.sum(-1) * negative.sum(-1))
    return _plain(value)


def average_precision(converted: Outcomes, probability: Floats, weights: Floats | None = None) -> Any:
    """Area under the precision–recall curve as a sum of steps: Σ (Rₖ − Rₖ₋₁)·Pₖ.

    Zhu 2004, Recall, precision and average precision; the form of scikit-learn.

    >>> round(average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1])), 4)
    0.8333
    """
    # From the highest score down: precision and recall grow by calling the best leads first.
    positive, negative = (part[..., ::-1] for part in _classes_by_score(converted, probability, weights))
    true_positives, looked = np.cumsum(positive, axis=-1), np.cumsum(positive + negative, axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(looked > 0, true_positives / looked, 0.0)
        value = (positive * precision).sum(-1) / positive.sum(-1)
    return _plain(value)


def log_loss(converted: Bools, probability: Floats, weights: Floats | None = None) -> Any:
    """Mean of −log of the probability given to what happened. Good 1952, Rational decisions.

    >>> round(log_loss(np.array([True, False]), np.array([0.8, 0.2])), 4)
    0.2231
    """
    return _mean(losses(converted, probability), weights)


def losses(converted: Bools, probability: Floats) -> Floats:
    """The log loss of each row, for paired comparisons.

    >>> losses(np.array([True, False]), np.array([0.5, 0.5])).round(3).tolist()
    [0.693, 0.693]
    """
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.where(converted, -np.log(p), -np.log1p(-p))


def brier(converted: Bools, probability: Floats, weights: Floats | None = None) -> Any:
    """Mean squared error of the probabilities. Brier 1950.

    >>> round(brier(np.array([True, False]), np.array([0.8, 0.2])), 3)
    0.04
    """
    return _mean((probability - converted) ** 2, weights)


def calibration_error(converted: Outcomes, probability: Floats, weights: Floats | None = None) -> Any:
    """Expected calibration error: Σ over bins of share · |mean probability − share converted|.

    Naeini, Cooper and Hauskrecht 2015, with ten bins of equal numbers (equal widths leave a small-rate market in one
    bin); equal probabilities share a bin.

    >>> calibration_error(np.array([True, False, False, False]), np.array([0.5, 0.5, 0.5, 0.5]))
    0.25
    """
    # Bins come from the probabilities alone, not from the weights: a bootstrap draw must not move them.
    member = bins(probability)
    w = _weights(probability, weights)
    gaps = [np.abs((w * (probability - converted))[..., member == k].sum(-1)) for k in range(member.max(initial=0) + 1)]
    return _plain(np.sum(gaps, axis=0) / w.sum(-1))


def bins(probability: Floats, count: int = BINS) -> NDArray[np.intp]:
    """For each row its bin of equal numbers, 0 the lowest.

    >>> bins(np.array([0.3, 0.1, 0.2, 0.4]), 2).tolist()
    [1, 0, 0, 1]
    """
    if not len(probability):
        return np.zeros(0, dtype=np.intp)
    # Quantiles repeat where many leads share a probability; without `unique` empty bins would appear.
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, count + 1)[1:-1]))
    return np.searchsorted(edges, probability, side="left").astype(np.intp)


def precision(converted: Bools, probability: Floats, weights: Floats | None = None, *, threshold: float) -> Any:
    """Share of the leads at or above the threshold that converted. NaN without any.

    >>> precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]), threshold=0.5)
    0.5
    """
    hit, called, _ = _confusion(converted, probability, weights, threshold)
    return _ratio(hit, called)


def recall(converted: Bools, probability: Floats, weights: Floats | None = None, *, threshold: float) -> Any:
    """Share of the converted leads that are at or above the threshold.

    >>> recall(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]), threshold=0.5)
    0.5
    """
    hit, _, positives = _confusion(converted, probability, weights, threshold)
    return _ratio(hit, positives)


def f1(converted: Bools, probability: Floats, weights: Floats | None = None, *, threshold: float) -> Any:
    """Harmonic mean of precision and recall. van Rijsbergen 1979, Information retrieval, chapter 7.

    >>> f1(np.array([True, False, True]), np.array([0.9, 0.8, 0.1]), threshold=0.5)
    0.5
    """
    hit, called, positives = _confusion(converted, probability, weights, threshold)
    return _ratio(2 * hit, called + positives)


def lift(converted: Outcomes, probability: Floats, weights: Floats | None = None, *, share: float = TOP_SHARE) -> Any:
    """How many times the average rate the top `share` of the leads converts at. Ling and Li 1998.

    Leads tied at the cut count in proportion.

    >>> lift(np.array([True] + [False] * 9), np.linspace(1, 0, 10), share=0.1)
    10.0
    """
    positive, negative = (part[..., ::-1] for part in _classes_by_score(converted, probability, weights))
    both = positive + negative
    # What is left of the share at each score: ties at the cut enter in proportion, so row order cannot matter.
    room = share * both.sum(-1, keepdims=True) - (np.cumsum(both, axis=-1) - both)
    with np.errstate(invalid="ignore", divide="ignore"):
        share_called = np.where(both > 0, np.clip(room / both, 0, 1), 0.0)
    return _ratio((positive * share_called).sum(-1) / share, positive.sum(-1))


def _classes_by_score(converted: Outcomes, probability: Floats, weights: Floats | None) -> tuple[Floats, Floats]:
    """Weight of converted and of other rows at each different probability, the lowest first."""
    # Equal scores become one class: a metric that broke ties by position would depend on row order.
    order = np.argsort(probability, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(probability[order]) != 0])
    w = _weights(probability, weights)[..., order]
    hit = converted[order]
    return np.add.reduceat(w * hit, starts, axis=-1), np.add.reduceat(w * (1 - hit), starts, axis=-1)


def _confusion(
    converted: Bools, probability: Floats, weights: Floats | None, threshold: float
) -> tuple[Floats, Floats, Floats]:
    w, called = _weights(probability, weights), probability >= threshold
    return (w * (called & converted)).sum(-1), (w * called).sum(-1), (w * converted).sum(-1)


def _weights(probability: Floats, weights: Floats | None) -> Floats:
    return np.ones(len(probability)) if weights is None else weights


def _mean(values: Floats, weights: Floats | None) -> Any:
    w = _weights(values, weights)
    return _plain((w @ values) / w.sum(-1))


def _ratio(top: Floats, bottom: Floats) -> Any:
    with np.errstate(invalid="ignore", divide="ignore"):
        return _plain(np.divide(top, bottom))


def _plain(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value

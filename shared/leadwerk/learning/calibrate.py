"""Fitting the map from a model's log-odds to honest probabilities."""

from __future__ import annotations

import numpy as np

from leadwerk.features.calibration import Calibration
from leadwerk.learning.landmarks import Landmarks
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.log_odds import logit, sigmoid

STEPS = 50
PRIOR_WEIGHT = 1.0
"""Strength of the prior that the model is right already (slope 1), in units of one log-odds squared."""

STEEPEST, FLATTEST = 5.0, 0.05


def sampling_calibration(landmarks: Landmarks) -> Calibration:
    """What a regression needs that counts the landmarks of a sample alike: its level, and nothing else, is off."""
    return Calibration(1.0, -landmarks.sampling_offset)


def fit_calibration(
    margin: Floats, converted: Bools, *, offset: float = 0.0, weights: Floats | None = None
) -> Calibration:
    """Slope and intercept by maximum likelihood on predictions that the model made for rows it had not seen.

    Platt, Probabilistic outputs for support vector machines, 1999; on log-odds it corrects over-confidence (slope
    below 1) and a weighted class (intercept; `offset` is what the weight added to the log-odds). The slope is kept
    positive, so the order of leads never changes. `weights` (n,) say how much each row counts; without, all alike.

    >>> rng = np.random.default_rng(1)
    >>> log_odds = rng.normal(-1, 1, 20000)
    >>> converted = rng.random(20000) < sigmoid(log_odds)
    >>> fit = fit_calibration(2 * log_odds + 3, converted)
    >>> round(fit.slope, 1), round(fit.intercept, 1)
    (0.5, -1.5)
    >>> useless = fit_calibration(-log_odds, converted)
    >>> useless.slope, round(float(useless.probability(-log_odds).mean() - converted.mean()), 6)
    (0.05, 0.0)
    """
    # Nothing to calibrate against; only the known offset is taken off.
    if converted.all() or not converted.any():
        return Calibration(1.0, -offset)
    x, y = np.asarray(margin, dtype=np.float64) - offset, converted.astype(np.float64)
    counts = np.ones(len(y)) if weights is None else weights
    rate = np.array([np.average(y, weights=counts)])
    slope, intercept = 1.0, float(logit(rate)[0] - np.average(x, weights=counts))
    for _ in range(STEPS):
        step_slope, step_intercept = _newton(x, y, counts, slope, intercept)
        slope, intercept = slope - step_slope, intercept - step_intercept
        if abs(step_slope) + abs(step_intercept) < 1e-10:
            break
    clipped = float(np.clip(slope, FLATTEST, STEEPEST))
    if clipped != slope:  # the intercept belongs to its slope
        slope, intercept = clipped, _intercept(clipped * x, y, counts)
    return Calibration(slope, float(intercept) - slope * offset)


def _intercept(log_odds: Floats, y: Floats, counts: Floats) -> float:
    """The intercept under which as many convert as did."""
    intercept = 0.0
    for _ in range(STEPS):
        p = sigmoid(log_odds + intercept)
        step = float((counts * (p - y)).sum() / max(float((counts * p * (1 - p)).sum()), 1e-12))
        intercept -= float(np.clip(step, -1, 1))
        if abs(step) < 1e-10:
            break
    return intercept


def _newton(x: Floats, y: Floats, counts: Floats, slope: float, intercept: float) -> tuple[float, float]:
    p = sigmoid(slope * x + intercept)
    w, error = counts * np.maximum(p * (1 - p), 1e-12), counts * (p - y)
    # A weak pull towards slope 1: with few conversions the slope would run off.
    gradient = np.array([(error * x).sum() + PRIOR_WEIGHT * (slope - 1), error.sum()])
    hessian = np.array([[(w * x * x).sum() + PRIOR_WEIGHT, (w * x).sum()], [(w * x).sum(), w.sum()]])
    step = np.linalg.solve(hessian, gradient)
    # A whole Newton step overshoots far from the optimum.
    limited = step / max(1.0, float(np.abs(step).max()))
    return float(limited[0]), float(limited[1])

"""Logistic regression: the model that boosting has to beat, and the one that serves while outcomes are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.features.linear import Linear
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.split import folds
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.log_odds import sigmoid

MINIMUM_POSITIVES = 8
"""Converted leads below which not even a regression is tried (some for each of its folds)."""

PENALTY = 10.0
"""Ridge on standardised weights (1/C of scikit-learn): worth about ten observations against every weight."""

FOLDS = 4
MANY = 10_000
STEPS = 25
TOLERANCE = 1e-6
LONGEST_STEP = 5.0
"""Of a weight: a whole Newton step can overshoot far from the optimum."""


def fit_logistic(
    landmarks: Landmarks, features: Sequence[Feature], *, seed: int, encoder: Encoder | None = None
) -> Model:
    """Ridge-penalised maximum likelihood on standardised columns; few rows are calibrated by cross-fitting over leads.

    With many rows for each weight, the likelihood equations alone make a regression calibrated. `encoder`: one fitted
    on more landmarks than these, else it is fitted on them.
    """
    encoder = encoder or Encoder.fit(landmarks.columns, features)
    matrix = encoder.matrix(landmarks.columns)
    linear = fit_linear(matrix, landmarks.converted)
    calibration = Calibration() if len(landmarks) > MANY else _cross_fit(matrix, landmarks, seed)
    return Model("logistic_regression", encoder, linear, calibration)


def _cross_fit(matrix: NDArray[np.float32], landmarks: Landmarks, seed: int) -> Calibration:
    member = folds(landmarks.lead, count=FOLDS, seed=seed)
    margin = np.empty(len(landmarks))
    for fold in range(FOLDS):
        held_out = member == fold
        margin[held_out] = fit_linear(matrix[~held_out], landmarks.converted[~held_out]).margin(matrix[held_out])
    return fit_calibration(margin, landmarks.converted)


def fit_linear(matrix: NDArray[np.float32], converted: Bools, *, standardised: bool = True) -> Linear:
    """Newton's method (iteratively reweighted least squares; McCullagh and Nelder 1989, §4.4).

    A missing value counts as its column's mean; the bias is not penalised. Without `standardised` the penalty is on
    weights as they are: for columns in one unit, of which a small one shall stay small.
    """
    means, scales = _scaling(matrix)
    if not standardised:
        scales = [1.0] * len(scales)
    design = Linear(1.0, (1.0,) * len(means), tuple(means), tuple(scales)).contributions(matrix)
    weights = np.zeros(design.shape[1])
    penalty = np.r_[np.full(len(means), PENALTY), 1e-6]
    for _ in range(STEPS):
        step = _newton(design, converted, weights, penalty)
        weights = weights - step
        if np.abs(step).max() < TOLERANCE:
            break
    return Linear(float(weights[-1]), tuple(weights[:-1].tolist()), tuple(means), tuple(scales))


def _scaling(matrix: NDArray[np.float32]) -> tuple[list[float], list[float]]:
    present = ~np.isnan(matrix)
    count = np.maximum(present.sum(0), 1)
    means = np.where(present, matrix, 0).sum(0, dtype=np.float64) / count
    variance = (np.where(present, matrix - means, 0) ** 2).sum(0) / count
    scales = np.sqrt(variance)
    return means.tolist(), np.where(scales > 1e-9 * np.maximum(1, np.abs(means)), scales, 1.0).tolist()


def _newton(design: Floats, converted: Bools, weights: Floats, penalty: Floats) -> Floats:
    p = sigmoid(design @ weights)
    curvature = np.maximum(p * (1 - p), 1e-6)
    gradient = design.T @ (p - converted) + penalty * weights
    hessian = design.T @ (design * curvature[:, None]) + np.diag(penalty)
    step: Floats = np.linalg.solve(hessian, gradient).astype(np.float64)
    return step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)

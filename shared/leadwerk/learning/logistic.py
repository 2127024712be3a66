"""Logistic regression: the model that boosting has to beat, and the one that serves while outcomes are few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.additive_fit import fit_additive
from leadwerk.learning.calibrate import fit_calibration, sampling_calibration
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.split import folds

FOLDS = 4
MANY = 10_000


def fit_logistic(
    landmarks: Landmarks, features: Sequence[Feature], *, seed: int, encoder: Encoder | None = None
) -> Model:
    """Spline regression (`additive_fit`); few rows are calibrated by cross-fitting over leads.

    With many rows for each weight, the likelihood equations alone make a regression calibrated. `encoder`: one fitted
    on more landmarks than these, else it is fitted on them.
    """
    encoder = encoder or Encoder.fit(landmarks.columns, features)
    matrix = encoder.matrix(landmarks.columns)
    curves = fit_additive(matrix, landmarks.converted, landmarks.as_of, landmarks.weight)
    calibration = sampling_calibration(landmarks) if len(landmarks) > MANY else _cross_fit(matrix, landmarks, seed)
    return Model("logistic_regression", encoder, curves, calibration)


def _cross_fit(matrix: NDArray[np.float32], landmarks: Landmarks, seed: int) -> Calibration:
    member = folds(landmarks.lead, count=FOLDS, seed=seed)
    margin = np.empty(len(landmarks))
    for fold in range(FOLDS):
        rows, held_out = np.flatnonzero(member != fold), member == fold
        fitted = landmarks.take(rows)
        curves = fit_additive(matrix[rows], fitted.converted, fitted.as_of, fitted.weight)
        margin[held_out] = curves.margin(matrix[held_out])
    return fit_calibration(margin, landmarks.converted, weights=landmarks.weights * landmarks.stands_for)

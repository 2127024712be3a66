"""Spline regression: the data decide how much a curve may bend."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.learning.additive_fit import fit_additive
from leadwerk.stats.metrics import auc

ROWS, COLUMNS = 3000, 8


def market(curved: bool, seed: int):
    """Encoded rows in time, true log-odds, outcomes; of eight columns the first bends or none does."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(ROWS, COLUMNS)).astype(np.float32)
    log_odds = matrix[:, 1] - 2 + (1.5 * np.abs(matrix[:, 0]) if curved else matrix[:, 0])
    return matrix, log_odds, random.random(ROWS) < 1 / (1 + np.exp(-log_odds))


def fitted(matrix, converted):
    return fit_additive(matrix, converted, np.arange(ROWS).astype("datetime64[h]"))


@pytest.mark.parametrize("seed", range(3))
def test_a_curve_is_followed(seed):
    matrix, _, converted = market(True, seed)
    unseen, log_odds, outcomes = market(True, seed + 100)
    margin = fitted(matrix, converted).margin(unseen)
    assert auc(outcomes, margin) > auc(outcomes, log_odds) - 0.008


@pytest.mark.parametrize("seed", range(3))
def test_straight_data_stay_straight(seed):
    matrix, _, converted = market(False, seed)
    for curve in fitted(matrix, converted).curves[:2]:
        slopes = np.diff(curve.ys) / np.diff(curve.xs)
        assert slopes.max() - slopes.min() < 0.15

"""Trees of rows without a category's zeros are those of the encoder's matrix."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xgboost as xgb

from leadwerk.learning.sparse_rows import SparseRows

BINS = 16
PARAMETERS = {"objective": "binary:logistic", "max_depth": 5, "max_bin": BINS, "nthread": 1, "min_child_weight": 3.0}


@pytest.fixture(scope="module")
def rows():
    """A number with gaps, one without, and two categories of which the second is missing at times."""
    rng, n = np.random.default_rng(1), 3000
    level, other = rng.integers(0, 4, n), rng.integers(-1, 3, n)
    numbers = np.column_stack([np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)), rng.integers(0, 3, n)])
    matrix = np.column_stack([numbers, level[:, None] == range(4), other[:, None] == range(3)]).astype(np.float32)
    margin = (
        np.nan_to_num(numbers[:, 0]) + 2 * (level == 1) - (level == 2) + (other == -1) - numbers[:, 1] * (other == 2)
    )
    return matrix, rng.random(n) < 1 / (1 + np.exp(-margin))


@pytest.mark.parametrize("options", [{}, {"subsample": 0.8, "colsample_bytree": 0.5}])
def test_the_same_splits_are_found(rows, options):
    matrix, converted = rows
    sparse, selected, weights = _sparse(matrix), np.arange(0, 3000, 2), np.linspace(0.5, 2, 3000)
    dense = xgb.QuantileDMatrix(matrix[selected], converted[selected], weight=weights[selected], max_bin=BINS)
    expected = xgb.train(PARAMETERS | options, dense, 20)
    trained = xgb.train(PARAMETERS | options, sparse.binned(selected, converted, weights, bins=BINS), 20)
    assert _mirrored(trained), "no split sent a level left: nothing to mirror was tried"
    encoded = sparse.as_encoded(trained)
    np.testing.assert_array_equal(encoded.inplace_predict(matrix), expected.inplace_predict(matrix))
    np.testing.assert_allclose(
        encoded.predict(xgb.DMatrix(matrix), pred_contribs=True),
        expected.predict(xgb.DMatrix(matrix), pred_contribs=True),
        atol=1e-5,
    )


def _sparse(matrix):
    return SparseRows.of(matrix, np.array([False, False, *[True] * 7]))


def _mirrored(booster):
    trees = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]
    return any(
        left >= 0 and column >= 2 and threshold > 1
        for tree in trees
        for left, column, threshold in zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], strict=True
        )
    )


def test_a_parent_is_the_node_that_names_its_children(rows):
    matrix, converted = rows
    sparse = _sparse(matrix)
    booster = xgb.train(PARAMETERS, sparse.binned(np.arange(3000), converted, np.ones(3000), bins=BINS), 5)
    model = json.loads(bytes(sparse.as_encoded(booster).save_raw("json")))
    for tree in model["learner"]["gradient_booster"]["model"]["trees"]:
        for node, (left, right) in enumerate(zip(tree["left_children"], tree["right_children"], strict=True)):
            assert left == right == -1 or (
                right == left + 1 and tree["parents"][left] == tree["parents"][right] == node
            )

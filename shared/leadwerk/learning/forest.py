"""Random forest by XGBoost: trees that each see some rows and some columns, and are averaged (Breiman 2001).

It cannot extrapolate and hardly over-fits, so it is the member that keeps its order when a market drifts.
"""

from __future__ import annotations

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.stats.arrays import Bools, Floats, Index

BINS = 64
TREES = 100
DEPTH = 8
MINIMUM_LEAF_WEIGHT = 5.0
ROW_SHARE = 0.63
"""Different rows in a bootstrap sample of n out of n."""

MOST_ROWS = 32_000
"""Rows that the trees draw theirs from: a tree of this depth learns nothing more from further ones, and XGBoost passes
over all of them for each tree, drawn or not."""


def fit_forest(
    matrix: NDArray[np.float32], converted: Bools, weights: Floats, rows: Index, *, monotone: tuple[int, ...], seed: int
) -> xgb.Booster:
    """Trees on these rows of the (n, m) encoded matrix; their prediction is a share. Rows of weight 0 are passed over.

    Of more than MOST_ROWS some are drawn.
    """
    rows = rows[weights[rows] > 0]
    rate = float(np.clip(np.average(converted[rows], weights=weights[rows]), 1e-6, 1 - 1e-6))
    if len(rows) > MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_ROWS, replace=False))
    columns = max(1, matrix.shape[1])
    # Not without a category's zeros, as boosting: columns are drawn node by node, so that its trees would be others.
    data = xgb.QuantileDMatrix(
        matrix[rows], converted[rows].astype(np.float32), weight=weights[rows], max_bin=BINS, nthread=1
    )
    parameters = {
        "objective": "reg:squarederror",
        "tree_method": "hist",
        "max_bin": BINS,
        "num_parallel_tree": TREES,
        "learning_rate": 1.0,
        "max_depth": DEPTH,
        "min_child_weight": MINIMUM_LEAF_WEIGHT,
        "subsample": ROW_SHARE,
        "colsample_bynode": min(1.0, np.sqrt(columns) / columns),
        "reg_lambda": 0.0,
        "base_score": rate,
        "monotone_constraints": monotone,
        "seed": seed,
        "nthread": 1,
        "verbosity": 0,
    }
    return xgb.train(parameters, data, 1)

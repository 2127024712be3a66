"""Cross-fitting of boosted trees: every fold is predicted by a booster that has not seen it."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import cast

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.sparse_rows import SparseRows
from leadwerk.policy.model import Training
from leadwerk.stats.arrays import Bools, Floats, Index

BINS = 64
"""Parts into which a number is cut for splitting: four times as fast as XGBoost's 256, and as good in our trials."""

PATIENCE = 0.2
"""Share of the policy's trees that may pass without improvement before a fold is given up."""

Fitted = tuple[xgb.Booster, list[float]]
"""A fold's booster, and its loss on the fold after each tree."""


@dataclass(frozen=True)
class FitRows:
    """What is fitted: matrix (n, m), labels, the fold of each row, how much it counts, and for how many it stands (n,).
    `sparse` are the matrix's rows for trees.

    Trees count the rows of a sample alike, only the calibration does not: with weights `min_child_weight` would not
    regularise any more (AUC .746 against .751 in trials). `tried_folds` are left out in turn. A single one: the fit
    without it is the model.
    """

    matrix: NDArray[np.float32]
    sparse: SparseRows
    converted: Bools
    fold: Index
    weight: Floats
    stands_for: Floats
    tried_folds: tuple[int, ...]

    @property
    def judged(self) -> Index:
        """Positions of the rows that some fit has not seen."""
        return np.flatnonzero(np.isin(self.fold, self.tried_folds))

    @property
    def learned(self) -> Bools:
        """Which rows the model itself is fitted on, (n,)."""
        return self.fold != self.tried_folds[0] if len(self.tried_folds) == 1 else np.ones(len(self.fold), np.bool_)


@dataclass(frozen=True)
class CrossFit:
    """Result of a cross-fit: the best number of trees, the booster without each tried fold, and raw log-odds (n,).

    `unseen`: of each judged row by the model that had not seen it, NaN of the others.
    """

    rounds: int
    calibration: Calibration
    unseen: Floats
    boosters: tuple[xgb.Booster, ...]


def begin_fits(
    pool: ThreadPoolExecutor, rows: FitRows, parameters: dict[str, object], training: Training
) -> list[Future[Fitted]]:
    """Begin to fit all folds.

    Every fit has one thread of its own: several fits at once share two cores better than XGBoost's threads, which
    spin while they wait for each other, and the result does not depend on the number of cores.
    """
    return [pool.submit(fit_fold, rows, rows.fold == fold, parameters, training.trees) for fold in rows.tried_folds]


def cross_fit(rows: FitRows, fits: list[Future[Fitted]], parameters: dict[str, object]) -> CrossFit:
    """Calibrate by what the folds said of leads that they had not seen."""
    boosters, curves = zip(*(fit.result() for fit in fits), strict=True)
    sizes = [float(rows.weight[rows.fold == fold].sum()) for fold in rows.tried_folds]
    # One number of trees for all folds: the final model is trained with it on everything.
    rounds = _best_rounds(list(curves), np.array(sizes))
    margin = np.full(len(rows.converted), np.nan)
    for fold, booster in zip(rows.tried_folds, boosters, strict=True):
        held_out = np.flatnonzero(rows.fold == fold)
        margin[held_out] = raw_log_odds(booster, rows.matrix[held_out], rounds)
    calibration = calibrated(margin[rows.judged], rows, rows.judged, parameters)
    return CrossFit(rounds, calibration, margin, boosters)


def raw_log_odds(booster: xgb.Booster, matrix: NDArray[np.float32], rounds: int) -> Floats:
    """Uncalibrated log-odds (n,) by the first `rounds` trees."""
    until = (0, min(rounds, booster.num_boosted_rounds()))
    margin = booster.inplace_predict(matrix, iteration_range=until, predict_type="margin")
    return np.asarray(margin, dtype=np.float64)


def calibrated(margin: Floats, rows: FitRows, selected: Index, parameters: dict[str, object]) -> Calibration:
    """The calibration of raw log-odds of the rows `selected`."""
    # A weight on positives shifts all log-odds by its logarithm; the calibration takes it off again.
    offset = float(np.log(cast(float, parameters["scale_pos_weight"])))
    weights = rows.weight[selected] * rows.stands_for[selected]
    return fit_calibration(margin, rows.converted[selected], offset=offset, weights=weights)


def fit_fold(rows: FitRows, held_out: Bools, parameters: dict[str, object], trees: int) -> Fitted:
    """Fit the rows that are not held out, until the loss on those that are stops falling."""
    train = training_matrix(rows, ~held_out)
    unseen = rows.sparse.unbinned(np.flatnonzero(held_out & (rows.weight > 0)), rows.converted, rows.weight)
    history: dict[str, dict[str, list[float]]] = {}
    booster = xgb.train(
        parameters,
        train,
        trees,
        evals=[(unseen, "unseen")],
        evals_result=history,
        early_stopping_rounds=max(10, round(trees * PATIENCE)),
        verbose_eval=False,
    )
    [losses] = history["unseen"].values()
    return rows.sparse.as_encoded(booster), losses


def training_matrix(rows: FitRows, selected: Bools) -> xgb.QuantileDMatrix:
    """The rows `selected`, without forgotten ones, as XGBoost trains on them."""
    return rows.sparse.binned(np.flatnonzero(selected & (rows.weight > 0)), rows.converted, rows.weight, bins=BINS)


def _best_rounds(curves: list[list[float]], sizes: Floats) -> int:
    """Where the mean loss of all folds is least; a fold that was given up keeps its last loss."""
    length = max(len(curve) for curve in curves)
    # A fold that stopped early keeps its last loss.
    padded = np.array([curve + [curve[-1]] * (length - len(curve)) for curve in curves])
    return int(np.argmin(sizes @ padded)) + 1

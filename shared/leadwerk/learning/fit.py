"""Gradient boosting by XGBoost: the policy's trees, rate and depth, stopped early and calibrated by cross-fitting.

Cross-fitting (Chernozhukov et al. 2018; for calibration Niculescu-Mizil and Caruana 2005): the leads are dealt into
folds; what was predicted for each fold by a model that had not seen it says how many trees are enough, how
over-confident they are, and whether old rows mislead (`recency`). The model itself is then fitted on all rows, so that
nothing recent is lost to validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.landmarks import Bools, Floats, Index, Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.recency import HALF_LIVES, MINIMUM_NEW_POSITIVES, better_half_life, newest, weights
from leadwerk.learning.split import folds
from leadwerk.policy.model import Training

WORKERS = 2
"""Fits at a time."""

BINS = 64
"""Parts into which a number is cut for splitting: four times as fast as XGBoost's 256, and as good in our trials."""

FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 10_000
"""Fewer folds from so many rows on, where each fold is large enough by itself."""

# Robust on small data, where every lead has several nearly equal landmarks: a leaf needs the weight of five leads (or
# more, by the landmarks they have), every tree sees 80 % of the rows and half of the columns. Chosen by 5-fold trials
# on two public data sets of 7,000 and 12,000 rows.
MINIMUM_LEAF_WEIGHT = 5.0
ROW_SHARE = 0.8
COLUMN_SHARE = 0.5
RIDGE = 2.0
PATIENCE = 0.2
"""Share of the policy's trees that may pass without improvement before a fold is given up."""


@dataclass(frozen=True)
class Boosted:
    """A calibrated model, and the half-life (days) by which older landmarks counted less; None if all counted alike."""

    model: Model
    half_life_days: float | None


@dataclass(frozen=True)
class _Rows:
    """What is fitted: matrix (n, m), labels, the fold of each row, and how much it counts (n,)."""

    matrix: NDArray[np.float32]
    converted: Bools
    fold: Index
    weight: Floats


@dataclass(frozen=True)
class _Crossed:
    """Of a cross-fit: how many trees are best, and the probability of each row by a model that had not seen it."""

    rounds: int
    calibration: Calibration
    unseen: Floats


def fit_boosting(landmarks: Landmarks, features: Sequence[Feature], training: Training) -> Boosted:
    """Fit, stop early, calibrate. Needs rows of both classes; the seed makes it repeatable."""
    encoder = Encoder.fit(landmarks.columns, features)
    positives = positive_weight(training, landmarks.converted)
    parameters = _parameters(training, constraints(encoder, features), positives)
    count = FOLDS if len(landmarks) < MANY else FOLDS_OF_MANY
    fold = folds(landmarks.lead, count=count, seed=training.seed)
    first = None if training.half_life_days == "auto" else training.half_life_days
    matrix, weight = encoder.matrix(landmarks.columns), weights(landmarks.as_of, first)
    rows, half_life = _Rows(matrix, landmarks.converted, fold, weight), first
    crossed = _cross_fit(rows, parameters, training)
    if training.half_life_days == "auto":
        half_life = _best_half_life(rows, crossed, landmarks, parameters, training)
    if half_life != first:
        rows = replace(rows, weight=weights(landmarks.as_of, half_life))
        crossed = _cross_fit(rows, parameters, training)
    booster = xgb.train(parameters, _quantiles(rows, rows.weight > 0), crossed.rounds)
    return Boosted(Model("boosting", encoder, booster, crossed.calibration), half_life)


def _best_half_life(
    rows: _Rows, crossed: _Crossed, landmarks: Landmarks, parameters: dict[str, object], training: Training
) -> float | None:
    """What `recency` says of the newest leads in one of the folds, which each half-life is tried on."""
    held_out = rows.fold == 0
    judged = newest(landmarks.as_of, training.test_share)
    judged = judged[held_out[judged]]
    converted, lead = landmarks.converted[judged], landmarks.lead[judged]
    if len(np.unique(lead[converted])) < MINIMUM_NEW_POSITIVES:
        return None

    def probability(half_life: float) -> Floats:
        lighter = replace(rows, weight=weights(landmarks.as_of, half_life))
        booster, losses = _fit_fold(lighter, held_out, parameters, training.trees)
        margin = _margin(booster, rows.matrix[held_out], int(np.argmin(losses)) + 1)
        calibration = _calibrated(margin, lighter, held_out, parameters)
        return calibration.probability(_margin(booster, rows.matrix[judged], int(np.argmin(losses)) + 1))

    with ThreadPoolExecutor(WORKERS) as pool:
        tried = dict(zip(HALF_LIVES, pool.map(probability, HALF_LIVES), strict=True))
    return better_half_life(converted, lead, crossed.unseen[judged], tried, seed=training.seed)


def positive_weight(training: Training, converted: Bools) -> float:
    """`scale_pos_weight`: as the policy says, or negatives per positive for "auto"; 1 without.

    A weight w multiplies the odds that the model learns by w; the calibration takes log w off again.

    >>> positive_weight(Training(scale_pos_weight="auto"), np.array([True, False, False, False]))
    3.0
    """
    if training.scale_pos_weight == "auto":
        return float((~converted).sum() / max(1, converted.sum()))
    return float(training.scale_pos_weight or 1.0)


def constraints(encoder: Encoder, features: Sequence[Feature]) -> tuple[int, ...]:
    """The monotone constraint of each matrix column; a category has none."""
    return tuple(int(features[owner].monotone) for owner in encoder.owners())


def _parameters(training: Training, monotone: tuple[int, ...], weight: float) -> dict[str, object]:
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_bin": BINS,
        "learning_rate": training.learning_rate,
        "max_depth": training.depth,
        "scale_pos_weight": weight,
        "monotone_constraints": monotone,
        "min_child_weight": MINIMUM_LEAF_WEIGHT,
        "subsample": ROW_SHARE,
        "colsample_bytree": COLUMN_SHARE,
        "reg_lambda": RIDGE,
        "seed": training.seed,
        "nthread": 1,
        "verbosity": 0,
    }


def _cross_fit(rows: _Rows, parameters: dict[str, object], training: Training) -> _Crossed:
    """Fit all folds; calibrate by what they said of leads that they had not seen.

    Every fit has one thread of its own: several fits at once share two cores better than XGBoost's threads, which
    spin while they wait for each other, and the result does not depend on the number of cores.
    """
    count = int(rows.fold.max()) + 1
    with ThreadPoolExecutor(WORKERS) as pool:
        fits = [pool.submit(_fit_fold, rows, rows.fold == fold, parameters, training.trees) for fold in range(count)]
        boosters, curves = zip(*(fit.result() for fit in fits), strict=True)
    rounds = _best_rounds(list(curves), np.bincount(rows.fold, rows.weight, count).astype(np.float64))
    margin = np.empty(len(rows.converted))
    for fold, booster in enumerate(boosters):
        held_out = np.flatnonzero(rows.fold == fold)
        margin[held_out] = _margin(booster, rows.matrix[held_out], rounds)
    calibration = _calibrated(margin, rows, np.ones(len(margin), dtype=bool), parameters)
    return _Crossed(rounds, calibration, calibration.probability(margin))


def _margin(booster: xgb.Booster, matrix: NDArray[np.float32], rounds: int) -> Floats:
    until = (0, min(rounds, booster.num_boosted_rounds()))
    margin = booster.inplace_predict(matrix, iteration_range=until, predict_type="margin")
    return np.asarray(margin, dtype=np.float64)


def _calibrated(margin: Floats, rows: _Rows, taken: Bools, parameters: dict[str, object]) -> Calibration:
    offset = float(np.log(cast(float, parameters["scale_pos_weight"])))
    return fit_calibration(margin, rows.converted[taken], offset=offset, weights=rows.weight[taken])


def _fit_fold(
    rows: _Rows, held_out: Bools, parameters: dict[str, object], trees: int
) -> tuple[xgb.Booster, list[float]]:
    train = _quantiles(rows, ~held_out & (rows.weight > 0))
    unseen = _quantiles(rows, held_out & (rows.weight > 0), ref=train)
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
    return booster, history["unseen"]["logloss"]


def _quantiles(rows: _Rows, taken: Bools, ref: xgb.QuantileDMatrix | None = None) -> xgb.QuantileDMatrix:
    matrix, converted, weight = rows.matrix[taken], rows.converted[taken], rows.weight[taken]
    return xgb.QuantileDMatrix(matrix, converted, weight=weight, max_bin=BINS, nthread=1, ref=ref)


def _best_rounds(curves: list[list[float]], sizes: Floats) -> int:
    """Where the mean loss of all folds is least; a fold that was given up keeps its last loss."""
    length = max(len(curve) for curve in curves)
    padded = np.array([curve + [curve[-1]] * (length - len(curve)) for curve in curves])
    return int(np.argmin(sizes @ padded)) + 1

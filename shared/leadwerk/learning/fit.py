"""Gradient boosting by XGBoost: the policy's trees, rate and depth, stopped early and calibrated by cross-fitting.

Cross-fitting (Chernozhukov et al. 2018; for calibration Niculescu-Mizil and Caruana 2005): the leads are dealt into
folds; what was predicted for each fold by a model that had not seen it says how many trees are enough and how
over-confident they are. The model itself is then fitted on all rows, so that nothing recent is lost to validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.landmarks import Bools, Floats, Index, Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.split import folds
from leadwerk.policy.model import Training

WORKERS = 2
"""Fits at a time."""

BINS = 64
"""Parts into which a number is cut for splitting: four times as fast as XGBoost's 256, and as good in our trials."""

FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 20_000
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
    """A calibrated model, and `unseen`: the log-odds that models of its folds gave each training row unseen.

    Both log-odds are as learned, with `weight` on the positives.
    """

    model: Model
    unseen: Floats
    weight: float


def fit_boosting(landmarks: Landmarks, features: Sequence[Feature], training: Training) -> Boosted:
    """Fit, stop early, calibrate. Needs rows of both classes; the seed makes it repeatable."""
    encoder = Encoder.fit(landmarks.columns, features)
    matrix = encoder.matrix(landmarks.columns)
    weight = positive_weight(training, landmarks.converted)
    parameters = _parameters(training, constraints(encoder, features), weight)
    booster, unseen = _fit_all_and_folds(matrix, landmarks, parameters, training)
    calibration = fit_calibration(unseen, landmarks.converted, offset=float(np.log(weight)))
    return Boosted(Model("boosting", encoder, booster, calibration), unseen, weight)


def refit_boosting(
    twin: Boosted,
    train: Landmarks,
    test: Landmarks,
    everything: Landmarks,
    features: Sequence[Feature],
    training: Training,
) -> Model:
    """Fit as many trees as `twin` has on everything; calibrate by what the twin and its folds said of rows unseen.

    Those are the training rows, and the test rows out of time: so the newest rate of conversion counts.
    """
    encoder = Encoder.fit(everything.columns, features)
    weight = positive_weight(training, everything.converted)
    parameters = _parameters(training, constraints(encoder, features), weight)
    rows = _quantiles(encoder.matrix(everything.columns), everything.converted)
    booster = xgb.train(parameters, rows, twin.model.rounds)
    margin = np.r_[twin.unseen, twin.model.margin(twin.model.encoder.matrix(test.columns))]
    fitted = fit_calibration(margin, np.r_[train.converted, test.converted], offset=float(np.log(twin.weight)))
    shift = fitted.slope * float(np.log(twin.weight) - np.log(weight))
    return Model("boosting", encoder, booster, Calibration(fitted.slope, fitted.intercept + shift))


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


def _fit_all_and_folds(
    matrix: NDArray[np.float32], landmarks: Landmarks, parameters: dict[str, object], training: Training
) -> tuple[xgb.Booster, Floats]:
    """The booster on all rows with the number of trees that is best on unseen leads, and the log-odds of leads unseen.

    Every fit has one thread of its own: several fits at once share two cores better than XGBoost's threads, which
    spin while they wait for each other, and the result does not depend on the number of cores.
    """
    count = FOLDS if len(landmarks) < MANY else FOLDS_OF_MANY
    member = folds(landmarks.lead, count=count, seed=training.seed)
    with ThreadPoolExecutor(WORKERS) as pool:
        whole = pool.submit(_train, parameters, _quantiles(matrix, landmarks.converted), training.trees)
        fits = [
            pool.submit(_fit_fold, matrix, landmarks.converted, member == fold, parameters, training.trees)
            for fold in range(count)
        ]
        boosters, curves = zip(*(fit.result() for fit in fits), strict=True)
    rounds = _best_rounds(list(curves), np.bincount(member, minlength=count))
    margin = np.empty(len(landmarks))
    for fold, booster in enumerate(boosters):
        held_out = np.flatnonzero(member == fold)
        until = min(rounds, booster.num_boosted_rounds())
        margin[held_out] = booster.inplace_predict(matrix[held_out], iteration_range=(0, until), predict_type="margin")
    return whole.result()[:rounds], margin


def _fit_fold(
    matrix: NDArray[np.float32], converted: Bools, held_out: Bools, parameters: dict[str, object], trees: int
) -> tuple[xgb.Booster, list[float]]:
    train = _quantiles(matrix[~held_out], converted[~held_out])
    unseen = _quantiles(matrix[held_out], converted[held_out], ref=train)
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


def _train(parameters: dict[str, object], rows: xgb.QuantileDMatrix, trees: int) -> xgb.Booster:
    return xgb.train(parameters, rows, trees)


def _quantiles(
    matrix: NDArray[np.float32], converted: Bools, ref: xgb.QuantileDMatrix | None = None
) -> xgb.QuantileDMatrix:
    return xgb.QuantileDMatrix(matrix, converted, max_bin=BINS, nthread=1, ref=ref)


def _best_rounds(curves: list[list[float]], sizes: Index) -> int:
    """Where the mean loss of all folds is least; a fold that was given up keeps its last loss."""
    length = max(len(curve) for curve in curves)
    padded = np.array([curve + [curve[-1]] * (length - len(curve)) for curve in curves])
    return int(np.argmin(sizes @ padded)) + 1

"""Gradient boosting by XGBoost: the policy's trees, rate and depth, stopped early and calibrated by cross-fitting.

Cross-fitting (Chernozhukov et al. 2018; for calibration Niculescu-Mizil and Caruana 2005): the leads are dealt into
folds; what was predicted for each fold by a model that had not seen it says how many trees are enough, how
over-confident they are, and whether old rows mislead (`recency`). The model itself is then fitted on all rows, so that
nothing recent is lost to validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.sample_weights import (
    HALF_LIVES,
    MINIMUM_NEW_POSITIVES,
    better_half_life,
    latest_share_index,
    sample_weights,
)
from leadwerk.learning.split import folds
from leadwerk.policy.model import Training
from leadwerk.stats.arrays import Bools, Floats, Index

WORKERS = 2
"""Fits at a time."""

BINS = 64
"""Parts into which a number is cut for splitting: four times as fast as XGBoost's 256, and as good in our trials."""

FOLDS, FOLDS_OF_MANY, MANY = 5, 3, 10_000
"""Rows at which fewer folds suffice, because each is large enough by itself."""

LARGE = 50_000
"""Rows of which a twin is fitted once, without one fold: that fold alone says all that the others would."""

# Robust on small data, where every lead has several nearly equal landmarks: a leaf needs the weight of five leads (or
# more, by the landmarks they have), every tree sees 80 % of the rows and half of the columns. Chosen by 5-fold trials
# on two public data sets of 7,000 and 12,000 rows.
MINIMUM_LEAF_WEIGHT = 5.0
ROW_SHARE = 0.8
COLUMN_SHARE = 0.5
RIDGE = 2.0
PATIENCE = 0.2
"""Share of the policy's trees that may pass without improvement before a fold is given up."""

Fitted = tuple[xgb.Booster, list[float]]
"""A fold's booster, and its loss on the fold after each tree."""


@dataclass(frozen=True)
class BoostingPlan:
    """What cross-fitting found on most of the rows: number of trees, half-life (days) and calibration."""

    rounds: int
    half_life_days: float | None
    calibration: Calibration


@dataclass(frozen=True)
class BoostedFit:
    """A calibrated model, the rows it was fitted on, and raw log-odds (n,) of each by a model that had not seen it.

    `unseen` is None where a plan took the place of cross-fitting, and NaN for rows that every fit saw.
    """

    model: Model
    plan: BoostingPlan
    rows: FitRows = field(repr=False)
    unseen: Floats | None = field(repr=False)

    @property
    def half_life_days(self) -> float | None:
        """Days by which older landmarks counted half; None if all counted alike."""
        return self.plan.half_life_days


@dataclass(frozen=True)
class FitRows:
    """What is fitted: matrix (n, m), labels, the fold of each row, how much it counts, and for how many it stands (n,).

    Trees count the rows of a sample alike, only the calibration does not: with weights `MINIMUM_LEAF_WEIGHT` would not
    regularise any more (AUC .746 against .751 in trials). `tried_folds` are left out in turn. A single one: the fit
    without it is the model.
    """

    matrix: NDArray[np.float32]
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


def fit_boosting(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    encoder: Encoder | None = None,
    *,
    plan: BoostingPlan | None = None,
    is_twin: bool = False,
) -> BoostedFit:
    """Fit, stop early, calibrate. Needs rows of both classes; the seed makes it repeatable.

    `encoder`: one fitted on more landmarks than these, else it is fitted on them. `plan`: what an earlier fit on most
    of these rows found; nothing is tried again then. `is_twin`: the model only proves what another will do that is
    fitted on everything, so from LARGE rows on it does without one fold.
    """
    encoder = encoder or Encoder.fit(landmarks.columns, features)
    if plan is not None:
        rows = planned_rows(plan, landmarks, training, encoder)
        return BoostedFit(boosted_by_plan(plan, rows, features, training, encoder), plan, rows, None)
    parameters = _parameters(training, encoder, features, landmarks.converted)
    rows = _fit_rows(landmarks, training, encoder, is_twin=is_twin)
    half_life_days = training.half_life_days
    with ThreadPoolExecutor(WORKERS) as pool:
        if half_life_days == "auto":
            half_life, rows, crossed = _as_the_newest_say(pool, rows, landmarks, parameters, training)
        else:
            lighter = None if half_life_days is None else _by_age(rows, landmarks, half_life_days)
            half_life, rows = (None, rows) if lighter is None else (half_life_days, lighter)
            crossed = _crossed(rows, _cross_fits(pool, rows, parameters, training), parameters)
    plan_used = BoostingPlan(crossed.rounds, half_life, crossed.calibration)
    without_fold = len(rows.tried_folds) == 1
    booster = crossed.boosters[0][: crossed.rounds] if without_fold else _booster(plan_used, rows, parameters)
    return BoostedFit(Model("boosting", encoder, booster, crossed.calibration), plan_used, rows, crossed.unseen)


def planned_rows(plan: BoostingPlan, landmarks: Landmarks, training: Training, encoder: Encoder) -> FitRows:
    """The rows with the weights that a plan gives them."""
    rows = _fit_rows(landmarks, training, encoder, is_twin=False)
    return replace(rows, weight=sample_weights(landmarks.as_of, plan.half_life_days) * landmarks.weights)


def boosted_by_plan(
    plan: BoostingPlan, rows: FitRows, features: Sequence[Feature], training: Training, encoder: Encoder
) -> Model:
    """A model of all `planned_rows` as the plan says."""
    parameters = _parameters(training, encoder, features, rows.converted)
    return Model("boosting", encoder, _booster(plan, rows, parameters), plan.calibration)


def _fit_rows(landmarks: Landmarks, training: Training, encoder: Encoder, *, is_twin: bool) -> FitRows:
    count = FOLDS if len(landmarks) < MANY else FOLDS_OF_MANY
    # By lead: landmarks of one lead in two folds would let the model recognise its outcome.
    fold = folds(landmarks.lead, count=count, seed=training.seed)
    tried_folds = (0,) if is_twin and len(landmarks) >= LARGE else tuple(range(count))
    matrix = encoder.matrix(landmarks.columns)
    return FitRows(matrix, landmarks.converted, fold, landmarks.weights, landmarks.stands_for, tried_folds)


def _booster(plan: BoostingPlan, rows: FitRows, parameters: dict[str, object]) -> xgb.Booster:
    return xgb.train(parameters, _quantiles(rows, rows.weight > 0), plan.rounds)


def _as_the_newest_say(
    pool: ThreadPoolExecutor, rows: FitRows, landmarks: Landmarks, parameters: dict[str, object], training: Training
) -> tuple[float | None, FitRows, CrossFit]:
    """The half-life that `recency` finds, tried on the newest leads of one fold; the rows by it; their cross-fit."""
    judged = latest_share_index(landmarks.as_of, training.test_share)
    # Only newest rows that the trial did not learn from.
    judged = judged[rows.fold[judged] == 0]
    converted, lead = landmarks.converted[judged], landmarks.lead[judged]
    enough = len(np.unique(lead[converted])) >= MINIMUM_NEW_POSITIVES
    lighter = {days: _by_age(rows, landmarks, days) for days in HALF_LIVES if enough}
    fits = _cross_fits(pool, rows, parameters, training)
    trials = {
        days: pool.submit(_trial, weighted_rows, judged, parameters, training)
        for days, weighted_rows in lighter.items()
        if weighted_rows is not None
    }
    crossed = _crossed(rows, fits, parameters)
    unseen = {days: trial.result() for days, trial in trials.items()}
    best = better_half_life(
        converted, lead, crossed.calibration.probability(crossed.unseen[judged]), unseen, seed=training.seed
    )
    chosen = None if best is None else lighter[best]
    # No half-life beats equal weights by more than noise: all outcomes count alike.
    if chosen is None:
        return None, rows, crossed
    return best, chosen, _crossed(chosen, _cross_fits(pool, chosen, parameters, training), parameters)


def _by_age(rows: FitRows, landmarks: Landmarks, half_life: float) -> FitRows | None:
    """The rows with these weights; None where a fold would keep too few conversions to learn from."""
    weight = sample_weights(landmarks.as_of, half_life) * landmarks.weights
    fold_positives = np.bincount(rows.fold[rows.converted & (weight > 0)], minlength=int(rows.fold.max()) + 1)
    return replace(rows, weight=weight) if fold_positives.min() >= MINIMUM_NEW_POSITIVES else None


def _trial(rows: FitRows, judged: Index, parameters: dict[str, object], training: Training) -> Floats:
    """Probabilities of the rows `judged` of fold 0 by a model of the other folds."""
    held_out = rows.fold == 0
    booster, losses = _fit_fold(rows, held_out, parameters, training.trees)
    rounds = int(np.argmin(losses)) + 1
    calibration = _calibrated(
        _margin(booster, rows.matrix[held_out], rounds), rows, np.flatnonzero(held_out), parameters
    )
    return calibration.probability(_margin(booster, rows.matrix[judged], rounds))


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


def _parameters(
    training: Training, encoder: Encoder, features: Sequence[Feature], converted: Bools
) -> dict[str, object]:
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "max_bin": BINS,
        "learning_rate": training.learning_rate,
        "max_depth": training.depth,
        "scale_pos_weight": positive_weight(training, converted),
        "monotone_constraints": constraints(encoder, features),
        "min_child_weight": MINIMUM_LEAF_WEIGHT,
        "subsample": ROW_SHARE,
        "colsample_bytree": COLUMN_SHARE,
        "reg_lambda": RIDGE,
        "seed": training.seed,
        "nthread": 1,
        "verbosity": 0,
    }


def _cross_fits(
    pool: ThreadPoolExecutor, rows: FitRows, parameters: dict[str, object], training: Training
) -> list[Future[Fitted]]:
    """Begin to fit all folds.

    Every fit has one thread of its own: several fits at once share two cores better than XGBoost's threads, which
    spin while they wait for each other, and the result does not depend on the number of cores.
    """
    return [pool.submit(_fit_fold, rows, rows.fold == fold, parameters, training.trees) for fold in rows.tried_folds]


def _crossed(rows: FitRows, fits: list[Future[Fitted]], parameters: dict[str, object]) -> CrossFit:
    """Calibrate by what the folds said of leads that they had not seen."""
    boosters, curves = zip(*(fit.result() for fit in fits), strict=True)
    sizes = [float(rows.weight[rows.fold == fold].sum()) for fold in rows.tried_folds]
    # One number of trees for all folds: the final model is trained with it on everything.
    rounds = _best_rounds(list(curves), np.array(sizes))
    margin = np.full(len(rows.converted), np.nan)
    for fold, booster in zip(rows.tried_folds, boosters, strict=True):
        held_out = np.flatnonzero(rows.fold == fold)
        margin[held_out] = _margin(booster, rows.matrix[held_out], rounds)
    calibration = _calibrated(margin[rows.judged], rows, rows.judged, parameters)
    return CrossFit(rounds, calibration, margin, boosters)


def _margin(booster: xgb.Booster, matrix: NDArray[np.float32], rounds: int) -> Floats:
    until = (0, min(rounds, booster.num_boosted_rounds()))
    margin = booster.inplace_predict(matrix, iteration_range=until, predict_type="margin")
    return np.asarray(margin, dtype=np.float64)


def _calibrated(margin: Floats, rows: FitRows, selected: Index, parameters: dict[str, object]) -> Calibration:
    # A weight on positives shifts all log-odds by its logarithm; the calibration takes it off again.
    offset = float(np.log(cast(float, parameters["scale_pos_weight"])))
    weights = rows.weight[selected] * rows.stands_for[selected]
    return fit_calibration(margin, rows.converted[selected], offset=offset, weights=weights)


def _fit_fold(rows: FitRows, held_out: Bools, parameters: dict[str, object], trees: int) -> Fitted:
    train = _quantiles(rows, ~held_out & (rows.weight > 0))
    # XGBoost predicts a QuantileDMatrix bin by bin, which takes several times as long as the training itself.
    tested = held_out & (rows.weight > 0)
    unseen = xgb.DMatrix(rows.matrix[tested], rows.converted[tested], weight=rows.weight[tested], nthread=1)
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


def _quantiles(rows: FitRows, selected: Bools) -> xgb.QuantileDMatrix:
    matrix, converted, weight = rows.matrix[selected], rows.converted[selected], rows.weight[selected]
    return xgb.QuantileDMatrix(matrix, converted, weight=weight, max_bin=BINS, nthread=1)


def _best_rounds(curves: list[list[float]], sizes: Floats) -> int:
    """Where the mean loss of all folds is least; a fold that was given up keeps its last loss."""
    length = max(len(curve) for curve in curves)
    # A fold that stopped early keeps its last loss.
    padded = np.array([curve + [curve[-1]] * (length - len(curve)) for curve in curves])
    return int(np.argmin(sizes @ padded)) + 1

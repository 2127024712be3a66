"""Gradient boosting by XGBoost: the policy's trees, rate and depth, stopped early and calibrated by cross-fitting.

Cross-fitting (Chernozhukov et al. 2018; for calibration Niculescu-Mizil and Caruana 2005): the leads are dealt into
folds; what was predicted for each fold by a model that had not seen it says how many trees are enough, how
over-confident they are, and whether old rows mislead (`recency`). The model itself is then fitted on all rows, so that
nothing recent is lost to validation.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import xgboost as xgb

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.cross_fitting import (
    BINS,
    CrossFit,
    FitRows,
    begin_fits,
    calibrated,
    cross_fit,
    fit_fold,
    raw_log_odds,
    training_matrix,
)
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.sample_weights import (
    HALF_LIVES,
    MINIMUM_NEW_POSITIVES,
    better_half_life,
    latest_share_index,
    sample_weights,
)
from leadwerk.learning.sparse_rows import SparseRows
from leadwerk.learning.split import folds
from leadwerk.policy.model import Training
from leadwerk.stats.arrays import Bools, Floats, Index

WORKERS = 2
"""Fits at a time."""

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
            crossed = cross_fit(rows, begin_fits(pool, rows, parameters, training), parameters)
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
    sparse = SparseRows.of(matrix, encoder.is_level())
    return FitRows(matrix, sparse, landmarks.converted, fold, landmarks.weights, landmarks.stands_for, tried_folds)


def _booster(plan: BoostingPlan, rows: FitRows, parameters: dict[str, object]) -> xgb.Booster:
    return rows.sparse.as_encoded(xgb.train(parameters, training_matrix(rows, rows.learned), plan.rounds))


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
    fits = begin_fits(pool, rows, parameters, training)
    trials = {
        days: pool.submit(_trial, weighted_rows, judged, parameters, training)
        for days, weighted_rows in lighter.items()
        if weighted_rows is not None
    }
    crossed = cross_fit(rows, fits, parameters)
    unseen = {days: trial.result() for days, trial in trials.items()}
    best = better_half_life(
        converted, lead, crossed.calibration.probability(crossed.unseen[judged]), unseen, seed=training.seed
    )
    chosen = None if best is None else lighter[best]
    # No half-life beats equal weights by more than noise: all outcomes count alike.
    if chosen is None:
        return None, rows, crossed
    return best, chosen, cross_fit(chosen, begin_fits(pool, chosen, parameters, training), parameters)


def _by_age(rows: FitRows, landmarks: Landmarks, half_life: float) -> FitRows | None:
    """The rows with these weights; None where a fold would keep too few conversions to learn from."""
    weight = sample_weights(landmarks.as_of, half_life) * landmarks.weights
    fold_positives = np.bincount(rows.fold[rows.converted & (weight > 0)], minlength=int(rows.fold.max()) + 1)
    return replace(rows, weight=weight) if fold_positives.min() >= MINIMUM_NEW_POSITIVES else None


def _trial(rows: FitRows, judged: Index, parameters: dict[str, object], training: Training) -> Floats:
    """Probabilities of the rows `judged` of fold 0 by a model of the other folds."""
    held_out = rows.fold == 0
    booster, losses = fit_fold(rows, held_out, parameters, training.trees)
    rounds = int(np.argmin(losses)) + 1
    calibration = calibrated(
        raw_log_odds(booster, rows.matrix[held_out], rounds), rows, np.flatnonzero(held_out), parameters
    )
    return calibration.probability(raw_log_odds(booster, rows.matrix[judged], rounds))


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

"""Average of a spline regression, boosting and a forest: the candidate that wins where it is not known which is best.

Equal weights on the log-odds scale; learned weights lost out of time. A member is left out only where the others rank
unseen leads clearly better without it. The average is calibrated on what its members gave leads that they had not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.additive import Additive
from leadwerk.features.average import Forest, mean_margin
from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.additive_fit import fit_additive
from leadwerk.learning.boosting import (
    WORKERS,
    BoostedFit,
    BoostingPlan,
    boosted_by_plan,
    constraints,
    fit_boosting,
    planned_rows,
)
from leadwerk.learning.calibrate import fit_calibration, sampling_calibration
from leadwerk.learning.cross_fitting import FitRows
from leadwerk.learning.forest import fit_forest
from leadwerk.learning.landmarks import Landmarks, Times
from leadwerk.learning.model import AverageModel, MemberKind, Model, Trees
from leadwerk.policy.model import Training
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.within_time import time_blocks, within_time_difference

Members = tuple[MemberKind, ...]

CHOICES: tuple[Members, ...] = (
    ("logistic_regression", "boosting", "forest"),
    ("boosting", "forest"),
    ("logistic_regression", "forest"),
    ("logistic_regression",),
)
"""The first is the rule; another takes its place only if it ranks unseen leads better beyond the noise."""

CLEARLY = 1.0
"""Standard errors of the paired difference (Breiman et al. 1984)."""


@dataclass(frozen=True)
class AveragePlan:
    """What cross-fitting found on most of the rows."""

    boosting: BoostingPlan
    members: Members
    calibration: Calibration


@dataclass(frozen=True)
class AverageFit:
    """The calibrated average, its members as models of their own, and the plan by which it was fitted.

    `members` is empty where a plan was followed.
    """

    model: Model
    members: dict[MemberKind, Model]
    plan: AveragePlan


def fit_average(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    encoder: Encoder | None = None,
    *,
    plan: AveragePlan | None = None,
    is_twin: bool = False,
) -> AverageFit:
    """Fit all members on the same rows, weights and folds; needs rows of both classes.

    `encoder`, `plan`, `is_twin`: as in `fit_boosting`.
    """
    encoder = encoder or Encoder.fit(landmarks.columns, features)
    # A plan was chosen on other rows before: choosing again here would look at the test period.
    if plan is not None:
        return _fit_by_plan(plan, landmarks, features, training, encoder)
    boosted = fit_boosting(landmarks, features, training, encoder, is_twin=is_twin)
    rows, monotone = boosted.rows, constraints(encoder, features)
    with ThreadPoolExecutor(WORKERS) as pool:
        pairs = {
            fold: _fit_pair(pool, rows, landmarks.as_of, rows.fold != fold, monotone, training.seed)
            for fold in rows.tried_folds
        }
        if len(pairs) == 1:
            whole = pairs[rows.tried_folds[0]]
        else:
            whole = _fit_pair(pool, rows, landmarks.as_of, rows.learned, monotone, training.seed)
        judged = rows.judged
        margins = {name: margin[judged] for name, margin in _unseen(boosted, pairs).items()}
        members = _members(margins, landmarks.take(judged))
        mean = mean_margin([margins[name] for name in members])
        weights = (rows.weight * rows.stands_for)[judged]
        calibration = fit_calibration(mean, landmarks.converted[judged], weights=weights)
        curves, forest = whole.curves.result(), whole.forest.result()
    chosen = AveragePlan(boosted.plan, members, calibration)
    model = _model(encoder, chosen, curves, boosted.model, forest)
    singles: dict[MemberKind, Model] = {
        "logistic_regression": Model("logistic_regression", encoder, curves, sampling_calibration(landmarks)),
        "boosting": boosted.model,
    }
    return AverageFit(model, singles, chosen)


def _fit_by_plan(
    plan: AveragePlan, landmarks: Landmarks, features: Sequence[Feature], training: Training, encoder: Encoder
) -> AverageFit:
    """Fit what the plan's members need, and nothing else."""
    rows = planned_rows(plan.boosting, landmarks, training, encoder)
    if plan.members == ("logistic_regression",):
        curves = fit_additive(rows.matrix, rows.converted, landmarks.as_of, rows.weight)
        return AverageFit(Model("logistic_regression", encoder, curves, plan.calibration), {}, plan)
    with ThreadPoolExecutor(WORKERS) as pool:
        boosted = pool.submit(boosted_by_plan, plan.boosting, rows, features, training, encoder)
        pair = _fit_pair(pool, rows, landmarks.as_of, rows.learned, constraints(encoder, features), training.seed)
        model = _model(encoder, plan, pair.curves.result(), boosted.result(), pair.forest.result())
    return AverageFit(model, {}, plan)


@dataclass(frozen=True)
class _Pair:
    """The regression and the forest of the same rows, being fitted."""

    curves: Future[Additive]
    forest: Future[Trees]


def _fit_pair(
    pool: ThreadPoolExecutor, rows: FitRows, as_of: Times, learned: Bools, monotone: tuple[int, ...], seed: int
) -> _Pair:
    """Begin to fit the regression and the forest of these rows."""

    def curves() -> Additive:
        return fit_additive(rows.matrix[learned], rows.converted[learned], as_of[learned], rows.weight[learned])

    def forest() -> Trees:
        positions = np.flatnonzero(learned)
        return Trees(fit_forest(rows.matrix, rows.converted, rows.weight, positions, monotone=monotone, seed=seed))

    return _Pair(pool.submit(curves), pool.submit(forest))


def _unseen(boosted: BoostedFit, pairs: Mapping[int, _Pair]) -> dict[MemberKind, Floats]:
    """Log-odds (n,) of each member for rows that it had not seen, on boosting's folds; NaN for the others."""
    rows = boosted.rows
    curves_margin, forest_margin = np.full(len(rows.converted), np.nan), np.full(len(rows.converted), np.nan)
    for fold, pair in pairs.items():
        held_out = np.flatnonzero(rows.fold == fold)
        matrix: NDArray[np.float32] = rows.matrix[held_out]
        curves_margin[held_out] = pair.curves.result().margin(matrix)
        forest_margin[held_out] = Forest(pair.forest.result()).margin(matrix)
    assert boosted.unseen is not None, "a cross-fit has log-odds of unseen rows"
    return {"logistic_regression": curves_margin, "boosting": boosted.unseen, "forest": forest_margin}


def _model(encoder: Encoder, plan: AveragePlan, curves: Additive, boosted: Model, forest: Trees) -> Model:
    if plan.members == ("logistic_regression",):
        return Model("logistic_regression", encoder, curves, plan.calibration)
    return Model("average", encoder, _average(curves, boosted, forest, plan.members), plan.calibration)


def _members(margins: dict[MemberKind, Floats], landmarks: Landmarks) -> Members:
    """The members of the average: all, unless unseen leads are ranked clearly better without one."""
    block = time_blocks(landmarks.as_of, landmarks.converted_leads)
    usual, best, lead_over_usual = CHOICES[0], CHOICES[0], 0.0
    average = mean_margin([margins[name] for name in usual])
    for choice in CHOICES[1:]:
        other = mean_margin([margins[name] for name in choice])
        # The usual members stay unless another choice is clearly better: small gaps are noise.
        gap, error = within_time_difference(landmarks.converted, other, average, block, landmarks.lead)
        if gap > CLEARLY * error and gap > lead_over_usual:
            best, lead_over_usual = choice, gap
    return best


def _average(curves: Additive, boosted: Model, forest: Trees, members: Members) -> AverageModel:
    trees = boosted.predictor
    return AverageModel(
        curves if "logistic_regression" in members else None,
        trees if "boosting" in members and not isinstance(trees, Additive | AverageModel) else None,
        forest.booster,
    )

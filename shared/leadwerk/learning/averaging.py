"""Average of a spline regression, boosting and a forest: the candidate that wins where it is not known which is best.

Equal weights on the log-odds scale; learned weights lost out of time. A member is left out only where the others rank
unseen leads clearly better without it. The average is calibrated on what its members gave leads that they had not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.additive import Additive
from leadwerk.features.average import Forest, mean_margin
from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.additive_fit import fit_additive
from leadwerk.learning.boosting import WORKERS, BoostedFit, BoostingPlan, FitRows, constraints, fit_boosting
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.forest import fit_forest
from leadwerk.learning.landmarks import Landmarks, Times
from leadwerk.learning.model import AverageModel, MemberKind, Model, Trees
from leadwerk.policy.model import Training
from leadwerk.stats.arrays import Floats, Index
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

    `unseen`: calibrated log-odds (n,) of each row by members that had not seen it; None where a plan was followed.
    """

    model: Model
    members: dict[MemberKind, Model]
    plan: AveragePlan
    unseen: Floats | None


def fit_average(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    encoder: Encoder | None = None,
    *,
    plan: AveragePlan | None = None,
) -> AverageFit:
    """Fit all members on the same rows, weights and folds; needs rows of both classes.

    `encoder`, `plan`: as in `fit_boosting`.
    """
    encoder = encoder or Encoder.fit(landmarks.columns, features)
    boosted = fit_boosting(landmarks, features, training, encoder, plan=plan.boosting if plan else None)
    monotone = constraints(encoder, features)
    with ThreadPoolExecutor(WORKERS) as pool:
        everything = np.arange(len(landmarks))
        whole = pool.submit(_fit_pair, boosted.rows, landmarks.as_of, everything, monotone, training.seed)
        unseen = None
        # A plan was chosen on other rows before: choosing again here would look at the test period.
        if plan is None:
            margins = _cross_fit(pool, boosted, landmarks.as_of, monotone, training.seed)
            members = _members(margins, landmarks)
            unseen = mean_margin([margins[name] for name in members])
            calibration = fit_calibration(unseen, landmarks.converted, weights=boosted.rows.weight)
            plan = AveragePlan(boosted.plan, members, calibration)
        curves, forest = whole.result()
    if plan.members == ("logistic_regression",):
        model = Model("logistic_regression", encoder, curves, plan.calibration)
    else:
        model = Model("average", encoder, _average(curves, boosted, forest, plan.members), plan.calibration)
    singles: dict[MemberKind, Model] = {
        "logistic_regression": Model("logistic_regression", encoder, curves, Calibration()),
        "boosting": boosted.model,
    }
    return AverageFit(model, singles, plan, None if unseen is None else plan.calibration.log_odds(unseen))


def _fit_pair(
    rows: FitRows, as_of: Times, learned: Index, monotone: tuple[int, ...], seed: int
) -> tuple[Additive, Trees]:
    """The regression and the forest of these rows."""
    matrix, converted, weight = rows.matrix[learned], rows.converted[learned], rows.weight[learned]
    curves = fit_additive(matrix, converted, as_of[learned], weight)
    return curves, Trees(fit_forest(matrix, converted, weight, monotone=monotone, seed=seed))


def _cross_fit(
    pool: ThreadPoolExecutor, boosted: BoostedFit, as_of: Times, monotone: tuple[int, ...], seed: int
) -> dict[MemberKind, Floats]:
    """Log-odds (n,) of each member for rows that it had not seen, on boosting's folds."""
    rows = boosted.rows
    folds = np.unique(rows.fold)
    fits = [pool.submit(_fit_pair, rows, as_of, np.flatnonzero(rows.fold != fold), monotone, seed) for fold in folds]
    curves_margin, forest_margin = np.empty(len(rows.converted)), np.empty(len(rows.converted))
    for fold, fit in zip(folds, fits, strict=True):
        held_out = np.flatnonzero(rows.fold == fold)
        curves, trees = fit.result()
        matrix: NDArray[np.float32] = rows.matrix[held_out]
        curves_margin[held_out], forest_margin[held_out] = curves.margin(matrix), Forest(trees).margin(matrix)
    assert boosted.unseen is not None, "a cross-fit has log-odds of unseen rows"
    return {"logistic_regression": curves_margin, "boosting": boosted.unseen, "forest": forest_margin}


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


def _average(curves: Additive, boosted: BoostedFit, forest: Trees, members: Members) -> AverageModel:
    trees = boosted.model.predictor
    return AverageModel(
        curves if "logistic_regression" in members else None,
        trees if "boosting" in members and not isinstance(trees, Additive | AverageModel) else None,
        forest.booster,
    )

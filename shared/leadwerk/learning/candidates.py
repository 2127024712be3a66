"""Candidates and ladder: which models the number of conversions allows, and how they ranked unseen leads.

Fewer than 8 converted leads teach nothing (points decide), fewer than the policy's minimum a regression, more of them
the average of regression, boosting and forest. The regression alone takes the average's place where it ranks clearly
better out of time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from leadwerk.catalogue.minimums import MINIMUM_POSITIVES
from leadwerk.features.contract import Feature
from leadwerk.learning.averaging import AveragePlan, fit_average
from leadwerk.learning.calibrate import sampling_calibration
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.model import Model, ModelKind
from leadwerk.learning.promotion_gate import GateEvidence
from leadwerk.learning.split import split_by_time
from leadwerk.policy.model import Training
from leadwerk.progress import Progress
from leadwerk.stats.arrays import Floats
from leadwerk.stats.within_time import time_blocks, within_time_difference
from leadwerk.texts.message import Message

MANY = 50_000
"""Landmarks from which the released model follows the twin's plan: trying everything again would find the same."""

FEW_TEST_POSITIVES = 150
"""Converted leads in the test period below which older periods are tested as well, by twins of their own."""

ORIGINS = (0.4, 0.6)
"""Shares of the landmarks after which these older test periods begin; each is a fifth long."""

ORIGIN_SHARE = 0.2
ORIGIN_PROGRESS = {0.4: 0.66, 0.6: 0.69}
"""Share of the work that is done when they begin."""

CLEARLY = 1.0


def plan_for_everything(plan: AveragePlan | None, landmarks: Landmarks) -> AveragePlan | None:
    """The plan by which the released model follows its twin; None: few enough landmarks to try everything again.

    A change of the market within the test period is found by trying again.
    """
    # With few rows choosing again is cheap and more stable than a plan from fewer rows.
    return plan if len(landmarks) >= MANY else None


@dataclass(frozen=True)
class ModelCandidate:
    """A fitted model; `members` are models of its own kinds alone, `plan` is how it was fitted (None: a regression)."""

    model: Model
    members: dict[str, Model] = field(default_factory=dict)
    plan: AveragePlan | None = None

    @property
    def note(self) -> str:
        """What is to be said of the landmarks' age."""
        days = None if self.plan is None else self.plan.boosting.half_life_days
        return "" if days is None else Message("gate.note.half_life", days=f"{days:g}")


def fit_candidate(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    *,
    kind: ModelKind | None = None,
    plan: AveragePlan | None = None,
    is_twin: bool = False,
) -> ModelCandidate:
    """The candidate that the number of conversions allows, or the `kind` that won; follows a stated `plan`.

    `is_twin`: see `fit_boosting`.
    """
    allowed = landmarks.converted_leads >= max(training.minimum_positives, MINIMUM_POSITIVES)
    # Few conversions: trees would learn noise, a regression with a prior does not.
    if not allowed:
        return ModelCandidate(fit_logistic(landmarks, features, seed=training.seed))
    if plan is not None and kind == "logistic_regression" and plan.members != ("logistic_regression",):
        # The regression that won alone is that of the average: older landmarks count less in it, too.
        plan = replace(plan, members=("logistic_regression",), calibration=sampling_calibration(landmarks))
    fit = fit_average(landmarks, features, training, plan=plan, is_twin=is_twin)
    model = fit.members["logistic_regression"] if kind == "logistic_regression" != fit.model.kind else fit.model
    return ModelCandidate(model, {str(name): member for name, member in fit.members.items()}, fit.plan)


def better_alone(candidate: ModelCandidate, test: Landmarks) -> ModelCandidate:
    """The regression in place of the average where it ranks the test rows clearly better; else the candidate."""
    regression = candidate.members.get("logistic_regression")
    if regression is None:
        return candidate
    block = time_blocks(test.as_of, test.converted_leads)
    ours, theirs = regression.probability(test.columns), candidate.model.probability(test.columns)
    gap, error = within_time_difference(test.converted, ours, theirs, block, test.lead)
    return ModelCandidate(regression) if gap > CLEARLY * error else candidate


def order_evidence(
    landmarks: Landmarks,
    test: Landmarks,
    log_odds: Floats,
    fit: Callable[[Landmarks], Model],
    *,
    horizon_days: int,
    progress: Progress,
) -> GateEvidence:
    """How the candidate ranked the test rows and, where these have few conversions, rows of older periods.

    `fit` fits a twin of the candidate on the landmarks that were mature when such a period began; it may follow the
    candidate's plan, which does not move an order that chance made.
    """
    parts = [(test, log_odds)]
    # One test period with few conversions proves little: older origins add evidence on the order.
    if test.converted_leads < FEW_TEST_POSITIVES:
        for origin in ORIGINS:
            until = landmarks.take(np.arange(int(len(landmarks) * (origin + ORIGIN_SHARE))))
            split = split_by_time(
                until.as_of, horizon_days=horizon_days, test_share=ORIGIN_SHARE / (origin + ORIGIN_SHARE)
            )
            train, later = until.take(split.train), until.take(split.test)
            if train.converted_leads >= MINIMUM_POSITIVES and not train.converted.all():
                doing = Message("progress.older_landmarks", landmarks=f"{len(later):,}")
                progress(doing, ORIGIN_PROGRESS[origin])
                parts.append((later, _log_odds(fit(train), later)))
    return _evidence(parts)


def _log_odds(model: Model, landmarks: Landmarks) -> Floats:
    return model.calibration.log_odds(model.margin(model.encoder.matrix(landmarks.columns)))


def _evidence(parts: list[tuple[Landmarks, Floats]]) -> GateEvidence:
    """Blocks of different periods differ, so that only what one twin said is compared."""
    blocks, first = [], 0
    for rows, _ in parts:
        block = time_blocks(rows.as_of, rows.converted_leads) + first
        blocks.append(block)
        first = int(block.max(initial=first)) + 1
    return GateEvidence(
        np.concatenate([rows.converted for rows, _ in parts]),
        np.concatenate([rows.lead for rows, _ in parts]),
        np.concatenate(blocks),
        np.concatenate([score for _, score in parts]),
    )

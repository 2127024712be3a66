"""Learning the chances to reach the next stage: two pooled hazards, tested out of time before they are shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from msgspec.structs import replace as with_fields

from leadwerk.features.stage_hazards import StageHazards, risk_matrix
from leadwerk.features.stage_model import StageModel, StageTest
from leadwerk.learning.level import level_shift
from leadwerk.learning.ridge import fit_linear
from leadwerk.learning.stage_stays import (
    DAY,
    BehaviourHistory,
    RiskDays,
    StageMoments,
    StageStays,
    risk_days,
    stage_moments,
)
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.log_odds import logit

PENALTY = 3.0
"""Ridge on standardised weights: the best of 1, 3 and 10 on simulated stages."""

FEWEST_ADVANCES = 8
"""Fewer say nothing of the chance to advance."""

FEWEST_FOR_BEHAVIOUR = 30
"""With fewer advances every contact of a stage gets the same chance."""

TEST_MOMENTS = 4
"""Moments of the test period at which all contacts are looked at."""

SHORTEST_TEST_DAYS = 7


@dataclass(frozen=True)
class StageHistory:
    """What the hazards learn from: stays until a moment, and the scores of the same contacts.

    `stages` names the way's stages, `horizons` are days by stage.
    """

    stages: tuple[str, ...]
    horizons: Index
    stays: StageStays
    behaviour: BehaviourHistory
    until: np.datetime64

    @property
    def advances(self) -> int:
        """Stays that ended in a later stage."""
        return int(self.stays.advanced.sum())


def learn_stages(history: StageHistory, *, learned_at: str, seed: int) -> StageModel | None:
    """Fit both hazards; None where too few contacts advanced.

    Behaviour is used where it predicts a later time better than the stage alone. The level is that of the newest
    outcomes where these differ clearly.
    """
    if history.advances < FEWEST_ADVANCES:
        return None
    tests = _tests(history, seed)
    uses_behaviour = history.advances >= FEWEST_FOR_BEHAVIOUR
    if tests is not None:
        uses_behaviour = uses_behaviour and tests.with_behaviour.log_loss < tests.with_behaviour.log_loss_of_stage
    # Tested on a part, learned from all: the test period's own advances are the newest there are.
    hazards = fit_hazards(_days(history, seed), history.stages, uses_behaviour=uses_behaviour)
    test = None
    if tests is not None:
        test = tests.with_behaviour if uses_behaviour else tests.stage_alone
        hazards = with_fields(hazards, shift=_shift(tests, uses_behaviour=uses_behaviour))
    stays, count = history.stays, len(history.stages)
    return StageModel(
        hazards,
        learned_at,
        tuple(np.bincount(stays.stage, minlength=count).tolist()),
        tuple(np.bincount(stays.stage[stays.advanced], minlength=count).tolist()),
        test,
    )


def fit_hazards(days: RiskDays, stages: tuple[str, ...], *, uses_behaviour: bool) -> StageHazards:
    """Both regressions on the days at risk; without behaviour on stage and days alone."""
    # NaN stands for unknown: the stage alone is then the same regression without those columns.
    behaviour = days.behaviour if uses_behaviour else np.full_like(days.behaviour, np.nan)
    matrix = risk_matrix(days.stage, days.days, behaviour, len(stages))
    penalties = np.full(matrix.shape[1], PENALTY)
    advance, leave = (
        fit_linear(matrix, happens, weights=days.weight, penalties=penalties)
        for happens in (days.advances, days.leaves)
    )
    return StageHazards(stages, advance, leave, uses_behaviour)


def _days(history: StageHistory, seed: int) -> RiskDays:
    return risk_days(history.stays, history.behaviour, history.until, seed=seed)


@dataclass(frozen=True)
class _Tests:
    """Both candidates on the same moments; the newest moment sets the level."""

    with_behaviour: StageTest
    stage_alone: StageTest
    newest: StageMoments
    newest_forecasts: tuple[Floats, Floats]


def _tests(history: StageHistory, seed: int) -> _Tests | None:
    """Hazards of before the first moment, tested on what came later; None without enough time, or advances in it."""
    begin = history.stays.entered.min()
    span = int((history.until - begin) // DAY)
    days = min(int(history.horizons.max()), span // 4)
    if days < SHORTEST_TEST_DAYS:
        return None
    # The last moment lies a whole test before the end, so that what each moment predicts has happened by then.
    last = history.until - days * DAY
    first = last - days * DAY
    before = replace(history, stays=history.stays.as_of(first), until=first)
    if before.advances < FEWEST_ADVANCES:
        return None
    # A short history cannot test the whole horizon; it tests what it has seen.
    within = np.minimum(history.horizons, days)
    gap = (last - first) // max(TEST_MOMENTS - 1, 1)
    moments = [
        stage_moments(history.stays, history.behaviour, first + step * gap, within) for step in range(TEST_MOMENTS)
    ]
    learned = _days(before, seed)
    candidates = [fit_hazards(learned, history.stages, uses_behaviour=uses) for uses in (True, False)]
    forecasts = [[_forecast(hazards, moment) for moment in moments] for hazards in candidates]
    advanced = np.concatenate([moment.advanced for moment in moments])
    # An area under the curve needs both kinds.
    if not advanced.any() or advanced.all():
        return None
    stage = np.concatenate([moment.stage for moment in moments])
    by_behaviour, by_stage = (np.concatenate(forecast) for forecast in forecasts)
    reference = float(metrics.log_loss(advanced, by_stage))

    def test(probability: Floats) -> StageTest:
        return StageTest(
            days=days,
            contacts=len(advanced),
            advanced=int(advanced.sum()),
            expected=float(probability.sum()),
            auc=auc_within(stage, advanced, probability),
            calibration_error=float(metrics.calibration_error(advanced, probability)),
            log_loss=float(metrics.log_loss(advanced, probability)),
            log_loss_of_stage=reference,
        )

    return _Tests(test(by_behaviour), test(by_stage), moments[-1], (forecasts[0][-1], forecasts[1][-1]))


def _forecast(hazards: StageHazards, moment: StageMoments) -> Floats:
    return hazards.advance_probability(moment.stage, moment.days, moment.behaviour, moment.horizons)


def _shift(tests: _Tests, *, uses_behaviour: bool) -> float:
    """Correction of the level by the newest moment, where each contact stands once."""
    forecast = tests.newest_forecasts[0 if uses_behaviour else 1]
    return level_shift(logit(forecast), tests.newest.advanced).shift


def auc_within(stage: Index, advanced: Bools, probability: Floats) -> float | None:
    """Mean of the stages' areas under the curve, weighted by the pairs that each compares; None without any pair."""
    # Within stages only: that a late stage is nearer to a sale than an early one is no merit of the model.
    areas, pairs = [], []
    for place in np.unique(stage):
        inside = stage == place
        compared = int(advanced[inside].sum()) * int((~advanced[inside]).sum())
        if compared:
            areas.append(float(metrics.auc(advanced[inside], probability[inside])))
            pairs.append(compared)
    return float(np.average(areas, weights=pairs)) if pairs else None

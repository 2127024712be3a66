"""The chance of the next stage: by the contact's own score, for contacts on the way of the model's stages only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from leadwerk.features.linear import Linear
from leadwerk.features.stage_hazards import StageHazards
from leadwerk.features.stage_model import FEWEST_STAYS, StageModel
from leadwerk.points.stages import forward_path
from leadwerk.policy import load
from leadwerk.scoring.stage_outlook import StagedContact, stage_outlooks

POLICY = load("mortgage")
STAGES = tuple(stage.name for stage in forward_path(POLICY))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CONTACT = StagedContact("known", NOW - timedelta(days=3), NOW, probability=0.1, fit=20.0, interest=5.0)
COLUMNS = len(STAGES) + 3 + 3 + 3 + 6 * len(STAGES)  # of features.stage_hazards.risk_matrix
SCORE = len(STAGES)  # its column of the score's log-odds


def linear(bias: float, score: float = 0.0) -> Linear:
    on_score = [score if column == SCORE else 0.0 for column in range(COLUMNS)]
    return Linear(bias, tuple(on_score), (0.0,) * COLUMNS, (1.0,) * COLUMNS)


def model(stays: int = FEWEST_STAYS) -> StageModel:
    """A contact advances on a day with the chance of its score, and never leaves."""
    hazards = StageHazards(STAGES, linear(0.0, score=1.0), linear(-40.0), uses_behaviour=True)
    return StageModel(hazards, "2026-02-01", (stays,) * len(STAGES), (1,) * len(STAGES), None)


def test_the_chance_is_that_of_all_days_of_the_horizon() -> None:
    (outlook,) = stage_outlooks(model(), POLICY, [CONTACT])
    assert outlook is not None
    assert (outlook.next_stage, outlook.horizon_days) == (STAGES[STAGES.index("known") + 1], POLICY.horizon_days)
    assert outlook.probability == pytest.approx(1 - 0.9**POLICY.horizon_days, abs=1e-6)


def test_a_better_score_has_a_better_chance_and_no_score_counts_as_even() -> None:
    contacts = [replace(CONTACT, probability=chance) for chance in (0.01, 0.05, None)]
    low, high, unknown = (outlook.probability for outlook in stage_outlooks(model(), POLICY, contacts) if outlook)
    assert low == pytest.approx(1 - 0.99**POLICY.horizon_days, abs=1e-6)
    assert high == pytest.approx(1 - 0.95**POLICY.horizon_days, abs=1e-6)
    assert unknown > high


def test_who_is_not_on_the_way_has_no_outlook_and_the_others_keep_their_place() -> None:
    contacts = [None, replace(CONTACT, stage=STAGES[-1]), replace(CONTACT, stage="elsewhere"), CONTACT]
    outlooks = stage_outlooks(model(), POLICY, contacts)
    assert [outlook is None for outlook in outlooks] == [True, True, True, False]


def test_without_a_model_of_this_way_or_enough_stays_nothing_is_predicted() -> None:
    other_way = msgspec.structs.replace(model(), hazards=msgspec.structs.replace(model().hazards, stages=STAGES[::-1]))
    for useless in (None, other_way, model(stays=FEWEST_STAYS - 1)):
        assert stage_outlooks(useless, POLICY, [CONTACT]) == [None]


def test_a_stage_entered_in_the_future_counts_as_entered_now() -> None:
    ahead = replace(CONTACT, since=NOW + timedelta(days=400))
    assert stage_outlooks(model(), POLICY, [ahead]) == stage_outlooks(model(), POLICY, [replace(CONTACT, since=None)])

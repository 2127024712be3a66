"""Chances to reach the next stage, held against a market whose daily chances are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leadwerk.features import stage_model as stored
from leadwerk.features.stage_model import StageModel
from leadwerk.learning.stage_stays import BehaviourHistory, StageStays, risk_days, stage_moments
from leadwerk.learning.stage_transitions import FEWEST_ADVANCES, StageHistory, learn_stages
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Floats, Index
from support.staged_contacts import DAY, HORIZON, START, Market, true_chance


@pytest.fixture(scope="module")
def history() -> StageHistory:
    return Market(contacts=1_500).history()


@pytest.fixture(scope="module")
def learned(history: StageHistory) -> StageModel:
    model = learn_stages(history, learned_at="then", seed=1)
    assert model is not None
    return model


def chances(model: StageModel, stage: Index, days: Index, score: Floats) -> Floats:
    behaviour = np.column_stack([score, np.full((len(score), 2), np.nan)])
    return model.hazards.advance_probability(stage, days, behaviour, np.full(len(stage), HORIZON))


def test_learned_chances_are_the_true_ones(learned: StageModel) -> None:
    random = np.random.default_rng(5)
    stage, days, score = random.integers(0, 3, 500), random.integers(0, 40, 500), random.normal(size=500)
    contacts = zip(stage.tolist(), days.tolist(), score.tolist(), strict=True)
    truth = np.array([true_chance(*contact) for contact in contacts])
    probability = chances(learned, stage, days, score)
    assert np.abs(probability - truth).mean() < 0.025
    assert np.corrcoef(probability, truth)[0, 1] > 0.99
    # In tenths by prediction the mean is right too, for unlikely contacts as for likely ones.
    assert metrics.calibration_error(truth, probability) < 0.02


def test_the_test_out_of_time_is_honest(learned: StageModel) -> None:
    test = learned.test
    assert test is not None
    assert test.auc is not None
    assert 0.70 < test.auc < 0.82
    assert test.calibration_error < 0.05
    assert test.expected == pytest.approx(test.advanced, rel=0.15)
    assert test.log_loss < test.log_loss_of_stage


def test_the_chance_follows_behaviour_and_time(learned: StageModel) -> None:
    place, days = np.array([1, 1]), np.array([5, 5])
    weak, strong = chances(learned, place, days, np.array([-1.5, 1.5]))
    assert strong > 2 * weak
    fresh, old = chances(learned, place, np.array([0, 40]), np.zeros(2))
    assert fresh > old


def test_a_longer_horizon_can_only_help(learned: StageModel) -> None:
    place, nothing = np.zeros(90, dtype=np.intp), np.full((90, 3), np.nan)
    by_days = learned.hazards.advance_probability(place, place, nothing, np.arange(90))
    assert by_days[0] == 0.0
    assert np.all(np.diff(by_days) > 0)
    assert by_days[-1] < 1


@pytest.mark.slow
def test_useless_behaviour_is_left_out(history: StageHistory) -> None:
    behaviour = history.behaviour
    shuffled = np.random.default_rng(2).permutation(behaviour.behaviour)
    noise = replace(history, behaviour=BehaviourHistory(behaviour.lead, behaviour.at, shuffled))
    model = learn_stages(noise, learned_at="then", seed=1)
    assert model is not None
    probability = chances(model, np.zeros(2, dtype=np.intp), np.zeros(2, dtype=np.intp), np.array([-2.0, 2.0]))
    assert abs(probability[1] - probability[0]) < 0.05


def test_too_few_advances_teach_nothing() -> None:
    few = Market(contacts=12).history()
    advanced = few.stays.advanced & (np.cumsum(few.stays.advanced) < FEWEST_ADVANCES)
    assert learn_stages(replace(few, stays=replace(few.stays, advanced=advanced)), learned_at="then", seed=1) is None


def test_the_model_is_small_and_reads_back(learned: StageModel) -> None:
    data = stored.to_json(learned)
    assert len(data) < 20_000
    assert stored.from_json(data) == learned
    assert stored.from_json(stored.to_json(None)) is None


def stays(*rows: tuple[int, int, float, float, bool]) -> StageStays:
    lead, stage, entered, left, advanced = (np.array(column) for column in zip(*rows, strict=True))
    micros = [(column * 86_400e6).astype("timedelta64[us]") for column in (entered, np.nan_to_num(left))]
    ends = np.where(np.isnan(left), np.datetime64("NaT", "us"), START + micros[1])
    return StageStays(lead, stage, START + micros[0], ends, advanced)


def scores(*rows: tuple[int, float, float]) -> BehaviourHistory:
    lead, day, value = (np.array(column) for column in zip(*rows, strict=True))
    at = START + (day * 86_400e6).astype("timedelta64[us]")
    return BehaviourHistory.of(lead, at, np.column_stack([value, value, value]))


def test_days_at_risk_are_whole_days_and_the_day_of_the_change() -> None:
    two = stays((0, 0, 0.0, 2.5, True), (1, 0, 0.0, np.nan, False))
    days = risk_days(two, scores((0, 0.0, 7.0)), START + 3 * DAY + np.timedelta64(1, "h"), seed=1)
    assert days.days.tolist() == [0, 1, 2, 0, 1, 2]
    assert days.advances.tolist() == [False, False, True, False, False, False]
    assert not days.leaves.any()


def test_a_day_knows_only_scores_of_before() -> None:
    stay = stays((3, 0, 1.0, 4.0, False))
    days = risk_days(stay, scores((3, 1.0, 5.0), (3, 2.5, 8.0), (4, 1.5, 99.0)), START + 9 * DAY, seed=1)
    # The stay ends three whole days after it began, so the change falls on its fourth day.
    assert days.behaviour[:, 0].tolist() == [5.0, 5.0, 8.0, 8.0]
    assert days.leaves.tolist() == [False, False, False, True]
    before = risk_days(stay, scores((3, 1.5, 5.0)), START + 9 * DAY, seed=1)
    assert np.isnan(before.behaviour[0]).all()


def test_a_moment_counts_who_is_there_and_what_follows_in_time() -> None:
    some = stays((0, 0, 0.0, 9.0, True), (1, 0, 0.0, 20.0, True), (2, 1, 0.0, 9.0, False), (3, 0, 6.0, np.nan, False))
    seen = stage_moments(some, scores((0, 0.0, 1.0)), START + 5 * DAY, np.array([10, 10]))
    assert (seen.stage.tolist(), seen.days.tolist()) == ([0, 0, 1], [5, 5, 5])
    assert seen.advanced.tolist() == [True, False, False]


def test_as_of_a_moment_later_changes_are_not_known() -> None:
    then = stays((0, 0, 0.0, 9.0, True), (1, 0, 6.0, np.nan, False)).as_of(START + 5 * DAY)
    assert len(then) == 1
    assert np.isnat(then.left[0])
    assert not then.advanced[0]

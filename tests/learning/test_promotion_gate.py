import numpy as np
import pytest

from leadwerk.learning.promotion_gate import Incumbent, decide
from learning.simulated_landmarks import landmarks


@pytest.fixture(scope="module")
def market():
    rows, truth = landmarks(leads=2000, seed=4)
    return rows.converted, rows.lead, truth


def noisy(truth, noise, seed=1):
    log_odds = np.log(truth / (1 - truth)) + np.random.default_rng(seed).normal(0, noise, len(truth))
    return 1 / (1 + np.exp(-log_odds))


def incumbent(probability, unseen=None):
    return Incumbent("old", probability, np.ones(len(probability), bool) if unseen is None else unseen)


def test_boosting_that_beats_the_regression_becomes_the_first_champion(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": truth, "logistic_regression": noisy(truth, 1)}, None, seed=1)
    assert (decision.kind, decision.promote) == ("boosting", True)
    assert "no champion" in decision.reason


def test_a_regression_that_is_better_takes_its_place(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": noisy(truth, 1), "logistic_regression": truth}, None, seed=1)
    assert (decision.kind, decision.promote) == ("logistic_regression", True)


def test_a_model_that_knows_nothing_is_not_promoted(market):
    converted, lead, truth = market
    guess = noisy(np.full(len(truth), converted.mean()), 0.2)
    decision = decide(converted, lead, {"logistic_regression": guess}, None, seed=1)
    assert not decision.promote
    assert "no better than the base rate" in decision.reason


def test_a_better_champion_stays(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": noisy(truth, 1)}, incumbent(truth), seed=1)
    assert not decision.promote
    assert "old stays, it is better" in decision.reason


def test_a_worse_champion_goes(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": truth}, incumbent(noisy(truth, 1)), seed=1)
    assert decision.promote
    assert "better than old" in decision.reason


def test_of_two_that_are_as_good_the_fresher_wins(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": noisy(truth, 0.2)}, incumbent(noisy(truth, 0.2, seed=2)), seed=1)
    assert decision.promote
    assert "newer conversions" in decision.reason


def test_nothing_new_is_no_reason_to_change(market):
    converted, lead, truth = market
    seen_all = incumbent(noisy(truth, 2), np.zeros(len(truth), bool))
    decision = decide(converted, lead, {"boosting": truth}, seen_all, seed=1)
    assert not decision.promote
    assert "only 0 conversions are new" in decision.reason


def test_a_champion_is_judged_only_on_what_it_has_not_learned_from(market):
    converted, lead, truth = market
    unseen = np.arange(len(truth)) % 2 == 0
    learned_by_heart = np.where(unseen, noisy(truth, 1), converted.clip(0.01, 0.99))
    assert decide(converted, lead, {"boosting": truth}, incumbent(learned_by_heart, unseen), seed=1).promote


def test_a_model_that_is_no_better_than_the_points_is_not_promoted(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": noisy(truth, 0.5)}, None, points=truth, seed=1)
    assert not decision.promote
    assert "no better than the points" in decision.reason


def test_a_model_that_beats_the_points_becomes_champion(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": truth}, None, points=noisy(truth, 1), seed=1)
    assert decision.promote
    assert "better than the points" in decision.reason


def test_a_model_must_beat_the_points_in_order_and_in_honesty(market):
    converted, lead, truth = market
    rough = noisy(truth, 0.6)
    overconfident = 1 / (1 + (1 / truth - 1) ** 4)  # the best order, but four times the log-odds
    assert not decide(converted, lead, {"boosting": overconfident}, None, points=rough, seed=1).promote
    timid = 0.9 * converted.mean() + 0.1 * truth  # the best order, hardly any confidence
    assert not decide(converted, lead, {"boosting": timid}, None, points=rough, seed=1).promote


def test_within_the_noise_of_honesty_the_model_that_ranks_better_wins(market):
    converted, lead, truth = market
    slightly_timid = 0.3 * converted.mean() + 0.7 * truth  # the best order
    decision = decide(converted, lead, {"boosting": slightly_timid}, None, points=noisy(truth, 0.4), seed=1)
    assert decision.promote, decision.reason


def test_a_model_that_beats_the_points_must_beat_the_champion_as_well(market):
    converted, lead, truth = market
    decision = decide(converted, lead, {"boosting": noisy(truth, 1)}, incumbent(truth), points=noisy(truth, 3), seed=1)
    assert not decision.promote
    assert "old stays, it is better" in decision.reason


def test_a_model_better_than_the_champion_but_not_than_the_points_is_not_promoted(market):
    converted, lead, truth = market
    worse = incumbent(noisy(truth, 2))
    decision = decide(converted, lead, {"boosting": noisy(truth, 1)}, worse, points=truth, seed=1)
    assert not decision.promote
    assert "no better than the points" in decision.reason

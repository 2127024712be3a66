from dataclasses import replace

import numpy as np
import pytest

from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.learning.promotion_gate import GateEvidence, Incumbent, JudgedCandidate, JudgedRows, decide
from leadwerk.stats.within_time import time_blocks
from leadwerk.texts.message import in_language, restored, stored
from support.simulated_landmarks import landmarks


@pytest.fixture(scope="module")
def market():
    rows, truth = landmarks(leads=2000, seed=4)
    block = time_blocks(rows.as_of, rows.converted_leads)
    return JudgedRows(rows.converted, rows.lead, block, np.full(len(truth), rows.converted.mean())), truth


def noisy(truth, noise, seed=1):
    log_odds = np.log(truth / (1 - truth)) + np.random.default_rng(seed).normal(0, noise, len(truth))
    return 1 / (1 + np.exp(-log_odds))


def incumbent(probability, unseen=None):
    return Incumbent("old", probability, np.ones(len(probability), bool) if unseen is None else unseen)


def judge(rows, probability, champion=None, points=None, **options):
    evidence = GateEvidence(rows.converted, rows.lead, rows.block, probability)
    candidate = JudgedCandidate("average", probability, evidence)
    decision = decide(replace(rows, points=points), candidate, champion, seed=1, **options)
    # As a table keeps it: whatever the verdict, its reader finds it in their own language.
    kept_reason = restored(stored(decision.reason), "")
    assert len({in_language(kept_reason, language) for language in LANGUAGES}) == len(LANGUAGES)
    return decision


def test_a_model_that_ranks_becomes_the_first_champion(market):
    rows, truth = market
    decision = judge(rows, truth)
    assert (decision.verdict, decision.promote, decision.level) == ("promoted", True, "calibrated")
    assert "no champion" in decision.reason


def test_a_model_that_knows_nothing_is_not_promoted(market):
    rows, truth = market
    decision = judge(rows, noisy(np.full(len(truth), 0.2), 0.2))
    assert (decision.verdict, decision.promote) == ("no_signal", False)
    assert "no usable signal" in decision.reason


@pytest.mark.slow
def test_by_chance_few_orders_pass_and_hardly_any_at_night(market):
    rows, truth = market
    guesses = [noisy(np.full(len(truth), 0.2), 0.2, seed) for seed in range(40)]
    assert np.mean([judge(rows, guess).promote for guess in guesses]) <= 0.1
    assert np.mean([judge(rows, guess, z_needed=3.0).promote for guess in guesses]) <= 0.03


def test_an_order_that_is_right_serves_although_its_level_is_stale(market):
    rows, truth = market
    doubled = 1 / (1 + (1 / truth - 1) / 8)
    decision = judge(rows, doubled)
    assert (decision.promote, decision.level) == (True, "stale")
    assert "probabilities are stale" in decision.reason


def test_an_order_by_chance_is_not_said_to_have_stale_probabilities(market):
    rows, truth = market
    guess = 1 / (1 + np.exp(-np.random.default_rng(3).normal(size=len(truth)) - 3))
    decision = judge(rows, guess)
    assert (decision.verdict, decision.level) == ("no_signal", "stale")
    assert "stale" not in decision.reason


def test_the_level_is_compared_with_the_rate_known_then_and_not_with_the_tests_own(market):
    rows, truth = market
    low = 1 / (1 + 2 * (1 / truth - 1))
    foreknown = judge(rows, low).level
    then = JudgedRows(rows.converted, rows.lead, rows.block, rows.known_rate / 2.2)
    assert judge(then, low).level == "calibrated"
    assert foreknown in ("calibrated", "stale")


def test_a_base_rate_that_trebles_makes_no_useful_order_useless():
    random = np.random.default_rng(1)
    rate = np.where(np.arange(4000) > 2000, 0.45, 0.15)
    skill = random.normal(0, 1, 4000)
    truth = 1 / (1 + np.exp(-np.log(rate / (1 - rate)) - skill))
    converted = random.random(4000) < truth
    lead = np.arange(4000)
    rows = JudgedRows(converted, lead, time_blocks(lead.astype("datetime64[us]"), 500), np.full(4000, 0.15))
    stale = 1 / (1 + np.exp(-np.log(0.15 / 0.85) - skill))
    decision = judge(rows, stale)
    assert (decision.verdict, decision.promote) == ("promoted", True)


def test_a_better_champion_stays(market):
    rows, truth = market
    decision = judge(rows, noisy(truth, 1), incumbent(truth))
    assert not decision.promote
    assert "old stays, it is better" in decision.reason


def test_a_worse_champion_goes(market):
    rows, truth = market
    decision = judge(rows, truth, incumbent(noisy(truth, 1)))
    assert decision.promote
    assert "better than old" in decision.reason


def test_of_two_that_are_as_good_the_fresher_wins(market):
    rows, truth = market
    decision = judge(rows, noisy(truth, 0.2), incumbent(noisy(truth, 0.2, seed=3)))
    assert decision.promote
    assert "newer conversions" in decision.reason


def test_nothing_new_is_no_reason_to_change(market):
    rows, truth = market
    seen_all = incumbent(noisy(truth, 2), np.zeros(len(truth), bool))
    decision = judge(rows, truth, seen_all)
    assert not decision.promote
    assert "only 0 conversions are new" in decision.reason


def test_a_champion_is_judged_only_on_what_it_has_not_learned_from(market):
    rows, truth = market
    unseen = np.arange(len(truth)) % 2 == 0
    learned_by_heart = np.where(unseen, noisy(truth, 1), rows.converted.clip(0.01, 0.99))
    assert judge(rows, truth, incumbent(learned_by_heart, unseen)).promote


def test_a_model_that_is_no_better_than_the_points_is_not_promoted(market):
    rows, truth = market
    decision = judge(rows, noisy(truth, 0.5), points=truth)
    assert not decision.promote
    assert "no better than the points" in decision.reason


def test_a_model_that_beats_the_points_becomes_champion(market):
    rows, truth = market
    decision = judge(rows, truth, points=noisy(truth, 1))
    assert decision.promote
    assert "better than the points" in decision.reason


def test_a_model_must_beat_the_points_in_order_and_its_level_is_said(market):
    rows, truth = market
    rough = noisy(truth, 0.6)
    overconfident = 1 / (1 + (1 / truth - 1) ** 4)  # the best order, but four times the log-odds
    decision = judge(rows, overconfident, points=rough)
    assert (decision.promote, decision.level) == (True, "stale")


def test_a_model_that_beats_the_points_must_beat_the_champion_as_well(market):
    rows, truth = market
    decision = judge(rows, noisy(truth, 1), incumbent(truth), noisy(truth, 3))
    assert not decision.promote
    assert "old stays, it is better" in decision.reason


def test_a_model_better_than_the_champion_but_not_than_the_points_is_not_promoted(market):
    rows, truth = market
    worse = incumbent(noisy(truth, 2))
    decision = judge(rows, noisy(truth, 1), worse, truth)
    assert not decision.promote
    assert "no better than the points" in decision.reason

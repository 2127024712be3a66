"""Intervals hold what they promise for rare wins, and a plan says beforehand what it cannot see."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from leadwerk.experiment.effect import mean_difference, minimum_detectable_effect, rate_effect, ratio
from leadwerk.experiment.report import Participants, effect_report


def draw(random: np.random.Generator, leads: int, control: float, rate: float, odds: float) -> tuple[np.ndarray, ...]:
    """Wins, arms, a score that explains part of the wins; the arm multiplies the odds."""
    score = random.normal(0, 1.5, leads)
    is_scored = random.random(leads) >= control
    log_odds = np.log(rate / (1 - rate)) - 0.8 + score + np.log(odds) * is_scored
    return random.random(leads) < 1 / (1 + np.exp(-log_odds)), is_scored, score


@pytest.mark.slow
@pytest.mark.parametrize(("leads", "control", "rate", "odds"), [(1000, 0.1, 0.03, 1.5), (3000, 0.5, 0.1, 1.2)])
def test_intervals_cover_the_true_effect_in_about_95_percent(
    leads: int, control: float, rate: float, odds: float
) -> None:
    random = np.random.default_rng(3)
    score = random.normal(0, 1.5, 400_000)
    base = np.log(rate / (1 - rate)) - 0.8 + score
    true = float((1 / (1 + np.exp(-base - np.log(odds)))).mean() - (1 / (1 + np.exp(-base))).mean())
    covered, widths = [], []
    for _ in range(500):
        won, is_scored, frozen = draw(random, leads, control, rate, odds)
        interval = rate_effect(won, is_scored, frozen).difference
        plain = rate_effect(won, is_scored).difference
        covered.append(interval.low <= true <= interval.high)
        widths.append((interval.high - interval.low) / (plain.high - plain.low))
    assert 0.925 <= np.mean(covered) <= 0.975
    assert np.mean(widths) < 0.99


def test_an_effect_that_depends_on_the_score_is_covered_for_the_leads_to_come() -> None:
    """Which scores happened to come moves the effect as well; without that part 93.7 % of 2,000 intervals cover it."""
    score = np.random.default_rng(0).normal(size=1_000_000)
    true, covered = float((1 / (1 + np.exp(1 - 2 * score))).mean()) - 0.2, []
    for seed in range(1_000):
        random = np.random.default_rng(seed)
        frozen, is_scored = random.normal(size=600), random.random(600) < 0.5
        won = random.random(600) < np.where(is_scored, 1 / (1 + np.exp(1 - 2 * frozen)), 0.2)
        interval = rate_effect(won, is_scored, frozen).difference
        covered.append(interval.low <= true <= interval.high)
    assert 0.94 <= np.mean(covered) <= 0.96


def test_a_score_that_says_nothing_changes_nothing() -> None:
    won, is_scored = np.arange(400) % 9 == 0, np.arange(400) % 2 == 0
    assert rate_effect(won, is_scored, np.zeros(400)) == rate_effect(won, is_scored)


def test_calls_for_one_win_have_no_upper_limit_where_nobody_is_won() -> None:
    nobody = ratio(np.ones(50), np.zeros(50))
    assert (nobody.value, nobody.low, nobody.high) == (inf, 0.0, inf)
    hardly = ratio(np.ones(50), np.arange(50) == 0)
    assert (hardly.value, hardly.high) == (50.0, inf)


def test_means_differ_with_welchs_interval() -> None:
    random = np.random.default_rng(1)
    is_scored = np.arange(4000) % 2 == 0
    estimate = mean_difference(random.normal(2, 1, 4000) + is_scored, is_scored)
    assert estimate.low < 1 < estimate.high
    assert estimate.high - estimate.low == pytest.approx(4 * 0.98 / np.sqrt(1000), rel=0.05)


def test_the_effect_that_a_plan_names_is_found_in_four_of_five_cases() -> None:
    leads, control, rate = 4000, 0.5, 0.05
    effect = minimum_detectable_effect(leads, 1 - control, rate)
    random, detected = np.random.default_rng(2), 0
    for _ in range(600):
        is_scored = random.random(leads) >= control
        won = random.random(leads) < rate + effect * is_scored
        detected += rate_effect(won, is_scored).difference.low > 0
    assert detected / 600 == pytest.approx(0.8, abs=0.05)


def test_a_larger_control_group_sees_smaller_effects() -> None:
    effects = [minimum_detectable_effect(2000, share, 0.03) for share in (0.9, 0.8, 0.5)]
    assert effects == sorted(effects, reverse=True)
    assert minimum_detectable_effect(10, 1.0, 0.03) == inf


def test_costs_follow_calls_and_too_few_wins_say_nothing() -> None:
    random = np.random.default_rng(4)
    is_scored = random.random(2000) < 0.5
    won = random.random(2000) < np.where(is_scored, 0.12, 0.06)
    participants = Participants(is_scored, won, np.where(is_scored, 1.0, 2.0), won * 900.0)
    report = effect_report(participants, cost_per_call=40.0)
    assert report is not None
    assert report.scored.cost_per_win is not None
    assert report.scored.cost_per_win.value == pytest.approx(40 * report.scored.calls_per_win.value)
    assert report.calls_per_lead.value == pytest.approx(-1.0)
    assert report.revenue_per_lead.low > 0 or report.revenue_per_lead.high < 0
    assert report.wins.difference.low > 0
    few = Participants(is_scored, np.arange(2000) < 3, np.ones(2000), np.zeros(2000))
    assert effect_report(few, cost_per_call=None) is None

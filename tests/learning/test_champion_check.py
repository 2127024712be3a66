"""When a champion leaves the ranking to the points: only on what it never saw, and only beyond the noise."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.learning.champion_check import auc_difference, behind_points
from leadwerk.learning.points_baseline import PointsBaseline
from leadwerk.learning.promotion_gate import MINIMUM_NEW_POSITIVES, Incumbent
from leadwerk.stats import metrics
from support.examples import examples
from support.simulated_landmarks import landmarks


@pytest.fixture(scope="module")
def market():
    rows, truth = landmarks(leads=2000, seed=4)
    return rows.converted, rows.lead, truth


def noisy(truth, noise, seed=1):
    return np.log(truth / (1 - truth)) + np.random.default_rng(seed).normal(0, noise, len(truth))


def incumbent(log_odds, unseen=None):
    everything = np.ones(len(log_odds), bool)
    return Incumbent("old", 1 / (1 + np.exp(-log_odds)), everything if unseen is None else unseen)


def rules(points, disqualified=None, disqualify=True):
    nobody = np.zeros(len(points), bool)
    barred = nobody if disqualified is None else disqualified
    return PointsBaseline(points, points, barred, hot=50, weight=0.5, disqualify=disqualify)


def test_a_champion_that_ranks_worse_than_the_points_stands_down(market):
    converted, lead, truth = market
    reason = behind_points(converted, lead, incumbent(noisy(truth, 2)), rules(noisy(truth, 0.3)), seed=1)
    assert reason.startswith("old stands down, the points rank better: difference in AUC +0.")
    assert f"on {len(converted)} landmarks new to it" in reason


def test_a_champion_that_ranks_better_or_as_well_stays(market):
    converted, lead, truth = market
    assert behind_points(converted, lead, incumbent(noisy(truth, 0.3)), rules(noisy(truth, 2)), seed=1) == ""
    alike = incumbent(noisy(truth, 0.5, seed=2)), rules(noisy(truth, 0.5, seed=3))
    gap, error = auc_difference(converted, alike[1].points, alike[0].probability, lead, seed=1)
    assert bool(behind_points(converted, lead, *alike, seed=1)) == (gap > error)


def test_only_order_counts_and_no_scale(market):
    converted, lead, truth = market
    champion, points = incumbent(noisy(truth, 1)), noisy(truth, 1, seed=2)
    verdicts = {behind_points(converted, lead, champion, rules(scale * points + 7), seed=1) for scale in (1, 100, 0.01)}
    assert len(verdicts) == 1


def test_it_is_judged_only_on_what_it_has_not_learned_from(market):
    converted, lead, truth = market
    unseen = np.arange(len(truth)) % 2 == 0
    by_heart = np.where(unseen, noisy(truth, 3), np.where(converted, 9.0, -9.0))
    better = rules(noisy(truth, 0.5))
    assert behind_points(converted, lead, incumbent(by_heart), better, seed=1) == ""
    assert behind_points(converted, lead, incumbent(by_heart, unseen), better, seed=1) != ""


def test_few_new_conversions_are_no_reason(market):
    converted, lead, truth = market
    few = np.unique(lead[converted])[: MINIMUM_NEW_POSITIVES - 1]
    unseen = np.isin(lead, few) | ~converted
    worst = incumbent(-noisy(truth, 0), unseen)
    assert behind_points(converted, lead, worst, rules(noisy(truth, 0)), seed=1) == ""
    assert behind_points(converted, lead, incumbent(-noisy(truth, 0)), rules(noisy(truth, 0)), seed=1) != ""
    nothing = incumbent(-noisy(truth, 0), np.zeros(len(truth), bool))
    assert behind_points(converted, lead, nothing, rules(noisy(truth, 0)), seed=1) == ""


def test_without_a_champion_or_without_points_nobody_stands_down(market):
    converted, lead, truth = market
    assert behind_points(converted, lead, None, rules(noisy(truth, 0)), seed=1) == ""
    assert behind_points(converted, lead, incumbent(-noisy(truth, 0)), None, seed=1) == ""


def test_whom_the_points_disqualify_is_at_the_bottom_for_both_if_the_policy_says_so(market):
    """What the points win by disqualifying they win under a champion, too."""
    converted, lead, truth = market
    barred = ~converted & (np.arange(len(converted)) % 3 > 0)
    champion = incumbent(noisy(truth, 0.3))
    points = noisy(truth, 1.0, seed=2)
    assert behind_points(converted, lead, champion, rules(points, barred), seed=1) == ""
    assert behind_points(converted, lead, champion, rules(points, barred, disqualify=False), seed=1) != ""


def test_the_error_is_that_of_leads_and_not_of_rows(market):
    converted, lead, truth = market
    a, b = noisy(truth, 0.5), noisy(truth, 1.5)
    twice = [np.concatenate([column, column]) for column in (converted, a, b, lead)]
    once, again = auc_difference(converted, a, b, lead, seed=1), auc_difference(*twice, seed=1)
    assert again == pytest.approx(once)  # rows that repeat a lead's fate make nothing more certain


@examples(25)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 4)), min_size=8, max_size=40))
def test_the_gap_is_the_difference_of_the_two_areas_and_turns_with_them(rows):
    converted, a, b = (np.array(column) for column in zip(*rows, strict=True))
    lead = np.arange(len(rows))
    gap, error = auc_difference(converted, a * 1.0, b * 1.0, lead, seed=1)
    back, same = auc_difference(converted, b * 1.0, a * 1.0, lead, seed=1)
    if converted.all() or not converted.any():
        assert np.isnan(gap) and np.isnan(back)
        return
    assert gap == pytest.approx(metrics.auc(converted, a * 1.0) - metrics.auc(converted, b * 1.0))
    assert (back, same) == (pytest.approx(-gap), pytest.approx(error, nan_ok=True))
    if (a == b).all():
        assert (gap, error) == (0.0, 0.0)

"""Points as a candidate: the same scores, in their own order, and as honest as they can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.learning.points_baseline import PointsBaseline, blended, points_alone
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training
from leadwerk.stats import metrics
from support.simulated_landmarks import FEATURES, landmarks

OPTIONS = {"horizon_days": 30, "hot_score": 70}
BASE = 0.2


def rules(points, disqualified=None, **options):
    points = np.asarray(points, dtype=np.float64)
    none = np.zeros(len(points), dtype=bool)
    scale = np.clip(points, 0, 100)
    return PointsBaseline(
        points, scale, none if disqualified is None else disqualified, **{"hot": 50, "weight": 0.5, **options}
    )


@pytest.fixture(scope="module")
def market():
    rows, truth = landmarks(seed=1)
    return rows, truth


def of_log_odds(truth, noise, seed=5):
    """Points that know the truth up to some noise."""
    log_odds = np.log(truth / (1 - truth)) + np.random.default_rng(seed).normal(0, noise, len(truth))
    return rules(np.round(30 + 12 * log_odds))


def test_points_become_probabilities_that_are_honest_out_of_sample(market):
    rows, truth = market
    baseline = of_log_odds(truth, 0.3)
    first, last = np.arange(4000), np.arange(4000, len(truth))
    forecast = points_alone(baseline.take(first), rows.converted[first], baseline.take(last))
    assert metrics.calibration_error(rows.converted[last], forecast.probability) < 0.03


@given(st.lists(st.integers(-200, 200), min_size=2, max_size=40), st.integers(0, 9))
def test_their_order_stays_the_points_own_even_where_they_are_wrong(points, seed):
    converted = np.random.default_rng(seed).random(len(points)) < 0.3
    baseline = rules(points)
    forecast = points_alone(baseline, converted, baseline)
    higher = np.argsort(baseline.points, kind="stable")
    assert (np.diff(forecast.probability[higher]) >= 0).all()
    assert ((forecast.probability >= forecast.threshold) == (baseline.points >= baseline.hot)).all()


def test_whom_points_disqualify_stands_at_the_bottom():
    baseline = rules([80, 20, -5], np.array([True, False, False]))
    assert baseline.ranks().tolist() == [-5, 20, -5]


def test_together_the_weight_decides_between_model_and_points():
    probability = np.array([0.1, 0.2, 0.4])
    against = [90, 50, 10]
    model = blended(rules(against, weight=0.0), probability, BASE, hot_score=70).probability
    points = blended(rules(against, weight=1.0), probability, BASE, hot_score=70).probability
    assert model == pytest.approx(probability, rel=1e-9)
    assert np.argsort(points).tolist() == [2, 1, 0]


def test_together_hot_is_where_the_models_own_band_is():
    forecast = blended(rules([70, 70.0], weight=0.5), np.array([0.3, 0.4]), BASE, hot_score=70)
    odds = forecast.threshold / (1 - forecast.threshold) / (BASE / (1 - BASE))
    assert odds == pytest.approx(70 / 30)


def test_points_disqualify_under_a_model_unless_the_policy_says_no():
    disqualified = np.array([True, False])
    assert blended(rules([90, 10], disqualified), np.array([0.9, 0.1]), BASE, hot_score=70).probability[0] < 1e-5
    blended_probability = blended(
        rules([90, 10], disqualified, disqualify=False), np.array([0.9, 0.1]), BASE, hot_score=70
    ).probability
    assert blended_probability[0] > blended_probability[1]


@pytest.mark.slow
def test_points_alone_and_both_are_evaluated_on_the_same_test_part(market):
    rows, truth = market
    learned = train_model(rows, TrainingSetup(FEATURES, Training(trees=40), **OPTIONS), rules=of_log_odds(truth, 2.0))
    assert isinstance(learned, TrainingResult)
    assert learned.decision.promote
    evaluations = {name: learned.evaluations[name] for name in ("challenger", "points", "both")}
    assert {evaluation.rows for evaluation in evaluations.values()} == {len(learned.split.test)}
    assert evaluations["points"].auc.value < evaluations["both"].auc.value < evaluations["challenger"].auc.value


@pytest.mark.slow
def test_points_that_know_more_than_any_model_keep_the_model_out(market):
    rows, truth = market
    learned = train_model(rows, TrainingSetup(FEATURES, Training(trees=40), **OPTIONS), rules=of_log_odds(truth, 0.0))
    assert isinstance(learned, TrainingResult)
    assert not learned.decision.promote
    assert "no better than the points" in learned.decision.reason
    assert learned.model is not None  # it is kept, and may be promoted by hand


@pytest.mark.slow
def test_without_rules_nothing_is_said_of_points(market):
    learned = train_model(market[0], TrainingSetup(FEATURES, Training(trees=40), **OPTIONS))
    assert isinstance(learned, TrainingResult)
    assert not {"points", "both"} & learned.evaluations.keys()
    assert "points" not in learned.decision.reason

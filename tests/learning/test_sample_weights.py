"""Old landmarks count less once the market has changed, and only then."""

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.learning.sample_weights import FORGOTTEN, sample_weights
from leadwerk.learning.train import train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training
from leadwerk.stats import metrics
from leadwerk.stats.log_odds import sigmoid
from support.simulated_landmarks import FEATURES, landmarks

TRAINING = Training(trees=60, depth=3)
HORIZON_DAYS = 30
SHOCK = 0.7  # share of the days after which income predicts the opposite


def days(*ages):
    return np.datetime64("2026-03-01T00:00:00", "us") - np.array(
        [int(age * 86_400e6) for age in ages], "timedelta64[us]"
    )


@pytest.fixture(scope="module")
def calm():
    return landmarks(seed=1, days=100)[0]


@pytest.fixture(scope="module")
def shaken(calm):
    """The same market, in which high incomes convert less from a day on: all labels from other leads."""
    other, truth = landmarks(seed=5, days=100)
    columns = {**other.columns, "income": -other.columns["income"]}
    changed = np.arange(len(calm)) >= round(SHOCK * len(calm))
    return type(calm)(
        {name: np.where(changed, columns[name], values) for name, values in calm.columns.items()},
        np.where(changed, other.lead + calm.lead.max() + 1, calm.lead),
        np.where(changed, other.as_of, calm.as_of),
        np.where(changed, other.converted, calm.converted),
    ), (columns, truth)


@given(st.lists(st.floats(0, 400), min_size=1, max_size=30), st.floats(1, 100))
def test_no_weight_exceeds_the_newest_and_none_exceeds_a_younger_one(ages, half_life):
    weights = sample_weights(days(*sorted(ages)), half_life)
    assert weights[0] == 1
    assert (np.diff(weights) <= 0).all()
    assert ((weights == 0) | (weights >= FORGOTTEN)).all()


def test_a_calm_market_forgets_nothing(calm):
    assert fit_boosting(calm, FEATURES, TRAINING).half_life_days is None


def test_after_a_change_the_new_market_is_learned(shaken):
    rows, (columns, truth) = shaken
    adapted = fit_boosting(rows, FEATURES, TRAINING)
    stubborn = fit_boosting(rows, FEATURES, msgspec.structs.replace(TRAINING, half_life_days=None))
    assert adapted.half_life_days is not None
    assert stubborn.half_life_days is None
    converted = np.random.default_rng(1).random(len(truth)) < truth
    new, old = (metrics.log_loss(converted, trained.model.probability(columns)) for trained in (adapted, stubborn))
    assert new < old - 0.02


def test_a_half_life_that_the_policy_names_is_taken_as_it_is(calm):
    assert fit_boosting(calm, FEATURES, msgspec.structs.replace(TRAINING, half_life_days=45)).half_life_days == 45


@pytest.mark.slow
def test_the_reason_of_the_run_says_that_old_outcomes_count_less(shaken):
    training = train_model(shaken[0], TrainingSetup(FEATURES, TRAINING, horizon_days=HORIZON_DAYS, hot_score=70))
    assert "days older count half" in training.decision.reason


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_the_calibration_follows_the_rows_that_count(rate):
    random = np.random.default_rng(1)
    margin = random.normal(-1, 1, 8000)
    counts = np.repeat([0.0, 1.0], 4000)
    converted = random.random(8000) < np.where(counts > 0, rate, 0.9)
    fitted = fit_calibration(margin, converted, weights=counts)
    assert fitted.probability(margin[4000:]).mean() == pytest.approx(rate, abs=0.02)


@given(st.integers(1, 4))
def test_a_row_that_counts_twice_is_as_two_rows(times):
    random = np.random.default_rng(times)
    margin = random.normal(size=200)
    converted = random.random(200) < sigmoid(margin)
    once = fit_calibration(np.repeat(margin, times), np.repeat(converted, times))
    weighted = fit_calibration(margin, converted, weights=np.full(200, float(times)))
    assert weighted.slope == pytest.approx(once.slope)
    assert weighted.intercept == pytest.approx(once.intercept)


@pytest.mark.parametrize("half_life", ["auto", 5.0])
def test_a_half_life_that_would_leave_nothing_to_learn_from_is_not_taken(calm, half_life):
    """The last lead came a year after all others: only it would count."""
    late = np.where(np.arange(len(calm)) < len(calm) - 1, calm.as_of, calm.as_of + np.timedelta64(365, "D"))
    rows = type(calm)(calm.columns, calm.lead, late, calm.converted)
    assert (
        fit_boosting(rows, FEATURES, msgspec.structs.replace(TRAINING, half_life_days=half_life)).half_life_days is None
    )


def test_without_conversions_among_the_newest_nothing_is_said_of_a_change(calm):
    old = np.arange(len(calm)) < len(calm) * 0.75
    rows = type(calm)(calm.columns, calm.lead, calm.as_of, calm.converted & old)
    assert fit_boosting(rows, FEATURES, TRAINING).half_life_days is None

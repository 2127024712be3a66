import numpy as np
import pytest

from leadwerk.learning.candidate_comparison import ChampionForecast
from leadwerk.learning.train import TrainingResult, TrainingSkipped, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training
from leadwerk.stats import metrics
from support.simulated_landmarks import FEATURES, landmarks

OPTIONS = {"horizon_days": 30, "hot_score": 70}


@pytest.fixture(scope="module")
def learned():
    rows, _ = landmarks(seed=1)
    result = train_model(rows, TrainingSetup(FEATURES, Training(), **OPTIONS))
    assert isinstance(result, TrainingResult)
    return result


def test_the_model_that_is_released_comes_near_the_best_possible_one(learned):
    unseen, truth = landmarks(seed=2)
    probability = learned.model.probability(unseen.columns)
    assert metrics.auc(unseen.converted, probability) > 0.97 * metrics.auc(unseen.converted, truth)
    assert metrics.calibration_error(unseen.converted, probability) < 0.02


def test_candidates_are_evaluated_with_intervals(learned):
    assert set(learned.evaluations) >= {"challenger", "boosting"}
    for evaluation in learned.evaluations.values():
        assert evaluation.auc.low < evaluation.auc.value < evaluation.auc.high
        assert evaluation.rows == len(learned.split.test)
        assert evaluation.gains[0] == (0.0, 0.0)
        assert evaluation.gains[-1] == (1.0, 1.0)
        assert sum(part.n for part in evaluation.calibration) == evaluation.rows


def test_what_matters_is_found_and_noise_is_not(learned):
    order = list(learned.importances)
    assert set(order[:4]) == {"income", "loan_to_value", "visits", "region"}
    assert sum(learned.importances[f"noise_{k}"] for k in range(4)) < learned.importances["income"]


def test_the_profile_adds_up(learned):
    assert learned.profile["income"].missing == pytest.approx(0.1, abs=0.02)
    assert sum(learned.profile["income"].shares) == pytest.approx(1, abs=1e-4)
    assert set(learned.profile["region"].shares) == {"ZH", "BE"}


@pytest.mark.slow
def test_on_shuffled_labels_nothing_is_learned_and_nothing_promoted():
    rows, _ = landmarks(seed=1)
    shuffled = rows.converted.copy()
    np.random.default_rng(1).shuffle(shuffled)
    result = train_model(
        type(rows)(rows.columns, rows.lead, rows.as_of, shuffled), TrainingSetup(FEATURES, Training(), **OPTIONS)
    )
    assert isinstance(result, TrainingResult)
    assert not result.decision.promote
    assert result.decision.verdict == "no_signal"
    assert "no usable signal" in result.decision.reason


@pytest.mark.slow
def test_the_present_champion_is_compared_on_landmarks_it_has_not_seen(learned):
    rows, _ = landmarks(seed=1)
    middle = np.sort(rows.as_of)[int(len(rows) * 0.9)]
    champion = ChampionForecast("old", learned.model.probability, middle)
    result = train_model(rows, TrainingSetup(FEATURES, Training(), **OPTIONS), champion=champion)
    assert result.evaluations["champion"].rows == int((rows.as_of > middle).sum())


def test_few_conversions_degrade_to_a_regression():
    rows, _ = landmarks(leads=700, seed=3, rate=-3.6, effect=0.8, per_lead=1)
    result = train_model(rows, TrainingSetup(FEATURES, Training(minimum_positives=40), **OPTIONS))
    assert isinstance(result, TrainingResult)
    assert result.decision.kind == "logistic_regression"
    assert list(result.evaluations) == ["challenger"]


@pytest.mark.parametrize(
    ("leads", "rate", "reason"),
    [
        (0, -1.8, "No landmark has matured"),
        (300, -9.0, "in the training period; a model needs 8"),
        (300, 30.0, "leads that did not convert"),
    ],
)
def test_too_little_is_said_and_no_model_made(leads, rate, reason):
    rows, _ = landmarks(leads=max(leads, 1), seed=3, rate=rate, effect=0.5)
    result = train_model(rows.take(np.arange(2 * leads)), TrainingSetup(FEATURES, Training(), **OPTIONS))
    assert isinstance(result, TrainingSkipped)
    assert reason in result.reason


def test_a_single_class_in_the_test_period_cannot_be_judged():
    rows, _ = landmarks(seed=1)
    converted = rows.converted & (rows.as_of < np.sort(rows.as_of)[int(len(rows) * 0.8)])
    result = train_model(
        type(rows)(rows.columns, rows.lead, rows.as_of, converted), TrainingSetup(FEATURES, Training(), **OPTIONS)
    )
    assert isinstance(result, TrainingSkipped)
    assert "in the test period" in result.reason

"""scikit-learn is the oracle: the same numbers on any forecast, ties and weights included."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics as oracle

from leadwerk.stats import metrics
from leadwerk.stats.bootstrap import estimate, resample
from support.examples import examples

THEIRS = {
    metrics.auc: oracle.roc_auc_score,
    metrics.average_precision: oracle.average_precision_score,
    metrics.log_loss: oracle.log_loss,
    metrics.brier: oracle.brier_score_loss,
}
forecasts = st.lists(st.tuples(st.booleans(), st.integers(1, 9)), min_size=2, max_size=60).filter(
    lambda rows: len({converted for converted, _ in rows}) == 2
)


def arrays(rows):
    return np.array([c for c, _ in rows]), np.array([p / 10 for _, p in rows])


@given(forecasts, st.randoms(use_true_random=False))
@examples(60)
def test_the_metrics_are_those_of_scikit_learn(rows, random):
    converted, probability = arrays(rows)
    weights = np.array([random.randint(1, 3) for _ in rows], dtype=float)
    for ours, theirs in THEIRS.items():
        assert ours(converted, probability) == pytest.approx(theirs(converted, probability))
        weighted = ours(converted, probability, weights[None, :])
        assert weighted == pytest.approx([theirs(converted, probability, sample_weight=weights)])


@given(forecasts)
@examples(60)
def test_precision_recall_and_f1_are_those_of_scikit_learn(rows):
    converted, probability = arrays(rows)
    called = probability >= 0.5
    if called.any():
        assert metrics.precision(converted, probability, threshold=0.5) == pytest.approx(
            oracle.precision_score(converted, called)
        )
    assert metrics.recall(converted, probability, threshold=0.5) == pytest.approx(
        oracle.recall_score(converted, called)
    )
    assert metrics.f1(converted, probability, threshold=0.5) == pytest.approx(oracle.f1_score(converted, called))


@given(forecasts, st.randoms(use_true_random=False))
@examples(60)
def test_no_metric_depends_on_the_order_of_the_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    for metric in (*THEIRS, metrics.calibration_error, metrics.lift):
        assert metric(*arrays(rows)) == pytest.approx(metric(*arrays(shuffled)))


def test_leads_that_are_all_alike_have_a_lift_of_one():
    assert metrics.lift(np.array([True, False, False, False]), np.full(4, 0.3)) == pytest.approx(1.0)


def test_a_metric_of_one_class_only_is_undefined_rather_than_wrong():
    assert np.isnan(metrics.auc(np.array([True, True]), np.array([0.1, 0.2])))


def test_honest_probabilities_have_next_to_no_calibration_error():
    random = np.random.default_rng(3)
    probability = random.beta(1, 8, 50_000)
    assert metrics.calibration_error(random.random(50_000) < probability, probability) < 0.005
    assert metrics.calibration_error(random.random(50_000) < probability, np.sqrt(probability)) > 0.1


chances = st.lists(st.tuples(st.floats(0.01, 0.99), st.integers(1, 9)), min_size=2, max_size=30)


@given(chances)
@examples(60)
def test_true_chances_count_as_that_share_of_a_conversion(rows):
    chance, probability = arrays(rows)
    both = np.r_[np.ones(len(rows), bool), np.zeros(len(rows), bool)]
    for metric in (metrics.auc, metrics.average_precision, metrics.lift):
        split = metric(both, np.r_[probability, probability], np.r_[chance, 1 - chance])
        assert metric(chance, probability) == pytest.approx(split)


@given(chances)
@examples(60)
def test_no_order_beats_that_of_the_true_chances(rows):
    chance, probability = arrays(rows)
    assert metrics.auc(chance, probability) <= metrics.auc(chance, chance) + 1e-12
    assert metrics.lift(chance, probability) <= metrics.lift(chance, chance) + 1e-12
    assert metrics.calibration_error(chance, chance) == 0


def test_draws_take_whole_leads():
    lead = np.repeat(np.arange(50), 3)
    for weights in resample(lead, seed=1, replicates=20):
        assert (weights[:, ::3] == weights[:, 2::3]).all()
        assert (weights.sum(axis=1) == 150).all()


def test_landmarks_of_one_lead_widen_the_interval():
    random = np.random.default_rng(5)
    probability = np.repeat(random.beta(2, 5, 400), 6)
    converted = np.repeat(random.random(400) < probability[::6], 6)
    named = {"auc": metrics.auc}
    clustered = estimate(named, converted, probability, np.repeat(np.arange(400), 6), seed=1)["auc"]
    alone = estimate(named, converted, probability, np.arange(2400), seed=1)["auc"]
    assert clustered.low < clustered.value < clustered.high
    assert clustered.high - clustered.low > 1.8 * (alone.high - alone.low)


def test_the_interval_is_the_same_for_the_same_seed():
    random = np.random.default_rng(6)
    probability, lead = random.random(300), np.arange(300)
    converted = random.random(300) < probability
    named = {"auc": metrics.auc, "ece": metrics.calibration_error}
    assert estimate(named, converted, probability, lead, seed=1) == estimate(
        named, converted, probability, lead, seed=1
    )

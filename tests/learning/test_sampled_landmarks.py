"""A sample of the lost leads teaches what all of them would, and the probabilities are those of all leads."""

from dataclasses import replace

import numpy as np
import pytest

from leadwerk.learning.averaging import fit_average
from leadwerk.learning.landmarks import Sampled
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.train import TrainingResult, train_model
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.policy.model import Training
from leadwerk.stats import metrics
from support.simulated_landmarks import FEATURES, landmarks

QUICK = Training(trees=40, depth=3)
SHARE = 0.25


@pytest.fixture(scope="module")
def everything():
    return landmarks(leads=4000, seed=1, per_lead=1, rate=-2.5)[0]


@pytest.fixture(scope="module")
def read(everything):
    """All converted leads, a quarter of the others, and the last fifth whole."""
    drawn = everything.converted | (np.random.default_rng(1).random(len(everything)) < SHARE)
    whole_from = everything.as_of[int(len(everything) * 0.8)]
    rows = np.flatnonzero(drawn | (everything.as_of >= whole_from))
    stands_for = np.where(drawn, np.where(everything.converted, 1.0, 1 / SHARE), 0.0)
    return replace(everything, sampled=Sampled(stands_for, whole_from)).take(rows)


@pytest.fixture(scope="module")
def fresh():
    return landmarks(leads=4000, seed=2, per_lead=1, rate=-2.5)[0]


def test_what_is_read_stands_for_all(everything, read):
    assert read.base_rate == pytest.approx(everything.base_rate, rel=0.05)
    fair = read.representative(seed=1)
    assert fair.converted.mean() == pytest.approx(everything.base_rate, rel=0.15)
    assert read.drawn().converted.mean() > 2 * everything.base_rate
    assert everything.drawn() is everything


@pytest.mark.parametrize("kind", ["average", "logistic_regression"])
def test_the_model_ranks_and_its_probabilities_are_those_of_all_leads(everything, read, fresh, kind):
    def fitted(rows):
        if kind == "average":
            return fit_average(rows, FEATURES, QUICK).model
        return fit_logistic(rows, FEATURES, seed=1)

    of_all, of_sample = (fitted(rows).probability(fresh.columns) for rows in (everything, read.drawn()))
    assert metrics.auc(fresh.converted, of_sample) > metrics.auc(fresh.converted, of_all) - 0.02
    assert of_sample.mean() == pytest.approx(fresh.converted.mean(), rel=0.15)
    assert metrics.log_loss(fresh.converted, of_sample) < metrics.log_loss(fresh.converted, of_all) + 0.01


def test_training_learns_from_the_drawn_and_tests_on_what_was_read_whole(everything, read, fresh):
    result = train_model(read, TrainingSetup(FEATURES, QUICK, horizon_days=10, hot_score=70))
    assert isinstance(result, TrainingResult)
    assert result.decision.promote
    whole = int((everything.as_of >= read.sampled.whole_from).sum())
    assert result.evaluations["challenger"].rows == whole
    assert (read.sampled.stands_for[result.split.train] > 0).all()
    assert "It learned from a sample of" in result.decision.reason
    probability = result.model.probability(fresh.columns)
    assert probability.mean() == pytest.approx(fresh.converted.mean(), rel=0.15)

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from leadwerk import policy as policies
from leadwerk.pipeline import retrain
from leadwerk.pipeline.leads.landmarks import read_training_rows
from leadwerk.pipeline.leads.training_sample import LandmarksOfDay, sample_of_days
from leadwerk.registry import open_registry
from support.equity_market import START, leads_and_outcomes
from support.homes import home_warehouse

NOW = START + timedelta(days=240)
LIMIT = 600


def limited(limit):
    policy = policies.load("mortgage")
    training = msgspec.structs.replace(policy.training, trees=30, depth=3, max_landmarks=limit)
    return msgspec.structs.replace(policy, training=training, landmark_days=(0, 3))


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    warehouse = home_warehouse(tmp_path_factory.mktemp("filled"))
    leads, outcomes = leads_and_outcomes()
    warehouse.append("leads", leads)
    warehouse.append("outcomes", outcomes)
    return warehouse


@pytest.fixture(scope="module")
def sampled(filled):
    return read_training_rows(filled, limited(LIMIT), NOW)


def test_what_is_read_keeps_within_the_limit_and_stands_for_everything(filled, sampled):
    everything = read_training_rows(filled, limited(10**6), NOW).landmarks
    landmarks = sampled.landmarks
    assert everything.sampled is None and len(everything) > 2 * LIMIT
    assert len(landmarks) < 1.15 * LIMIT
    assert landmarks.sampled.stands_for.sum() == pytest.approx(len(everything), rel=0.15)
    assert landmarks.base_rate == pytest.approx(everything.base_rate, rel=0.25)
    whole_from = landmarks.sampled.whole_from
    assert (landmarks.as_of >= whole_from).sum() == (everything.as_of >= whole_from).sum() > 50
    assert len(sampled.rules.points) == len(landmarks)


def test_a_model_of_a_sample_is_promoted_and_says_so(filled, tmp_path):
    report = retrain.run(filled, limited(LIMIT), open_registry(str(tmp_path / "models")), now=NOW)
    assert report.promoted, report.reason
    assert "It learned from a sample of" in report.reason


def test_winners_too_many_are_sampled_too_and_one_large_day_is_read_whole():
    days = [LandmarksOfDay(date(2026, 1, 1 + place), 10_000, 6_000) for place in range(10)]
    sample = sample_of_days(days, 20_000, 0.2, ZoneInfo("UTC"))
    assert (sample.whole_from.day, sample.winners_per_million) == (10, 138888)
    stands_for = sample.stands_for(np.array([True, False]), np.array([True, False]))
    assert stands_for.tolist() == [10**6 / 138888, 0.0]
    assert sample_of_days(days, 100_000, 0.2, ZoneInfo("UTC")) is None

import numpy as np
from hypothesis import given, strategies as st

from leadwerk.learning.split import folds, split_by_time

START = np.datetime64("2026-01-01T00:00:00", "us")


@given(st.lists(st.integers(0, 400), min_size=1, max_size=80), st.integers(1, 60), st.floats(0.05, 0.45))
def test_no_training_label_was_unknown_when_the_test_period_began(days, horizon, share):
    as_of = START + np.array(days) * np.timedelta64(1, "D")
    split = split_by_time(as_of, horizon_days=horizon, test_share=share)
    assert len(split.test) >= 1
    if len(split.train):
        assert (as_of[split.train] + np.timedelta64(horizon, "D")).max() <= as_of[split.test].min()
    assert not set(split.train) & set(split.test)


def test_no_landmarks_split_into_nothing():
    split = split_by_time(np.array([], dtype="datetime64[us]"), horizon_days=30, test_share=0.2)
    assert len(split.train) == len(split.test) == 0


@given(st.lists(st.integers(0, 30), min_size=1, max_size=100), st.integers(2, 6))
def test_a_lead_is_never_in_two_folds(leads, count):
    lead = np.array(leads)
    member = folds(lead, count=count, seed=1)
    assert all(len(set(member[lead == lead_number])) == 1 for lead_number in set(leads))
    assert member.max() < count

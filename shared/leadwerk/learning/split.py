"""Cutting landmarks: in time with a gap for testing, by lead for cross-fitting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.learning.landmarks import Landmarks, Sampled, Times
from leadwerk.stats.arrays import Index


@dataclass(frozen=True)
class Split:
    """Positions of the training and test rows: all training labels were known at `boundary`, all tests come later."""

    train: Index
    test: Index
    boundary: np.datetime64


def split_by_time(as_of: Times, *, horizon_days: int, test_share: float) -> Split:
    """The last `test_share` of the landmarks for testing, and for training those a whole horizon before them.

    Rows of the gap, whose label was not yet known when the test period began, are in neither part: at that time
    no model could have learned from them.

    >>> days = np.datetime64("2026-01-01T00:00:00") + np.arange(10) * np.timedelta64(1, "D")
    >>> split = split_by_time(days, horizon_days=2, test_share=0.3)
    >>> split.train.tolist(), split.test.tolist()
    ([0, 1, 2, 3, 4, 5], [7, 8, 9])
    """
    if not len(as_of):
        return Split(np.array([], dtype=np.intp), np.array([], dtype=np.intp), np.datetime64("NaT"))
    first_of_test = min(len(as_of) - 1, int(np.ceil(len(as_of) * (1 - test_share))))
    boundary = np.sort(as_of)[first_of_test]
    is_mature = as_of + np.timedelta64(horizon_days, "D") <= boundary
    return Split(np.flatnonzero(is_mature), np.flatnonzero(as_of >= boundary), boundary)


def split_sample(landmarks: Landmarks, sampled: Sampled, *, horizon_days: int) -> Split:
    """Of a sample: what was read whole is for testing, and what was drawn a whole horizon before it for training."""
    as_of, boundary = landmarks.as_of, sampled.whole_from
    is_mature = as_of + np.timedelta64(horizon_days, "D") <= boundary
    return Split(np.flatnonzero(is_mature & (sampled.stands_for > 0)), np.flatnonzero(as_of >= boundary), boundary)


def folds(lead: Index, *, count: int, seed: int) -> Index:
    """For each row the number of its fold; all rows of a lead are in one fold.

    >>> folds(np.array([7, 7, 8, 9]), count=2, seed=1).tolist()
    [0, 0, 1, 0]
    """
    leads, position = np.unique(lead, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(leads))
    return (shuffled % count)[position]

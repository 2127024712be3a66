"""How much an old landmark counts: as much as a new one while the market stays, and less once it has changed.

A half-life throws knowledge away, which only a change of the market can make up for. So the leads decide: a half-life
is taken if the newest of them, unseen in fitting, are predicted clearly better with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from leadwerk.learning.landmarks import Landmarks, Times
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import paired_difference

HALF_LIVES = (30.0, 10.0)
"""Days that "auto" tries."""

FORGOTTEN = 1 / 32
"""A landmark of less weight is left out: after five half-lives."""

MINIMUM_NEW_POSITIVES = 8
"""Fewer converted leads among the newest say nothing about a change of the market."""

BEFORE_CHANGE = 0.1
"""Weight of landmarks before a change that the drift monitor dated: small, and yet of use if the date is wrong."""

CLEARLY = 3.0
"""Standard errors by which the newest leads have to be predicted better: Shewhart's limit, past which a process is said
to have changed (Shewhart 1931). In a market that stays a half-life taken by chance costs accuracy."""


def sample_weights(as_of: Times, half_life_days: float | None) -> Floats:
    """Weight of each landmark (n,): 1 for the newest, half of it for one a half-life older, 0 once forgotten.

    >>> days = np.array(["2026-01-01", "2026-03-02", "2026-04-01"], dtype="datetime64[us]")
    >>> [sample_weights(days, half_life).round(3).tolist() for half_life in (30, None, 10)]
    [[0.125, 0.5, 1.0], [1.0, 1.0, 1.0], [0.0, 0.125, 1.0]]
    """
    if half_life_days is None or not len(as_of):
        return np.ones(len(as_of))
    age = (as_of.max() - as_of) / np.timedelta64(1, "D")
    weight = 0.5 ** (age / half_life_days)
    # Exactly zero, so that forgotten rows are left out of the fit instead of costing time in it.
    return np.where(weight < FORGOTTEN, 0.0, weight)


def weigh_by_change(landmarks: Landmarks, change_day: np.datetime64 | None) -> Landmarks:
    """The landmarks, those before a dated change of the market with a tenth of their weight.

    Without MINIMUM_NEW_POSITIVES converted leads since then all count alike: there is nothing newer to learn from.
    """
    if change_day is None:
        return landmarks
    is_new = landmarks.as_of >= change_day
    if landmarks.take(np.flatnonzero(is_new)).converted_leads < MINIMUM_NEW_POSITIVES:
        return landmarks
    return replace(landmarks, weight=landmarks.weights * np.where(is_new, 1.0, BEFORE_CHANGE))


def latest_share_index(as_of: Times, share: float) -> Index:
    """Positions of the newest `share` of the landmarks, at least one.

    >>> latest_share_index(np.array(["2026-01-02", "2026-01-01", "2026-01-03"], dtype="datetime64[us]"), 0.6).tolist()
    [0, 2]
    """
    return np.argsort(as_of, kind="stable")[-max(1, round(share * len(as_of))) :]


def better_half_life(
    converted: Bools, lead: Index, before: Floats, unseen_by_half_life: Mapping[float, Floats], *, seed: int
) -> float | None:
    """The half-life whose probabilities (n,) of unseen leads are best; None if not clearly better than those `before`.

    >>> lead, converted = np.arange(4), np.array([True, False, True, False])
    >>> blind, sharp = np.full(4, 0.5), np.array([0.8, 0.2, 0.9, 0.1])
    >>> better_half_life(converted, lead, blind, {30.0: blind, 10.0: sharp}, seed=1)
    10.0
    >>> better_half_life(converted, lead, sharp, {30.0: blind, 10.0: sharp}, seed=1)
    """
    if not unseen_by_half_life:
        return None
    best = min(unseen_by_half_life, key=lambda half_life: metrics.log_loss(converted, unseen_by_half_life[half_life]))
    # Paired: both forecasts are of the same leads, whose common noise cancels.
    gain, error = paired_difference(
        metrics.losses(converted, before), metrics.losses(converted, unseen_by_half_life[best]), lead, seed=seed
    )
    return best if gain > CLEARLY * error else None

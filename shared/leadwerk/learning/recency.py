"""How much an old landmark counts: as much as a new one while the market stays, and less once it has changed.

A half-life throws knowledge away, which only a change of the market can make up for. So the leads decide: a half-life
is taken if the newest of them, unseen in cross-fitting, are predicted clearly better with it (`clearly_better`).
"""

from __future__ import annotations

import numpy as np

from leadwerk.learning import metrics
from leadwerk.learning.bootstrap import paired_difference
from leadwerk.learning.landmarks import Floats, Landmarks, Times
from leadwerk.policy.model import Training

HALF_LIVES = (30.0, 10.0)
"""Days that "auto" tries, one after the other, as long as each is clearly better than the one before."""

FORGOTTEN = 1 / 32
"""A landmark of less weight is left out: after five half-lives."""

CLEARLY = 2.0
"""Standard errors by which the newest leads have to be predicted better."""


def half_lives(training: Training) -> tuple[float | None, ...]:
    """Those to try, the first without a condition.

    >>> half_lives(Training(half_life_days=90)), half_lives(Training(half_life_days=None))
    ((90.0,), (None,))
    """
    asked = training.half_life_days
    return (None, *HALF_LIVES) if asked == "auto" else (None if asked is None else float(asked),)


def weights(as_of: Times, half_life_days: float | None) -> Floats:
    """Weight of each landmark (n,): 1 for the newest, half of it for one a half-life older, 0 once forgotten.

    >>> days = np.array(["2026-01-01", "2026-03-02", "2026-04-01"], dtype="datetime64[us]")
    >>> weights(days, 30).round(3).tolist(), weights(days, None).tolist(), weights(days, 10).tolist()
    ([0.125, 0.5, 1.0], [1.0, 1.0, 1.0], [0.0, 0.125, 1.0])
    """
    if half_life_days is None or not len(as_of):
        return np.ones(len(as_of))
    age = (as_of.max() - as_of) / np.timedelta64(1, "D")
    weight = 0.5 ** (age / half_life_days)
    return np.where(weight < FORGOTTEN, 0.0, weight)


def clearly_better(landmarks: Landmarks, unseen: Floats, before: Floats, *, share: float, seed: int) -> bool:
    """Whether the probabilities `unseen` (n,) fit the newest `share` of the landmarks clearly better than `before`."""
    newest = np.argsort(landmarks.as_of, kind="stable")[-max(1, round(share * len(landmarks))) :]
    converted = landmarks.converted[newest]
    gain, error = paired_difference(
        metrics.losses(converted, before[newest]),
        metrics.losses(converted, unseen[newest]),
        landmarks.lead[newest],
        seed=seed,
    )
    return gain > CLEARLY * error

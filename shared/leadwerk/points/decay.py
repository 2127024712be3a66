"""How much of a point is left: by an event's age, or by a lead's idleness.

Factors come out of a table indexed by whole days, never from an array's own power function: that could differ in the
last bit between one lead and a million.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from leadwerk.points.conditions import Occurrences
from leadwerk.policy.points import Decay
from leadwerk.stats.arrays import Floats, Ints

# Beyond this many days or periods nothing is left worth telling apart: three hundred years.
_LONGEST = 110_000
_NEVER = np.iinfo(np.int64).max


def half_life_factor(age_days: int, half_life_days: int) -> float:
    """What is left of an event's points: half after each half-life (https://en.wikipedia.org/wiki/Half-life).

    >>> half_life_factor(0, 30), half_life_factor(30, 30), half_life_factor(60, 30)
    (1.0, 0.5, 0.25)
    """
    return float(0.5 ** (age_days / half_life_days))


def idle_factor(idle_days: int, idle_period_days: int, loss_percent: int) -> float:
    """What is left of the points of a lead that was idle: each full period takes its share of what was left.

    >>> idle_factor(29, 30, 20), idle_factor(30, 30, 20), round(idle_factor(60, 30, 20), 2)
    (1.0, 0.8, 0.64)
    """
    return float((1 - loss_percent / 100) ** (idle_days // idle_period_days))


def factors(decay: Decay | None, age_days: Ints, idle_days: Ints) -> Floats:
    """The factor of each entry; `age_days` and `idle_days` have its shape."""
    if decay is not None and decay.half_life_days is not None:
        half_life = decay.half_life_days
        return _looked_up(lambda age: half_life_factor(age, half_life), age_days)
    if decay is not None and decay.idle_period_days is not None and decay.loss_percent is not None:
        every, loss_percent = decay.idle_period_days, decay.loss_percent
        return _looked_up(lambda idle: idle_factor(idle, every, loss_percent), idle_days)
    return np.ones(len(age_days))


def _looked_up(factor: Callable[[int], float], days: Ints) -> Floats:
    days = np.clip(days, 0, _LONGEST)
    # By table, see the module: array powers may differ in the last bit from scalar ones.
    table = np.array([factor(day) for day in range(int(days.max(initial=0)) + 1)])
    return table[days]


def idle_days(lead_age_days: Floats, seen: Occurrences) -> Ints:
    """Whole days since each of n leads was last seen, shape (n,): since its newest occurrence of any kind.

    A lead not seen within the time that the occurrences cover is idle since its creation, `lead_age_days` ago
    (shape (n,); NaN: not known, then 0).
    """
    newest = np.full(len(lead_age_days), _NEVER)
    # Events at or after the moment are not known yet, even if a caller passes them.
    before = seen.age_days >= 0
    np.minimum.at(newest, seen.lead[before], seen.age_days[before])
    # Without a creation time the lead counts as new: it loses no points for what is unknown.
    age = np.floor(np.nan_to_num(lead_age_days, nan=0.0)).clip(0, _LONGEST).astype(np.int64)
    return np.where(newest < _NEVER, newest, age)

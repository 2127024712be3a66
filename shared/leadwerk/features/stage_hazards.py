"""Stage hazards: the daily chances to advance from a stage and to leave it otherwise, and what follows within days.

Two pooled discrete-time hazards with competing exits (Tutz and Schmid 2016, Modeling discrete time-to-event data, §8):
a contact advances to a later stage, or leaves the way: it is lost, or falls back. Both are regressions on the stage,
the days in it, and the contact's behaviour as its score knew it then.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.features.linear import Linear
from leadwerk.stats.arrays import Floats, Index
from leadwerk.stats.log_odds import logit, sigmoid

BEHAVIOUR: Final = ("score", "fit", "interest")
"""What is known of a contact on a day: log-odds of the model's probability, and the halves of the points."""

LINEAR_DAYS, LATER_DAYS, DECAY_DAYS = 45, 14, 4
"""Days in a stage count up to the first; a step follows after the second; the first days fade with the third."""

LARGEST_DAILY = 0.999
"""Most that both hazards of a day may add up to."""


class StageHazards(msgspec.Struct, frozen=True):
    """Hazards of the stages of a way, in their order; of the last one, where it ends, nothing is known.

    `advance` and `leave` are on the columns of `risk_matrix`. `shift` is added to the log-odds of the chance within
    the horizon: the level of the newest outcomes. Without `uses_behaviour` every contact of a stage is alike.
    """

    stages: tuple[str, ...]
    advance: Linear
    leave: Linear
    uses_behaviour: bool
    shift: float = 0.0

    def advance_probability(self, stage: Index, days: Index, behaviour: Floats, horizons: Index) -> Floats:
        """Chances (n,) to advance within `horizons` (n,) days, of contacts in their stage for `days` (n,) whole days.

        `stage` are places in `stages`; `behaviour` (n, 3) are values of BEHAVIOUR, NaN where not known. Behaviour stays
        as it is now: P = Σ S(h)·a(h), S(h + 1) = S(h)·(1 − a(h) − l(h)).
        """
        # No column combines behaviour with days, so a day adds the same to every contact of a stage.
        base = risk_matrix(stage, np.zeros_like(days), self._used(behaviour), len(self.stages))
        at_risk, probability = np.ones(len(stage)), np.zeros(len(stage))
        margins = [(hazard.margin(base), self._by_day(hazard, days, horizons)) for hazard in (self.advance, self.leave)]
        for ahead in range(int(horizons.max(initial=0))):
            advancing, leaving = (sigmoid(margin + by_day[stage, days + ahead]) for margin, by_day in margins)
            scale = np.minimum(1.0, LARGEST_DAILY / np.maximum(advancing + leaving, 1e-12))
            is_within = ahead < horizons
            probability = probability + np.where(is_within, at_risk * advancing * scale, 0.0)
            at_risk = at_risk * np.where(is_within, 1 - (advancing + leaving) * scale, 1.0)
        return probability if self.shift == 0 else sigmoid(logit(probability) + self.shift)

    def _by_day(self, hazard: Linear, days: Index, horizons: Index) -> Floats:
        """What a day in a stage adds to the log-odds of its first day, (stages, days)."""
        count, last = len(self.stages), int((days + horizons).max(initial=0)) + 1
        stage, day = np.repeat(np.arange(count), last), np.tile(np.arange(last), count)
        nothing = np.zeros((len(stage), len(BEHAVIOUR)))
        margin = hazard.margin(risk_matrix(stage, day, nothing, count)).reshape(count, last)
        return margin - margin[:, :1]

    def _used(self, behaviour: Floats) -> Floats:
        return behaviour if self.uses_behaviour else np.full_like(behaviour, np.nan)


def risk_matrix(stage: Index, days: Index, behaviour: Floats, stages: int) -> NDArray[np.float32]:
    """(n, m) columns of a hazard: stage, behaviour, whether each is known, days, and both of them within each stage.

    >>> risk_matrix(np.array([1]), np.array([0]), np.array([[2.0, np.nan, 1.0]]), 2).round(1)[0].tolist()
    [0.0, 1.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 1.0, 0.0, 1.0, 0.0]
    """
    is_in = (stage[:, None] == np.arange(stages)).astype(np.float64)
    is_missing = np.isnan(behaviour)
    filled = np.where(is_missing, 0.0, behaviour)
    ages = np.minimum(days, LINEAR_DAYS) / LINEAR_DAYS, np.exp(-days / DECAY_DAYS), days > LATER_DAYS
    varying = np.column_stack([filled, *ages])
    within = (is_in[:, :, None] * varying[:, None, :]).reshape(len(stage), -1)
    return np.column_stack([is_in, filled, is_missing, *ages, within]).astype(np.float32)

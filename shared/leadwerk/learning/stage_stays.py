"""Stage stays as days at risk: what was known of a contact on each day in a stage, and whether it left that day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.features.stage_hazards import BEHAVIOUR
from leadwerk.learning.landmarks import Times
from leadwerk.stats.arrays import Bools, Floats, Index, Ints

DAY = np.timedelta64(1, "D")
LONGEST_DAYS = 180
"""A stay is followed for so long: who is still there later teaches nothing about the first weeks."""

MOST_EMPTY_DAYS = 60_000
"""Days on which nothing happened are sampled to about so many, and weighted; no day with a change is left out."""

FOUR_YEARS = 2**47
"""Microseconds; longer histories are not read. Leaves room for 65,000 contacts in a 64-bit number."""


@dataclass(frozen=True)
class StageStays:
    """n stays of contacts in stages.

    `lead` numbers the contacts, `stage` is a place on the way, `entered` and `left` are moments (datetime64, UTC; NaT:
    still there), `advanced` whether a later stage followed; where it did not the contact was lost or fell back.
    """

    lead: Index
    stage: Index
    entered: Times
    left: Times
    advanced: Bools

    def __len__(self) -> int:
        return len(self.lead)

    def as_of(self, moment: np.datetime64) -> StageStays:
        """The stays as they were known at a moment."""
        begun = self.entered <= moment
        left = np.where(self.left <= moment, self.left, np.datetime64("NaT", "us"))[begun]
        ended = ~np.isnat(left)
        return StageStays(self.lead[begun], self.stage[begun], self.entered[begun], left, self.advanced[begun] & ended)


@dataclass(frozen=True)
class BehaviourHistory:
    """Stored scores of the contacts, in order of contact and time: `behaviour` (n, 3) are values of BEHAVIOUR."""

    lead: Index
    at: Times
    behaviour: Floats

    @classmethod
    def of(cls, lead: Index, at: Times, behaviour: Floats) -> BehaviourHistory:
        """From rows in any order."""
        order = np.lexsort((at, lead))
        return cls(lead[order], at[order], behaviour[order])

    def known_at(self, lead: Index, moment: Times) -> Floats:
        """Behaviour of each contact by its latest score at a moment, (n, 3); NaN before the first."""
        if not len(self.lead):
            return np.full((len(lead), len(BEHAVIOUR)), np.nan)
        first = self.at.min()
        position = np.searchsorted(_keys(self.lead, self.at, first), _keys(lead, moment, first), side="right") - 1
        is_known = position >= 0
        is_known[is_known] = self.lead[position[is_known]] == lead[is_known]
        behaviour = np.full((len(lead), len(BEHAVIOUR)), np.nan)
        behaviour[is_known] = self.behaviour[position[is_known]]
        return behaviour


@dataclass(frozen=True)
class RiskDays:
    """n days of contacts in a stage, each with its weight: whether the contact advanced that day, or left otherwise."""

    stage: Index
    days: Index
    behaviour: Floats
    advances: Bools
    leaves: Bools
    weight: Floats

    def __len__(self) -> int:
        return len(self.stage)


def risk_days(stays: StageStays, history: BehaviourHistory, until: np.datetime64, *, seed: int) -> RiskDays:
    """The whole days of all stays until a moment, with the behaviour known when each day began.

    A stay that goes on is censored: its last, unfinished day is left out.
    """
    ended = ~np.isnat(stays.left)
    end = np.where(ended, stays.left, until)
    whole = ((end - stays.entered) // DAY).astype(np.intp)
    count = np.minimum(whole + ended, LONGEST_DAYS)
    owner = np.repeat(np.arange(len(stays)), count)
    day = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    happens = ended[owner] & (day == whole[owner])
    share = min(1.0, MOST_EMPTY_DAYS / max(int((~happens).sum()), 1))
    is_sampled = happens | (np.random.default_rng(seed).random(len(owner)) < share)
    owner, day, happens = owner[is_sampled], day[is_sampled], happens[is_sampled]
    advances = happens & stays.advanced[owner]
    return RiskDays(
        stays.stage[owner],
        day,
        history.known_at(stays.lead[owner], stays.entered[owner] + day * DAY),
        advances,
        happens & ~advances,
        np.where(happens, 1.0, 1 / share),
    )


@dataclass(frozen=True)
class StageMoments:
    """n contacts in a stage at a moment, and whether they advanced within their horizon; known for certain."""

    stage: Index
    days: Index
    behaviour: Floats
    horizons: Index
    advanced: Bools


def stage_moments(stays: StageStays, history: BehaviourHistory, moment: np.datetime64, horizons: Index) -> StageMoments:
    """Who was in which stage at a moment, with what was known then; `horizons` are days by stage."""
    present = np.flatnonzero((stays.entered <= moment) & ~(stays.left <= moment))
    days = ((moment - stays.entered[present]) // DAY).astype(np.intp)
    within = horizons[stays.stage[present]]
    # Compared with NaT, which stands for a stay that goes on, everything is false.
    in_time = stays.left[present] <= moment + within * DAY
    return StageMoments(
        stays.stage[present],
        days,
        history.known_at(stays.lead[present], np.full(len(present), moment)),
        within,
        stays.advanced[present] & in_time,
    )


def _keys(lead: Index, at: Times, first: np.datetime64) -> Ints:
    """Contact and microsecond since `first` as one number that sorts by contact; moments before it are all alike."""
    since = np.maximum((at.astype("datetime64[us]") - first).astype(np.int64), -1) + 1
    keys: Ints = lead.astype(np.int64) * FOUR_YEARS + since
    return keys

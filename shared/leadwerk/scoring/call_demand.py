"""Calls that each threshold would have asked for: leads that came in, by who can serve them and how far they got."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import EVERYBODY, Basis, Pool, pool, pool_name, threshold_limits
from leadwerk.stats.arrays import Floats

BORROWED: Final = 20.0
"""Leads that a seller pool borrows from the whole: the m of an m-estimate (Cestnik 1990, Proc. ECAI, 147–149). In a
pool of 20 leads its scores and those of all leads weigh the same."""

DAYS_A_WEEK: Final = 7


class DemandChange(Struct, frozen=True, kw_only=True):
    """By how many `leads` of a language and region those that reach exactly a `value` grew; without one, by none."""

    language: str | None
    region: str | None
    value: int | None
    leads: int | None
    expected_conversions: float | None


@dataclass(frozen=True)
class Demand:
    """Leads that newly reached each threshold within `days`.

    `pools`: k sets of sellers; `calls`: (k, levels) leads if the threshold is `low`, `low` + 1, …; `wins`: the sum of
    these leads' chances to convert (0 where there was no model). `unserved`: (levels,) leads that no seller serves.
    """

    low: int
    days: float
    pools: tuple[Pool, ...]
    calls: Floats
    wins: Floats
    unserved: Floats

    @property
    def weeks(self) -> float:
        return self.days / DAYS_A_WEEK

    @property
    def everybody(self) -> Floats:
        """(levels,) calls of all pools together."""
        return np.asarray(self.calls.sum(axis=0), float)

    def unserved_from(self, threshold: int) -> float:
        """Leads a week that reach a threshold and that no seller can serve."""
        return float(self.unserved[threshold - self.low]) / self.weeks

    def weekly(self, of: str, threshold: int) -> float:
        """Leads a week that newly reach a threshold, of a seller pool or of all sellers."""
        level = threshold - self.low
        if of == EVERYBODY:
            return float(self.everybody[level]) / self.weeks
        return float(smoothed(self.calls)[[pool_name(serving) for serving in self.pools].index(of), level]) / self.weeks

    def levels(self) -> range:
        """The thresholds, low to high."""
        return range(self.low, self.low + self.calls.shape[1])


def demand(
    policy: Policy, basis: Basis, changes: Iterable[DemandChange], days: float, known_pools: Iterable[str] = ()
) -> Demand:
    """The demand that these changes add up to; those without a value are left out.

    A lead that rose from 45 to 52 is a row of +1 at 52 and one of -1 at 45, so that it counts for thresholds 46 to 52.
    `known_pools` are there even if no lead of theirs came in.
    """
    bands, sellers = threshold_limits(policy, basis), {seller.name for seller in policy.capacity.sellers}
    # Pools of before may name sellers who left; only pools of present sellers are kept.
    served = [tuple(name.split("+")) for name in known_pools if name]
    nothing = np.zeros((2, bands.high - bands.low + 1))
    grown: dict[Pool, Floats] = {serving: nothing.copy() for serving in served if sellers.issuperset(serving)}
    for change in changes:
        if change.value is None:
            continue
        levels = grown.setdefault(pool(policy, change.language, change.region), nothing.copy())
        if change.value >= bands.low:
            # A lead above the highest threshold counts at the highest: there it is HOT in any case.
            growth = change.leads or 0, change.expected_conversions or 0.0
            levels[:, min(change.value, bands.high) - bands.low] += growth
    reaching = {serving: _from_the_top(levels) for serving, levels in grown.items()}
    # The pool without sellers is no pool: no threshold can help its leads.
    unserved = reaching.pop((), nothing)
    pools = tuple(sorted(reaching))
    calls = np.array([reaching[serving][0] for serving in pools]).reshape(len(pools), unserved.shape[1])
    wins = np.array([reaching[serving][1] for serving in pools]).reshape(calls.shape)
    return Demand(bands.low, days, pools, calls, wins, unserved[0])


def _from_the_top(levels: Floats) -> Floats:
    """What is at a level or above it; never negative, and falling."""
    # A late correction may take more leads from a level than it has; demand is never negative.
    return np.asarray(np.maximum(np.maximum.accumulate(levels[:, ::-1].cumsum(axis=1), axis=1)[:, ::-1], 0.0))


def smoothed(calls: Floats) -> Floats:
    """Calls by seller pool (k, levels), with the shape of pools of few leads borrowed from the whole.

    How many leads reach the lowest threshold is the pool's; which share of them goes higher is partly everybody's.

    >>> smoothed(np.array([[4.0, 4.0], [400.0, 200.0]])).round(1).tolist()
    [[4.0, 2.3], [400.0, 200.1]]
    """
    whole, lowest = calls.sum(axis=0), calls[:, :1]
    # A pool of few leads has a ragged curve; where it has no lead at all the common curve is used.
    shape = whole / whole[0] if len(whole) and whole[0] else np.zeros(calls.shape[1])
    return np.asarray(lowest * (calls + BORROWED * shape) / (lowest + BORROWED))

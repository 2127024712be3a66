"""Today's HOT thresholds, one a seller pool: what fills the sellers' time, moved to with patience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from leadwerk.policy.model import Policy
from leadwerk.scoring.call_demand import Demand, smoothed
from leadwerk.scoring.fair_allocation import allocate
from leadwerk.scoring.hysteresis import ThresholdState, step
from leadwerk.scoring.seller_pools import EVERYBODY, Basis, ThresholdLimits, leads_a_week, pool_name, threshold_limits
from leadwerk.stats.arrays import Floats


@dataclass(frozen=True)
class Threshold:
    """The threshold of a seller pool.

    `wanted` would fill the sellers' time; `calls_per_week` is what the threshold brings, `capacity_per_week` the part
    of its sellers' time that is the pool's, in leads.
    """

    seller_pool: str
    state: ThresholdState
    wanted: int
    calls_per_week: float
    capacity_per_week: float


def thresholds(
    policy: Policy,
    basis: Basis,
    incoming: Demand,
    before: Mapping[str, ThresholdState],
    picked: Mapping[str, int] | None = None,
    holds: Mapping[str, int] | None = None,
) -> list[Threshold]:
    """The thresholds that follow those of `before` (by seller pool), that of all sellers first.

    `picked`: leads that are not done, by seller. `holds`: values at which persons hold thresholds, by seller pool; that
    of all sellers applies to pools without a hold.
    """
    bands, free = threshold_limits(policy, basis), leads_a_week(policy.capacity, picked)
    sellers = list(free)
    capacity = np.array([free[name] for name in sellers]) * incoming.weeks
    serves = np.array([[name in serving for name in sellers] for serving in incoming.pools], bool)
    # A pool without a past starts where all sellers stand, not at the policy's default, so that a new seller moves
    # nothing.
    start = _stood(before, EVERYBODY, ThresholdState(bands.hot), bands)
    whole = _moved(
        bands, [start], incoming.everybody[None, :], np.ones((1, 1), bool), np.array([capacity.sum()]), [EVERYBODY]
    )
    names = [pool_name(serving) for serving in incoming.pools]
    stood = [_stood(before, name, ThresholdState(start.hot), bands) for name in names]
    parts = _moved(bands, stood, smoothed(incoming.calls), serves, capacity, names) if names else []
    moved = [_weekly(threshold, incoming.weeks) for threshold in (*whole, *parts)]
    return [_as_set(threshold, holds or {}, incoming, bands) for threshold in moved]


def _stood(
    before: Mapping[str, ThresholdState], name: str, otherwise: ThresholdState, bands: ThresholdLimits
) -> ThresholdState:
    state = before.get(name, otherwise)
    return ThresholdState(bands.within(state.hot), state.direction, state.why)


def _moved(
    bands: ThresholdLimits, stood: Sequence[ThresholdState], calls: Floats,
    serves: npt.NDArray[np.bool_], capacity: Floats, names: Sequence[str],
) -> list[Threshold]:  # fmt: skip
    """Calls and capacity of the whole period, one row a seller pool."""
    allocations = allocate(calls, serves, capacity, bands.low)
    load = np.array([calls[k, state.hot - bands.low] for k, state in enumerate(stood)])
    fitting = np.array([calls[k, share.wanted - bands.low] for k, share in enumerate(allocations)])
    groups, limits = np.array([share.group for share in allocations]), (bands.low, bands.high)
    moved = []
    for k, (state, share) in enumerate(zip(stood, allocations, strict=True)):
        together = groups == groups[k]
        # Pools that share sellers share their time: each gets the part that its wanted threshold would fill.
        part = share.room * _part(fitting, together, k)
        new = step(state, share.wanted, load[together].sum(), share.room, limits=limits)
        if new.why == "noise":  # all of its sellers' pools together fit; it alone may still be out of line
            new = step(state, share.wanted, load[k], part, limits=limits)
        moved.append(Threshold(names[k], new, share.wanted, calls[k, new.hot - bands.low], part))
    return moved


def _as_set(threshold: Threshold, holds: Mapping[str, int], incoming: Demand, bands: ThresholdLimits) -> Threshold:
    """The threshold at the value at which a person holds it, with the calls which that brings."""
    hold = holds.get(threshold.seller_pool, holds.get(EVERYBODY))
    if hold is None:
        return threshold
    hot = bands.within(hold)
    # The direction is kept: when the hold ends, hysteresis goes on from what the data last said.
    state = ThresholdState(hot, threshold.state.direction, "set")
    return replace(threshold, state=state, calls_per_week=incoming.weekly(threshold.seller_pool, hot))


def _part(fitting: Floats, together: npt.NDArray[np.bool_], k: int) -> float:
    whole = fitting[together].sum()
    # Without any lead in sight there is nothing to divide by; equal parts keep the sum right.
    return float(fitting[k] / whole) if whole else 1.0 / int(together.sum())


def _weekly(threshold: Threshold, weeks: float) -> Threshold:
    return Threshold(
        threshold.seller_pool,
        threshold.state,
        threshold.wanted,
        float(threshold.calls_per_week) / weeks,
        threshold.capacity_per_week / weeks,
    )

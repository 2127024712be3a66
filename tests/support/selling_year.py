"""A simulated year of a sales team: leads that come in with the seasons, and thresholds decided every morning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np

from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.scoring.call_demand import Demand, DemandChange, demand
from leadwerk.scoring.fair_allocation import overloaded
from leadwerk.scoring.hysteresis import ThresholdState
from leadwerk.scoring.seller_pools import EVERYBODY, leads_a_week, pool, pool_name, threshold_limits
from leadwerk.scoring.threshold_update import Threshold, thresholds

DAYS = 365
TEAM = (
    Seller(name="anna", hours_per_week=20, languages=("de",)),
    Seller(name="beat", hours_per_week=30, languages=("de", "fr")),
    Seller(name="carla", hours_per_week=12, languages=("it", "fr"), regions=("CH",)),
    Seller(name="dino", hours_per_week=6, languages=("it",), regions=("CH-TI",)),
)
# Where leads come from, and which share of them: language, region, share.
ORIGINS = (
    ("de", "CH-ZH", 0.5), ("de", "DE-BY", 0.1), ("fr", "CH-VD", 0.2), ("fr", "FR-75", 0.05), ("it", "CH-TI", 0.12),
    ("it", "CH-GR", 0.03),
)  # fmt: skip
WEEKDAYS = np.array([1.15, 1.1, 1.1, 1.05, 1.0, 0.8, 0.8])
MEAN_POINTS, SPREAD = 38.0, 16.0


@dataclass(frozen=True)
class Year:
    """What happens, and when.

    `load`: 1 fills the team's time exactly at 50 points; `season`: amplitude; months count from 0, None is never.
    """

    seed: int = 0
    load: float = 1.0
    season: float = 0.0
    doubled: int | None = None
    empty: int | None = None
    holidays: bool = False
    noise: bool = True

    def rate(self, day: int) -> float:
        """Load of a day, relative to the ordinary one."""
        month, factor = day // 30, self.load * (1 + self.season * np.sin(2 * np.pi * day / DAYS))
        factor *= 2.0 if month == self.doubled else 0.0 if month == self.empty else 1.0
        return float(factor * (0.15 if self.holidays and day % DAYS > 350 else 1.0) * WEEKDAYS[day % 7])


@dataclass
class Diary:
    """What was measured, a row a day: thresholds, what they brought in the look-back, by seller pool."""

    policy: Policy
    pools: list[str]
    serves: np.ndarray
    hot: list[list[int]] = field(default_factory=list)
    load: list[np.ndarray] = field(default_factory=list)
    lower: list[np.ndarray] = field(default_factory=list)
    everybody: list[int] = field(default_factory=list)
    called: list[np.ndarray] = field(default_factory=list)

    @property
    def capacity(self) -> np.ndarray:
        """Calls of each seller in the look-back."""
        weeks = self.policy.capacity.look_back_days / 7
        return np.array(list(leads_a_week(self.policy.capacity).values())) * weeks

    def flooded(self, by: float) -> np.ndarray:
        """Days on which some sellers had more calls, by this share, than time, though their threshold could rise."""
        high = threshold_limits(self.policy, "points").high
        stuck = [overloaded(load, self.serves, self.capacity * (1 + by)) for load in self.load]
        return np.array([bool((s & (np.array(hot) < high)).any()) for s, hot in zip(stuck, self.hot, strict=True)])

    def starved(self, by: float) -> np.ndarray:
        """Days on which some sellers had fewer calls, by this share, than time, though one point less brought more."""
        starved_days = []
        for load, lower, hot in zip(self.load, self.lower, self.hot, strict=True):
            sellers = overloaded(self.capacity * (1 - by), self.serves.T, load)
            served = self.serves[:, sellers].any(axis=1)
            low = threshold_limits(self.policy, "points").low
            starved_days.append(bool((served & (np.array(hot) > low) & (lower > load)).any()))
        return np.array(starved_days)

    def weeks(self) -> tuple[np.ndarray, np.ndarray]:
        """Of each week, in shares of the time: leads that nobody had time for, and time that nobody had a lead for.

        Leads are dealt out as well as can be among those who can serve them; what is left at the end of a week is lost.
        """
        time = self.capacity / (self.policy.capacity.look_back_days / 7)
        beyond, idle = [], []
        for first in range(0, len(self.called) // 7 * 7, 7):
            flow, calls = np.zeros(self.serves.shape), np.sum(self.called[first : first + 7], axis=0)
            overloaded(calls, self.serves, time, flow)
            beyond.append((calls.sum() - flow.sum()) / time.sum())
            idle.append((time.sum() - flow.sum()) / time.sum())
        return np.array(beyond), np.array(idle)

    def turns(self) -> list[int]:
        """How often each pool's threshold changed its direction."""
        return [turns(list(row)) for row in np.array(self.hot).T]


def turns(path: Sequence[int]) -> int:
    """Changes of direction of a path.

    >>> turns([50, 51, 51, 52, 51, 50])
    1
    """
    steps = np.sign(np.diff(path))
    steps = steps[steps != 0]
    return int((steps[1:] != steps[:-1]).sum())


def longest(days: np.ndarray) -> int:
    """The longest run of days.

    >>> longest(np.array([True, True, False, True]))
    2
    """
    best = run = 0
    for day in days:
        run = run + 1 if day else 0
        best = max(best, run)
    return best


def policy_of(base: Policy, team: Sequence[Seller] = TEAM) -> Policy:
    """A policy with this team, an hour a lead."""
    capacity = Capacity(sellers=tuple(team), minutes_per_lead=60, look_back_days=28)
    return msgspec.structs.replace(base, capacity=capacity)


Decide = Callable[[Policy, Demand, dict[str, ThresholdState]], list[Threshold]]


def carefully(policy: Policy, incoming: Demand, before: dict[str, ThresholdState]) -> list[Threshold]:
    """As the product decides."""
    return thresholds(policy, "points", incoming, before)


def at_fifty(policy: Policy, incoming: Demand, before: dict[str, ThresholdState]) -> list[Threshold]:
    """As many do: the threshold is never touched."""
    decided = thresholds(policy, "points", incoming, {})
    return [replace(threshold, state=ThresholdState(50)) for threshold in decided]


def hastily(policy: Policy, incoming: Demand, before: dict[str, ThresholdState]) -> list[Threshold]:
    """Every morning to what yesterday's look-back would have wanted."""
    decided = thresholds(policy, "points", incoming, {})
    return [replace(threshold, state=ThresholdState(threshold.wanted)) for threshold in decided]


def live(policy: Policy, year: Year, decide: Decide = carefully, days: int = DAYS) -> Diary:
    """The year, after a look-back of ordinary days before it."""
    bands, before = threshold_limits(policy, "points"), policy.capacity.look_back_days
    came = _leads(policy, year, days + before)
    pools = {origin: pool(policy, *origin[:2]) for origin in ORIGINS}
    serving = sorted({p for p in pools.values() if p})
    names = [seller.name for seller in policy.capacity.sellers]
    diary = Diary(policy, [pool_name(p) for p in serving], np.array([[n in p for n in names] for p in serving]))
    states: dict[str, ThresholdState] = {}
    for day in range(days):
        recent = came[day : day + before].sum(axis=0)
        rows = [
            DemandChange(
                language=origin[0],
                region=origin[1],
                value=bands.low - 1 + k,
                leads=int(n),
                expected_conversions=0.0,
            )
            for origin, counts in zip(ORIGINS, recent, strict=True)
            for k, n in enumerate(counts)
        ]
        incoming = demand(policy, "points", rows, before)
        decided = {threshold.seller_pool: threshold for threshold in decide(policy, incoming, states)}
        states = {name: threshold.state for name, threshold in decided.items()}
        diary.everybody.append(states[EVERYBODY].hot)
        diary.hot.append([states[name].hot for name in diary.pools])
        at = np.array(diary.hot[-1]) - bands.low
        each = np.arange(len(at))
        diary.called.append(_calls_from_each_level(came[day + before], list(pools.values()), serving)[each, at])
        diary.load.append(incoming.calls[each, at])
        diary.lower.append(incoming.calls[each, np.maximum(at - 1, 0)])
    return diary


def _calls_from_each_level(
    counts: np.ndarray, pools: list[tuple[str, ...]], serving: list[tuple[str, ...]]
) -> np.ndarray:
    """(pools, levels): leads of one day that reached each threshold."""
    at_or_above = counts[:, 1:][:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.array([at_or_above[[p == pool_indices for p in pools]].sum(axis=0) for pool_indices in serving])


def _leads(policy: Policy, year: Year, days: int) -> np.ndarray:
    """(days, origins, levels): leads that came in, by points, those beyond the limits at the limits."""
    bands = threshold_limits(policy, "points")
    share = _shares(bands.low, bands.high)
    fills = sum(leads_a_week(policy.capacity).values()) / 7 / share[bands.hot - bands.low + 1 :].sum()
    mean = np.array([
        [fills * year.rate(day) * part * share for *_, part in ORIGINS] for day in range(-28, days - 28)
    ])  # fmt: skip
    return np.random.default_rng(year.seed).poisson(mean) if year.noise else mean


def _shares(low: int, high: int) -> np.ndarray:
    """Share of leads below the lower limit, at each level, and at the upper limit or beyond."""
    from math import erf, sqrt

    edges = np.array([0.5 * (1 + erf((x - MEAN_POINTS) / SPREAD / sqrt(2))) for x in range(low, high + 1)])
    return np.diff(np.concatenate([[0.0], edges, [1.0]]))

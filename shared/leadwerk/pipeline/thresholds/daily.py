"""Daily thresholds: decides once a day where HOT starts, from incoming leads and the sellers' free time.

Without sellers in the policy nothing is decided or read, and the policy's bands hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.catalogue.periods import THRESHOLD_MEMORY_DAYS
from leadwerk.policy.model import Policy
from leadwerk.scoring.hysteresis import ThresholdState, Why
from leadwerk.scoring.seller_pools import BASES, EVERYBODY, Basis, HotThresholds, threshold_limits
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ThresholdRow
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.scoring.threshold_update import Threshold

Key = tuple[str, str]
"""Basis and seller pool."""


@dataclass(frozen=True)
class ThresholdDecision:
    """Threshold of a seller pool ("": all sellers) on a basis.

    `before`: the previous day's value; `wanted`: the value that would exactly fill the sellers' time.
    """

    basis: str
    seller_pool: str
    hot: int
    before: int | None
    wanted: int
    calls_per_week: float
    capacity_per_week: float
    reason: str


@dataclass(frozen=True)
class ThresholdHold:
    """A person's fixed threshold of a seller pool ("": all sellers); `until`: its last day (None: no end)."""

    basis: str
    seller_pool: str
    hot: int
    until: date | None
    author: str
    reason: str
    since: datetime


@dataclass(frozen=True)
class ThresholdReport:
    """The thresholds of a day. `stored`: new rows; `moved`: thresholds that differ from the previous day.

    `unserved_per_week`: leads that reach the threshold of all sellers, but no seller can serve.
    """

    day: date
    stored: int = 0
    moved: int = 0
    unserved_per_week: float = 0.0
    thresholds: tuple[ThresholdDecision, ...] = ()
    holds: tuple[ThresholdHold, ...] = ()


def run(warehouse: Warehouse, policy: Policy, now: datetime) -> ThresholdReport:
    """Decide the thresholds of the day of `now` (aware). Idempotent: a second run that day stores nothing new."""
    if not policy.capacity.sellers:
        return ThresholdReport(day_of(policy, now))
    with warehouse.unit_of_work():
        snapshot = threshold_snapshot(warehouse, policy, now)
        # A basis decided today stays as it is, so a repeated run changes nothing.
        done = {row.basis for row in snapshot.decided.values() if row.day >= snapshot.day}
        rows: list[ThresholdRow] = []
        unserved = 0.0
        for basis in (basis for basis in bases(policy) if basis not in done):
            decided, without = _decided(warehouse, policy, basis, snapshot, now)
            rows += [_row(policy, basis, threshold, snapshot.day, now) for threshold in decided]
            # Both bases count the same leads: their sum would count them twice.
            unserved = max(unserved, without)
        stored = warehouse.append("thresholds", rows) if rows else 0
    return replace(_report(snapshot, rows), stored=stored, unserved_per_week=round(unserved, 2))


def hot_thresholds(warehouse: Warehouse, policy: Policy, now: datetime) -> HotThresholds:
    """Where HOT starts as of `now` (aware): one small query; none if the policy names no sellers."""
    if not policy.capacity.sellers:
        return HotThresholds(policy)
    snapshot = threshold_snapshot(warehouse, policy, now)
    decided = {key: row.hot for key, row in snapshot.decided.items()}
    return HotThresholds(policy, decided, {key: hold.hot for key, hold in snapshot.manual_holds.items()})


def threshold_of_everybody(warehouse: Warehouse, policy: Policy, now: datetime) -> int:
    """The model's score at which HOT starts for all sellers together, as of `now` (aware)."""
    snapshot, everybody = hot_thresholds(warehouse, policy, now), ("model", EVERYBODY)
    decided = snapshot.decided.get(everybody, policy.bands.hot)
    return threshold_limits(policy, "model").within(snapshot.holds.get(everybody, decided))


def current_thresholds(warehouse: Warehouse, policy: Policy, now: datetime) -> ThresholdReport:
    """The thresholds in force as of `now` (aware); writes nothing."""
    if not policy.capacity.sellers:
        return ThresholdReport(day_of(policy, now))
    return _report(threshold_snapshot(warehouse, policy, now), [])


def bases(policy: Policy) -> tuple[Basis, ...]:
    """Bases that can decide under this policy: points if it has rules, the model unless it ranks by points only."""
    possible = {"points": bool(policy.points.rules), "model": policy.decision.rank_by != "points"}
    return tuple(basis for basis in BASES if possible[basis])


def day_of(policy: Policy, now: datetime) -> date:
    """The day of a moment in the policy's time zone."""
    return now.astimezone(ZoneInfo(policy.time_zone)).date()


class StoredThreshold(Struct, frozen=True, kw_only=True):
    """A row of thresholds/latest: the newest decision of a basis and seller pool, or its manual hold."""

    is_hold: bool
    day: date
    decided_at: datetime
    basis: str
    seller_pool: str
    hot: int
    wanted: int
    direction: int
    calls_per_week: float | None
    capacity_per_week: float | None
    reason: Why
    until: date | None
    author: str | None
    hold_reason: str | None

    def hold(self) -> ThresholdHold:
        """The row of a manual hold as a hold."""
        return ThresholdHold(
            basis=self.basis,
            seller_pool=self.seller_pool,
            hot=self.hot,
            until=self.until,
            author=self.author or "",
            reason=self.hold_reason or "",
            since=self.decided_at,
        )


@dataclass(frozen=True)
class ThresholdSnapshot:
    """Thresholds in force on a day: the last decisions and the manual holds."""

    day: date
    decided: Mapping[Key, StoredThreshold]
    manual_holds: Mapping[Key, ThresholdHold]

    def states(self, basis: Basis) -> dict[str, ThresholdState]:
        """State of the threshold of each seller pool, for the next decision."""
        return {
            seller_pool: ThresholdState(row.hot, row.direction, row.reason)
            for (of, seller_pool), row in self.decided.items()
            if of == basis
        }

    def holds(self, basis: Basis) -> dict[str, int]:
        """Held value of each seller pool with a manual hold."""
        return {seller_pool: hold.hot for (of, seller_pool), hold in self.manual_holds.items() if of == basis}


def threshold_snapshot(warehouse: Warehouse, policy: Policy, now: datetime) -> ThresholdSnapshot:
    """The decisions and holds in force as of `now` (aware)."""
    day = day_of(policy, now)
    parameters = {"threshold_since": day - timedelta(days=THRESHOLD_MEMORY_DAYS), "day": day, "as_of": now}
    rows = warehouse.rows(statement("thresholds/latest", StoredThreshold), parameters)
    return ThresholdSnapshot(
        day,
        {(row.basis, row.seller_pool): row for row in rows if not row.is_hold},
        {(row.basis, row.seller_pool): row.hold() for row in rows if row.is_hold},
    )


def _decided(
    warehouse: Warehouse, policy: Policy, basis: Basis, snapshot: ThresholdSnapshot, now: datetime
) -> tuple[list[Threshold], float]:
    """Thresholds of a basis, that of all sellers first, and the weekly leads above it that no seller can serve."""
    before = snapshot.states(basis)
    # Imported where it is used: who only reads thresholds, such as a page, starts without numpy.
    from leadwerk.pipeline.thresholds.read_demand import newly_reaching_demand, picked
    from leadwerk.scoring.threshold_update import thresholds

    incoming = newly_reaching_demand(warehouse, policy, basis, now, seller_pools=before)
    if incoming is None:
        return [], 0.0
    decided = thresholds(policy, basis, incoming, before, picked(warehouse, policy, now), snapshot.holds(basis))
    # The threshold of all sellers comes first in the list.
    return decided, incoming.unserved_from(decided[0].state.hot)


def _row(policy: Policy, basis: Basis, threshold: Threshold, day: date, now: datetime) -> ThresholdRow:
    return ThresholdRow(
        day=day,
        decided_at=now,
        basis=basis,
        seller_pool=threshold.seller_pool,
        hot=threshold.state.hot,
        wanted=threshold.wanted,
        direction=threshold.state.direction,
        calls_per_week=threshold.calls_per_week,
        capacity_per_week=threshold.capacity_per_week,
        reason=threshold.state.why,
        policy_version=policy.version,
    )


def _report(snapshot: ThresholdSnapshot, rows: list[ThresholdRow]) -> ThresholdReport:
    """The report of a snapshot after the decisions in `rows`."""
    fresh = {(row.basis, row.seller_pool): row for row in rows}
    before = snapshot.decided
    newest: dict[Key, StoredThreshold | ThresholdRow] = {**before, **fresh}
    lines = tuple(
        _line(row, before[key].hot if key in fresh and key in before else None, snapshot.manual_holds)
        for key, row in sorted(newest.items())
    )
    moved = sum(line.before is not None and line.before != line.hot for line in lines)
    return ThresholdReport(snapshot.day, moved=moved, thresholds=lines, holds=tuple(snapshot.manual_holds.values()))


def _line(
    row: StoredThreshold | ThresholdRow, before: int | None, holds: Mapping[Key, ThresholdHold]
) -> ThresholdDecision:
    # A hold on all sellers applies to each pool that has none of its own.
    hold = holds.get((row.basis, row.seller_pool)) or holds.get((row.basis, EVERYBODY))
    return ThresholdDecision(
        basis=row.basis,
        seller_pool=row.seller_pool,
        hot=hold.hot if hold else row.hot,
        before=before,
        wanted=row.wanted,
        calls_per_week=round(row.calls_per_week or 0.0, 2),
        capacity_per_week=round(row.capacity_per_week or 0.0, 2),
        reason="set" if hold else row.reason,
    )

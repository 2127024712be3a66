"""The day's HOT thresholds: from the leads that came in and the sellers' free time; one decision a day.

Without sellers in the policy there is nothing to decide, nothing is read, and the policy's bands hold.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from leadwerk.points.combine import knots
from leadwerk.policy.model import Policy
from leadwerk.scoring.capacity import BASES, Basis, HotThresholds, range_of
from leadwerk.scoring.demand import Demand, demand
from leadwerk.scoring.hysteresis import Standing
from leadwerk.scoring.thresholds import Threshold, thresholds
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

MEMORY = timedelta(days=60)
"""A threshold that was not decided again for so long is forgotten: the policy's bands hold."""

OPEN = timedelta(days=120)
"""For so long before the look-back a lead's earlier values are known: as long as open leads are scored."""

LEAST_DAYS = 7.0
"""With leads of less than a week nothing is decided: weekdays differ."""

SECONDS_A_DAY = 86_400
WHOLE = 100  # percent


@dataclass(frozen=True)
class Decided:
    """The threshold of a segment (sellers who can serve it; "" is everybody) on a basis; `before`: yesterday's."""

    basis: str
    segment: str
    hot: int
    before: int | None
    wanted: int
    calls_per_week: float
    capacity_per_week: float
    reason: str


@dataclass(frozen=True)
class ThresholdReport:
    """The day's decision. `stored`: rows that are new; `moved`: thresholds that differ from the day before.

    `unserved_per_week`: leads that reach everybody's threshold, and whom no seller can serve.
    """

    day: date
    stored: int
    moved: int
    unserved_per_week: float
    thresholds: tuple[Decided, ...]


def run(warehouse: Warehouse, policy: Policy, now: datetime) -> ThresholdReport:
    """Decide the thresholds of the day of `now` (aware), unless that has been done; a second run stores nothing new."""
    day = day_of(policy, now)
    if not policy.capacity.sellers:
        return ThresholdReport(day, 0, 0, 0.0, ())
    with warehouse.unit_of_work():
        known = _known(warehouse, day, now)
        done = {basis for (basis, _), row in known.items() if row["day"] >= day}
        waiting = [basis for basis in bases(policy) if basis not in done]
        held = holding(warehouse, policy, now) if waiting else {}
        rows, unserved = [], 0.0
        for basis in waiting:
            before = _standings(known, basis)
            incoming = came_in(warehouse, policy, basis, now, known=before)
            if incoming is not None:
                found = thresholds(policy, basis, incoming, before, held)
                rows += [_row(policy, basis, one, day, now) for one in found]
                unserved = max(unserved, incoming.unserved_from(found[0].standing.hot))
        stored = warehouse.append("thresholds", rows) if rows else 0
    return _report(day, stored, rows, known, unserved)


def hot_thresholds(warehouse: Warehouse, policy: Policy, now: datetime) -> HotThresholds:
    """From which value on leads are HOT as of `now` (aware): one small query; none if the policy names no seller."""
    if not policy.capacity.sellers:
        return HotThresholds(policy)
    known = _known(warehouse, day_of(policy, now), now)
    return HotThresholds(policy, {key: row["hot"] for key, row in known.items()})


def bases(policy: Policy) -> tuple[Basis, ...]:
    """What can decide under this policy: points where there are rules, and the model unless points outrank it."""
    possible = {"points": bool(policy.points.rules), "model": policy.decision.rank_by != "points"}
    return tuple(basis for basis in BASES if possible[basis])


def day_of(policy: Policy, now: datetime) -> date:
    """The day of a moment, as the policy counts days."""
    return now.astimezone(ZoneInfo(policy.time_zone)).date()


def came_in(
    warehouse: Warehouse, policy: Policy, basis: Basis, now: datetime, *, known: Iterable[str] = ()
) -> Demand | None:
    """Leads that newly reached each threshold in the look-back; None while too little is known.

    Too little: no lead has a value on this basis, or the oldest lead of all is not a week old. `known` segments are in
    it even if no lead of theirs came in.
    """
    look_back = timedelta(days=policy.capacity.look_back_days)
    rows = warehouse.rows(statement("thresholds/incoming"), {**asked(policy, basis, now), "since": now - look_back})
    first, valued = rows[0]["first_created_at"], rows[0]["valued"]
    if not valued:
        return None
    days = min(look_back, now - first).total_seconds() / SECONDS_A_DAY
    if days < LEAST_DAYS:
        return None
    return demand(policy, basis, [row for row in rows if row["level"] is not None], days, known)


def asked(policy: Policy, basis: Basis, now: datetime) -> dict[str, Any]:
    """Parameters of the statements about values: which value, within which limits, since when."""
    first_day = (now - timedelta(days=policy.capacity.look_back_days) - OPEN).date()
    bands, limits = range_of(policy, basis), {"first_day": first_day, "as_of": now}
    return {**limits, "low": bands.low, "high": bands.high, **ranking(policy, basis)}


def ranking(policy: Policy, basis: Basis) -> dict[str, Any]:
    """Parameters that say by which value leads are ranked (thresholds/valued.fragment.sql)."""
    shared = policy.decision.rank_by == "both"
    weight = WHOLE if basis == "points" else policy.decision.points_weight if shared else 0
    reached, places = knots(policy)
    steps = zip(pairwise(places), pairwise(reached), strict=True)
    slopes = [weight / WHOLE * (b - a) / (y - x) for (a, b), (x, y) in steps]
    at = dict(zip(("bottom", "warm", "hot", "top"), map(float, reached), strict=True))
    return {"points_weight": weight, **at, **dict(zip(("to_warm", "to_hot", "to_top"), slopes, strict=True))}


def holding(warehouse: Warehouse, policy: Policy, now: datetime) -> dict[str, int]:
    """How many picked leads each seller holds."""
    since = (now - timedelta(hours=policy.capacity.pick_hours)).date()
    rows = warehouse.rows(statement("picks/standing"), {"first_day": since, "now": now, "seller": None})
    return dict(Counter(row["seller"] for row in rows))


def _known(warehouse: Warehouse, day: date, now: datetime) -> dict[tuple[str, str], Row]:
    rows = warehouse.rows(statement("thresholds/newest"), {"first_day": day - MEMORY, "as_of": now})
    return {(row["basis"], row["segment"]): row for row in rows}


def _standings(known: Mapping[tuple[str, str], Row], basis: Basis) -> dict[str, Standing]:
    return {
        segment: Standing(row["hot"], row["direction"], row["reason"])
        for (of, segment), row in known.items()
        if of == basis
    }


def _row(policy: Policy, basis: Basis, one: Threshold, day: date, now: datetime) -> Row:
    return {
        "day": day,
        "decided_at": now,
        "basis": basis,
        "segment": one.segment,
        "hot": one.standing.hot,
        "wanted": one.wanted,
        "direction": one.standing.direction,
        "calls_per_week": one.calls_per_week,
        "capacity_per_week": one.capacity_per_week,
        "reason": one.standing.why,
        "policy_version": policy.version,
    }


def _report(
    day: date, stored: int, rows: list[Row], known: Mapping[tuple[str, str], Row], unserved: float
) -> ThresholdReport:
    """What holds now: what was decided, else what stood."""
    holds = {**known, **{(row["basis"], row["segment"]): row for row in rows}}
    lines = []
    for (basis, segment), row in sorted(holds.items()):
        before = known[basis, segment]["hot"] if (basis, segment) in known and row["day"] == day and rows else None
        lines.append(
            Decided(
                basis, segment, row["hot"], before, row["wanted"],
                round(row["calls_per_week"], 2), round(row["capacity_per_week"], 2), row["reason"],
            )
        )  # fmt: skip
    moved = sum(line.before is not None and line.before != line.hot for line in lines)
    return ThresholdReport(day, stored, moved, round(unserved, 2), tuple(lines))

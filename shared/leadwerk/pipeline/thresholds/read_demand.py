"""Call demand: recently arrived leads by ranking value and by seller pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise

from leadwerk.pipeline.desk.pick_state import Pick
from leadwerk.points.blended_score import knots
from leadwerk.policy.model import Policy
from leadwerk.scoring.call_demand import Demand, DemandChange, demand
from leadwerk.scoring.seller_pools import Basis, threshold_limits
from leadwerk.warehouse.protocol import Parameters, Warehouse
from leadwerk.warehouse.statement import statement

OPEN = timedelta(days=120)
"""Earlier values of a lead are read for this long before the look-back: as long as open leads are scored."""

LEAST_DAYS = 7.0
"""Nothing is decided on less than a week of leads: weekdays differ."""

SECONDS_A_DAY = 86_400
WHOLE = 100  # percent


class StoredDemand(DemandChange, frozen=True, kw_only=True):
    """A row of thresholds/call_demand: a change, and what holds of all leads, repeated on every row.

    `began_at`: start of the count; `leads_with_value`: leads with a ranking value, of those read.
    """

    first_created_at: datetime | None
    began_at: datetime
    leads_with_value: int


def newly_reaching_demand(
    warehouse: Warehouse,
    policy: Policy,
    basis: Basis,
    now: datetime,
    *,
    seller_pools: Iterable[str] = (),
    settled: bool = True,
) -> Demand | None:
    """Leads that newly reached each threshold in the look-back; None with too little data.

    Too little: no lead has a value on this basis, or less than a week can be counted. `settled` ignores the time before
    the first value: leads that were closed soon have no value from then. `seller_pools` are included even without an
    incoming lead.
    """
    parameters = {**demand_parameters(policy, basis, now), "since": now - _look_back(policy), "settled": settled}
    rows = warehouse.rows(statement("thresholds/call_demand", StoredDemand), parameters)
    overall = rows[0]
    if not overall.leads_with_value or overall.first_created_at is None:
        return None
    # A new deployment has days without any lead before its first: they would dilute the demand.
    begins = max(overall.began_at, overall.first_created_at)
    days = (now - begins).total_seconds() / SECONDS_A_DAY
    if days < LEAST_DAYS:
        return None
    return demand(policy, basis, rows, days, seller_pools)


def _look_back(policy: Policy) -> timedelta:
    return timedelta(days=policy.capacity.look_back_days)


def demand_parameters(policy: Policy, basis: Basis, now: datetime) -> Parameters:
    """Parameters of the statements on ranking values: which value, its limits, and the first day."""
    first_day = (now - _look_back(policy) - OPEN).date()
    bands, limits = threshold_limits(policy, basis), {"first_day": first_day, "as_of": now}
    return {**limits, "low": bands.low, "high": bands.high, **ranking(policy, basis)}


def ranking(policy: Policy, basis: Basis) -> Parameters:
    """Parameters of the ranking value of leads (thresholds/ranking_value.fragment.sql)."""
    shared = policy.decision.rank_by == "both"
    # Computed here and passed as numbers, so that the statement and scoring use one definition of the blend.
    weight = WHOLE if basis == "points" else policy.decision.points_weight if shared else 0
    points, scores = knots(policy)
    steps = zip(pairwise(scores), pairwise(points), strict=True)
    # The blend is linear between the knots of both scales: warm meets warm, hot meets hot.
    slopes = [weight / WHOLE * (b - a) / (y - x) for (a, b), (x, y) in steps]
    at = dict(zip(("bottom", "warm", "hot", "top"), map(float, points), strict=True))
    cells = list(policy.points.cells.hot)
    return {
        "points_weight": weight,
        "hot_cells": cells,
        **at,
        **dict(zip(("to_warm", "to_hot", "to_top"), slopes, strict=True)),
    }


def picked(warehouse: Warehouse, policy: Policy, now: datetime) -> dict[str, int]:
    """Picked leads per seller."""
    since = (now - timedelta(hours=policy.capacity.pick_hours)).date()
    rows = warehouse.rows(statement("picks/active", Pick), {"first_day": since, "now": now, "seller": None})
    return dict(Counter(pick.seller for pick in rows))

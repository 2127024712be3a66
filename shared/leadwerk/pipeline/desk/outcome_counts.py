"""Outcome counts, read: leads by week, segment and time to first contact."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.policy.model import Policy
from leadwerk.report.results.outcome_counts import OutcomeCount
from leadwerk.warehouse.protocol import Parameters, Warehouse
from leadwerk.warehouse.statement import statement

DAYS_A_WEEK = 7


def outcome_counts(
    warehouse: Warehouse, policy: Policy, *, now: datetime, weeks: int, segment: Segmentation | Literal["none"]
) -> list[OutcomeCount]:
    """Counts of the leads that came in the `weeks` before `now` (aware); erased ones count in the week of their month's
    first day.
    """
    first_day = (now - timedelta(days=weeks * DAYS_A_WEEK - 1)).date()
    parameters = {**counting_parameters(policy, first_day, now), "segment": segment}
    return warehouse.rows(statement("leads/outcome_counts", OutcomeCount), parameters)


def counting_parameters(policy: Policy, first_day: date, now: datetime) -> Parameters:
    """Parameters of leads/counted_leads, for the leads that came from `first_day` on."""
    return {
        "first_day": first_day,
        "created_since": datetime.combine(first_day, time(tzinfo=UTC)),
        "as_of": now,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
    }

"""Money: reads wins, amounts and calls of leads whose horizon is over, and computes cost and return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.report.money_figures import LeadMoney, MoneyFigures, money_figures
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

UNKNOWN = ""


class CustomerLead(Struct, frozen=True, kw_only=True):
    """A row of outcomes/customer_value."""

    lead_id: str
    created_at: datetime
    customer: str
    calls: int
    is_mature: bool
    channel: str | None = None
    was_hot: bool | None = None
    probability: float | None = None
    won_at: datetime | None = None
    amount: float | None = None


def read_money(
    warehouse: Warehouse, policy: Policy, *, days: int, now: datetime, with_sources: bool = True
) -> MoneyFigures:
    """Figures of the leads created in the `days` before `now` (aware) whose horizon is over.

    `with_sources`: return by the web source of a lead, too, which needs its features: most of the time this takes.
    """
    created_since = now - timedelta(days=days)
    parameters = {
        "created_since": created_since,
        "first_day": created_since.date(),
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
        "as_of": now,
    }
    with warehouse.unit_of_work():
        customers = warehouse.rows(statement("outcomes/customer_value", CustomerLead), parameters)
        sources = _sources(warehouse, policy, created_since, now) if with_sources else None
    matured = [row for row in customers if row.is_mature]
    return money_figures(_leads(matured, sources), policy.capacity.cost_per_call)


def _sources(warehouse: Warehouse, policy: Policy, created_since: datetime, now: datetime) -> dict[str, str | None]:
    # Imported where it is used: pages show no sources, and start without the features of leads.
    from leadwerk.pipeline.leads.features import training_parameters
    from leadwerk.pipeline.leads.read_features import read_features

    features = {**training_parameters(policy, created_since, now), "landmark_days": [0]}
    return {row.lead_id: row.values["first_source"] for row in read_features(warehouse, policy, features)}


def _leads(rows: Sequence[CustomerLead], sources: dict[str, str | None] | None) -> LeadMoney:
    groups = {"channel": np.array([row.channel or UNKNOWN for row in rows], dtype=object)}
    if sources is not None:
        groups["source"] = np.array([sources.get(row.lead_id) or UNKNOWN for row in rows], dtype=object)
    chances = [np.nan if row.probability is None else row.probability for row in rows]
    cycles = [np.nan if row.won_at is None else (row.won_at - row.created_at) / timedelta(days=1) for row in rows]
    return LeadMoney(
        won=np.array([row.won_at is not None for row in rows], dtype=np.bool_),
        amount=np.array([row.amount or 0.0 for row in rows], dtype=np.float64),
        calls=np.array([row.calls for row in rows], dtype=np.float64),
        cycle_days=np.array(cycles, dtype=np.float64),
        is_scored=np.array([row.probability is not None for row in rows], dtype=np.bool_),
        was_hot=np.array([bool(row.was_hot) for row in rows], dtype=np.bool_),
        probability=np.array(chances, dtype=np.float64),
        customer=np.array([row.customer for row in rows], dtype=object),
        groups=groups,
    )

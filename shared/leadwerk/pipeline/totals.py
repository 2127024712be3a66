"""Totals: rows of the statements that count what the warehouse holds of a kind."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class OutcomeTotal(Struct, frozen=True):
    """A row of outcomes/totals."""

    outcome: str
    leads: int


class LeadTotals(Struct, frozen=True):
    """The row of leads/totals; `linked` with a web visitor."""

    leads: int
    with_consent: int
    linked: int


def won_leads(warehouse: Warehouse, policy: Policy, now: datetime) -> int:
    """Leads that were won as of `now` (aware)."""
    rows = warehouse.rows(statement("outcomes/totals", OutcomeTotal), {"as_of": now})
    return sum(row.leads for row in rows if row.outcome in policy.positive)

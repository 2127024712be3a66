"""Who gets a lead: the seller with the most free time among those who serve it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import HOURS_A_WEEK, leads_a_week, pool
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

WEEK = timedelta(hours=HOURS_A_WEEK)


class SellerLoad(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/loads."""

    seller: str
    leads: int


def read_loads(warehouse: Warehouse, now: datetime) -> Counter[str]:
    """Leads of the last week by seller."""
    rows = warehouse.rows(statement("workflow_actions/loads", SellerLoad), {"since": now - WEEK, "as_of": now})
    return Counter({row.seller: row.leads for row in rows})


def owner_of(
    policy: Policy, owners: tuple[str, ...], language: str | None, region: str | None, loads: Counter[str]
) -> str | None:
    """The seller among `owners` (empty: all) who has used the smallest share of the week's leads.

    None if no seller serves the lead. Between equals, the policy's order decides.
    """
    room = leads_a_week(policy.capacity)
    serving = [name for name in pool(policy, language, region) if (not owners or name in owners) and room[name] > 0]
    return min(serving, key=lambda name: (loads[name] + 1) / room[name], default=None)

"""Who gets a lead: who owns it in the CRM already, else the seller with the most free time among those who serve it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.policy.people import Person
from leadwerk.scoring.seller_pools import HOURS_A_WEEK, leads_a_week, pool
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

WEEK = timedelta(hours=HOURS_A_WEEK)


class SellerLoad(Struct, frozen=True, kw_only=True):
    """A row of workflow_actions/loads."""

    seller: str
    leads: int


class LeadOwner(Struct, frozen=True, kw_only=True):
    """A row of leads/crm_owners."""

    lead_id: str
    crm_owner: str


def read_crm_owners(
    warehouse: Warehouse, people: Sequence[Person], lead_ids: Sequence[str], now: datetime
) -> dict[str, str]:
    """Lead → the seller who owns it in the CRM, by their `crm_user`; without leads that nobody of people.yaml owns."""
    names = {person.crm_user: person.name for person in people if person.crm_user and person.has("seller")}
    if not names or not lead_ids:
        return {}
    parameters = {"lead_ids": sorted(set(lead_ids)), "as_of": now}
    rows = warehouse.rows(statement("leads/crm_owners", LeadOwner), parameters)
    return {row.lead_id: names[row.crm_owner] for row in rows if row.crm_owner in names}


def read_loads(warehouse: Warehouse, now: datetime) -> Counter[str]:
    """Leads of the last week by seller."""
    rows = warehouse.rows(statement("workflow_actions/loads", SellerLoad), {"since": now - WEEK, "as_of": now})
    return Counter({row.seller: row.leads for row in rows})


def owner_of(
    policy: Policy,
    owners: tuple[str, ...],
    language: str | None,
    region: str | None,
    loads: Counter[str],
    present: str | None = None,
) -> str | None:
    """The seller among `owners` (empty: all) who owns the lead in the CRM (`present`), else who has the most free time.

    That is who has used the smallest share of the week's leads; between equals, the policy's order decides. None if no
    seller serves the lead.
    """
    # A lead that somebody works on changes hands only where a person says so.
    if present is not None and (not owners or present in owners):
        return present
    room = leads_a_week(policy.capacity)
    serving = [name for name in pool(policy, language, region) if (not owners or name in owners) and room[name] > 0]
    return min(serving, key=lambda name: (loads[name] + 1) / room[name], default=None)

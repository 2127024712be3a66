"""Handling times: how long leads wait for their first contact, and how long and how often they are worked on after it.

A contact is what the policy says under `contacted`: statuses of the CRM, kinds of touchpoints; "reached" always.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import mean, median

from msgspec import Struct

from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

MINUTES_AN_HOUR, MINUTES_A_DAY = 60, 1440


class LeadHandling(Struct, frozen=True, kw_only=True):
    """A row of leads/handling_times."""

    lead_id: str
    seller: str | None
    waited_minutes: int | None
    contacts: int
    handled_minutes: int | None


class HandlingTimes(Struct, frozen=True, kw_only=True):
    """Of all leads (`seller` None) or of those that a seller picked first; a median without a case is None.

    `hours_to_contact`: median from the lead's creation to its first contact, of those contacted. `days_to_close`:
    median from there to the final status, of those closed; `contacts_to_close`: their mean number of contacts.
    """

    seller: str | None
    leads: int
    contacted: int
    hours_to_contact: float | None
    closed: int
    days_to_close: float | None
    contacts_to_close: float | None


def handling_times(warehouse: Warehouse, policy: Policy, *, now: datetime, weeks: int) -> list[HandlingTimes]:
    """The times of leads that came in the `weeks` before `now` (aware): of all, then by seller."""
    first_day = (now - timedelta(weeks=weeks)).date()
    parameters = {
        "first_day": first_day,
        "created_since": datetime.combine(first_day, time(tzinfo=UTC)),
        "as_of": now,
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
    }
    rows = warehouse.rows(statement("leads/handling_times", LeadHandling), parameters)
    sellers = sorted({row.seller for row in rows if row.seller is not None})
    return [summary(None, rows), *(summary(name, [row for row in rows if row.seller == name]) for name in sellers)]


def summary(seller: str | None, rows: Sequence[LeadHandling]) -> HandlingTimes:
    """Medians of some leads.

    >>> lead = LeadHandling(lead_id="1", seller=None, waited_minutes=90, contacts=2, handled_minutes=2880)
    >>> times = summary(None, [lead])
    >>> times.hours_to_contact, times.days_to_close, times.contacts_to_close
    (1.5, 2.0, 2.0)
    """
    # Medians, because one lead that lay for a year would decide a mean; leads without a contact are counted apart.
    waits = [row.waited_minutes for row in rows if row.waited_minutes is not None]
    closed = [row for row in rows if row.handled_minutes is not None]
    days = [row.handled_minutes / MINUTES_A_DAY for row in closed if row.handled_minutes is not None]
    return HandlingTimes(
        seller=seller,
        leads=len(rows),
        contacted=len(waits),
        hours_to_contact=round(median(waits) / MINUTES_AN_HOUR, 2) if waits else None,
        closed=len(closed),
        days_to_close=round(median(days), 2) if days else None,
        contacts_to_close=round(float(mean(row.contacts for row in closed)), 2) if closed else None,
    )

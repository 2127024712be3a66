"""Persons with several leads: seen as one by the hash of their address or number, and offered to the CRM for merging.

Nothing is merged here: which record stays is the CRM's decision, and its next cases say so.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class PersonLeads(Struct, frozen=True, kw_only=True):
    """A row of leads/persons: the leads of one person, the first that came before the others."""

    lead_ids: tuple[str, ...]

    @property
    def first_lead_id(self) -> str:
        """The lead that came first, into which a CRM usually merges the others."""
        return self.lead_ids[0]

    @property
    def other_lead_ids(self) -> tuple[str, ...]:
        """The leads that came later."""
        return self.lead_ids[1:]


def persons_with_several_leads(warehouse: Warehouse, now: datetime) -> list[PersonLeads]:
    """Persons of whom several leads are known as of `now` (aware)."""
    return warehouse.rows(statement("leads/persons", PersonLeads), {"as_of": now})

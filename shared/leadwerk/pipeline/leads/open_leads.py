"""Open leads: the ids of the leads that are neither closed nor too old."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class OpenLead(Struct, frozen=True):
    """A row of leads/open."""

    lead_id: str


def read_open_leads(warehouse: Warehouse, *, created_since: datetime, as_of: datetime) -> list[str]:
    """Ids of the leads created since `created_since` that are open at `as_of` (aware), in order."""
    parameters = {"created_since": created_since, "as_of": as_of}
    return [lead.lead_id for lead in warehouse.rows(statement("leads/open", OpenLead), parameters)]

"""Dead letters by reason: why the CRM refused scores for good, and what cures each reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct

from leadwerk.crm import outbox
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

REMEDIES: Mapping[str, str] = {
    "deleted": "Nothing: the lead was deleted in the CRM, and a score does not bring it back.",
    "merged": "Ingest once: the lead was merged into another one.",
    "unknown_lead": "Ingest once the lead is in the CRM: its score is then sent by itself.",
}
OTHER = "Correct the field in the CRM or under `crm.fields`, then `leadwerk deliver --code {code}`."


class DeadLetterRow(Struct, frozen=True, kw_only=True):
    """A row of deliveries/dead_letters."""

    crm_code: str
    crm_field: str | None
    leads: int
    error: str | None


@dataclass(frozen=True)
class DeadLetters:
    """Leads whose score was refused by `code`, in `field` where the CRM named one, with one error as an example."""

    code: str
    field: str | None
    leads: int
    example: str
    remedy: str


def read_dead_letters(warehouse: Warehouse, policy: Policy, now: datetime) -> list[DeadLetters]:
    """All dead letters as of `now`, the most frequent reason first."""
    parameters = {"first_day": outbox.first_day(policy, now), "as_of": now}
    rows = warehouse.rows(statement("deliveries/dead_letters", DeadLetterRow), parameters)
    return [
        DeadLetters(
            code=row.crm_code,
            field=row.crm_field,
            leads=row.leads,
            example=row.error or "",
            remedy=REMEDIES.get(row.crm_code) or OTHER.format(code=row.crm_code),
        )
        for row in rows
    ]

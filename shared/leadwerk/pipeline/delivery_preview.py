"""What a delivery would do, without a call: which leads, and which of their fields change from what to what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leadwerk.crm import outbox
from leadwerk.crm.fields import FieldMapping, changed_fields, field_mapping
from leadwerk.crm.outbox import Pending, ShownRow
from leadwerk.crm.port import CRM, FieldValue
from leadwerk.pipeline.outbox_pages import Outbox, OutboxSelection
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

SHOWN_LEADS = 20


@dataclass(frozen=True)
class FieldChange:
    """A field of a lead, before and after; None where the CRM shows nothing yet."""

    lead_id: str
    field: str
    before: FieldValue
    after: FieldValue


@dataclass(frozen=True)
class DeliveryPreview:
    """`added`: leads that the CRM shows no score of; `changed`, `same`; `blocked`: not due yet.

    `fields`: field → leads in which it changes. `changes`: those of the first SHOWN_LEADS leads.
    """

    added: int
    changed: int
    same: int
    blocked: int
    fields: dict[str, int]
    changes: list[FieldChange]


def preview(
    warehouse: Warehouse, policy: Policy, crm: CRM, *, now: datetime, lead_ids: Sequence[str] | None = None
) -> DeliveryPreview:
    """What a delivery at `now` would send, of all leads or `lead_ids`. Nothing is sent or recorded."""
    mapping = field_mapping(policy, crm.field_name)
    box = Outbox(warehouse, outbox.first_day(policy, now), now, mapping)
    waiting = box.read(OutboxSelection(lead_ids=lead_ids), retry_dead_letters=False)
    due = [item for item in waiting if item.due(now)]
    to_send = [item for item in due if not item.is_shown()]
    last_shown = _last_shown(box, mapping, [item.update.lead_id for item in to_send])
    counts: Counter[str] = Counter()
    changes: list[FieldChange] = []
    for index, item in enumerate(to_send):
        # All leads are counted, few are shown: the counts are what a person decides by.
        changes_of_lead = list(_changes(item, last_shown.get(item.update.lead_id, {})))
        counts.update(change.field for change in changes_of_lead)
        changes += changes_of_lead if index < SHOWN_LEADS else []
    added = sum(item.update.lead_id not in last_shown for item in to_send)
    return DeliveryPreview(
        added=added,
        changed=len(to_send) - added,
        same=len(due) - len(to_send),
        blocked=len(waiting) - len(due),
        fields=dict(counts),
        changes=changes,
    )


def _last_shown(box: Outbox, mapping: FieldMapping, lead_ids: Sequence[str]) -> dict[str, dict[str, FieldValue]]:
    parameters = {"lead_ids": list(lead_ids), "first_day": box.first_day, "as_of": box.now}
    rows = box.warehouse.rows(statement("deliveries/last_shown", ShownRow), parameters) if lead_ids else []
    return {row.lead_id: mapping.values(row) for row in rows}


def _changes(item: Pending, before: dict[str, FieldValue]) -> list[FieldChange]:
    after = item.update.fields
    return [
        FieldChange(item.update.lead_id, name, before.get(name), after[name]) for name in changed_fields(before, after)
    ]

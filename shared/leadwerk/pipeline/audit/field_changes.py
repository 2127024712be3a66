"""Field changes: what each version of a lead changed, from which value to which, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import asdict

from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import LeadRow
from leadwerk.warehouse.table_statements import rows_of_ids

NO_FIELDS = frozenset({"event_id", "lead_id", "recorded_at", "stored_at", "attributes"})
"""Columns that differ between any two versions, and the attributes, which are fields one by one."""


class LeadFieldChange(Struct, frozen=True, kw_only=True):
    """A field of a lead that a version changed; `before` is None in the first version.

    `source` is the id of the change in its source, such as `form:…` for a form.
    """

    recorded_at: datetime
    source: str
    field: str
    before: str | None
    after: str | None


def field_changes(warehouse: Warehouse, lead_id: str) -> list[LeadFieldChange]:
    """All changes of a lead's fields, the oldest first, attributes by their names."""
    rows = warehouse.rows(rows_of_ids(schema.table("leads"), "lead_id", LeadRow), {"ids": [lead_id]})
    versions = sorted(rows, key=lambda row: (row.recorded_at, row.event_id))
    return [change for before, after in pairwise([None, *versions]) if after for change in _changes(before, after)]


def _changes(before: LeadRow | None, after: LeadRow) -> Iterator[LeadFieldChange]:
    old, new = _fields(before) if before else {}, _fields(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield LeadFieldChange(
                recorded_at=after.recorded_at,
                source=after.event_id,
                field=name,
                before=old.get(name),
                after=new.get(name),
            )


def _fields(version: LeadRow) -> dict[str, str]:
    """The version's values as text, without empty ones."""
    columns = {name: value for name, value in asdict(version).items() if name not in NO_FIELDS}
    attributes = {item.name or "": item.number if item.text is None else item.text for item in version.attributes}
    return {name: str(value) for name, value in (columns | attributes).items() if value is not None}

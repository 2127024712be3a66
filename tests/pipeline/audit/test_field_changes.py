"""What each version of a lead changed, field by field."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from leadwerk.pipeline.audit.field_changes import field_changes
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.person_rows import ANNA, BEAT, BEFORE, row

DAY = timedelta(days=1)


def test_a_version_states_each_field_that_it_changes(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path)
    empty = {field.name: None for field in schema.table("leads").fields}
    first = empty | {
        "event_id": "crm:1", "lead_id": ANNA.lead, "recorded_at": BEFORE, "created_at": BEFORE, "web_consent": False,
        "income": 90_000.0, "attributes": [{"name": "purpose", "text": "purchase", "number": None}],
    }  # fmt: skip
    second = first | {
        "event_id": "form:2", "recorded_at": BEFORE + DAY, "income": 120_000.0, "web_consent": True,
        "attributes": [{"name": "rooms", "text": None, "number": 4.5}],
    }  # fmt: skip
    third = second | {"event_id": "crm:3", "recorded_at": BEFORE + 2 * DAY}
    warehouse.append("leads", [third, second, first, row(schema.table("leads"), BEAT, BEFORE)])
    changes = field_changes(warehouse, ANNA.lead)
    assert {change.source for change in changes} == {"crm:1", "form:2"}
    assert [(c.field, c.before, c.after) for c in changes if c.source == "form:2"] == [
        ("income", "90000.0", "120000.0"),
        ("purpose", "purchase", None),
        ("rooms", None, "4.5"),
        ("web_consent", "False", "True"),
    ]
    assert [c.before for c in changes if c.source == "crm:1"] == [None] * 4

"""The read log: who opened which lead, a row for a person, lead and day, in the person's answer and in the trail."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.errors import WarehouseError
from leadwerk.pipeline.audit.seal import seal, verify
from leadwerk.pipeline.audit.trail import AuditFilter, read_trail
from leadwerk.pipeline.desk.lead_reads import record_read
from leadwerk.pipeline.privacy.access import access
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.person_rows import SECRET
from support.selling import DAY, HOUR, NOW, POLICY, lead, warehouse

LEAD = "102938"


@pytest.fixture
def filled(tmp_path: Path) -> DuckDBWarehouse:
    return warehouse(tmp_path, leads=[lead(LEAD), lead("other")])


def reads(filled: DuckDBWarehouse) -> list[tuple[str, str, str]]:
    sql = "SELECT lead_id, reader, CAST(day AS STRING) AS day FROM leadwerk.lead_reads ORDER BY day, reader, lead_id"
    return [(row["lead_id"], row["reader"], row["day"]) for row in filled.rows(from_text(sql), {})]


def test_ten_openings_of_a_day_are_one_row(filled: DuckDBWarehouse) -> None:
    for minute in range(10):
        record_read(filled, LEAD, "anna", NOW + timedelta(minutes=minute))
    record_read(filled, LEAD, "", NOW)
    record_read(filled, "other", "anna", NOW)
    record_read(filled, LEAD, "anna", NOW + DAY)
    assert reads(filled) == [
        (LEAD, "anna", "2026-05-04"),
        ("other", "anna", "2026-05-04"),
        (LEAD, "program", "2026-05-04"),
        (LEAD, "anna", "2026-05-05"),
    ]


def test_another_process_of_the_same_day_adds_nothing(filled: DuckDBWarehouse, tmp_path: Path) -> None:
    record_read(filled, LEAD, "anna", NOW)
    record_read(DuckDBWarehouse(tmp_path), LEAD, "anna", NOW + HOUR)
    assert reads(filled) == [(LEAD, "anna", "2026-05-04")]


def test_the_person_learns_who_looked(filled: DuckDBWarehouse) -> None:
    record_read(filled, LEAD, "anna", NOW)
    answer = access(filled, POLICY, LEAD, secret=SECRET, now=NOW + HOUR)
    [table] = [table for table in answer.tables if table.table == "lead_reads"]
    assert [(row["reader"], row["read_at"]) for row in table.rows] == [("anna", NOW)]
    assert table.retention_days == POLICY.retention.deliveries


def test_the_trail_has_it_sealed(filled: DuckDBWarehouse) -> None:
    record_read(filled, LEAD, "anna", NOW)
    [entry] = read_trail(filled, AuditFilter(until=NOW + HOUR, lead_ids=(LEAD,), action="read"))
    assert (entry.actor, entry.occurred_at) == ("anna", NOW)
    seal(filled, SECRET, NOW + HOUR)
    assert verify(filled, POLICY, SECRET, NOW + HOUR) == []


def test_a_warehouse_that_is_busy_costs_no_page_and_the_next_opening_is_recorded(
    filled: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(tables: object) -> None:
        raise WarehouseError("taken by another process")

    with monkeypatch.context() as patch:
        patch.setattr(filled, "append_new", busy)
        record_read(filled, LEAD, "anna", NOW)
    assert reads(filled) == []
    record_read(filled, LEAD, "anna", NOW + HOUR)
    assert reads(filled) == [(LEAD, "anna", "2026-05-04")]

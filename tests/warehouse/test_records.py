"""Table records: generated from schema.json, written and read back by the engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pytest

from leadwerk.warehouse import records
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.records import ActivityDailyCalculator, ActivityDailyRow, ActivityDailySignal
from leadwerk.warehouse.statement import from_text
from tools import table_records

SEEN = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)


def test_the_records_are_those_of_the_schemas() -> None:
    assert Path(records.__file__).read_text(encoding="utf-8") == table_records.source(), "run `make generate`"


def test_a_record_is_written_and_read_back_whole(tmp_path: Path) -> None:
    visitor_day = ActivityDailyRow(
        day=date(2026, 3, 1), visitor_id="v1", first_at=SEEN, last_at=SEEN, events=2, sessions=1, page_views=1,
        seconds=1.5, first_hour=9, weekday=7, signals=(ActivityDailySignal(name="pricing", events=1, last_at=SEEN),),
        calculator=ActivityDailyCalculator(uses=1, loan_amount=500_000.0),
    )  # fmt: skip
    warehouse = DuckDBWarehouse(tmp_path)
    assert warehouse.append("activity_daily", [visitor_day]) == 1
    whole_table = replace(from_text("SELECT * FROM leadwerk.activity_daily"), record=ActivityDailyRow)
    assert warehouse.rows(whole_table, {}) == [visitor_day]


def test_a_column_of_another_type_is_refused(tmp_path: Path) -> None:
    misfit = replace(from_text("SELECT 'two' AS uses"), record=ActivityDailyCalculator)
    with pytest.raises(msgspec.ValidationError, match="uses"):
        DuckDBWarehouse(tmp_path).rows(misfit, {})

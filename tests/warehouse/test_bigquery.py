"""The cloud engine keeps the promises of the port: Google's client over HTTP against an emulator."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from google.cloud import bigquery as google

from leadwerk import settings
from leadwerk.errors import MissingTable, WarehouseBusy, WarehouseError
from leadwerk.warehouse import bigquery_requests, bigquery_writer, schema
from leadwerk.warehouse.bigquery import BigQueryWarehouse
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.statement import from_text
from support.cloud_warehouse import bigquery_environment, cloud_warehouse, create_table

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's client warns about itself
DAY = date(2026, 3, 29)
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
NUMBERS = itertools.count()
ALL_TOUCHPOINTS = from_text(
    "SELECT event_id, lead_id, day, occurred_at, recorded_at, kind FROM leadwerk.touchpoints ORDER BY event_id"
)


@pytest.fixture
def warehouse(emulator: str) -> Iterator[BigQueryWarehouse]:
    dataset = f"leadwerk_{next(NUMBERS)}"
    tables = map(schema.table, ("touchpoints", "leads", "identities", "extract_runs"))
    bigquery_warehouse = cloud_warehouse(emulator, dataset, tables)
    for suffix in ("20260328", "intraday_20260329"):
        create_table(bigquery_warehouse, f"{dataset}_ga4.events_{suffix}", schema.table("ga4_events"))
    yield bigquery_warehouse
    bigquery_warehouse._client.close()


def touchpoint(event_id: str, day: date = DAY) -> dict[str, Any]:
    moment = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return {
        "event_id": event_id, "lead_id": "L1", "day": day, "occurred_at": moment, "recorded_at": moment, "kind": "call",
    }  # fmt: skip


@pytest.mark.slow
def test_what_was_appended_is_read_back_once(warehouse: BigQueryWarehouse) -> None:
    assert warehouse.append("touchpoints", [touchpoint("a"), touchpoint("a")]) == 1
    assert warehouse.append("touchpoints", [touchpoint("a"), touchpoint("b")]) == 1
    assert warehouse.rows(ALL_TOUCHPOINTS, {}) == [touchpoint("a"), touchpoint("b")]


def test_many_rows_go_by_a_load_job(warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigquery_writer, "STREAMED_ROWS", 1)
    lead = {
        "event_id": "e", "lead_id": "L", "recorded_at": NOON, "created_at": NOON, "web_consent": True,
        "attributes": [{"name": "plan", "text": "Zürich's \"best\""}],
    }  # fmt: skip
    assert warehouse.append("leads", [lead, {**lead, "event_id": "f"}]) == 2
    assert warehouse.append("leads", [lead, {**lead, "event_id": "f"}]) == 0
    [row] = warehouse.rows(from_text("SELECT attributes FROM leadwerk.leads WHERE event_id = 'f'"), {})
    assert row["attributes"][0]["text"] == 'Zürich\'s "best"'


def test_the_same_rows_are_the_same_load_job(warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigquery_writer, "STREAMED_ROWS", 0)
    seen: list[str] = []
    load = warehouse._client.load_table_from_file

    def remembering(*arguments: Any, job_id: str, **rest: Any) -> Any:
        seen.append(job_id)
        return load(*arguments, job_id=job_id, **rest)

    monkeypatch.setattr(warehouse._client, "load_table_from_file", remembering)
    link = {"visitor_id": "V", "lead_id": "L", "linked_at": NOON, "source": "form"}
    target = schema.table("identities")
    for minute in (1, 2):  # of the first attempt, and of its repetition
        clock = NOON + timedelta(minutes=minute)
        warehouse._writer.load(target, schema.stamped(target, json_rows(target, [link]), clock))
    assert seen[0] == seen[1]


def test_a_key_of_time_and_day_is_known_again(warehouse: BigQueryWarehouse) -> None:
    counts = (
        "events_read",
        "duplicates",
        "bots",
        "own_traffic",
        "without_visitor",
        "unusable",
        "events_kept",
        "visitors",
    )
    run = {"day": DAY, "run_at": NOON, "source": "daily", **dict.fromkeys(counts, 1)}
    assert warehouse.append("extract_runs", [run]) == 1
    assert warehouse.append("extract_runs", [run, {**run, "run_at": NOON.replace(hour=13)}]) == 1


def test_parameters_arrive_with_their_types(warehouse: BigQueryWarehouse) -> None:
    statement = from_text(
        """-- @ids ARRAY<STRING>
        -- @none ARRAY<INT64>
        -- @day DATE
        -- @moment TIMESTAMP
        -- @word STRING
        SELECT ARRAY_LENGTH(@ids) AS n, ARRAY_LENGTH(@none) AS zero, @day AS day, @moment AS moment, @word AS word"""
    )
    parameters = {"ids": ["a", "b"], "none": [], "day": DAY, "moment": NOON, "word": None}
    assert warehouse.rows(statement, parameters) == [{"n": 2, "zero": 0, "day": DAY, "moment": NOON, "word": None}]


def test_a_frame_has_aware_times_and_dates(warehouse: BigQueryWarehouse) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    frame = warehouse.frame(ALL_TOUCHPOINTS, {})
    assert frame["occurred_at"][0] == NOON
    assert frame["day"].dtype.kind == "M"


REPEATED = from_text(
    """-- @first_day DATE
    -- @last_day DATE
    -- @kind STRING
    SELECT CONCAT('n', CAST(day AS STRING)) AS event_id, 'L' AS lead_id, day, TIMESTAMP(day) AS occurred_at,
      TIMESTAMP(day) AS recorded_at, @kind AS kind, CAST(NULL AS FLOAT64) AS loan_amount,
      CAST(NULL AS FLOAT64) AS property_value, CAST(NULL AS FLOAT64) AS income, CAST(NULL AS FLOAT64) AS instalment
    FROM UNNEST(GENERATE_DATE_ARRAY(@first_day, @last_day)) AS day"""
)


def test_replacing_days_leaves_the_others(warehouse: BigQueryWarehouse) -> None:
    days = [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
    warehouse.append("touchpoints", [touchpoint(f"old{day}", day) for day in days])
    parameters = {"kind": 'it\'s "new" @kind'}
    for _ in range(2):
        assert warehouse.replace_days("touchpoints", days[1], days[2], REPEATED, parameters) == 2
    touchpoints = warehouse.rows(ALL_TOUCHPOINTS, {})
    assert [row["event_id"] for row in touchpoints] == ["n2026-03-02", "n2026-03-03", "old2026-03-01"]
    assert touchpoints[0]["kind"] == parameters["kind"]


def test_a_failing_statement_leaves_the_days_as_they_were(warehouse: BigQueryWarehouse) -> None:
    warehouse.append("touchpoints", [touchpoint("a")])
    broken = from_text(REPEATED.text.replace("'L' AS", "CAST('x' AS INT64) AS"))
    with pytest.raises(WarehouseError):
        warehouse.replace_days("touchpoints", DAY, DAY, broken, {"kind": "new"})
    assert [row["event_id"] for row in warehouse.rows(ALL_TOUCHPOINTS, {})] == ["a"]


def test_the_export_is_read_by_its_suffix(warehouse: BigQueryWarehouse) -> None:
    assert warehouse.export_tables() == ["events_20260328", "events_intraday_20260329"]
    count = from_text("SELECT COUNT(*) AS n FROM `ga4.events_2*` WHERE _TABLE_SUFFIX BETWEEN '0260301' AND '0260331'")
    assert warehouse.rows(count, {}) == [{"n": 0}]


def test_for_how_long_the_export_keeps_a_table(warehouse: BigQueryWarehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    assert warehouse.export_lifetime() is None
    sandbox = google.Dataset("test.ga4")
    sandbox.default_table_expiration_ms = 60 * 24 * 60 * 60 * 1000
    monkeypatch.setattr(warehouse._client, "get_dataset", lambda *_, **__: sandbox)
    assert warehouse.export_lifetime() == timedelta(days=60)


def test_a_missing_table_is_named(warehouse: BigQueryWarehouse) -> None:
    with pytest.raises(MissingTable, match="outcomes"):
        warehouse.rows(from_text("SELECT * FROM leadwerk.outcomes", "desk/outcomes"), {})


def test_nobody_at_the_endpoint_is_busy_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bigquery_requests, "RETRY", google.DEFAULT_RETRY.with_timeout(0.5))
    unreachable = BigQueryWarehouse.from_settings(settings.read(bigquery_environment("http://127.0.0.1:9")))
    with pytest.raises(WarehouseBusy) as failure:
        unreachable.rows(ALL_TOUCHPOINTS, {})
    assert failure.value.retryable


def test_the_moment_of_writing_is_the_clocks_whatever_the_row_says(warehouse: BigQueryWarehouse) -> None:
    before = datetime.now(UTC)
    link = {"visitor_id": "V", "lead_id": "L", "linked_at": NOON, "source": "form", "stored_at": NOON}
    assert warehouse.append("identities", [link]) == 1
    [row] = warehouse.rows(from_text("SELECT linked_at, stored_at FROM leadwerk.identities"), {})
    assert (row["linked_at"], before <= row["stored_at"] <= datetime.now(UTC)) == (NOON, True)


def lead(event_id: str, lead_id: str, city: str) -> dict[str, Any]:
    return {
        "event_id": event_id, "lead_id": lead_id, "recorded_at": NOON, "created_at": NOON, "web_consent": False,
        "language": None, "attributes": [{"name": "city", "text": city, "number": None}],
    }  # fmt: skip


def test_a_later_import_replaces_the_rows_of_its_leads(warehouse: BigQueryWarehouse) -> None:
    earlier = [lead("import.1", "L1", "Bern"), lead("import.2", "L2", "Chur"), lead("form:1", "L1", "Genf")]
    warehouse.append("leads", earlier)
    later = pa.Table.from_pylist([lead("import.3", "L1", "Thun")])
    for new in (1, 0):
        assert warehouse.replace_imported(pa.array(["L1"]), {"leads": [later]}, lambda: None) == {"leads": new}
        stored = warehouse.rows(from_text("SELECT event_id FROM leadwerk.leads ORDER BY event_id"), {})
        assert [row["event_id"] for row in stored] == ["form:1", "import.2", "import.3"]

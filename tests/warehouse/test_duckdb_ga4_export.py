"""The export is read table by table, field by field, and yields what reading it as one table yields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from leadwerk.warehouse.dialect import translate
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.duckdb_ga4_export import OF_EACH, PREFIXES, from_tables
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import from_text
from support.export_rows import event, write_export

MIDNIGHT = datetime(2024, 1, 1, tzinfo=UTC)
RANGE = """
-- for each export
-- @first_${export} STRING
-- @last_${export} STRING
-- @without_${export} ARRAY<STRING>
-- end
-- @word STRING
"""
EVERYTHING: dict[str, Any] = {
    **{f"{name}_{prefix}": value for prefix in PREFIXES for name, value in {"first": "0", "last": "z"}.items()},
    **{f"without_{prefix}": [] for prefix in PREFIXES},
    "word": "it's $word 'quoted'",
}
LEAF = """
-- for each export with UNION ALL between
SELECT CONCAT('2', _TABLE_SUFFIX) AS suffix, user_pseudo_id AS visitor_id,
  device.web_info.browser AS browser, IF(event_name = "it's", @word, event_name) AS event_name
FROM `ga4.${export}*`
WHERE _TABLE_SUFFIX BETWEEN @first_${export} AND @last_${export} AND _TABLE_SUFFIX NOT IN UNNEST(@without_${export})
-- end
"""
ACROSS_ROWS = {
    "an aggregate": "SELECT COUNT(*) AS n FROM `ga4.events_2*`",
    "a window": "SELECT ROW_NUMBER() OVER (ORDER BY event_timestamp) AS n FROM `ga4.events_2*`",
    "a number of rows": "SELECT event_name FROM `ga4.events_2*` ORDER BY event_timestamp LIMIT 1",
    "distinct rows": "SELECT DISTINCT event_name FROM `ga4.events_2*`",
    "groups": "SELECT event_name FROM `ga4.events_2*` GROUP BY event_name",
    "a join": "SELECT e.event_name FROM `ga4.events_2*` AS e JOIN leadwerk.leads AS l ON l.lead_id = e.user_id",
    "all columns": "SELECT * FROM `ga4.events_2*`",
    "another table": "SELECT lead_id FROM leadwerk.leads",
}


def reading(query: str) -> Statement:
    return from_text(f"{RANGE}\nWITH inner_ AS (\n{query}\n)\nSELECT * FROM inner_", export=PREFIXES)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    firefox = {"web_info": {"browser": "Firefox"}}
    write_export(
        tmp_path,
        {
            "20260328": [event("2026-03-28 12:00", device=firefox), event("2026-03-28 12:01", event_name="it's")],
            "20260329": [event("2026-03-29 12:00", user_pseudo_id="v2")],
            "intraday_20260330": [event("2026-03-30 12:00", user_pseudo_id="v3")],
        },
    )
    return DuckDBWarehouse(tmp_path)


def rows_read(warehouse: DuckDBWarehouse, **parameters: Any) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(reading(LEAF), {**EVERYTHING, **parameters})
    return sorted((tuple(row.values()) for row in rows), key=repr)


def test_rows_and_values_are_those_of_the_tables(warehouse: DuckDBWarehouse) -> None:
    assert rows_read(warehouse) == [
        ("20260328", "v1", "Firefox", "page_view"),
        ("20260328", "v1", None, "it's $word 'quoted'"),
        ("20260329", "v2", None, "page_view"),
        ("20260330", "v3", None, "page_view"),
    ]


def test_only_tables_asked_for_are_read(warehouse: DuckDBWarehouse) -> None:
    assert rows_read(warehouse, first_events_2="0260329", last_events_intraday_2="0") == [
        ("20260329", "v2", None, "page_view")
    ]
    assert len(rows_read(warehouse, first_events_2="0260329", without_events_intraday_2=["0260330"])) == 1


def test_a_copy_of_a_day_is_not_read(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "ga4.duckdb")) as connection:
        connection.execute("CREATE TABLE events_20260328_old AS FROM events_20260328")
        connection.execute("CREATE VIEW events_flat AS SELECT 1 AS x")
    assert len(rows_read(warehouse)) == 4


def test_without_any_table_there_are_no_rows(tmp_path: Path) -> None:
    assert DuckDBWarehouse(tmp_path).rows(reading(LEAF), EVERYTHING) == []


def test_an_older_table_that_lacks_columns_and_fields_has_nothing_there(
    warehouse: DuckDBWarehouse, tmp_path: Path
) -> None:
    with duckdb.connect(str(tmp_path / "ga4.duckdb")) as connection:
        connection.execute("CREATE TABLE events_20240101 AS SELECT 'old' AS user_pseudo_id, 'view' AS event_name")
        connection.execute(
            "CREATE TABLE events_20240102 AS SELECT 'older' AS user_pseudo_id, {category: 'tv'} AS device"
        )
    assert len(rows_read(warehouse)) == 6
    assert rows_read(warehouse, last_events_2="0240102", last_events_intraday_2="0") == [
        ("20240101", "old", None, "view"),
        ("20240102", "older", None, None),
    ]


def test_days_are_replaced_from_an_older_table_too(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "ga4.duckdb")) as connection:
        connection.execute("CREATE TABLE events_20240101 AS SELECT 'old' AS user_pseudo_id, 'view' AS event_name")
    views = from_text(
        """
        -- @first_day DATE
        WITH views AS (SELECT event_name, user_pseudo_id, device.category AS category FROM `ga4.events_2*`)
        SELECT user_pseudo_id AS event_id, 'L' AS lead_id, @first_day AS day, TIMESTAMP(@first_day) AS occurred_at,
          TIMESTAMP(@first_day) AS recorded_at, COALESCE(category, event_name) AS kind
        FROM views
        """
    )
    day = date(2024, 1, 1)
    warehouse.append("touchpoints", [{"event_id": "before", "lead_id": "L", "day": day, "occurred_at": MIDNIGHT,
                                      "recorded_at": MIDNIGHT, "kind": "call"}])  # fmt: skip
    assert warehouse.replace_days("touchpoints", day, day, views, {}) == 4
    kinds = warehouse.rows(from_text("SELECT kind FROM leadwerk.touchpoints ORDER BY kind"), {})
    assert [row["kind"] for row in kinds] == ["it's", "page_view", "page_view", "view"]


def test_each_table_is_read_by_itself_where_all_columns_are_there() -> None:
    lean, whole = from_tables(translate(reading(LEAF)), ["events_20260328", "events_20260329"])
    assert (lean.count("AS browser"), whole.count("AS browser")) == (5, 3)  # an empty one is read as well, of each kind
    assert "BY NAME" in whole
    assert "BY NAME" not in lean
    assert "FROM ga4.\"events_20260329\" WHERE '0260329' BETWEEN" in lean


@pytest.mark.parametrize("query", ACROSS_ROWS.values(), ids=ACROSS_ROWS)
def test_what_looks_across_rows_reads_all_tables_as_one(query: str) -> None:
    assert OF_EACH not in translate(reading(query))


def test_the_outermost_select_reads_all_tables_as_one() -> None:
    assert OF_EACH not in translate(from_text("SELECT event_name FROM `ga4.events_2*`"))

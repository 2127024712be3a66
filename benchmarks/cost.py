"""What a deployment's bill is made of: bytes an event, in the export and in our tables, as BigQuery counts them.

BigQuery bills the logical size of the columns that a query reads: 8 bytes for a number or a moment, 2 bytes and the
UTF-8 bytes for a string, 1 for a boolean, nothing for a null; nested values add up.
Source: BigQuery documentation, Estimate and control costs, Data size calculation.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.figure import Figure
from leadwerk import simulation
from leadwerk.pipeline import extract
from leadwerk.policy.load import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAMPLE = 20_000
SEEDS = (7, 8, 9)
READ = (
    "user_pseudo_id", "user_id", "event_timestamp", "event_name", "device", "geo", "traffic_source",
    "collected_traffic_source", "session_traffic_source_last_click", "event_params", "privacy_info",
    "batch_page_id", "batch_ordering_id", "batch_event_index",
)  # fmt: skip
"""Columns of the export that activity_events/rebuild.sql names; BigQuery counts a nested column whole at most."""

SIZES = {"INT64": 8, "INTEGER": 8, "FLOAT64": 8, "FLOAT": 8, "TIMESTAMP": 8, "DATE": 8, "BOOL": 1, "BOOLEAN": 1}


def run() -> Iterable[Figure]:
    """Bytes an event on a simulated web site; the spread is over SEEDS."""
    bytes_read: dict[str, list[float]] = {}
    for seed in SEEDS:
        for name, value in measured(seed).items():
            bytes_read.setdefault(name, []).append(value)
    for name, values in bytes_read.items():
        yield Figure.of(name, values, unit="" if "rows" in name else "B")


def measured(seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        simulation.simulate(home, days=60, leads=2_000, seed=seed)
        simulation.publish(home, NOW)
        report = extract.run(DuckDBWarehouse(home), load("mortgage"), now=NOW)
        export = schema.table(schema.EXPORT)
        read = [field for field in export.fields if field.name in READ]
        events = sample(home / "ga4.duckdb", "market.events", SAMPLE)
        ours = {name: sample(home / "warehouse.duckdb", f"leadwerk.{name}", SAMPLE) for name in TABLES}
        sizes = {f"bytes a row of {name}": mean(schema.table(name).fields, rows) for name, rows in ours.items()}
        days = count(home / "warehouse.duckdb", "leadwerk.activity_daily")
        return {
            "bytes an event of the export": mean(export.fields, events),
            "bytes an event of the export that extraction reads": mean(read, events),
            **sizes,
            "rows of activity_events an event of the export": report.events_kept / report.events_read,
            "rows of activity_daily an event of the export": days / report.events_read,
        }


TABLES = ("activity_events", "activity_daily")


def sample(file: Path, table: str, rows: int) -> list[dict[str, Any]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        source = f"FROM {table} USING SAMPLE {rows} ROWS (reservoir, 1)"
        json_rows = connection.execute(f"SELECT to_json(t) FROM ({source}) AS t")  # noqa: S608
        return [json.loads(row) for [row] in json_rows.fetchall()]


def count(file: Path, table: str) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        [row_count] = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)  # noqa: S608
        return int(row_count)


def mean(fields: Sequence[schema.Field], rows: Sequence[Mapping[str, Any]]) -> float:
    return sum(size(field, row.get(field.name)) for row in rows for field in fields) / len(rows)


def size(field: schema.Field, value: Any) -> float:
    """Logical bytes of a value.

    >>> size(schema.Field("name", "STRING"), "Zürich"), size(schema.Field("n", "INT64"), None)
    (9, 0)
    """
    if value is None:
        return 0
    if field.mode == "REPEATED":
        element = schema.Field(field.name, field.type, fields=field.fields)
        return sum(size(element, item) for item in value)
    if field.fields:
        return sum(size(part, value.get(part.name)) for part in field.fields)
    return SIZES.get(field.type) or 2 + len(str(value).encode())

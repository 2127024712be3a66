"""Rows of a GA4 export, and the file in which the embedded warehouse finds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from leadwerk.warehouse import schema


def event(at: str, *, suffix: str = "", **fields: Any) -> dict[str, Any]:
    """A row of the export: a page view of v1 in session 17, at the given UTC time."""
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    parameters = {"ga_session_id": {"int_value": 17}} | fields.pop("parameters", {})
    return {
        "_TABLE_SUFFIX": suffix or f"{moment:%Y%m%d}",
        "event_timestamp": int(moment.timestamp()) * 1_000_000,
        "event_name": "page_view",
        "user_pseudo_id": "v1",
        "event_params": [{"key": key, "value": value} for key, value in parameters.items()],
    } | fields


def write_export(home: Path, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Write or replace export tables, by suffix, in `home`/ga4.duckdb."""
    target = schema.table(schema.EXPORT)
    kind = schema.duckdb_type(schema.Field("rows", "RECORD", "REPEATED", fields=target.fields))
    home.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(home / "ga4.duckdb")) as connection:
        for suffix, rows in tables.items():
            payload = msgspec.json.encode([_whole(target.fields, row) for row in rows]).decode().replace("'", "''")
            connection.execute(
                f"CREATE OR REPLACE TABLE events_{suffix} AS "
                f"SELECT r.* FROM (SELECT unnest(CAST('{payload}'::JSON AS {kind})) AS r)"
            )


def drop_export(home: Path, *suffixes: str) -> None:
    """Drop export tables by suffix."""
    with duckdb.connect(str(home / "ga4.duckdb")) as connection:
        for suffix in suffixes:
            connection.execute(f"DROP TABLE events_{suffix}")


def _whole(fields: Sequence[schema.Field], row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The row with all its columns, at every depth: DuckDB reads no JSON in which one is absent."""
    if row is None:
        return None
    return {field.name: _column(field, row.get(field.name)) for field in fields}


def _column(field: schema.Field, value: Any) -> Any:
    if field.mode == "REPEATED":
        return [_whole(field.fields, item) for item in value or ()]
    return _whole(field.fields, value) if field.fields else value

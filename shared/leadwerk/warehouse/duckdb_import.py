"""Rows of an import for DuckDB: inserted as one stream, and what earlier imports stored of the same leads replaced."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb_execution import changed_rows, execute
from leadwerk.warehouse.duckdb_values import literal

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


def replace_rows(connection: duckdb.DuckDBPyConnection, target: schema.Table, batches: Iterable[pa.Table]) -> int:
    """Insert the rows whose key is new, and delete the imported rows of their leads that are not among them."""
    table, imported = f"leadwerk.{target.name}", schema.IMPORTED[target.name]
    first = execute(connection, f"SELECT NOT EXISTS (SELECT 1 FROM {table} WHERE {imported})", target.name).fetchone()
    # The first import into an empty table is the large one; comparing every row with nothing would double its time.
    if first and first[0] and target.key == ("event_id",):  # ids of imports are different: there is nothing to compare
        return _insert_batches(connection, table, target, batches)
    execute(connection, f"CREATE OR REPLACE TEMP TABLE imported AS FROM {table} LIMIT 0", target.name)
    _insert_batches(connection, "imported", target, batches)
    same = " AND ".join(f't."{name}" IS NOT DISTINCT FROM n."{name}"' for name in target.key)
    leads = "lead_id IN (SELECT lead_id FROM imported_leads)"
    superseded = f"{imported} AND {leads} AND NOT EXISTS (SELECT 1 FROM imported AS n WHERE {same})"
    execute(connection, f"DELETE FROM {table} AS t WHERE {superseded}", target.name)
    new = f"FROM imported AS n WHERE NOT EXISTS (SELECT 1 FROM {table} AS t WHERE {same})"
    count = changed_rows(execute(connection, f"INSERT INTO {table} BY NAME SELECT n.* {new}", target.name))
    execute(connection, "DROP TABLE imported", target.name)
    return count


def _insert_batches(
    connection: duckdb.DuckDBPyConnection, place: str, target: schema.Table, batches: Iterable[pa.Table]
) -> int:
    import pyarrow as pa

    stamp = f", {literal(datetime.now(UTC))}::TIMESTAMPTZ AS stored_at" if target.field(schema.STORED_AT) else ""
    remaining = iter(batches)
    first = next(remaining, None)
    if first is None:
        return 0
    # One INSERT of a stream: DuckDB then compresses whole row groups as they come, and only once.
    records = (record for batch in chain((first,), remaining) for record in batch.to_batches())
    connection.register("batches", pa.RecordBatchReader.from_batches(first.schema, records))
    count = changed_rows(execute(connection, f"INSERT INTO {place} BY NAME SELECT *{stamp} FROM batches", target.name))
    connection.unregister("batches")
    return count

"""Leadwerk's tables in the embedded engine, as schema.json describes them: made when missing, widened when older.

A column that schema.json gained since the file was written is added, empty, as Terraform adds it to BigQuery. Nothing
is ever dropped or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.warehouse import schema

if TYPE_CHECKING:
    import duckdb


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the tables of the file up to schema.json, all at once."""
    # That a table has all its columns is seen by their number: to list them takes five times as long, at every start.
    existing = connection.execute("SELECT table_name, column_count FROM duckdb_tables() WHERE schema_name = 'leadwerk'")
    widths = dict(existing.fetchall())
    outdated = [table for table in schema.own_tables() if widths.get(table.name) != len(table.fields)]
    if not outdated:
        return
    # All tables or none: a process that dies here leaves a home that the next start completes.
    connection.execute("BEGIN TRANSACTION; CREATE SCHEMA IF NOT EXISTS leadwerk")
    for table in outdated:
        bring = _widen if table.name in widths else _create
        bring(connection, table)
    connection.execute("COMMIT")


def _widen(connection: duckdb.DuckDBPyConnection, table: schema.Table) -> None:
    for field in table.fields:
        kind = schema.duckdb_type(field)
        connection.execute(f'ALTER TABLE leadwerk.{table.name} ADD COLUMN IF NOT EXISTS "{field.name}" {kind}')


def _create(connection: duckdb.DuckDBPyConnection, table: schema.Table) -> None:
    columns = ", ".join(
        f'"{field.name}" {schema.duckdb_type(field)}{" NOT NULL" if field.mode == "REQUIRED" else ""}'
        for field in table.fields
    )
    connection.execute(f"CREATE TABLE leadwerk.{table.name} ({columns})")

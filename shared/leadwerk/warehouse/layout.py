"""Leadwerk's tables in the embedded engine, as schema.json describes them: made when missing, widened when older.

A column that schema.json gained since the file was written is added, empty, as Terraform adds it to BigQuery. Nothing
is ever dropped or changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.warehouse import schema

if TYPE_CHECKING:
    import duckdb


def lay_out(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the tables of the file up to schema.json."""
    found = connection.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE schema_name = 'leadwerk'")
    columns = set(found.fetchall())
    known = {table for table, _ in columns}
    for table in schema.own_tables():
        if table.name not in known:
            _create(connection, table)
            continue
        for field in table.fields:
            if (table.name, field.name) not in columns:
                kind = schema.duckdb_type(field)
                connection.execute(f'ALTER TABLE leadwerk.{table.name} ADD COLUMN "{field.name}" {kind}')


def _create(connection: duckdb.DuckDBPyConnection, table: schema.Table) -> None:
    connection.execute("CREATE SCHEMA IF NOT EXISTS leadwerk")
    columns = ", ".join(
        f'"{field.name}" {schema.duckdb_type(field)}{" NOT NULL" if field.mode == "REQUIRED" else ""}'
        for field in table.fields
    )
    connection.execute(f"CREATE TABLE leadwerk.{table.name} ({columns})")

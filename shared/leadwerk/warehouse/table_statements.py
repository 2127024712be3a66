"""Statements that follow from a table's schema.json alone: its ids, its rows, its days."""

from __future__ import annotations

from datetime import date
from typing import Any, overload

from msgspec import Struct

from leadwerk.warehouse.protocol import R, Row, Statement
from leadwerk.warehouse.schema import Table, every_day


class StoredId(Struct, frozen=True):
    """An id that a table holds."""

    id: str


def stored_ids(
    table: Table, column: str, days: tuple[date, date] | None = None
) -> tuple[Statement[StoredId], dict[str, date]]:
    """A statement of all ids in a column of a table (an objection names a lead or a person), and its parameters.

    `days` (first and last) limits it to partitions, so that on BigQuery the others cost nothing.
    """
    text = f"SELECT DISTINCT {column} AS id FROM leadwerk.{table.name} WHERE {column} IS NOT NULL"
    if days is None or table.partition is None:
        return Statement(f"{table.name}/{column}", f"{text} AND {every_day(table)}", {}, StoredId), {}
    between = f"{text} AND {table.partition} BETWEEN @first_day AND @last_day"
    limited = Statement(f"{table.name}/{column}_of_days", between, {"first_day": "DATE", "last_day": "DATE"}, StoredId)
    return limited, {"first_day": days[0], "last_day": days[1]}


@overload
def rows_of_ids(table: Table, column: str) -> Statement[Row]: ...
@overload
def rows_of_ids(table: Table, column: str, record: type[R]) -> Statement[R]: ...
def rows_of_ids(table: Table, column: str, record: type[R] | None = None) -> Statement[Any]:
    """All rows of a table with one of @ids in a column, as mappings unless a record is named."""
    text = f"SELECT * FROM leadwerk.{table.name} WHERE {every_day(table)} AND {column} IN UNNEST(@ids)"
    return Statement(f"{table.name}/of_{column}", text, {"ids": "ARRAY<STRING>"}, record)


class PartitionDays(Struct, frozen=True):
    """First and last day of a table's partitions; None without rows."""

    first_day: date | None
    last_day: date | None


class RowCount(Struct, frozen=True):
    """Number of rows of a table."""

    row_count: int


def partition_days(table: Table) -> Statement[PartitionDays]:
    """First and last day of a partitioned table."""
    days = f"SELECT MIN({table.partition}) AS first_day, MAX({table.partition}) AS last_day FROM leadwerk.{table.name}"
    return Statement(f"{table.name}/days", f"{days} WHERE {every_day(table)}", {}, PartitionDays)


def row_count(table: Table) -> Statement[RowCount]:
    """Number of rows of a table."""
    text = f"SELECT COUNT(*) AS row_count FROM leadwerk.{table.name} WHERE {every_day(table)}"
    return Statement(f"{table.name}/count", text, {}, RowCount)


def all_rows(table: Table) -> Statement[Row]:
    """All rows of a table; those of a partitioned one from @first_day to @last_day."""
    text = f"SELECT * FROM leadwerk.{table.name}"
    if table.partition is None:
        return Statement(f"{table.name}/all", text)
    between = f"{text} WHERE {table.partition} BETWEEN @first_day AND @last_day"
    return Statement(f"{table.name}/all_of_days", between, {"first_day": "DATE", "last_day": "DATE"})

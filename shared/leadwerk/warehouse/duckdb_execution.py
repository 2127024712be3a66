"""Running SQL on DuckDB: its errors as ours, transactions, and how many rows a statement changed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import duckdb

from leadwerk.errors import OutOfMemory, WarehouseError
from leadwerk.warehouse.duckdb_file import DAMAGED, failed
from leadwerk.warehouse.duckdb_values import FULL, NO_ROOM

CORRUPT = "Corrupt database file"

MEMORY_LIMIT = "400MB"
"""Of reading millions of leads; without it DuckDB takes up to 80 % of the machine's memory."""

BOUNDED_THREADS = 2


def execute(
    connection: duckdb.DuckDBPyConnection, sql: str, name: str, otherwise: str = ""
) -> duckdb.DuckDBPyConnection:
    """Run `sql`, or `otherwise` if DuckDB does not find all columns of it, which leaves a transaction intact."""
    with explained(name):
        try:
            return connection.execute(sql)
        # A lean statement names columns that an older export lacks; the whole one fills these with NULL.
        except duckdb.BinderException:
            if otherwise in ("", sql):
                raise
        return connection.execute(otherwise)


@contextmanager
def explained(name: str) -> Iterator[None]:
    """Turn an error of DuckDB's into ours: a damaged file shows only when the block that is damaged is read."""
    try:
        yield
    except duckdb.Error as error:
        remedy = DAMAGED if CORRUPT in str(error) else NO_ROOM if FULL.search(str(error)) else ""
        kind = OutOfMemory if isinstance(error, duckdb.OutOfMemoryException) else WarehouseError
        raise kind(failed(name, error), remedy=remedy) from error


def changed_rows(result: duckdb.DuckDBPyConnection) -> int:
    """How many rows an INSERT or DELETE changed."""
    row = result.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block or nothing of it."""
    connection.execute("BEGIN TRANSACTION")
    # Undone whatever ends the block, Ctrl-C too: days that are deleted and not yet filled must not stay so.
    with ExitStack() as undo:
        undo.callback(_roll_back, connection)
        yield
        undo.pop_all()
    # Here a disk proves full: what does not fit is undone.
    execute(connection, "COMMIT", "Storing")


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    # What made the database give up has ended the transaction already, and is the error to report.
    with suppress(duckdb.Error):
        connection.execute("ROLLBACK")


@contextmanager
def one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """DuckDB with one thread: where Python hands over the rows, a second one mostly waits, and spins while it does."""
    with _threads(connection, 1):
        yield


@contextmanager
def bounded(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """DuckDB with MEMORY_LIMIT, and as many threads as find room in it, whatever the machine has."""
    with _threads(connection, BOUNDED_THREADS):
        connection.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        yield
        connection.execute("RESET memory_limit")


@contextmanager
def _threads(connection: duckdb.DuckDBPyConnection, count: int) -> Iterator[None]:
    """DuckDB with so many threads; after an error the connection is closed, and its settings with it."""
    (before,) = connection.execute("SELECT current_setting('threads')").fetchone() or (1,)
    connection.execute(f"SET threads = {count}")
    yield
    connection.execute(f"SET threads = {before}")

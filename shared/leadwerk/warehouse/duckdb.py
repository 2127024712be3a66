"""The embedded warehouse: DuckDB files in a folder, opened per unit of work, or kept open by who answers requests.

`warehouse.duckdb` holds Leadwerk's tables, `ga4.duckdb` stands in for the GA4 export and is attached only by statements
that read it; no statement reaches any other file. DuckDB lets one process write at a time, so a process that finds the
file taken waits for it; docs/warehouse.md has the figures behind this choice. Nothing here imports sqlglot or pandas
before they are needed: translations of statements are kept in `translations/`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from leadwerk.private_files import private_folder
from leadwerk.warehouse import duckdb_ga4_export, schema
from leadwerk.warehouse.duckdb_execution import bounded, changed_rows, execute, explained, one_thread, transaction
from leadwerk.warehouse.duckdb_file import WAIT_SECONDS, DuckDBFile
from leadwerk.warehouse.duckdb_import import replace_rows
from leadwerk.warehouse.duckdb_prepared import PreparedStatements
from leadwerk.warehouse.duckdb_values import (
    THIS_PROCESS,
    literal,
    rows_file,
    split_at_parameters,
    utc,
    with_values,
)
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Statement, WrittenRow
from leadwerk.warehouse.statement import bound
from leadwerk.warehouse.translations import Translations

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


EXPORT = "`ga4."
ROWS_AT_ONCE = 1_000


class DuckDBWarehouse:
    """The port `Warehouse` on files under `home`; safe to share between threads, which then take turns."""

    def __init__(self, home: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.home = home
        self._file = DuckDBFile(home, wait_seconds)
        self._prepared: PreparedStatements | None = None
        self._translations = Translations(home / "translations")

    def rows(self, statement: Statement[R], parameters: Parameters) -> list[R]:
        """Run a statement; timestamps come back aware and UTC."""
        with self._connection(writing=False) as connection:
            result = self._run(connection, statement, parameters)
            names = [column[0] for column in result.description]
            # Only aware columns: a plain TIMESTAMP would silently be taken for UTC.
            zoned = [column[0] for column in result.description if "TIME ZONE" in str(column[1])]
            with explained(statement.name):
                return [row for portion in _portions(result) for row in statement.read(_named(portion, names, zoned))]

    def frame(self, statement: AnyStatement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement; whole numbers stay whole where no NULL is among them."""
        with self._connection(writing=False) as connection:
            result = self._run(connection, statement, parameters)
            sums = [column[0] for column in result.description if str(column[1]) == "HUGEINT"]
            with warnings.catch_warnings(), explained(statement.name):
                # DuckDB 1.5 calls pandas in ways that pandas 3 announces to drop.
                warnings.simplefilter("ignore", category=DeprecationWarning)
                frame = result.fetch_df()
        # DuckDB adds up INT64 as 128 bits, which pandas would show as floats.
        whole = {name: "int64" for name in sums if frame[name].notna().all()}
        return frame.astype(whole) if whole else frame

    def append(self, table: str, rows: Sequence[WrittenRow], *, is_moved: bool = False) -> int:
        """Append the rows whose key is not there yet; return how many were."""
        target = schema.table(table)
        written = json_rows(target, rows)
        new = schema.unique(target, written if is_moved else schema.stamped(target, written, datetime.now(UTC)))
        if not new:
            return 0
        # Keys may hold NULL (a score without an override), which `=` never finds equal.
        same = " AND ".join(f't."{name}" IS NOT DISTINCT FROM n."{name}"' for name in target.key)
        with self._connection(writing=True) as connection, rows_file(self._file.rows_folder, target, new) as relation:
            sql = (
                f"INSERT INTO leadwerk.{table} BY NAME SELECT * FROM {relation} AS n "
                f"WHERE NOT EXISTS (SELECT 1 FROM leadwerk.{table} AS t WHERE {same})"
            )
            return changed_rows(execute(connection, sql, table))

    def append_new(self, tables: Mapping[str, Sequence[WrittenRow]]) -> None:
        """Append rows to several tables in one transaction; a key that is there stays as it is."""
        filled = {name: rows for name, rows in tables.items() if rows}
        if filled:
            with self.unit_of_work(), self._connection(writing=True) as connection, transaction(connection):
                for name, rows in filled.items():
                    self.append(name, rows)

    def replace_imported(
        self, lead_ids: pa.StringArray, tables: Mapping[str, Iterable[pa.Table]], commit: Callable[[], object]
    ) -> dict[str, int]:
        """Replace what earlier imports stored of these leads, all tables in one transaction."""
        import pyarrow as pa

        with self._connection(writing=True) as connection, one_thread(connection), transaction(connection):
            connection.register("imported_leads", pa.table({"lead_id": lead_ids}))
            counts = {name: replace_rows(connection, schema.table(name), rows) for name, rows in tables.items()}
            connection.unregister("imported_leads")
            commit()
            return counts

    def replace_days(self, table: str, first: date, last: date, statement: AnyStatement, parameters: Parameters) -> int:
        """Replace the days in one transaction."""
        target = schema.table(table)
        days = {"first_day": first, "last_day": last}
        between = f"\"{target.partition}\" BETWEEN DATE '{first}' AND DATE '{last}'"
        with self._connection(writing=True) as connection, transaction(connection):
            # Translated before the DELETE: a statement that cannot be translated must not empty days.
            either = self._prepare(connection, statement, {**parameters, **days})
            execute(connection, f"DELETE FROM leadwerk.{table} WHERE {between}", table)
            insert = (f"INSERT INTO leadwerk.{table} BY NAME SELECT * FROM ({sql}) WHERE {between}" for sql in either)
            return changed_rows(execute(connection, next(insert), statement.name, next(insert)))

    def delete(self, table: str, column: str, values: Sequence[str], *, moment: str, until: datetime) -> int:
        """Delete rows of these ids."""
        if not values:
            return 0
        among = f'"{column}" IN (SELECT UNNEST({literal(list(values))}))'
        sql = f'DELETE FROM leadwerk.{table} WHERE {among} AND "{moment}" <= {literal(until)}'
        with self._connection(writing=True) as connection:
            was_owed = self._owed_rewrite.exists()
            # Before the rows go: after a kill the note tells that their bytes are still in the file.
            self._owed_rewrite.touch()
            count = changed_rows(execute(connection, sql, table))
            if not count and not was_owed:
                self._owed_rewrite.unlink()
            return count

    def expire(self, table: str, first_day: date) -> int:
        """Delete the rows of earlier days."""
        old = f"\"{schema.table(table).partition}\" < DATE '{first_day}'"
        with self._connection(writing=True) as connection:
            return changed_rows(execute(connection, f"DELETE FROM leadwerk.{table} WHERE {old}", table))

    def overwrite_deleted(self) -> None:
        """Write the file anew when the unit of work ends: DuckDB leaves the bytes of deleted rows in free blocks.

        Nothing to do where no row was deleted since it was last written anew.
        """
        with self._connection(writing=True):
            if self._owed_rewrite.exists():
                # Not at once: what the unit of work writes afterwards would go to the file that is replaced.
                self._file.close_after(self._rewrite)

    @property
    def _owed_rewrite(self) -> Path:
        """Lies there from the first deletion until the file is written anew."""
        return self.home / "rewrite.owed"

    def _rewrite(self, connection: duckdb.DuckDBPyConnection) -> None:
        file, rewritten = self.home / "warehouse.duckdb", self._file.rows_folder / f"{THIS_PROCESS}rewritten.duckdb"
        with ExitStack() as half_written, explained("rewrite"):
            private_folder(rewritten.parent)
            # On a disk that ran full, half a copy would keep it full.
            half_written.callback(rewritten.unlink, missing_ok=True)
            connection.execute("CHECKPOINT")
            connection.execute(f"ATTACH {literal(str(rewritten))} AS rewritten")
            connection.execute("COPY FROM DATABASE warehouse TO rewritten; DETACH rewritten")
            # The lock on the old file holds until the connection closes, so nobody has written to it since the copy.
            rewritten.replace(file)
            half_written.pop_all()
            self._owed_rewrite.unlink(missing_ok=True)

    def export_tables(self) -> list[str]:
        """Names of the tables in ga4.duckdb, sorted."""
        with self._connection(writing=False) as connection:
            return self._export_tables(connection)

    def export_lifetime(self) -> timedelta | None:
        """The simulated export keeps every table."""
        return None

    def unit_of_work(self) -> AbstractContextManager[None]:
        """One connection for all verbs within, and no other process in between."""
        return self._file.unit_of_work()

    @contextmanager
    def bounded_memory(self) -> Iterator[None]:
        """A unit of work in which the engine puts on disk what MEMORY_LIMIT has no room for."""
        with self.unit_of_work(), self._connection(writing=True) as connection, bounded(connection):
            yield

    def stay_open(self, *, for_few_rows: bool) -> None:
        """Keep the file open between units of work, until another process waits for it."""
        self._file.stays_open, self._file.for_few_rows = True, for_few_rows

    @contextmanager
    def kept_open(self) -> Iterator[bool]:
        """Keep the file open within, until another process waits for it."""
        before, self._file.stays_open = self._file.stays_open, True
        try:
            yield self._file.is_free
        finally:
            self._file.stays_open = before
            if not before:
                self._file.let_go()

    def _connection(self, *, writing: bool) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return self._file.connection(writing=writing)

    def _run(
        self, connection: duckdb.DuckDBPyConnection, statement: AnyStatement, parameters: Parameters
    ) -> duckdb.DuckDBPyConnection:
        values = bound(statement, parameters)
        if self._file.for_few_rows and EXPORT not in statement.text:
            if self._prepared is None or self._prepared.connection is not connection:
                self._prepared = PreparedStatements(connection)
            with explained(statement.name):
                return self._prepared.execute(self._translations.parts_of(statement), values)
        sql, otherwise = self._prepare(connection, statement, parameters)
        return execute(connection, sql, statement.name, otherwise)

    def _prepare(
        self, connection: duckdb.DuckDBPyConnection, statement: AnyStatement, parameters: Parameters
    ) -> tuple[str, str]:
        """The statement for DuckDB, and another of the same meaning for when tables of the export lack columns."""
        values = bound(statement, parameters)
        sql = self._translations.of(statement)
        either = (sql, sql)
        if duckdb_ga4_export.reads_export(sql):
            # Only tables in the asked days are opened: an export of years has thousands.
            tables = [name for name in self._export_tables(connection) if duckdb_ga4_export.in_range(name, values)]
            either = duckdb_ga4_export.from_tables(sql, tables)
        return with_values(split_at_parameters(either[0]), values), with_values(split_at_parameters(either[1]), values)

    def _export_tables(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        if self._file.exported is not None:
            return self._file.exported
        if not self._file.export_file.exists():
            return []
        attach = f"ATTACH IF NOT EXISTS {literal(str(self._file.export_file))} AS ga4 (READ_ONLY)"
        self._file.patiently(lambda: connection.execute(attach), self._file.export_file)
        # The simulated market shows its export as views: information_schema lists both.
        in_export = "table_catalog = 'ga4' AND table_schema = 'main'"
        names = connection.execute(f"SELECT table_name FROM information_schema.tables WHERE {in_export} ORDER BY 1")
        self._file.exported = [name for (name,) in names.fetchall()]
        return self._file.exported


def _portions(result: duckdb.DuckDBPyConnection) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, ROWS_AT_ONCE at a time: Python's own objects of a row are gone before the next rows come."""
    while portion := result.fetchmany(ROWS_AT_ONCE):
        yield portion


def _named(rows: Sequence[tuple[Any, ...]], names: Sequence[str], zoned: Sequence[str]) -> list[dict[str, Any]]:
    named = [dict(zip(names, row, strict=True)) for row in rows]
    for name in zoned:
        for row in named:
            row[name] = utc(row[name])
    return named

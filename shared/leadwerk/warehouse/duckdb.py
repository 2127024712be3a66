"""The embedded warehouse: DuckDB files in a folder, opened per unit of work.

`warehouse.duckdb` holds Leadwerk's tables, `ga4.duckdb` stands in for the GA4 export and is attached only by statements
that read it. DuckDB lets one process write at a time, so whoever finds the file taken waits for it; docs/warehouse.md
has the figures behind this choice. Nothing here imports sqlglot or pandas before they are needed: translations of
statements are kept in `translations/`.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec

from leadwerk.errors import WarehouseBusy, WarehouseError
from leadwerk.warehouse import duckdb_ga4_export, schema
from leadwerk.warehouse.create_tables import create_tables
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Row, Statement
from leadwerk.warehouse.statement import bound

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from leadwerk.warehouse.records import TableRow

WAIT_SECONDS = 30.0
TAKEN = "Close what keeps the file open (a SQL client, a command that hangs), then try again."
DAMAGED = "Restore it from a backup; or move it away, then extract, ingest or import again."
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.05  # seconds between two attempts at the lock
TEMPORARY = "Free some space in the folder of temporary files, or let TMPDIR name another."
LINE_BYTES = 1 << 24  # DuckDB's own limit of one JSON object, which a longer row raises
PARAMETER = re.compile(r"\$(\w+)")


class DuckDBWarehouse:
    """The port `Warehouse` on files under `home`; safe to share between threads, which then take turns."""

    def __init__(self, home: Path, *, wait_seconds: float = WAIT_SECONDS) -> None:
        self.home = home
        self._wait_seconds = wait_seconds
        self._turn = threading.RLock()
        self._kept: duckdb.DuckDBPyConnection | None = None
        self._tables_exist = False
        self._exported: list[str] | None = None  # of the open connection, while which nobody can change the export

    def rows(self, statement: Statement[R], parameters: Parameters) -> list[R]:
        """Run a statement; timestamps come back aware and UTC."""
        with self._connection(writing=False) as connection:
            result = self._run(connection, statement, parameters)
            names = [column[0] for column in result.description]
            zoned = [index for index, column in enumerate(result.description) if "TIME ZONE" in str(column[1])]
            found = result.fetchall()
        if zoned:
            found = [tuple(_utc(value) if i in zoned else value for i, value in enumerate(row)) for row in found]
        return statement.read([dict(zip(names, row, strict=True)) for row in found])

    def frame(self, statement: AnyStatement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement; whole numbers stay whole where no NULL is among them."""
        with self._connection(writing=False) as connection:
            result = self._run(connection, statement, parameters)
            sums = [column[0] for column in result.description if str(column[1]) == "HUGEINT"]
            with warnings.catch_warnings():
                # DuckDB 1.5 calls pandas in ways that pandas 3 announces to drop.
                warnings.simplefilter("ignore", category=DeprecationWarning)
                frame = result.fetch_df()
        # DuckDB adds up INT64 as 128 bits, which pandas would show as floats.
        whole = {name: "int64" for name in sums if frame[name].notna().all()}
        return frame.astype(whole) if whole else frame

    def append(self, table: str, rows: Sequence[Row | TableRow]) -> int:
        """Append the rows whose key is not there yet; return how many were."""
        target = schema.table(table)
        new = schema.unique(target, schema.stamped(target, schema.json_rows(target, rows), datetime.now(UTC)))
        if not new:
            return 0
        same = " AND ".join(f't."{name}" IS NOT DISTINCT FROM n."{name}"' for name in target.key)
        with self._connection(writing=True) as connection, _as_relation(target, new) as relation:
            sql = (
                f"INSERT INTO leadwerk.{table} BY NAME SELECT * FROM {relation} AS n "
                f"WHERE NOT EXISTS (SELECT 1 FROM leadwerk.{table} AS t WHERE {same})"
            )
            return _count(_execute(connection, sql, table))

    def replace_imported(
        self, lead_ids: pa.StringArray, tables: Mapping[str, Iterable[pa.Table]], commit: Callable[[], object]
    ) -> dict[str, int]:
        """Replace what earlier imports stored of these leads, all tables in one transaction."""
        import pyarrow as pa

        with self._connection(writing=True) as connection, _transaction(connection):
            connection.register("imported_leads", pa.table({"lead_id": lead_ids}))
            counts = {name: _replace_imported(connection, schema.table(name), rows) for name, rows in tables.items()}
            connection.unregister("imported_leads")
            commit()
            return counts

    def replace_days(self, table: str, first: date, last: date, statement: AnyStatement, parameters: Parameters) -> int:
        """Replace the days in one transaction."""
        target = schema.table(table)
        days = {"first_day": first, "last_day": last}
        between = f"\"{target.partition}\" BETWEEN DATE '{first}' AND DATE '{last}'"
        with self._connection(writing=True) as connection, _transaction(connection):
            either = self._prepare(connection, statement, {**parameters, **days})
            _execute(connection, f"DELETE FROM leadwerk.{table} WHERE {between}", table)
            insert = (f"INSERT INTO leadwerk.{table} BY NAME SELECT * FROM ({sql}) WHERE {between}" for sql in either)
            return _count(_execute(connection, next(insert), statement.name, next(insert)))

    def export_tables(self) -> list[str]:
        """Names of the tables in ga4.duckdb, sorted."""
        with self._connection(writing=False) as connection:
            return self._export_tables(connection)

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        """One connection for all verbs within, and no other process in between."""
        with self._turn:
            if self._kept is not None:
                yield
                return
            with self._connection(writing=True) as connection:
                self._kept = connection
                try:
                    yield
                finally:
                    self._kept = None

    @contextmanager
    def _connection(self, *, writing: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._turn:
            if self._kept is not None:
                yield self._kept
                return
            connection = self._open(writing)
            try:
                yield connection
            finally:
                connection.close()

    def _open(self, writing: bool) -> duckdb.DuckDBPyConnection:
        file = self.home / "warehouse.duckdb"
        self._exported = None
        self._tables_exist = self._tables_exist and file.exists()
        if not self._tables_exist:
            self.home.mkdir(parents=True, exist_ok=True)
        read_only = self._tables_exist and not writing
        connection = self._patiently(lambda: duckdb.connect(str(file), read_only=read_only), file)
        connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        if not self._tables_exist:
            create_tables(connection)
            self._tables_exist = True
        return connection

    def _patiently(self, attempt: Callable[[], duckdb.DuckDBPyConnection], file: Path) -> duckdb.DuckDBPyConnection:
        until = time.monotonic() + self._wait_seconds
        pause = FIRST_PAUSE
        while True:
            try:
                return attempt()
            except duckdb.IOException as error:
                # DuckDB has no error of its own for a file that another process holds.
                if "lock" not in str(error):
                    raise WarehouseError(f"{file} cannot be opened: {error}.", remedy=DAMAGED) from error
                if time.monotonic() + pause > until:
                    raise WarehouseBusy(
                        f"{file} was taken by another process for {self._wait_seconds:.0f} s.", remedy=TAKEN
                    ) from error
            time.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    def _run(
        self, connection: duckdb.DuckDBPyConnection, statement: AnyStatement, parameters: Parameters
    ) -> duckdb.DuckDBPyConnection:
        sql, otherwise = self._prepare(connection, statement, parameters)
        return _execute(connection, sql, statement.name, otherwise)

    def _prepare(
        self, connection: duckdb.DuckDBPyConnection, statement: AnyStatement, parameters: Parameters
    ) -> tuple[str, str]:
        """The statement for DuckDB, and another of the same meaning for when tables of the export lack columns."""
        values = bound(statement, parameters)
        sql = self._translation(statement)
        either = (sql, sql)
        if duckdb_ga4_export.reads_export(sql):
            tables = [name for name in self._export_tables(connection) if duckdb_ga4_export.in_range(name, values)]
            either = duckdb_ga4_export.from_tables(sql, tables)

        def written(sql: str) -> str:
            return PARAMETER.sub(lambda found: _literal(values[found[1]]) if found[1] in values else found[0], sql)

        return written(either[0]), written(either[1])

    def _export_tables(self, connection: duckdb.DuckDBPyConnection) -> list[str]:
        file = self.home / "ga4.duckdb"
        if self._exported is not None:
            return self._exported
        if not file.exists():
            return []
        attach = f"ATTACH IF NOT EXISTS '{str(file).replace(chr(39), chr(39) * 2)}' AS ga4 (READ_ONLY)"
        self._patiently(lambda: connection.execute(attach), file)
        # The simulated market shows its export as views: information_schema lists both.
        shown = "table_catalog = 'ga4' AND table_schema = 'main'"
        found = connection.execute(f"SELECT table_name FROM information_schema.tables WHERE {shown} ORDER BY 1")
        self._exported = [name for (name,) in found.fetchall()]
        return self._exported

    def _translation(self, statement: AnyStatement) -> str:
        typed = f"{_dialect_version()}\n{sorted(statement.parameters.items())}\n{statement.text}"
        file = self.home / "translations" / f"{hashlib.sha256(typed.encode()).hexdigest()}.sql"
        if file.exists():
            return file.read_text(encoding="utf-8")
        sql = _translated(statement.name, statement.text, tuple(sorted(statement.parameters.items())))
        file.parent.mkdir(parents=True, exist_ok=True)
        # Processes that translate the same statement at once must not read half of each other's file.
        draft = file.with_suffix(f".{threading.get_ident()}.{time.monotonic_ns()}")
        draft.write_text(sql, encoding="utf-8")
        draft.replace(file)
        return sql


@lru_cache(maxsize=256)
def _translated(name: str, text: str, parameters: tuple[tuple[str, str], ...]) -> str:
    from leadwerk.warehouse.dialect import translate

    return translate(Statement(name, text, dict(parameters)))


@cache
def _dialect_version() -> str:
    names = ("dialect.py", "duckdb_ga4_export.py", "duckdb_arrays.py", "per_table.py", "sql_subset.py")
    sources = (Path(__file__).with_name(name) for name in names)
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("BEGIN TRANSACTION")
    # Undone whatever ends the block, Ctrl-C too: days that are deleted and not yet filled must not stay so.
    with ExitStack() as undo:
        undo.callback(connection.execute, "ROLLBACK")
        yield
        undo.pop_all()
    connection.execute("COMMIT")


def _replace_imported(connection: duckdb.DuckDBPyConnection, target: schema.Table, batches: Iterable[pa.Table]) -> int:
    _execute(connection, f"CREATE OR REPLACE TEMP TABLE imported AS FROM leadwerk.{target.name} LIMIT 0", target.name)
    for batch in batches:
        connection.register("batch", batch)
        _execute(connection, "INSERT INTO imported BY NAME SELECT * FROM batch", target.name)
        connection.unregister("batch")
    same = " AND ".join(f't."{name}" IS NOT DISTINCT FROM n."{name}"' for name in target.key)
    leads = "lead_id IN (SELECT lead_id FROM imported_leads)"
    superseded = f"{schema.IMPORTED[target.name]} AND {leads} AND NOT EXISTS (SELECT 1 FROM imported AS n WHERE {same})"
    _execute(connection, f"DELETE FROM leadwerk.{target.name} AS t WHERE {superseded}", target.name)
    stamp = f"n.* REPLACE ({_literal(datetime.now(UTC))} AS stored_at)" if target.field(schema.STORED_AT) else "n.*"
    new = f"FROM imported AS n WHERE NOT EXISTS (SELECT 1 FROM leadwerk.{target.name} AS t WHERE {same})"
    insert = f"INSERT INTO leadwerk.{target.name} BY NAME SELECT {stamp} {new}"
    count = _count(_execute(connection, insert, target.name))
    _execute(connection, "DROP TABLE imported", target.name)
    return count


def _execute(
    connection: duckdb.DuckDBPyConnection, sql: str, name: str, otherwise: str = ""
) -> duckdb.DuckDBPyConnection:
    """Run `sql`, or `otherwise` if DuckDB does not find all columns of it, which leaves a transaction intact."""
    try:
        return connection.execute(sql)
    except duckdb.Error as error:
        if isinstance(error, duckdb.BinderException) and otherwise not in ("", sql):
            return _execute(connection, otherwise, name)
        raise WarehouseError(f"{name} failed on DuckDB: {error}") from error


def _count(result: duckdb.DuckDBPyConnection) -> int:
    row = result.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _as_relation(table: schema.Table, rows: Sequence[Row]) -> Iterator[str]:
    """The rows in a temporary file, and the SQL that reads it: a statement with the rows in it is parsed far slower."""
    try:
        with TemporaryDirectory(prefix="leadwerk-") as folder:
            file = Path(folder, f"{table.name}.ndjson")
            longest = _write_lines(file, rows)
            columns = ", ".join(f"'{field.name}': '{schema.duckdb_type(field)}'" for field in table.fields)
            options = f"columns = {{{columns}}}, maximum_object_size = {max(longest, LINE_BYTES)}"
            yield f"read_json({_literal(str(file))}, format = 'newline_delimited', {options})"
    except OSError as error:
        raise WarehouseError(f"{table.name}: rows cannot be written to a file: {error}.", remedy=TEMPORARY) from error


def _write_lines(file: Path, rows: Sequence[Row]) -> int:
    """Write one JSON object a line; return the bytes of the longest."""
    longest = 0
    with file.open("wb") as lines:
        for row in rows:
            longest = max(longest, lines.write(msgspec.json.encode(row) + b"\n"))
    return longest


def _literal(value: Any) -> str:
    """A checked value as SQL: DuckDB's own parameters import pandas and pyarrow, 0.4 s, wherever they are installed."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, bool) or value is None:
        return {True: "TRUE", False: "FALSE", None: "NULL"}[value]
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    quoted = "'" + text.replace("'", "''") + "'"
    # DuckDB's parser takes a NUL for the end of the statement.
    return quoted if "\0" not in quoted else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def _utc(value: Any) -> Any:
    """Aware timestamps, however deep, with the standard library's UTC instead of pytz's."""
    if isinstance(value, list):
        return [_utc(item) for item in value]
    if isinstance(value, dict):
        return {key: _utc(item) for key, item in value.items()}
    return value.replace(tzinfo=UTC) if hasattr(value, "tzinfo") else value

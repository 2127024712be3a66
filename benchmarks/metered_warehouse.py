"""A warehouse that lags and costs: the port on DuckDB, with BigQuery's manners, on a clock that no test waits for.

Rows that were streamed become visible late, cannot be deleted for 90 minutes, and are there twice if they are sent
twice more than a minute apart. Calls fail once, before or after they took effect; load jobs have a quota, and two
changes of one table at once abort each other. Each call takes the time that BigQuery takes, and is billed by the
columns and days that it scans, at least 10 MB a table.

Sources: BigQuery documentation, Quotas and limits; Streaming data; Estimate and control costs. Seconds are what public
reports name for small queries; nobody measured them on an account of ours.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from benchmarks.bill import Bill, Billing
from leadwerk.errors import WarehouseBusy
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.duckdb_values import rows_file
from leadwerk.warehouse.json_rows import json_rows
from leadwerk.warehouse.protocol import AnyStatement, Parameters, R, Row, Statement, WrittenRow

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

STREAMED_ROWS: Final = 500  # as in warehouse/bigquery_writer.py: more rows are loaded by a job
ROWS_A_LOAD: Final = 5_000
LOADS_A_DAY: Final = 1_500  # a table
BUFFERED_SECONDS: Final = 90 * 60.0
SAME_ROW_SECONDS: Final = 60.0  # in which BigQuery drops a row with the id of an earlier one
DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True)
class Latency:
    """Median seconds of each kind of call; `spread` is the standard deviation of their logarithm."""

    query: float = 0.9
    insert: float = 0.1
    load: float = 4.0
    script: float = 6.0
    spread: float = 0.35


@dataclass
class Streamed:
    """Rows of an insert, until they are visible at `visible_at` (seconds of the clock)."""

    table: str
    rows: Sequence[schema.JsonRow]
    sent_at: float
    visible_at: float
    is_shown: bool = False


@dataclass
class MeteredWarehouse:
    """The port `Warehouse`; `lag` is the seconds after which streamed rows are visible.

    `elapsed`: the clock, in seconds; `bill`: what was called. `fail_next` lets calls fail.
    """

    inner: DuckDBWarehouse
    lag: float = 5.0
    latency: Latency = Latency()
    seed: int = 1
    elapsed: float = 0.0
    bill: Bill = field(default_factory=Bill)
    _streamed: list[Streamed] = field(default_factory=list)
    _failures: dict[str, list[bool]] = field(default_factory=dict)
    _loads: Counter[tuple[str, int]] = field(default_factory=Counter)
    _changing: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """Draws of latency are the same for the same seed."""
        self._random = random.Random(self.seed)
        self._billing = Billing(self.inner)

    def fail_next(self, kind: str, *, after_effect: bool = False) -> None:
        """Let the next call of a kind (query, insert, load, script) fail, if asked after it took effect."""
        self._failures.setdefault(kind, []).append(after_effect)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self.elapsed += seconds

    def rows(self, statement: Statement[R], parameters: Parameters) -> list[R]:
        """Run a statement on what is visible."""
        with self._call("query", statement.name, self._billing.of(statement, parameters)):
            self._show()
            return self.inner.rows(statement, parameters)

    def frame(self, statement: AnyStatement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement on what is visible."""
        with self._call("query", statement.name, self._billing.of(statement, parameters)):
            self._show()
            return self.inner.frame(statement, parameters)

    def append(self, table: str, rows: Sequence[WrittenRow], *, is_moved: bool = False) -> int:
        """Look the keys up among what is visible, then stream or load the rows that are new."""
        target = schema.table(table)
        unique = schema.unique(target, json_rows(target, rows))
        count = 0
        for start in range(0, len(unique), ROWS_A_LOAD):
            portion = unique[start : start + ROWS_A_LOAD]
            with self._call("query", f"{table}/known_keys", self._billing.of_keys(target, portion)):
                self._show()
                stored_keys = self._stored_keys(target)
            new = [row for row in portion if _key(target, row) not in stored_keys]
            count += len(new)
            if len(new) > STREAMED_ROWS:
                self._load(target, new, is_moved=is_moved)
            elif new:
                self._stream(target, new)
        return count

    def append_new(self, tables: Mapping[str, Sequence[WrittenRow]]) -> None:
        """Stream into several tables; they are written at once, so the clock moves by the slowest."""
        started = self.elapsed
        slowest = 0.0
        for table, rows in tables.items():
            if rows:
                self.elapsed = started
                self._stream(schema.table(table), json_rows(schema.table(table), rows))
                slowest = max(slowest, self.elapsed - started)
        self.elapsed = started + slowest

    def replace_imported(
        self, lead_ids: pa.StringArray, tables: Mapping[str, Iterable[pa.Table]], commit: Callable[[], object]
    ) -> dict[str, int]:
        """As the embedded engine does."""
        self._show()
        return self.inner.replace_imported(lead_ids, tables, commit)

    def replace_days(self, table: str, first: date, last: date, statement: AnyStatement, parameters: Parameters) -> int:
        """One transaction; it aborts where another one changes the table."""
        values = {**parameters, "first_day": first, "last_day": last}
        bytes_read = self._billing.of(statement, values) + self._billing.of_days(table, first, last)
        with self._changes(table), self._call("script", statement.name, bytes_read):
            self._show()
            return self.inner.replace_days(table, first, last, statement, parameters)

    def delete(self, table: str, column: str, values: Sequence[str], *, moment: str, until: datetime) -> int:
        """Refused as long as rows that match are buffered."""
        buffered = any(
            row[column] in values
            for streamed in self._streamed
            if streamed.table == table and self.elapsed - streamed.sent_at < BUFFERED_SECONDS
            for row in streamed.rows
        )
        with self._changes(table), self._call("script", f"{table}/delete", self._billing.of_days(table, None, None)):
            if buffered:
                raise WarehouseBusy(
                    f"{table}: UPDATE or DELETE statement would affect rows in the streaming buffer.",
                    remedy="Try again after 90 minutes.",
                )
            self._show()
            return self.inner.delete(table, column, values, moment=moment, until=until)

    def expire(self, table: str, first_day: date) -> int:
        """Nothing to do: partitions expire by themselves."""
        return 0

    def overwrite_deleted(self) -> None:
        """Nothing that could be done."""

    def export_tables(self) -> list[str]:
        """Names of the export's tables; a call of the API, which costs nothing."""
        return self.inner.export_tables()

    def export_lifetime(self) -> timedelta | None:
        """The export keeps every table."""
        return self.inner.export_lifetime()

    @contextmanager
    def unit_of_work(self) -> Iterator[None]:
        """Nothing is kept together on BigQuery; on the file beneath, one connection serves all calls."""
        with self.inner.unit_of_work():
            yield

    def bounded_memory(self) -> AbstractContextManager[None]:
        """Nothing to bound on BigQuery; the file beneath is bounded."""
        return self.inner.bounded_memory()

    def kept_open(self) -> AbstractContextManager[bool]:
        """Nothing is kept on BigQuery; the file beneath stays open."""
        return self.inner.kept_open()

    def stay_open(self, *, for_few_rows: bool) -> None:
        """Nothing to keep."""

    @contextmanager
    def _call(self, kind: str, name: str, bytes_billed: float) -> Iterator[None]:
        """Take the time of a call, bill it, and let it fail if asked for."""
        with self._lock:
            failing = self._failures.get(kind) or []
            after_effect = failing.pop(0) if failing else None
            seconds = getattr(self.latency, kind) * self._random.lognormvariate(0.0, self.latency.spread)
            self.elapsed += seconds
            self.bill.add(kind, name, seconds, bytes_billed)
            if after_effect is False:
                raise _failed(name)
            yield
            if after_effect:
                raise _failed(name)

    @contextmanager
    def _changes(self, table: str) -> Iterator[None]:
        with self._lock:
            if table in self._changing:
                raise WarehouseBusy(f"{table}: Transaction is aborted due to concurrent update.", remedy="Try again.")
            self._changing.add(table)
        try:
            yield
        finally:
            self._changing.discard(table)

    def _stream(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> None:
        unique = schema.unique(target, schema.stamped(target, list(rows), datetime.now(UTC)))
        for start in range(0, len(unique), STREAMED_ROWS):
            try:
                self._insert_all(target, unique[start : start + STREAMED_ROWS])
            except WarehouseBusy:
                # The client repeats an insert by itself, under the same ids.
                self._insert_all(target, unique[start : start + STREAMED_ROWS])

    def _insert_all(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> None:
        with self._call("insert", target.name, 0.0):
            recent = {
                _key(target, row)
                for streamed in self._streamed
                if streamed.table == target.name and self.elapsed - streamed.sent_at < SAME_ROW_SECONDS
                for row in streamed.rows
            }
            new = [row for row in rows if _key(target, row) not in recent]
            self._streamed.append(Streamed(target.name, new, self.elapsed, self.elapsed + self.lag))

    def _insert(self, target: schema.Table, rows: Sequence[schema.JsonRow]) -> None:
        """Insert without asking which keys are there, as BigQuery does."""
        if rows:
            file = rows_file(self.inner._file.rows_folder, target, list(rows))
            with self.inner._connection(writing=True) as connection, file as relation:
                connection.execute(f"INSERT INTO leadwerk.{target.name} BY NAME SELECT * FROM {relation}")  # noqa: S608

    def _load(self, target: schema.Table, rows: list[schema.JsonRow], *, is_moved: bool) -> None:
        """A load job; one that fails has loaded nothing, and the client tries the next id."""
        with self._lock:
            self._count_load(target)
            try:
                self._load_once(target, rows, is_moved=is_moved)
            except WarehouseBusy:
                self._count_load(target)
                self._load_once(target, rows, is_moved=is_moved)

    def _count_load(self, target: schema.Table) -> None:
        day = target.name, int(self.elapsed // DAY_SECONDS)
        self._loads[day] += 1
        if self._loads[day] > LOADS_A_DAY:
            raise WarehouseBusy(f"{target.name}: Quota exceeded: load jobs a table and day.", remedy="Wait.")

    def _load_once(self, target: schema.Table, rows: list[schema.JsonRow], *, is_moved: bool) -> None:
        with self._call("load", target.name, 0.0):
            self._insert(target, rows if is_moved else schema.stamped(target, rows, datetime.now(UTC)))

    def _show(self) -> None:
        """Let the rows appear whose time has come."""
        with self._lock:
            for streamed in self._streamed:
                if not streamed.is_shown and streamed.visible_at <= self.elapsed:
                    self._insert(schema.table(streamed.table), streamed.rows)
                    streamed.is_shown = True
            # Kept for as long as a DELETE would meet them.
            self._streamed = [s for s in self._streamed if self.elapsed - s.sent_at < BUFFERED_SECONDS]

    def _stored_keys(self, target: schema.Table) -> set[tuple[Any, ...]]:
        text = f"SELECT {', '.join(target.key)} FROM leadwerk.{target.name}"  # noqa: S608  names of schema.json
        keys = tuple(column for column in target.fields if column.name in target.key)
        stored: list[Row] = self.inner.rows(Statement(f"{target.name}/keys", text), {})
        return {_key(target, row) for row in json_rows(replace(target, fields=keys), stored)}


def _key(target: schema.Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in target.key)


def _failed(name: str) -> WarehouseBusy:
    return WarehouseBusy(f"{name}: BigQuery did not answer in time: backendError", remedy="Try again.")

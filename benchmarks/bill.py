"""A bill as BigQuery writes it: bytes of the columns and days that a statement scans, at least 10 MB a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from msgspec import Struct

from benchmarks.logical_bytes import mean_bytes
from benchmarks.table_scans import TableScan, known_keys, table_scans
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import AnyStatement, Parameters, Statement
from leadwerk.warehouse.statement import bound, from_text

LEAST_BYTES: Final = 10 * 2**20
"""Billed for each table of a query, however small. Source: BigQuery pricing, on-demand compute."""
SAMPLE_ROWS: Final = 500


@dataclass(frozen=True)
class BilledCall:
    """One call: its kind (query, insert, load, script), what it was for, its seconds and the bytes billed."""

    kind: str
    name: str
    seconds: float
    bytes_billed: float


@dataclass
class Bill:
    """All calls, in order."""

    calls: list[BilledCall] = field(default_factory=list)

    def add(self, kind: str, name: str, seconds: float, bytes_billed: float) -> None:
        """Add a call."""
        self.calls.append(BilledCall(kind, name, seconds, bytes_billed))

    def count(self, kind: str) -> int:
        """How many calls of a kind there were."""
        return sum(call.kind == kind for call in self.calls)

    @property
    def bytes_billed(self) -> float:
        """Bytes of all calls."""
        return sum(call.bytes_billed for call in self.calls)


class RowsOfDay(Struct, frozen=True):
    """Rows of a table on a day; no day for a table without a partition."""

    day: date | None
    row_count: int


@dataclass
class Billing:
    """Bytes billed for statements, by what a warehouse holds."""

    warehouse: DuckDBWarehouse
    _means: dict[str, Mapping[str, float]] = field(default_factory=dict)

    def of(self, statement: AnyStatement, parameters: Parameters) -> float:
        """Bytes of a statement with these parameters; the GA4 export is not among them."""
        values = bound(statement, parameters)
        return self._sum((scan, *scan.days(values)) for scan in table_scans(statement))

    def of_keys(self, target: schema.Table, rows: Sequence[Mapping[str, Any]]) -> float:
        """Bytes of the look-up of these rows' keys."""
        days = sorted(row[target.partition] for row in rows) if target.partition else []
        first, last = (date.fromisoformat(days[0]), date.fromisoformat(days[-1])) if days else (None, None)
        return self._sum((scan, first, last) for scan in table_scans(known_keys(target)))

    def of_days(self, table: str, first: date | None, last: date | None) -> float:
        """Bytes of all columns of a table's days, which a change of rows reads."""
        whole = TableScan(table, frozenset(column.name for column in schema.table(table).fields))
        return self._sum([(whole, first, last)])

    def _sum(self, scans: Any) -> float:
        # A table that a query names twice is billed once, for all columns and days together.
        columns: dict[str, set[str]] = defaultdict(set)
        days: dict[str, list[tuple[date | None, date | None]]] = defaultdict(list)
        for scan, first, last in scans:
            columns[scan.table] |= scan.columns
            days[scan.table].append((first, last))
        return sum(self._of_table(table, columns[table], days[table]) for table in columns)

    def _of_table(self, table: str, columns: set[str], spans: Sequence[tuple[date | None, date | None]]) -> float:
        read = sum(row.row_count for row in self._rows_by_day(table) if any(_within(row.day, *span) for span in spans))
        width = sum(self._mean_of(table).get(column, 0.0) for column in columns) if read else 0.0
        return max(LEAST_BYTES, read * width)

    def _rows_by_day(self, table: str) -> list[RowsOfDay]:
        partition = schema.table(table).partition
        day = partition or "CAST(NULL AS DATE)"
        text = f"SELECT {day} AS day, COUNT(*) AS row_count FROM leadwerk.{table} GROUP BY day"  # noqa: S608
        return self.warehouse.rows(Statement(f"{table}/rows_by_day", text, {}, RowsOfDay), {})

    def _mean_of(self, table: str) -> Mapping[str, float]:
        if table not in self._means:
            text = f"SELECT * FROM leadwerk.{table} LIMIT {SAMPLE_ROWS}"  # noqa: S608
            self._means[table] = mean_bytes(schema.table(table).fields, self.warehouse.rows(from_text(text), {}))
        return self._means[table]


def _within(day: date | None, first: date | None, last: date | None) -> bool:
    return day is None or ((first is None or first <= day) and (last is None or day <= last))

"""What a warehouse can do: a few verbs, the same on BigQuery and on the embedded engine.

Queries are SELECTs in GoogleSQL. What they yield is written by `append` and `replace_days` only, so that every stage
can be rerun: an append skips rows whose key is already there, a replaced day is replaced whole and atomically.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, Union

import msgspec

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from leadwerk.warehouse.records import TableRow

Row = dict[str, Any]
"""A row of a statement without a record."""

WrittenRow = Union[Row, "TableRow"]
"""A row to append: a record of its table, or a mapping of its columns."""

Parameters = Mapping[str, Any]
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True)
class Statement(Generic[R_co]):
    """A GoogleSQL SELECT: `name` is its file under tables/, `text` what BigQuery runs, `parameters` name → type.

    `record` is the class of its rows: a frozen struct with the statement's columns. Without one its rows are mappings,
    which is meant for features alone: their columns follow from the policy.
    """

    name: str
    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    record: type[R_co] | None = None

    def read(self, rows: list[Row]) -> list[R_co]:
        """The rows of an engine as this statement's records.

        Raises:
            msgspec.ValidationError: a column is missing, or holds another type than the record's.
        """
        return rows if self.record is None else msgspec.convert(rows, list[self.record])  # type: ignore[return-value,name-defined]


AnyStatement = Statement[Any]


class Warehouse(Protocol):
    """The port. Timestamps are aware and UTC; a NULL is None in rows and NaN/None in frames."""

    def rows(self, statement: Statement[R], parameters: Parameters) -> list[R]:
        """Run a statement; few rows, no pandas."""

    def frame(self, statement: AnyStatement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement; many rows, as a data frame."""

    def append(self, table: str, rows: Sequence[WrittenRow], *, is_moved: bool = False) -> int:
        """Append the rows whose key (schema.json) is not yet in `table`; return how many were new.

        Rows that are moved from another deployment keep the moment at which they were written there.
        """

    def append_new(self, tables: Mapping[str, Sequence[WrittenRow]]) -> None:
        """Append rows to several tables at once; the caller has read the state and knows that they are new.

        On BigQuery no key is looked up and the tables are written in parallel, so a crash may leave some of them out,
        and two requests at once the same key twice, which every statement bears.
        """

    def replace_imported(
        self, lead_ids: pa.StringArray, tables: Mapping[str, Iterable[pa.Table]], commit: Callable[[], object]
    ) -> dict[str, int]:
        """Replace what earlier imports stored of these leads by the rows of `tables`; return how many of each are new.

        Rows of an import are those of `schema.IMPORTED`. A row whose key is there already stays as it is. `commit` is
        called when all rows are ready: if it fails, nothing is stored.
        """

    def replace_days(self, table: str, first: date, last: date, statement: AnyStatement, parameters: Parameters) -> int:
        """Replace the partitions `first` … `last` of `table` with what the statement yields for them; return its rows.

        Atomic by day. The statement gets the parameters `first_day` and `last_day` beside those given.
        """

    def delete(self, table: str, column: str, values: Sequence[str], *, moment: str, until: datetime) -> int:
        """Delete the rows with one of `values` in `column`, at most `until` by the column `moment`; return how many.

        For erasure alone: nothing else takes a row away.

        Raises:
            WarehouseBusy: BigQuery still buffers rows of the table, for up to 90 minutes after they were streamed.
        """

    def expire(self, table: str, first_day: date) -> int:
        """Delete the partitions before `first_day` where the engine does not by itself; return their rows."""

    def overwrite_deleted(self) -> None:
        """Make deleted rows unreadable in what the engine itself stores, as far as it lets us.

        The embedded engine writes its file anew if a `delete` owes that, of a killed process too. BigQuery keeps
        deleted rows for its time travel and fail-safe.
        """

    def export_tables(self) -> list[str]:
        """Names of the GA4 export's tables, such as events_20260131 and events_intraday_20260201."""

    def export_lifetime(self) -> timedelta | None:
        """For how long the GA4 export keeps a table; None for ever."""

    def unit_of_work(self) -> AbstractContextManager[None]:
        """Keep one connection for all verbs within (embedded engine); a no-op where connections cost nothing."""

    def bounded_memory(self) -> AbstractContextManager[None]:
        """A unit of work whose statements read any number of rows in bounded memory (embedded engine)."""

    def kept_open(self) -> AbstractContextManager[bool]:
        """Keep the connection between the units of work within, for a run of many (embedded engine).

        Yields whether other threads may use the warehouse, too: not within a unit of work, for whose end they wait.
        """

    def stay_open(self, *, for_few_rows: bool) -> None:
        """Keep the connection between units of work, for a process that answers requests (embedded engine).

        `for_few_rows`: each request reads a few rows, so statements are planned once, for any values; a list of
        thousands is read sooner by a plan for its values.
        """

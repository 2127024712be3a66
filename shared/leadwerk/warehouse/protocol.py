"""What a warehouse can do: five verbs, the same on BigQuery and on the embedded engine.

Queries are SELECTs in GoogleSQL. What they yield is written by `append` and `replace_days` only, so that every stage
can be rerun: an append skips rows whose key is already there, a replaced day is replaced whole and atomically.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]
Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Statement:
    """A GoogleSQL SELECT: `name` is its file under tables/, `text` what BigQuery runs, `parameters` name → type."""

    name: str
    text: str
    parameters: Mapping[str, str] = field(default_factory=dict)


class Warehouse(Protocol):
    """The port. Timestamps are aware and UTC; a NULL is None in rows and NaN/None in frames."""

    def rows(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Run a statement; few rows, no pandas."""

    def frame(self, statement: Statement, parameters: Parameters) -> pd.DataFrame:
        """Run a statement; many rows, as a data frame."""

    def append(self, table: str, rows: Sequence[Row]) -> int:
        """Append the rows whose key (schema.json) is not yet in `table`; return how many were new."""

    def replace_days(self, table: str, first: date, last: date, statement: Statement, parameters: Parameters) -> int:
        """Replace the partitions `first` … `last` of `table` with what the statement yields for them; return its rows.

        Atomic by day. The statement gets the parameters `first_day` and `last_day` beside those given.
        """

    def export_tables(self) -> list[str]:
        """Names of the GA4 export's tables, such as events_20260131 and events_intraday_20260201."""

    def unit_of_work(self) -> AbstractContextManager[None]:
        """Keep one connection for all verbs within (embedded engine); a no-op where connections cost nothing."""

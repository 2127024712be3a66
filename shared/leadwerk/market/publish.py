"""Show the GA4 export as it would stand at some moment: HOME/ga4.duckdb, which the embedded warehouse reads.

Daily tables reach up to yesterday, today has an intraday table, and events that arrive late are added to the tables of
the days before. Going forward only what is new is written; going back, all is written anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import duckdb
import numpy as np

from leadwerk.errors import InputError
from leadwerk.market import site, world
from leadwerk.market.calendar import Calendar, micros, moment
from leadwerk.market.traffic import LATEST_DAYS
from leadwerk.warehouse import schema

FILE = "ga4.duckdb"
BEGINNING = 0
MACROS = (
    f"event_name(code) AS ({list(site.EVENTS)!r}::VARCHAR[])[code::INT + 1]",
    "whole(name, number) AS {'key': name, 'value': {'string_value': NULL::VARCHAR, 'int_value': number::BIGINT,"
    " 'float_value': NULL::DOUBLE, 'double_value': NULL::DOUBLE}}",
    "text(name, words) AS {'key': name, 'value': {'string_value': words::VARCHAR, 'int_value': NULL::BIGINT,"
    " 'float_value': NULL::DOUBLE, 'double_value': NULL::DOUBLE}}",
    # Sites send numbers as they like: of 20 events 10 as a whole number, 3 with apostrophes, 1 as plain text,
    # 4 as double_value and 2 as float_value.
    "amount(name, number, style) AS {'key': name, 'value': {"
    "'string_value': CASE WHEN style % 20 IN (10, 11, 12) THEN replace(format('{:,}', number::BIGINT), ',', '''')"
    " WHEN style % 20 = 13 THEN number::BIGINT::VARCHAR END,"
    "'int_value': CASE WHEN style % 20 < 10 THEN number::BIGINT END,"
    "'float_value': CASE WHEN style % 20 >= 18 THEN number END,"
    "'double_value': CASE WHEN style % 20 BETWEEN 14 AND 17 THEN number END}}",
)


@dataclass(frozen=True)
class Published:
    """What is in the export now: how many daily tables, the day of the intraday table, rows written this time."""

    now: datetime
    daily: int
    intraday: date | None
    written: int


def publish(home: Path, now: datetime) -> Published:
    """Bring `home`/ga4.duckdb to the state of `now` (aware).

    Raises:
        InputError: `now` has no time zone.
        ConfigurationError: no market was simulated in `home`.
    """
    if now.tzinfo is None:
        raise InputError(f"{now} has no time zone.", field="now", value=now, remedy="Add an offset, such as Z.")
    market = world.read_market(home)
    with duckdb.connect(str(Path(home) / FILE)) as export:
        export.execute(f"ATTACH '{_quoted(world.folder(home) / world.WORLD)}' AS world (READ_ONLY)")
        for macro in MACROS:
            export.execute(f"CREATE TEMP MACRO {macro}")
        export.execute("BEGIN")
        published = _Export(export, market.calendar).advance(micros(now))
        export.execute("COMMIT")
        return published


class _Export:
    """The tables of an open export, and the moment it shows."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, calendar: Calendar) -> None:
        self.connection, self.calendar = connection, calendar
        connection.execute("CREATE SCHEMA IF NOT EXISTS market")
        connection.execute("CREATE TABLE IF NOT EXISTS market.shown (moment BIGINT)")

    def advance(self, now: int) -> Published:
        """Write what has changed from the moment shown up to `now`."""
        before = self._shown()
        if now < before:
            self._drop(self._tables("events_"))
            before = BEGINNING
        self._drop(self._tables("events_intraday_"))
        today = int(self.calendar.day_of(np.array(now)))
        days = range(self._first_to_touch(before), min(today, self.calendar.days))
        written = sum(self._daily(day, before, now) for day in days)
        is_over = not 0 <= today < self.calendar.days
        if not is_over:
            written += self._fill(self._table("events_intraday_", today), today, BEGINNING, now)
        self.connection.execute("DELETE FROM market.shown")
        self.connection.execute("INSERT INTO market.shown VALUES (?)", [now])
        daily = max(0, min(today, self.calendar.days))
        return Published(moment(now), daily, None if is_over else self.calendar.date_of(today), written)

    def _shown(self) -> int:
        row = self.connection.execute("SELECT max(moment) FROM market.shown").fetchone()
        return row[0] if row and row[0] is not None else BEGINNING

    def _first_to_touch(self, before: int) -> int:
        """The oldest day to which something may have come since."""
        return max(0, int(self.calendar.day_of(np.array(before))) - LATEST_DAYS)

    def _tables(self, prefix: str) -> list[str]:
        names = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()"
        found = self.connection.execute(f"{names} AND starts_with(table_name, ?)", [prefix]).fetchall()
        return [name for (name,) in found]

    def _drop(self, tables: Iterable[str]) -> None:
        for table in tables:
            self.connection.execute(f"DROP TABLE main.{table}")

    def _daily(self, day: int, before: int, now: int) -> int:
        """Complete the day's table; one that was not there yet gets all that has arrived."""
        table = self._table("events_", day)
        is_new = before < int(self.calendar.boundaries[day + 1])
        return self._fill(table, day, BEGINNING if is_new else before, now)

    def _table(self, prefix: str, day: int) -> str:
        name = f"{prefix}{self.calendar.date_of(day):%Y%m%d}"
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS main.{name} ({_columns()})")
        return name

    def _fill(self, table: str, day: int, after: int, now: int) -> int:
        values = {"date": self.calendar.date_of(day), "host": site.HOST, "day": day, "after": after, "now": now}
        self.connection.execute(f"INSERT INTO main.{table} BY NAME {_select()}", values)  # noqa: S608
        row = self.connection.fetchone()
        return int(row[0]) if row else 0


@cache
def _select() -> str:
    return (Path(__file__).parent / "export.sql").read_text(encoding="utf-8")


@cache
def _columns() -> str:
    fields = schema.table(schema.EXPORT).fields
    return ", ".join(f'"{field.name}" {schema.duckdb_type(field)}' for field in fields)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")

"""The GA4 export of a market, HOME/ga4.duckdb, which the embedded warehouse reads as `ga4`.

All events of the market are written once, nested as Google nests them, to a table that the product does not read
(`market.events`). What the export shows at a moment are views of it named as the export's tables are: daily ones up to
yesterday, an intraday one for today, and events that come late show in the daily ones only from then on. Writing real
tables day by day was tried: with the export's 170 nested columns it takes ten times as long, for the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np

from leadwerk.errors import InputError
from leadwerk.simulation import site, storage
from leadwerk.simulation.calendar import Calendar, micros, moment
from leadwerk.simulation.export_columns import Columns
from leadwerk.simulation.traffic import LATEST_DAYS
from leadwerk.warehouse import schema

FILE = "ga4.duckdb"
DAILY, INTRADAY = "events_", "events_intraday_"
UNATTRIBUTED = " REPLACE (NULL AS traffic_source, NULL AS session_traffic_source_last_click, NULL AS is_active_user)"
"""Google attributes a day when it is over: the intraday table does without."""
BEGINNING = 0
VALUE = "{'string_value': %s::VARCHAR, 'int_value': %s::BIGINT, 'float_value': %s::DOUBLE, 'double_value': %s::DOUBLE}"
WHOLE, TEXT = VALUE % ("NULL", "number", "NULL", "NULL"), VALUE % ("words", "NULL", "NULL", "NULL")
# Sites send numbers as they like: of 20 amounts 10 as whole numbers, 3 with apostrophes, 1 as plain text, 4 as
# double_value and 2 as float_value.
AMOUNT = VALUE % (
    "CASE WHEN style % 20 IN (10, 11, 12) THEN replace(format('{:,}', number::BIGINT), ',', '''')"
    " WHEN style % 20 = 13 THEN number::BIGINT::VARCHAR END",
    "CASE WHEN style % 20 < 10 THEN number END",
    "CASE WHEN style % 20 >= 18 THEN number END",
    "CASE WHEN style % 20 BETWEEN 14 AND 17 THEN number END",
)
MACROS = (
    f"event_name(code) AS ({list(site.EVENTS)!r}::VARCHAR[])[code::INT + 1]",
    f"whole(name, number) AS {{'key': name, 'value': {WHOLE}}}",
    f"text(name, words) AS {{'key': name, 'value': {TEXT}}}",
    f"amount(name, number, style) AS {{'key': name, 'value': {AMOUNT}}}",
)


@dataclass(frozen=True)
class PublishedExport:
    """What the export shows: how many daily tables, and the day of the intraday table."""

    now: datetime
    daily: int
    intraday: date | None


def write(home: Path, start: date, tables: dict[str, Columns]) -> None:
    """Write all events of a market to a new `home`/ga4.duckdb that shows nothing yet; `tables` are those of `flat`."""
    file = Path(home) / FILE
    file.unlink(missing_ok=True)
    # A log left by a killed run would be replayed into the new file.
    file.with_name(f"{FILE}.wal").unlink(missing_ok=True)
    with duckdb.connect(str(file)) as export:
        for macro in MACROS:
            export.execute(f"CREATE TEMP MACRO {macro}")
        for name, columns in tables.items():
            export.register(name, columns)
        export.execute("CREATE SCHEMA market")
        export.execute("CREATE TABLE market.shown (moment BIGINT)")
        export.execute(f"CREATE TABLE market.events (day INTEGER, arrived BIGINT, {_columns()})")
        select = (Path(__file__).parent / "export.sql").read_text(encoding="utf-8")
        values = {"start": start, "host": site.HOST}
        export.execute(f"INSERT INTO market.events BY NAME {select}", values)


def _columns() -> str:
    fields = schema.table(schema.EXPORT).fields
    return ", ".join(f'"{field.name}" {schema.duckdb_type(field)}' for field in fields)


def publish(home: Path, now: datetime) -> PublishedExport:
    """Let `home`/ga4.duckdb show the export as it stands at `now` (aware): forward or back, the cost is the change.

    Raises:
        InputError: `now` has no time zone.
        ConfigurationError: no market was simulated in `home`.
    """
    if now.tzinfo is None:
        raise InputError(f"{now} has no time zone.", field="now", value=now, remedy="Add an offset, such as Z.")
    calendar = storage.read_market(home).calendar
    with duckdb.connect(str(Path(home) / FILE)) as export:
        # Readers see the export of one moment: never a day's table without its predecessor.
        export.execute("BEGIN")
        published = _show(export, calendar, micros(now))
        export.execute("COMMIT")
        return published


def _show(export: duckdb.DuckDBPyConnection, calendar: Calendar, now: int) -> PublishedExport:
    before = _last_published(export)
    last, today = _day(calendar, before), _day(calendar, now)
    is_open = 0 <= today < calendar.days
    # Time may go back in tests: daily tables after the new moment disappear again.
    for day in range(max(0, today), min(calendar.days, last + 1)):
        export.execute(f"DROP VIEW IF EXISTS {_name(DAILY, calendar, day)}")
    if 0 <= last < calendar.days:
        export.execute(f"DROP VIEW IF EXISTS {_name(INTRADAY, calendar, last)}")
    # GA4 adds late events to tables of earlier days: those are shown anew.
    for day in range(max(0, min(last, today) - LATEST_DAYS), min(calendar.days, today)):
        _view(export, _name(DAILY, calendar, day), day, now)
    if is_open:
        _view(export, _name(INTRADAY, calendar, today), today, now)
    export.execute("DELETE FROM market.shown")
    export.execute("INSERT INTO market.shown VALUES (?)", [now])
    daily = min(max(0, today), calendar.days)
    return PublishedExport(moment(now), daily, calendar.date_of(today) if is_open else None)


def _last_published(export: duckdb.DuckDBPyConnection) -> int:
    row = export.execute("SELECT max(moment) FROM market.shown").fetchone()
    return int(row[0]) if row and row[0] is not None else BEGINNING


def _day(calendar: Calendar, at: int) -> int:
    return int(calendar.day_of(np.array(at)))


def _name(prefix: str, calendar: Calendar, day: int) -> str:
    return f"main.{prefix}{calendar.date_of(day):%Y%m%d}"


def _view(export: duckdb.DuckDBPyConnection, name: str, day: int, now: int) -> None:
    # Google fills attribution only in daily tables; intraday tables lack it.
    columns = "* EXCLUDE (day, arrived)" + (UNATTRIBUTED if INTRADAY in name else "")
    rows = f"SELECT {columns} FROM market.events WHERE day = {day} AND arrived <= {now}"  # noqa: S608
    export.execute(f"CREATE OR REPLACE VIEW {name} AS {rows}")

"""Stations: the chain from the web site to the model, as an operator looks at it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct

from leadwerk.texts.message import restored
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

Light = Literal["green", "amber", "red", "grey"]
LATE: dict[str, timedelta] = {
    "extract": timedelta(hours=26),
    "ingest": timedelta(hours=26),
    "threshold": timedelta(hours=26),
    "score": timedelta(hours=26),
    "deliver": timedelta(hours=26),
    "retrain": timedelta(days=8),
}
"""After how long a station is late: a night and two hours, and a week and a day for the training."""

VERY_LATE = 2  # times as long
DAY = timedelta(days=1)
REJECTION_DAYS = 30


class StationRow(Struct, frozen=True):
    """A row of extract_runs/stations."""

    station: str
    last_at: datetime
    amount: int


class Station(Struct, frozen=True):
    """A station: when it last did something (None: never), how much in a day, and its light."""

    name: str
    last_at: datetime | None
    amount: int
    light: Light


class Rejections(Struct, frozen=True):
    """A row of rejections/recent."""

    source: str
    field: str
    reason: str
    reason_message: str | None
    rejected: int
    newest: datetime

    @property
    def reason_text(self) -> str:
        """The reason as a message, where it was stored as one."""
        return restored(self.reason_message, self.reason)


def stations(warehouse: Warehouse, now: datetime) -> list[Station]:
    """The stations in the order of the chain, as of `now` (aware)."""
    rows = warehouse.rows(statement("extract_runs/stations", StationRow), {"since": now - DAY, "as_of": now})
    by_name = {row.station: row for row in rows}
    return [_station(name, by_name.get(name), late, now) for name, late in LATE.items()]


def rejections(warehouse: Warehouse, now: datetime) -> list[Rejections]:
    """Rows of sources that could not be used lately, by field."""
    parameters = {"first_day": (now - timedelta(days=REJECTION_DAYS)).date(), "as_of": now}
    return warehouse.rows(statement("rejections/recent", Rejections), parameters)


def _station(name: str, row: StationRow | None, late: timedelta, now: datetime) -> Station:
    if row is None:
        return Station(name, None, 0, "grey")
    silent = now - row.last_at
    light: Light = "green" if silent <= late else "amber" if silent <= VERY_LATE * late else "red"
    return Station(name, row.last_at, row.amount, light)

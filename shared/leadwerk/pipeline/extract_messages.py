"""Messages of the stage `extract`: the days it is asked for, the rows it reads back, its report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct


class EventCounts(Struct, frozen=True, kw_only=True):
    """A row of activity_events/counts: the events of one day."""

    day: date
    events_read: int = 0
    duplicates: int = 0
    bots: int = 0
    own_traffic: int = 0
    without_visitor: int = 0
    unusable: int = 0
    events_kept: int = 0
    visitors: int = 0


class LoginLink(Struct, frozen=True, kw_only=True):
    """A row of identities/logins: a visitor who logged in as a lead."""

    visitor_id: str
    lead_id: str
    linked_at: datetime
    source: str


class LatestRun(Struct, frozen=True):
    """A row of extract_runs/latest: the source that a day was last read from."""

    day: date
    source: str


class Violation(Struct, frozen=True):
    """A row of activity_daily/checks: an invariant, and how many rows violate it."""

    finding: str
    violations: int


@dataclass(frozen=True)
class RequestedDays:
    """Days `first` to `last` to rebuild (None: open); or what came since the night (`intraday`); or what is due."""

    first: date | None = None
    last: date | None = None
    intraday: bool = False


NIGHT = RequestedDays()
"""The days that are due."""


class DayReport(EventCounts, frozen=True, kw_only=True):
    """Counts of one day; extract_runs/schema.json describes each."""

    source: str


@dataclass(frozen=True)
class ExtractReport:
    """Result of a run: its days and their sums; `missing`: days without table, `empty`: daily tables without events."""

    run_at: datetime
    intraday: bool
    days: tuple[DayReport, ...]
    missing: int
    empty: int
    events_read: int
    events_kept: int
    duplicates: int
    bots: int
    own_traffic: int
    without_visitor: int
    unusable: int
    logins: int
    warnings: tuple[str, ...]

"""GA4 export days: selects the days that a run reads, and their tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

TABLE = re.compile(r"events_(fresh_|intraday_)?(\d{8})")
DAILY, FRESH, INTRADAY = "events_2", "events_fresh_2", "events_intraday_2"
"""Prefixes of the export's tables, with the first digit of the year."""
CORRECTED_DAYS = 4
"""Google corrects a daily table for up to 3 days: D-1 … D-4 are read again. Source: GA4 help, BigQuery export."""
CHUNK_DAYS = 92
"""Most days per statement, a quarter: bounds the work lost if a full rebuild is stopped."""
MOST_ASKED_DAYS = 3660
"""Most days of a requested range, ten years: each is reported and recorded, with or without a table."""
EARLIEST = date(2000, 1, 1)
"""No web site was measured by Google before; each day that is asked for leaves a row."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Ga4Export:
    """The days of the export with a daily, fresh daily or intraday table."""

    daily: frozenset[date]
    intraday: frozenset[date]
    fresh: frozenset[date] = frozenset()

    @property
    def days(self) -> frozenset[date]:
        """Days of any kind."""
        return self.daily | self.fresh | self.intraday

    def source(self, day: date) -> str:
        """daily, fresh, intraday or missing: the more complete table of a day replaces the others.

        Fresh daily tables, which Analytics 360 rewrites during the day, hold attribution that intraday ones lack.
        """
        kinds = {"daily": self.daily, "fresh": self.fresh, "intraday": self.intraday}
        return next((source for source, days in kinds.items() if day in days), "missing")


def export(tables: Iterable[str]) -> Ga4Export:
    """Build an export from table names; names without a valid date (such as copies) are ignored.

    >>> export(["events_20260130", "events_intraday_20260131", "events_20260231"]).source(date(2026, 1, 31))
    'intraday'
    """
    days: dict[str | None, set[date]] = {None: set(), "fresh_": set(), "intraday_": set()}
    for match in filter(None, map(TABLE.fullmatch, tables)):
        try:
            days[match[1]].add(date.fromisoformat(match[2]))
        # events_20260231 is a copy or a mistake of a person, and no day.
        except ValueError:
            continue
    daily, fresh, intraday = (frozenset(days[kind]) for kind in (None, "fresh_", "intraday_"))
    return Ga4Export(daily=daily, fresh=fresh, intraday=intraday)


def due(exported: Ga4Export, extracted: Mapping[date, str], today: date, keep_days: int) -> list[date]:
    """The days of a nightly run: those Google may have corrected, and those not yet read from their best table.

    `extracted`: day → source of its last read (daily, fresh, intraday, missing).
    """
    recent = {today - DAY * age for age in range(CORRECTED_DAYS + 1)}
    stale = {
        day for day in exported.days if exported.source(day) != extracted.get(day) and extracted.get(day) != "daily"
    }
    oldest = today - DAY * keep_days
    return with_followers(exported, {day for day in (recent & exported.days) | stale if oldest <= day <= today}, today)


def arrived(exported: Ga4Export, extracted: Mapping[date, str], today: date) -> list[date]:
    """The days a run during the day rebuilds: those of tables that still grow, and those whose daily table came since.

    Google writes yesterday's daily table in the course of today, mostly in the afternoon: the night came too early.
    """
    recent = {today - DAY * age for age in range(CORRECTED_DAYS + 1)}
    whole = {day for day in recent & exported.daily if extracted.get(day) != "daily"}
    streamed = {day for day in (today - DAY, today) if exported.source(day) in ("fresh", "intraday")}
    return sorted({*with_followers(exported, whole, today), *streamed})


def requested_days(exported: Ga4Export, first_day: date | None, last_day: date | None, today: date) -> list[date]:
    """The days from `first_day` (default: the export's first) to `last_day` (default: today), none after today.

    Raises:
        InputError: the range has no day, or too many.
    """
    first, last = first_day or min(exported.days), min(last_day or today, today)
    days = (last - first).days + 1
    if 1 <= days <= MOST_ASKED_DAYS and first >= EARLIEST:
        return [first + DAY * step for step in range(days)]
    name, value = ("last_day", last_day) if first_day is None else ("first_day", first_day)
    problem = "future" if days < 1 else "early" if days <= MOST_ASKED_DAYS and first < EARLIEST else "many"
    message = Message(
        "refusal.extract.days",
        first=first,
        last=last_day or today,
        problem=Message(f"refusal.extract.days.{problem}", figure=f"{days:,}"),
        most=f"{MOST_ASKED_DAYS:,}",
        today=today,
    )
    raise InputError(message, field=name, value=value)


def with_followers(exported: Ga4Export, days: set[date], today: date) -> list[date]:
    """The days and the day after each: a session may continue after midnight."""
    followers = {day + DAY for day in days} & exported.days
    return sorted(days | {day for day in followers if day <= today})


def expected(exported: Ga4Export, today: date) -> list[date]:
    """The days whose tables should exist by now: D-1 … D-4, from the export's first day on.

    Without streaming D-1 is not expected yet: Google writes yesterday's table in the course of the day.
    """
    # Days before the export began are not missing.
    began, newest = min(exported.days), 1 if exported.intraday or exported.fresh else 2
    return [day for age in range(CORRECTED_DAYS, newest - 1, -1) if (day := today - DAY * age) >= began]


def chunks(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    """First and last day of each unbroken run of `days` (sorted), split at CHUNK_DAYS.

    >>> list(chunks([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)]))[1][0]
    datetime.date(2026, 1, 5)
    """
    run: list[date] = []
    for day in days:
        # A gap ends a run: a statement over it would read tables that are not asked for.
        if run and (day != run[-1] + DAY or len(run) == CHUNK_DAYS):
            yield run[0], run[-1]
            run = []
        run.append(day)
    if run:
        yield run[0], run[-1]


def tables_to_read(exported: Ga4Export, first: date, last: date) -> dict[str, dict[str, object]]:
    """Parameters that select the tables of the days `first` … `last`, by prefix; no day is read from two tables.

    A prefix without a table is left out: BigQuery refuses a wildcard that matches no table.
    """
    days = {first + DAY * step for step in range((last - first).days + 1)} & exported.days
    kinds = {
        prefix: (tables, sorted(day for day in days if exported.source(day) == source))
        for prefix, source, tables in (
            (DAILY, "daily", exported.daily),
            (FRESH, "fresh", exported.fresh),
            (INTRADAY, "intraday", exported.intraday),
        )
    }
    return {
        prefix: {
            f"first_{prefix}": _suffix(read[0]),
            f"last_{prefix}": _suffix(read[-1]),
            f"without_{prefix}": [_suffix(day) for day in sorted(tables - {*read}) if read[0] < day < read[-1]],
        }
        for prefix, (tables, read) in kinds.items()
        if read
    }


def _suffix(day: date) -> str:
    """Table suffix of a day: the prefix ends with the first digit of the year."""
    return f"{day:%Y%m%d}"[1:]

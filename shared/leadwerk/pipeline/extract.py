"""Extract: rebuilds activity_events and activity_daily from the GA4 export, by day; idempotent.

A day counts as read once its row is in extract_runs, which is written last. After a crash the next run therefore
rebuilds the same days with the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.errors import InputError, MissingTable, WarehouseError
from leadwerk.pipeline import ga4_export_days
from leadwerk.pipeline.ga4_export_days import DAILY, FRESH, INTRADAY, Ga4Export
from leadwerk.pipeline.privacy.delete_again import delete_again
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Parameters, Row, Statement, Warehouse
from leadwerk.warehouse.statement import statement

EXPORTS = (DAILY, FRESH, INTRADAY)
NUMBERS = {"session_number": "ga_session_id", "engagement": "engagement_time_msec", "scroll": "percent_scrolled"}
"""Numeric parameters of an event → their keys in the GA4 export."""
AMOUNTS = ("loan_amount", "property_value", "income", "instalment")
STRINGS = {
    "page_location": "page_location",
    "screen": "firebase_screen",
    "screen_class": "firebase_screen_class",
    "session_source": "source",
    "session_medium": "medium",
}
ORIGINS = ("source", "medium")
ATTRIBUTIONS = ("attributed", "click", "tagged", "collected", "session")
"""Where the origin of a session may stand; the first that names one counts: Google's cross-channel attribution, a paid
click, the session's tags, the event's, its parameters. Source: GA4 help on traffic-source dimensions and the export."""
LARGEST_AMOUNT = 1e12
"""In the policy's currency; a larger amount in a form is a mistake."""
LONGEST_ENGAGEMENT = 4 * 3600.0
"""Most seconds between two engagement reports; GA4 ends a session after at most 7 h 55 min without one."""
LOGIN_DAYS = max(WINDOWS_DAYS)
"""A night looks this far back for logins of leads that exist only since; older behaviour is in no window."""
UNUSABLE_SHARE = 0.02
"""A run warns if more than this share of a table's events belongs to another day."""
COUNTS = ("events_read", "duplicates", "bots", "own_traffic", "without_visitor", "unusable", "events_kept", "visitors")


@dataclass(frozen=True)
class DayReport:
    """Counts of one day; extract_runs/schema.json describes each."""

    day: date
    source: str
    events_read: int = 0
    duplicates: int = 0
    bots: int = 0
    own_traffic: int = 0
    without_visitor: int = 0
    unusable: int = 0
    events_kept: int = 0
    visitors: int = 0


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


def run(
    warehouse: Warehouse,
    policy: Policy,
    *,
    now: datetime,
    first_day: date | None = None,
    last_day: date | None = None,
    intraday: bool = False,
    person_key: str = "",
    progress: Callable[[str], None] | None = None,
) -> ExtractReport:
    """Rebuild the days that are due, or the days of a range; `now` is aware.

    A run during the day (`intraday`) reads only what came since the night. `person_key`: secret key of the hashes of
    persons, by which visitors are recognised that were erased.

    Raises:
        InputError: the range has no day up to today, or too many days.
        MissingTable: the export has no table.
        WarehouseError: the written rows violate an invariant of their tables.
    """
    today = now.astimezone(ZoneInfo(policy.time_zone)).date()
    with warehouse.unit_of_work():
        exported = _exported_days(warehouse)
        days, absent = _days(warehouse, policy, exported, today, first_day, last_day, intraday)
        missing = [DayReport(day, "missing") for day in absent]
        warehouse.append("extract_runs", [_row(day, now) for day in missing])
        spans = [*ga4_export_days.chunks(days)]
        done = [_rebuild(warehouse, policy, exported, span, now, person_key, progress) for span in spans[:1]]
        lately = [] if intraday else [(today - timedelta(days=LOGIN_DAYS), today)]
        logins = sum(_link_logins(warehouse, *days) for days in [*spans[:1], *lately])
    # Other processes get a turn at the file between two spans; a nightly run has one span and opens the file once.
    for span in spans[1:]:
        with warehouse.unit_of_work():
            done.append(_rebuild(warehouse, policy, exported, span, now, person_key, progress))
            logins += _link_logins(warehouse, *span)
    day_reports = [day for reports in done for day in reports]
    return _report(now, intraday, tuple(sorted([*day_reports, *missing], key=lambda day: day.day)), logins)


def _exported_days(warehouse: Warehouse) -> Ga4Export:
    exported = ga4_export_days.export(warehouse.export_tables())
    if not exported.days:
        raise MissingTable(
            "The GA4 export has no table events_YYYYMMDD yet.",
            remedy="Link the GA4 property to BigQuery and wait a day; check LEADWERK_GA4_DATASET.",
        )
    return exported


def _days(
    warehouse: Warehouse,
    policy: Policy,
    exported: Ga4Export,
    today: date,
    first_day: date | None,
    last_day: date | None,
    intraday: bool,
) -> tuple[list[date], list[date]]:
    """The days to rebuild, and the days whose table is missing."""
    if intraday and (first_day or last_day):
        remedy = "Send intraday alone, or the days without it."
        raise InputError("intraday cannot be combined with days.", field="intraday", remedy=remedy)
    if first_day or last_day:
        requested = set(ga4_export_days.requested_days(exported, first_day, last_day, today))
        return ga4_export_days.with_followers(exported, requested & exported.days, today), sorted(
            requested - exported.days - {today}
        )
    runs = warehouse.rows(statement("extract_runs/latest"), {"first_day": min(exported.days)})
    extracted = {row["day"]: row["source"] for row in runs}
    if intraday:
        return ga4_export_days.arrived(exported, extracted, today), []
    days = ga4_export_days.due(exported, extracted, today, policy.retention.activity)
    return days, [day for day in ga4_export_days.expected(exported, today) if day not in exported.days]


def _rebuild(
    warehouse: Warehouse,
    policy: Policy,
    exported: Ga4Export,
    span: tuple[date, date],
    now: datetime,
    person_key: str,
    progress: Callable[[str], None] | None,
) -> list[DayReport]:
    first, last = span
    if progress:
        progress(f"{first} … {last}" if last > first else str(first))
    days = {"first_day": first, "last_day": last}
    tables = ga4_export_days.tables_to_read(exported, first, last)
    parameters = {**rules(policy), **{name: value for kind in tables.values() for name, value in kind.items()}, **days}
    with warehouse.unit_of_work():
        warehouse.replace_days("activity_events", first, last, events_statement(policy, [*tables]), parameters)
        delete_again(warehouse, person_key, ("activity_events",), span)  # so that no sum of a day holds them
        warehouse.replace_days("activity_daily", first, last, daily_statement(), parameters)
        _check(warehouse, parameters)
        counts = warehouse.rows(counts_statement([*tables]), parameters)
        reports = [DayReport(row["day"], exported.source(row["day"]), **_counted(row)) for row in counts]
        warehouse.append("extract_runs", [_row(day, now) for day in reports])
    return reports


def _link_logins(warehouse: Warehouse, first: date, last: date) -> int:
    """Link the visitors who logged in on these days to the leads that exist by now."""
    days = {"first_day": first, "last_day": last}
    return warehouse.append("identities", warehouse.rows(statement("identities/logins"), days))


def _counted(row: Row) -> dict[str, int]:
    return {name: row[name] for name in COUNTS}


def _check(warehouse: Warehouse, span: Parameters) -> None:
    violated = warehouse.rows(statement("activity_daily/checks"), span)
    if violated:
        violations = "; ".join(f"{row['finding']} ({row['violations']} rows)" for row in violated)
        raise WarehouseError(
            f"The days {span['first_day']} to {span['last_day']} violate an invariant: {violations}.",
            remedy="Run extract for these days again; if it persists, the tables were written by something else.",
        )


def events_statement(policy: Policy, exports: Sequence[str] = EXPORTS) -> Statement[Row]:
    """`activity_events/rebuild` with the policy's web signals, from the tables of these prefixes."""
    return statement(
        "activity_events/rebuild",
        export=exports,
        parameter=[*STRINGS, "traffic_type", *NUMBERS, *AMOUNTS],
        origin=ORIGINS,
        attribution=ATTRIBUTIONS,
        number=list(NUMBERS),
        amount=AMOUNTS,
        signal=[signal.name for signal in policy.signals if signal.event or signal.page],
    )


def daily_statement() -> Statement[Row]:
    """`activity_daily/rebuild`."""
    return statement("activity_daily/rebuild", amount=AMOUNTS)


def counts_statement(exports: Sequence[str] = EXPORTS) -> Statement[Row]:
    """`activity_events/counts`, from the tables of these prefixes."""
    return statement("activity_events/counts", export=exports, count=COUNTS)


def rules(policy: Policy) -> dict[str, Any]:
    """Parameters of the statements on events, from the policy."""
    traffic = policy.traffic
    keys = {
        **NUMBERS,
        **{amount: getattr(policy.calculator, amount) for amount in AMOUNTS},
        **STRINGS,
        "traffic_type": traffic.own_parameter,
    }
    return {
        "time_zone": policy.time_zone,
        "own_values": list(traffic.own_values),
        "hostnames": list(traffic.hostnames),
        "bot_browsers": traffic.bot_browsers,
        "bot_events_per_day": traffic.bot_events_per_day,
        "largest_amount": LARGEST_AMOUNT,
        "longest_engagement": LONGEST_ENGAGEMENT,
        "counted_signals": [signal.name for signal in policy.signals if signal.event],
        **{f"key_{name}": key for name, key in keys.items()},
        **{f"event_{signal.name}": signal.event for signal in policy.signals},
        **{f"page_{signal.name}": signal.page for signal in policy.signals},
    }


def _row(day: DayReport, now: datetime) -> Row:
    counts = {name: getattr(day, name) for name in COUNTS}
    return {"day": day.day, "run_at": now, "source": day.source, **counts}


def _report(now: datetime, intraday: bool, days: tuple[DayReport, ...], logins: int) -> ExtractReport:
    sums = {name: sum(getattr(day, name) for day in days) for name in COUNTS if name != "visitors"}
    return ExtractReport(
        run_at=now,
        intraday=intraday,
        days=days,
        missing=sum(day.source == "missing" for day in days),
        empty=sum(day.source == "daily" and not day.events_kept for day in days),
        logins=logins,
        warnings=tuple(_warnings(days)),
        **sums,
    )


def _warnings(days: tuple[DayReport, ...]) -> list[str]:
    missing = [f"{day.day}: the export has no table yet; it is caught up when it comes." for day in days
               if day.source == "missing"]  # fmt: skip
    unusable = [
        f"{day.day}: {day.unusable} of {day.events_read} events belong to another day than their table's. "
        "Is the policy's time zone that of the GA4 property?"
        for day in days
        if day.unusable > UNUSABLE_SHARE * day.events_read
    ]
    empty = [f"{day.day}: the export's table is there, but empty." for day in days
             if day.source == "daily" and not day.events_read]  # fmt: skip
    return missing + empty + unusable

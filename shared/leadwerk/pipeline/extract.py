"""Extract: rebuilds activity_events and activity_daily from the GA4 export, by day; idempotent.

A day counts as read once its row is in extract_runs, which is written last. After a crash the next run therefore
rebuilds the same days with the same rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec.structs import asdict

from leadwerk.catalogue.features import AMOUNTS
from leadwerk.catalogue.periods import WINDOWS_DAYS
from leadwerk.errors import InputError, MissingTable, WarehouseError
from leadwerk.pipeline import ga4_export_days
from leadwerk.pipeline.extract_messages import (
    NIGHT,
    DayReport,
    EventCounts,
    ExtractReport,
    LatestRun,
    LoginLink,
    RequestedDays,
    Violation,
)
from leadwerk.pipeline.ga4_export_days import DAILY, FRESH, INTRADAY, Ga4Export
from leadwerk.pipeline.privacy.delete_again import delete_again
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, part_of, silent
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import AnyStatement, Parameters, Statement, Warehouse
from leadwerk.warehouse.records import ExtractRunRow, IdentityRow
from leadwerk.warehouse.statement import statement

EXPORTS = (DAILY, FRESH, INTRADAY)
NUMBERS = {"session_number": "ga_session_id", "engagement": "engagement_time_msec", "scroll": "percent_scrolled"}
"""Numeric parameters of an event → their keys in the GA4 export."""
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
"""Largest plausible amount of a form, in the policy's currency."""
LONGEST_ENGAGEMENT = 4 * 3600.0
"""Most seconds between two engagement reports; GA4 ends a session after at most 7 h 55 min without one."""
LOGIN_DAYS = max(WINDOWS_DAYS)
"""A night looks this far back for logins of leads that exist only since; older behaviour is in no window."""
EVENTS_SHARE = 0.6
"""Share of a day's time that its events take; the rest is for sums and counts."""
UNUSABLE_SHARE = 0.02
"""A run warns if more than this share of a table's events belongs to another day."""
COUNTS = ("events_read", "duplicates", "bots", "own_traffic", "without_visitor", "unusable", "events_kept", "visitors")


def run(
    warehouse: Warehouse,
    policy: Policy,
    *,
    now: datetime,
    requested: RequestedDays = NIGHT,
    person_key: str = "",
    progress: Progress = silent,
) -> ExtractReport:
    """Rebuild the days that are due, or those `requested`; `now` is aware.

    `person_key`: secret key of the hashes of persons, by which visitors are recognised that were erased.

    Raises:
        InputError: the range has no day up to today, or too many days.
        MissingTable: the export has no table.
        WarehouseError: the written rows violate an invariant of their tables.
    """
    today = now.astimezone(ZoneInfo(policy.time_zone)).date()
    with warehouse.unit_of_work():
        exported = _exported_days(warehouse)
        rebuild = _Rebuild(warehouse, policy, exported, now, person_key)
        days, absent = _days(warehouse, policy, exported, today, requested)
        missing = [DayReport(day=day, source="missing") for day in absent]
        warehouse.append("extract_runs", [_row(day, now) for day in missing])
        spans = [*ga4_export_days.chunks(days)]
        parts = [part_of(progress, n / len(spans), (n + 1) / len(spans)) for n in range(len(spans))]
        done = [rebuild.days(span, part) for span, part in zip(spans[:1], parts, strict=False)]
        lately = [] if requested.intraday else [(today - timedelta(days=LOGIN_DAYS), today)]
        logins = sum(_link_logins(warehouse, *days) for days in [*spans[:1], *lately])
    # Other processes get a turn at the file between two spans; a nightly run has one span and opens the file once.
    for span, part in zip(spans[1:], parts[1:], strict=True):
        with warehouse.unit_of_work():
            done.append(rebuild.days(span, part))
            logins += _link_logins(warehouse, *span)
    day_reports = [day for reports in done for day in reports]
    return _report(now, requested.intraday, tuple(sorted([*day_reports, *missing], key=lambda day: day.day)), logins)


def _exported_days(warehouse: Warehouse) -> Ga4Export:
    exported = ga4_export_days.export(warehouse.export_tables())
    if not exported.days:
        raise MissingTable(Message("refusal.extract.no_export"))
    return exported


def _days(
    warehouse: Warehouse, policy: Policy, exported: Ga4Export, today: date, requested: RequestedDays
) -> tuple[list[date], list[date]]:
    """The days to rebuild, and the days whose table is missing."""
    if requested.intraday and (requested.first or requested.last):
        raise InputError(Message("refusal.extract.intraday"), field="intraday")
    if requested.first or requested.last:
        in_range = set(ga4_export_days.requested_days(exported, requested.first, requested.last, today))
        missing = sorted(in_range - exported.days - {today})
        return ga4_export_days.with_followers(exported, in_range & exported.days, today), missing
    runs = warehouse.rows(statement("extract_runs/latest", LatestRun), {"first_day": min(exported.days)})
    extracted = {latest.day: latest.source for latest in runs}
    if requested.intraday:
        return ga4_export_days.arrived(exported, extracted, today), []
    days = ga4_export_days.due(exported, extracted, today, policy.retention.activity)
    return days, [day for day in ga4_export_days.expected(exported, today) if day not in exported.days]


@dataclass(frozen=True)
class _Rebuild:
    """The rebuilding of days in one run; `person_key` as in `run`."""

    warehouse: Warehouse
    policy: Policy
    exported: Ga4Export
    now: datetime
    person_key: str

    def days(self, span: tuple[date, date], progress: Progress) -> list[DayReport]:
        """Rebuild the days of a span, and record what was read of each."""
        first, last = span
        doing = f"{first} … {last}" if last > first else str(first)
        progress(doing, 0.0)
        tables = ga4_export_days.tables_to_read(self.exported, first, last)
        bounds = {name: value for kind in tables.values() for name, value in kind.items()}
        parameters = {**rules(self.policy), **bounds, "first_day": first, "last_day": last}
        events, warehouse = events_statement(self.policy, [*tables]), self.warehouse
        with warehouse.unit_of_work():
            warehouse.replace_days("activity_events", first, last, events, parameters)
            # So that no sum of a day holds them.
            delete_again(warehouse, self.person_key, ("activity_events",), span)
            progress(doing, EVENTS_SHARE)
            warehouse.replace_days("activity_daily", first, last, daily_statement(), parameters)
            _check(warehouse, first, last)
            counts = warehouse.rows(counts_statement([*tables]), parameters)
            reports = [DayReport(source=self.exported.source(counted.day), **asdict(counted)) for counted in counts]
            warehouse.append("extract_runs", [_row(day, self.now) for day in reports])
        return reports


def _link_logins(warehouse: Warehouse, first: date, last: date) -> int:
    """Link the visitors who logged in on these days to the leads that exist by now."""
    days = {"first_day": first, "last_day": last}
    links = warehouse.rows(statement("identities/logins", LoginLink), days)
    return warehouse.append("identities", [IdentityRow(**asdict(link)) for link in links])


def _check(warehouse: Warehouse, first: date, last: date) -> None:
    days = {"first_day": first, "last_day": last}
    violated = warehouse.rows(statement("activity_daily/checks", Violation), days)
    if violated:
        violations = "; ".join(f"{violation.finding} ({violation.violations} rows)" for violation in violated)
        raise WarehouseError(Message("refusal.extract.invariant", first=first, last=last, violations=violations))


def events_statement(policy: Policy, exports: Sequence[str] = EXPORTS) -> AnyStatement:
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


def daily_statement() -> AnyStatement:
    """`activity_daily/rebuild`."""
    return statement("activity_daily/rebuild", amount=AMOUNTS)


def counts_statement(exports: Sequence[str] = EXPORTS) -> Statement[EventCounts]:
    """`activity_events/counts`, from the tables of these prefixes."""
    return statement("activity_events/counts", EventCounts, export=exports, count=COUNTS)


def rules(policy: Policy) -> Parameters:
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


def _row(day: DayReport, now: datetime) -> ExtractRunRow:
    return ExtractRunRow(run_at=now, **asdict(day))


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

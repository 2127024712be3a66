"""Anomalies of inflow and behaviour: leads by channel, signals that stop, visits without engagement (bots).

They need no champion: what comes in is compared with the weeks before, by weekday (stats.count_scan).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
from msgspec import Struct

from leadwerk.features.drift_check import DriftCheck, DriftDriver, Monitor
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Floats
from leadwerk.stats.count_scan import (
    DAYS_A_WEEK,
    MINIMUM_DAYS,
    WEEKS,
    WINDOWS,
    CountAnomaly,
    anomaly_limit,
    scan_counts,
)
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

HISTORY_DAYS: Final = WEEKS * DAYS_A_WEEK + max(WINDOWS)
MINIMUM_EVENTS: Final = 20
"""Events in the whole history below which a series is not watched: it cannot tell silence from chance."""

MOST_SERIES: Final = 50
"""Series watched in a night, the largest: each one more makes the limit higher for all."""

SHOWN: Final = 10
ALL: Final = "all"
UNKNOWN: Final = "unknown"

SeriesKind = Literal["leads", "visits", "idle_visits", "signals", "touchpoints"]

_MONITORS: Final[Mapping[SeriesKind, Monitor]] = {
    "leads": "inflow",
    "visits": "signals",
    "signals": "signals",
    "touchpoints": "signals",
    "idle_visits": "bots",
}
_DIRECTIONS: Final[Mapping[Monitor, tuple[int, ...]]] = {"inflow": (-1, 1), "signals": (-1,), "bots": (1,)}
"""Signs that are an anomaly: more of a signal and fewer idle visits are welcome."""


class DailyCount(Struct, frozen=True, kw_only=True):
    """A row of leads/daily_series."""

    kind: SeriesKind
    name: str
    day: date
    events: int


@dataclass(frozen=True)
class CountSeries:
    """A daily count by its name, one figure a day up to `last_day`."""

    monitor: Monitor
    name: str
    counts: Floats
    last_day: date


def anomaly_checks(warehouse: Warehouse, policy: Policy, *, now: datetime) -> tuple[DriftCheck, ...]:
    """A check of inflow, of signals and of bots as of `now` (aware); none before the first row."""
    series = _largest(read_series(warehouse, policy, now))
    limit = anomaly_limit(len(series), policy.drift.false_alarms)
    monitors: tuple[Monitor, ...] = ("inflow", "signals", "bots")
    return tuple(
        _check(monitor, [daily for daily in series if daily.monitor == monitor], limit)
        for monitor in monitors
        if any(daily.monitor == monitor for daily in series)
    )


def read_series(warehouse: Warehouse, policy: Policy, now: datetime) -> list[CountSeries]:
    """The daily counts of the last weeks up to the last whole day; those of the web end with the newest export."""
    zone = ZoneInfo(policy.time_zone)
    last_day = now.astimezone(zone).date() - timedelta(days=1)
    first_day = last_day - timedelta(days=HISTORY_DAYS - 1)
    rows = warehouse.rows(
        statement("leads/daily_series", DailyCount),
        {
            "first_day": first_day,
            "last_day": last_day,
            "created_since": datetime.combine(first_day, time(), zone).astimezone(UTC),
            "as_of": now,
            "time_zone": policy.time_zone,
        },
    )
    return list(_series(rows, first_day, last_day))


def _series(rows: list[DailyCount], first_day: date, last_day: date) -> Iterator[CountSeries]:
    web = [row.day for row in rows if row.kind in ("visits", "signals", "idle_visits")]
    days = (last_day - first_day).days + 1
    counts: dict[tuple[SeriesKind, str], Floats] = {}
    for row in rows:
        names = (row.name, ALL) if row.kind == "leads" else (row.name,)
        for name in names:
            series = counts.setdefault((row.kind, name), np.zeros(days))
            series[(row.day - first_day).days] += row.events
    # A history that began lately starts with its first day: the days before it were not quiet, they were not there.
    begins = {kind: min(row.day for row in rows if row.kind == kind) for kind in {row.kind for row in rows}}
    for (kind, name), series in counts.items():
        # GA4 exports a day late: a day that is not there yet is no silence. A feed that fails has an alert of its own.
        end = last_day if kind in ("leads", "touchpoints") else max(web)
        part = series[(begins[kind] - first_day).days : (end - first_day).days + 1]
        label = name.strip() or (UNKNOWN if kind == "leads" else kind)
        yield CountSeries(_MONITORS[kind], label, part, end)


def _largest(series: list[CountSeries]) -> list[CountSeries]:
    enough = [daily for daily in series if daily.counts.sum() >= MINIMUM_EVENTS and len(daily.counts) > MINIMUM_DAYS]
    return sorted(enough, key=lambda daily: -daily.counts.sum())[:MOST_SERIES]


def _check(monitor: Monitor, series: list[CountSeries], limit: float) -> DriftCheck:
    scans = [(daily, scan) for daily in series if (scan := scan_counts(daily.counts, _DIRECTIONS[monitor])) is not None]
    scans.sort(key=lambda pair: -abs(pair[1].z))
    beyond = [pair for pair in scans if abs(pair[1].z) >= limit]
    largest = scans[0] if scans else None
    return DriftCheck(
        monitor=monitor,
        alarm=bool(beyond),
        leads=round(sum(float(daily.counts.sum()) for daily in series)),
        statistic=round(abs(largest[1].z), 3) if largest else None,
        alarm_limit=round(limit, 3),
        change_day=_first_day(*beyond[0]) if beyond else None,
        # Without an alarm the largest of many series is noise that would invite action.
        drivers=tuple(_driver(*pair) for pair in beyond[:SHOWN]),
    )


def _first_day(series: CountSeries, scan: CountAnomaly) -> date:
    return series.last_day - timedelta(days=scan.days - 1)


def _driver(series: CountSeries, scan: CountAnomaly) -> DriftDriver:
    return DriftDriver(name=series.name, statistic=scan.z, before=round(scan.expected, 1), now=scan.observed)

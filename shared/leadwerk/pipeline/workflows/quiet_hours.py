"""Quiet hours: when somebody may be disturbed next, and when so much working time has passed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leadwerk.policy.workflows import QuietHours

LONGEST_LEAVE = 400  # days without an hour of work; then the calendar is wrong, and nothing waits for it


def next_open(quiet: QuietHours, zone: ZoneInfo, moment: datetime) -> datetime:
    """The first moment from `moment` (aware) on at which somebody may be disturbed, UTC.

    >>> night = QuietHours(start="19:00", end="07:30", weekends=True, holidays=("2026-12-25",))
    >>> next_open(night, ZoneInfo("Europe/Zurich"), datetime(2026, 12, 24, 20, tzinfo=UTC)).isoformat()
    '2026-12-28T06:30:00+00:00'
    """
    here = moment.astimezone(zone)
    for _ in range(LONGEST_LEAVE):
        later = _end_of_quiet(quiet, here)
        if later == here:
            return here.astimezone(UTC)
        here = later
    return moment.astimezone(UTC)


def working_time_later(quiet: QuietHours, zone: ZoneInfo, moment: datetime, minutes: int) -> datetime:
    """The moment at which `minutes` outside the quiet hours have passed since `moment`, UTC.

    >>> night = QuietHours(start="18:00", end="08:00")
    >>> working_time_later(night, ZoneInfo("UTC"), datetime(2026, 3, 2, 17, 30, tzinfo=UTC), 60).isoformat()
    '2026-03-03T08:30:00+00:00'
    """
    here, left = next_open(quiet, zone, moment), timedelta(minutes=minutes)
    for _ in range(LONGEST_LEAVE):
        end = _next_break(quiet, here.astimezone(zone)).astimezone(UTC)
        if left <= end - here:
            return here + left
        left -= end - here
        here = next_open(quiet, zone, end)
    return here


def _end_of_quiet(quiet: QuietHours, here: datetime) -> datetime:
    """The same moment if it is not quiet, else the end of what makes it so; `here` is local."""
    closed_day = (quiet.weekends and here.weekday() >= 5) or here.date().isoformat() in quiet.holidays
    if closed_day:
        return _at(here, time(), days=1)
    start, end, clock = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end), here.time()
    if start < end:
        return _at(here, end) if start <= clock < end else here
    if start == end or end <= clock < start:
        return here
    return _at(here, end) if clock < end else _at(here, end, days=1)


def _next_break(quiet: QuietHours, here: datetime) -> datetime:
    """The next local moment at which it may become quiet: the start of the quiet hours, or midnight."""
    midnight, start = _at(here, time(), days=1), _at(here, time.fromisoformat(quiet.start))
    return start if quiet.start != quiet.end and start > here else midnight


def _at(here: datetime, clock: time, days: int = 0) -> datetime:
    return datetime.combine(here.date() + timedelta(days=days), clock, here.tzinfo)

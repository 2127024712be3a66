"""Quiet hours: when a person may next be disturbed, and when a working time has passed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from leadwerk.policy.workflows import QuietHours

LONGEST_LEAVE = 400  # days without an hour of work; then the calendar is wrong, and nothing waits for it


def next_open(quiet: QuietHours, zone: ZoneInfo, moment: datetime) -> datetime:
    """The first moment at or after `moment` (aware) at which a person may be disturbed, UTC.

    >>> night = QuietHours(start="19:00", end="07:30", weekends=True, holidays=("2026-12-25",))
    >>> next_open(night, ZoneInfo("Europe/Zurich"), datetime(2026, 12, 24, 20, tzinfo=UTC)).isoformat()
    '2026-12-28T06:30:00+00:00'
    """
    local = moment.astimezone(zone)
    for _ in range(LONGEST_LEAVE):
        later = _end_of_quiet(quiet, local)
        if later == local:
            return local.astimezone(UTC)
        local = later
    return moment.astimezone(UTC)


def working_time_later(quiet: QuietHours, zone: ZoneInfo, moment: datetime, minutes: int) -> datetime:
    """The moment at which `minutes` outside the quiet hours have passed since `moment`, UTC.

    >>> night = QuietHours(start="18:00", end="08:00")
    >>> working_time_later(night, ZoneInfo("UTC"), datetime(2026, 3, 2, 17, 30, tzinfo=UTC), 60).isoformat()
    '2026-03-03T08:30:00+00:00'
    """
    open_at, left = next_open(quiet, zone, moment), timedelta(minutes=minutes)
    for _ in range(LONGEST_LEAVE):
        end = _next_break(quiet, open_at.astimezone(zone)).astimezone(UTC)
        if left <= end - open_at:
            return open_at + left
        left -= end - open_at
        open_at = next_open(quiet, zone, end)
    return open_at


def _end_of_quiet(quiet: QuietHours, local: datetime) -> datetime:
    """`local` (with its zone) if it is not quiet then, else the end of the quiet time around it."""
    closed_day = (quiet.weekends and local.weekday() >= 5) or local.date().isoformat() in quiet.holidays
    if closed_day:
        return _at(local, time(), days=1)
    start, end, clock = time.fromisoformat(quiet.start), time.fromisoformat(quiet.end), local.time()
    if start < end:
        return _at(local, end) if start <= clock < end else local
    if start == end or end <= clock < start:
        return local
    return _at(local, end) if clock < end else _at(local, end, days=1)


def _next_break(quiet: QuietHours, local: datetime) -> datetime:
    """The next local moment at which it may become quiet: the start of the quiet hours, or midnight."""
    midnight, start = _at(local, time(), days=1), _at(local, time.fromisoformat(quiet.start))
    return start if quiet.start != quiet.end and start > local else midnight


def _at(local: datetime, clock: time, days: int = 0) -> datetime:
    return datetime.combine(local.date() + timedelta(days=days), clock, local.tzinfo)

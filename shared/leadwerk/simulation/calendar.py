"""Local days and UTC microseconds of the simulated period, vectorised."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from leadwerk.stats.arrays import Floats, Ints

TIME_ZONE = "Europe/Zurich"
SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment.

    >>> micros(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000
    """
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The aware UTC moment of microseconds since 1970.

    >>> moment(1_000_000)
    datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=datetime.timezone.utc)
    """
    return EPOCH + timedelta(microseconds=int(at))


@dataclass(frozen=True)
class Calendar:
    """The local days of a market: `boundaries[d]` is the UTC instant at which local day d begins, shape (days + 1,)."""

    start: date
    boundaries: Ints

    @classmethod
    def of(cls, start: date, days: int) -> Calendar:
        zone = ZoneInfo(TIME_ZONE)
        # Days are local and of 23, 24 or 25 hours: boundaries are computed once, and all arithmetic stays in UTC.
        midnights = (datetime.combine(start + timedelta(days=d), time(), zone) for d in range(days + 1))
        return cls(start, np.array([micros(midnight) for midnight in midnights], dtype=np.int64))

    @property
    def days(self) -> int:
        return len(self.boundaries) - 1

    @property
    def end(self) -> int:
        """The instant at which the period ends, exclusive."""
        return int(self.boundaries[-1])

    def day_of(self, at: Ints) -> Ints:
        """Local day of instants; -1 before the first day, `days` at and after the end."""
        return np.searchsorted(self.boundaries, at, side="right").astype(np.int64) - 1

    def instant(self, day: Ints, seconds: Floats) -> Ints:
        """The instant that many seconds after local midnight; clocks that change shift the hours after the change."""
        since_noon = (np.asarray(seconds) * SECOND).astype(np.int64) - 12 * HOUR
        by_noon = self._noon(day) + since_noon
        by_midnight = self.boundaries[day] + since_noon + 12 * HOUR
        # Clocks change between two and three at night, so an hour after three is counted from noon.
        return np.where(np.asarray(seconds) >= 3 * 3600, by_noon, by_midnight)

    def _noon(self, day: Ints) -> Ints:
        """Noon is twelve hours before the next midnight: no clock changes in the afternoon."""
        return self.boundaries[np.asarray(day) + 1] - 12 * HOUR

    def hour_of(self, at: Ints) -> Ints:
        """Local hour 0–23 of instants within the period."""
        day = np.clip(self.day_of(at), 0, self.days - 1)
        from_midnight = at - self.boundaries[day]
        from_noon = at - self._noon(day) + 12 * HOUR
        return np.where(from_noon >= 3 * HOUR, from_noon, from_midnight) // HOUR

    def weekday_of(self, day: Ints) -> Ints:
        """1 Monday … 7 Sunday of local days."""
        return (np.asarray(day) + self.start.weekday()) % 7 + 1

    def date_of(self, day: int) -> date:
        return self.start + timedelta(days=int(day))

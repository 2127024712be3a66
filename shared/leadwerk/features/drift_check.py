"""Drift check: what a drift monitor measured on one night."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal

import msgspec
from msgspec import Struct

Monitor = Literal["features", "missing", "scores", "outcomes", "inflow", "signals", "bots"]

ANOMALIES: Final[frozenset[Monitor]] = frozenset(("inflow", "signals", "bots"))
"""Monitors that compare what comes in with the weeks before, and need no champion."""


class DriftDriver(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What differs, and by how much: a feature, a feature's missing share, a tenth of scores, or a group of leads.

    `before` and `now`: shares missing; expected and observed conversions of a group, or counts. `p_value`: of a
    two-sample test.
    """

    name: str
    statistic: float
    before: float | None = None
    now: float | None = None
    p_value: float | None = None


class DriftCheck(Struct, frozen=True, kw_only=True):
    """A monitor's state. `statistic` is None with too few leads; `drivers`: the largest first.

    `leads`: how many were looked at; of an anomaly's monitor, how many were counted.
    `alarm_since`, `change_day` and `watched_since` are kept after an alarm is over: training reads them.
    """

    monitor: Monitor
    alarm: bool
    leads: int
    statistic: float | None = None
    alarm_limit: float | None = None
    alarm_since: datetime | None = None
    change_day: date | None = None
    watched_since: datetime | None = None
    drivers: tuple[DriftDriver, ...] = ()

    def after(self, previous: DriftCheck | None, now: datetime) -> DriftCheck:
        """The check with what outlasts a night: since when the alarm lasts, else when the previous one began."""
        if not self.alarm:
            since = previous.alarm_since if previous else None
        else:
            since = previous.alarm_since if previous and previous.alarm else now
        return msgspec.structs.replace(self, alarm_since=since)

    def begins(self, now: datetime) -> bool:
        """Whether this check, of `now`, is the first of an alarm."""
        return self.alarm and self.alarm_since == now

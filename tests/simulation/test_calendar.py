"""Local days and hours hold over the nights on which clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, strategies as st

from leadwerk.simulation.calendar import TIME_ZONE, Calendar, micros, moment

YEAR = Calendar.of(date(2026, 1, 5), 365)


@given(st.integers(0, 364), st.floats(0, 86_399.9))
def test_an_instant_lies_on_the_day_it_was_made_for(day, seconds):
    at = YEAR.instant(np.array([day]), np.array([seconds]))
    assert YEAR.day_of(at).tolist() == [day]


@given(st.timedeltas(timedelta(0), timedelta(days=360)))
def test_hour_and_day_are_those_of_the_zone(since):
    aware = datetime(2026, 1, 5, tzinfo=UTC) + since
    local = aware.astimezone(ZoneInfo(TIME_ZONE))
    at = np.array([micros(aware)])
    day = int(YEAR.day_of(at)[0])
    assert YEAR.date_of(day) == local.date()
    assert YEAR.weekday_of(np.array([day])).tolist() == [local.isoweekday()]
    if local.date() not in (date(2026, 3, 29), date(2026, 10, 25)) or not 1 <= local.hour <= 3:
        assert YEAR.hour_of(at).tolist() == [local.hour]


def test_the_day_on_which_clocks_go_forward_has_23_hours():
    lengths = np.diff(YEAR.boundaries)
    changed = YEAR.date_of(int(np.argmin(lengths)))
    assert changed == date(2026, 3, 29)
    assert lengths.min() == micros(moment(0) + timedelta(hours=23))


def test_before_and_after_the_period_are_told_apart():
    assert YEAR.day_of(np.array([int(YEAR.boundaries[0]) - 1, YEAR.end])).tolist() == [-1, 365]

"""Days and moments as forms and CRMs write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.lead import parse_date, parse_moment

ZURICH = "Europe/Zurich"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("31.12.2025", date(2025, 12, 31)),
        ("2025-12-31", date(2025, 12, 31)),
        ("1. März 2025", date(2025, 3, 1)),
        ("31/12/25", date(2025, 12, 31)),
        ("1.3.2025", date(2025, 3, 1)),
        ("31-12-2025", date(2025, 12, 31)),
        ("2025/12/31", date(2025, 12, 31)),
        ("20251231", date(2025, 12, 31)),
        ("1er mars 2025", date(2025, 3, 1)),
        ("12 août 2025", date(2025, 8, 12)),
        ("1° marzo 2025", date(2025, 3, 1)),
        ("1º gennaio 2025", date(2025, 1, 1)),
        ("5. Jänner 2026", date(2026, 1, 5)),
        ("March 1, 2025", date(2025, 3, 1)),
        ("1 Mar 2025", date(2025, 3, 1)),
        ("Montag, 1. September 2025", date(2025, 9, 1)),
        ("Mo., 01.09.2025", date(2025, 9, 1)),
        ("31.12.68", date(2068, 12, 31)),
        ("31.12.69", date(1969, 12, 31)),
        ("Ma\u0308rz 1, 2025", date(2025, 3, 1)),
    ],
)
def test_days_in_the_wild(text: str, day: date) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["", "30.02.2025", "12/31/25", "1. Foo 2025", "2025", "31.12.", "heute", "0.0.0000", None, 5, True, "1.1.1.1"],
)
def test_what_is_no_day_is_refused(text: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_date(text, "birthday")
    assert caught.value.field == "birthday"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T08:00:00Z", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00:00+01:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-01-31T08:00:00.250Z", datetime(2026, 1, 31, 8, microsecond=250000, tzinfo=UTC)),
        ("2026-01-31 08:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("2026-07-31 08:00", datetime(2026, 7, 31, 6, tzinfo=UTC)),
        ("31.1.2026 08:00 Uhr", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("31.01.2026, 8.15 Uhr", datetime(2026, 1, 31, 7, 15, tzinfo=UTC)),
        ("31. Januar 2026 um 08:00", datetime(2026, 1, 31, 7, tzinfo=UTC)),
        ("31 janvier 2026 à 8h05", datetime(2026, 1, 31, 7, 5, tzinfo=UTC)),
        ("31.1.2026", datetime(2026, 1, 30, 23, tzinfo=UTC)),
        (1767225600, datetime(2026, 1, 1, tzinfo=UTC)),
        (1767225600000, datetime(2026, 1, 1, tzinfo=UTC)),
        (date(2026, 1, 1), datetime(2025, 12, 31, 23, tzinfo=UTC)),
    ],
)
def test_moments_in_the_wild(text: object, moment: datetime) -> None:
    assert parse_moment(text, ZURICH) == moment
    assert parse_moment(text, ZURICH).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    ["", "10:30", "31.1.2026 25:00", -5, 1e30, float("nan"), True, None, "0001-01-01T00:00:00+14:00", [], "x" * 999],
)
def test_what_is_no_moment_is_refused(text: object) -> None:
    with pytest.raises(InputError):
        parse_moment(text, ZURICH)


@pytest.mark.parametrize("exponent", [15, 16, 310, 5000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_too_large_for_a_moment_is_refused(sign: int, exponent: int) -> None:
    with pytest.raises(InputError, match="is not a time"):
        parse_moment(sign * 10**exponent * 9, ZURICH)


@pytest.mark.parametrize("text", ["29.03.2026 02:30", "25.10.2026 02:30"])
def test_the_nights_of_the_clock_change_have_an_answer(text: str) -> None:
    assert parse_moment(text, ZURICH).date() in (date(2026, 3, 29), date(2026, 10, 25))


# Naive on purpose: what a clock on the wall shows.
walls = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))  # noqa: DTZ001
days = st.dates(date(1970, 1, 1), date(2068, 12, 31))
HABITS = ("%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d %B %Y", "%d. %b %Y", "%B %d, %Y")


@given(day=days, habit=st.sampled_from(HABITS))
def test_days_survive_every_habit(day: date, habit: str) -> None:
    assert parse_date(day.strftime(habit)) == day


@given(
    moment=walls,
    offset=st.integers(-14 * 60, 14 * 60),
)
def test_moments_with_an_offset_survive(moment: datetime, offset: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert parse_moment(aware.isoformat(), ZURICH) == aware
    assert parse_moment(aware, ZURICH) == aware


@given(walls)
def test_moments_without_an_offset_are_of_the_policys_zone(moment: datetime) -> None:
    local = moment.replace(microsecond=0)
    parsed = parse_moment(local.strftime("%d.%m.%Y %H:%M:%S"), ZURICH)
    assert parsed == local.replace(tzinfo=ZoneInfo(ZURICH)).astimezone(UTC)


digits = st.integers(0, 4000).map(lambda exponent: 10**exponent)


@given(st.text() | st.text(alphabet="0123456789./-: TZ+") | st.integers() | digits | st.floats())
def test_nothing_brings_a_traceback(value: object) -> None:
    for parse in (lambda: parse_date(value), lambda: parse_moment(value, ZURICH)):
        try:
            parse()
        except InputError as error:
            assert error.remedy

"""Days and moments as people, forms and CRMs write them; the day comes first unless a source has the month first."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

DateOrder = Literal["dmy", "mdy"]
"""Whether 3/4/2026 is in April or in March."""

# Two-digit years up to this one are of this century, as POSIX has it.
PIVOT_YEAR = 68
# Larger numbers are milliseconds since 1970 (JavaScript, HubSpot), smaller ones seconds: 1e11 s is the year 5138.
_MILLISECONDS_FROM = 1e11
_LATEST_SECONDS = 253_402_300_799
HOURS_A_DAY = 24
_LONGEST_SHOWN = 60  # signs of a refused value

_MONTHS = (
    "jan januar january janvier janv gennaio gen jänner jän",
    "feb februar february février fevrier févr fév febbraio feber",
    "mar märz maerz march mars marzo mär mrz",
    "apr april avril avr aprile",
    "may mai maggio mag",
    "jun juni june juin giugno giu",
    "jul juli july juillet juil luglio lug",
    "aug august août aout agosto ago",
    "sep september septembre sept settembre set",
    "oct oktober october octobre okt ottobre ott",
    "nov november novembre",
    "dec dezember december décembre decembre dez déc dicembre dic",
)
_MONTH = {month_name: number for number, month_names in enumerate(_MONTHS, 1) for month_name in month_names.split()}
_ISO = r"(?P<y>[0-9]{4})(?:-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})|(?P<m2>[0-9]{2})(?P<d2>[0-9]{2}))"
_DAY_FIRST = r"(?P<d>[0-9]{1,2})\s?([./-])\s?(?P<m>[0-9]{1,2})\s?\2\s?(?P<y>[0-9]{4}|[0-9]{2})"
_MONTH_FIRST = r"(?P<m>[0-9]{1,2})\s?([./-])\s?(?P<d>[0-9]{1,2})\s?\2\s?(?P<y>[0-9]{4}|[0-9]{2})"
_YEAR_FIRST = r"(?P<y>[0-9]{4})([./])(?P<m>[0-9]{1,2})\2(?P<d>[0-9]{1,2})"
_NAMED = (
    r"(?P<d>[0-9]{1,2})(?:\.|°|o|er|st|nd|rd|th)?[\s/-]*(?P<name>[^\W\d_]{3,9})\.?"
    r"(?:[\s,/-]*(?P<y>[0-9]{4})|[\s,/-]+'?(?P<y2>[0-9]{2}))"
)
_NAME_FIRST = r"(?P<name>[^\W\d_]{3,9})\.?[\s-]+(?P<d>[0-9]{1,2})(?:st|nd|rd|th)?,?[\s-]+(?P<y>[0-9]{4})"
_UNORDERED = (_YEAR_FIRST, _NAMED, _NAME_FIRST)
_FORMS = {"dmy": (_ISO, _DAY_FIRST, *_UNORDERED), "mdy": (_ISO, _MONTH_FIRST, *_UNORDERED)}
_WEEKDAYS = (
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so "
    "monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun "
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica gio sab dom lu ma me je ve gi do le il"
)
_WEEKDAY_NAME = "|".join(sorted(set(_WEEKDAYS.split()), key=len, reverse=True))
_WEEKDAY = rf"^(?:(?:{_WEEKDAY_NAME})[.,]{{0,2}}\s+|[^\W\d_]{{2,10}}[.,]{{1,2}}\s*)(?=\w)"
_CLOCK = (
    r"(?P<day>.*?)(?:,?\s+(?:um|à|alle(?: ore)?|ore|at)\b|,|\s)\s*"
    r"(?P<h>[0-9]{1,2})\s?[:.h]\s?(?P<min>[0-9]{2})(?:[:.](?P<s>[0-9]{2})(?:[.,][0-9]{1,9})?)?\s*(?:uhr|(?P<half>[ap])\.?\s?m\.?)?"
    r"(?:\s(?P<year>[0-9]{4}))?"
)
_CLOCK_FIRST = r"^([0-9]{1,2}[:.][0-9]{2}(?::[0-9]{2})?(?:\s?[ap]\.?m\.?)?)(?:\s?uhr)?,?\s+((?:.*\D)?[0-9]{2,4})$"
_FORENOON = r"\b(?:vorm\.?|vormittags?|du matin|(?:di|del) mattin[ao])(?=\s|$)"
_AFTERNOON = r"\b(?:nachm\.?|nachmittags?|abends|de l['’]après-midi|du soir|di sera|(?:di|del) pomeriggio)(?=\s|$)"
_NAMED_OFFSET = r"\(?\b(utc|gmt)\s?([+-])([0-9]{1,2})(?!\d):?([0-9]{2})?\)?"
_EPOCH = r"1[0-9]{9}(?:[0-9]{3})?"
"""Seconds of the years 2001 to 2033, or milliseconds, as text."""
_DOT_NET = r"\\?/date\(([0-9]{12,13})(?:[+-][0-9]{4})?\)\\?/"
_COMPACT = r"(?P<day>[0-9]{8})(?P<h>[0-9]{2})(?P<min>[0-9]{2})(?P<s>[0-9]{2})(?P<half>)(?P<year>)"
_HOURS_AHEAD = {
    **dict.fromkeys(("utc", "gmt", "z", "wet"), 0.0),
    **dict.fromkeys(("cet", "mez", "bst", "west"), 1.0),
    **dict.fromkeys(("cest", "mesz"), 2.0),
    "ist": 5.5,
    **dict.fromkeys(("edt",), -4.0),
    **dict.fromkeys(("est", "cdt"), -5.0),
    **dict.fromkeys(("cst", "mdt"), -6.0),
    **dict.fromkeys(("mst", "pdt"), -7.0),
    "pst": -8.0,
}
"""Abbreviations of time zones, as CRMs write them behind a time: hours ahead of UTC."""
_ZONE = (
    rf"(?P<text>.*?[0-9](?:\s?[ap]\.?m\.?)?)\s?(?P<name>\b(?:{'|'.join(_HOURS_AHEAD)}))?"
    r"(?P<offset>\s?[+-][0-9]{2}:?(?:[0-9]{2})?)?(?P<year>\s[0-9]{4})?(?:\s?[\[(][^\])]*[\])]?)?"
)


def parse_date(value: object, field: str = "date") -> date:
    """A calendar day.

    >>> [str(parse_date(text)) for text in ("31.12.2025", "2025-12-31", "1. März 2025", "31/12/25")]
    ['2025-12-31', '2025-12-31', '2025-03-01', '2025-12-31']

    Raises:
        InputError: this is no day, or it does not exist.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    day = _day(_plain(value), "dmy") if isinstance(value, str) else None
    if day is None:
        raise _refusal(value, field, "date", Message("reject.date.remedy"))
    return day


def parse_moment(value: object, time_zone: str, field: str = "time", *, order: DateOrder = "dmy") -> datetime:
    """A moment, in UTC; one without an offset is of `time_zone`, one without a time is its midnight.

    >>> parse_moment("2026-01-31T08:00:00Z", "Europe/Zurich").isoformat()
    '2026-01-31T08:00:00+00:00'
    >>> parse_moment("31.1.2026 08:00 Uhr", "Europe/Zurich").isoformat()
    '2026-01-31T07:00:00+00:00'
    >>> parse_moment("1/31/2026 4:03 PM", "UTC", order="mdy").isoformat()
    '2026-01-31T16:03:00+00:00'

    Raises:
        InputError: this is no moment.
    """
    moment = _moment(value, field, order)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(time_zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _refusal(value, field, "time", Message("reject.time.year")) from None


def _moment(value: object, field: str, order: DateOrder) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _from_epoch(value, field)
    if isinstance(value, str):
        return _from_text(value, field, order)
    return datetime.combine(parse_date(value, field), time())


def _from_epoch(value: float, field: str) -> datetime:
    # Compared before it is divided: a whole number may have more digits than a float holds.
    seconds = value / 1000 if _MILLISECONDS_FROM < value <= _LATEST_SECONDS * 1000 else value
    if not 0 <= seconds <= _LATEST_SECONDS:
        raise _refusal(value, field, "time", Message("reject.time.epoch"))
    return datetime.fromtimestamp(seconds, UTC)


def _from_text(value: str, field: str, order: DateOrder) -> datetime:
    text = _plain(value)
    # Before ISO's forms, of which one takes 1756062120000 for midnight in 1756.
    if re.fullmatch(_EPOCH, text):
        return _from_epoch(int(text), field)
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        pass
    if counted := re.fullmatch(_DOT_NET, text):
        return _from_epoch(int(counted.group(1)), field)
    text = re.sub(r"(?<=[0-9])t(?=[0-9]{2}:)", " ", text)
    text = re.sub(_AFTERNOON, "pm", re.sub(_FORENOON, "am", text))
    # Google's forms write GMT+1, Outlook (UTC+01:00).
    text = re.sub(_NAMED_OFFSET, lambda zone: f"{zone[1]}{zone[2]}{zone[3]:0>2}{zone[4] or '00'}", text)
    text = re.sub(_CLOCK_FIRST, r"\2 \1", text)
    moment = _wall_clock(text, order)
    if moment is None and (zoned := re.fullmatch(_ZONE, text)) and (zoned.group("name") or zoned.group("offset")):
        moment = _wall_clock(zoned.group("text").strip() + (zoned.group("year") or ""), order)
        moment = moment.replace(tzinfo=_zone(zoned)) if moment else None
    if moment is None:
        raise _refusal(value, field, "time", Message("reject.time.remedy"))
    return moment


def _wall_clock(text: str, order: DateOrder) -> datetime | None:
    """A day with or without a time, as a clock on a wall shows it."""
    clock = re.fullmatch(_CLOCK, text) or re.fullmatch(_COMPACT, text)
    if clock is None:
        day = _day(text, order)
        return datetime.combine(day, time()) if day else None
    day = _day(f"{clock.group('day')} {clock.group('year') or ''}", order)
    if day and re.fullmatch("24", clock.group("h")) and not int(clock.group("min")) and not int(clock.group("s") or 0):
        # ISO 8601 and German: the midnight that ends a day.
        return datetime.combine(day, time()) + timedelta(days=1)
    moment = _clock(clock)
    return datetime.combine(day, moment) if day and moment is not None else None


def _zone(zoned: re.Match[str]) -> timezone:
    hours = _HOURS_AHEAD[zoned.group("name")] if zoned.group("name") else 0.0
    if offset := (zoned.group("offset") or "").strip().replace(":", ""):
        ahead = int(offset[1:3]) + int(offset[3:] or 0) / 60
        hours += -ahead if offset[0] == "-" else ahead
    return timezone(timedelta(hours=hours)) if abs(hours) < HOURS_A_DAY else UTC


def _clock(clock_match: re.Match[str]) -> time | None:
    hour, half = int(clock_match.group("h")), clock_match.group("half")
    if half and not 1 <= hour <= 12:
        return None
    try:
        return time(
            hour % 12 + (12 if half == "p" else 0) if half else hour,
            int(clock_match.group("min")),
            int(clock_match.group("s") or 0),
        )
    except ValueError:
        return None


def _plain(value: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", value[:100]).casefold().split())


def _day(text: str, order: DateOrder) -> date | None:
    text = text.strip(" ,")
    for plain in (text, re.sub(_WEEKDAY, "", text)):  # "mar 3, 2025" is in March, "mar 3 fév 2025" a Tuesday
        for form in _FORMS[order]:
            if (day_match := re.fullmatch(form, plain)) and (day := _existing(day_match.groupdict())):
                return day
    return None


def _existing(parts: dict[str, str | None]) -> date | None:
    month = _MONTH.get(parts.get("name") or "", 0) or int(parts.get("m") or parts.get("m2") or 0)
    written = parts.get("y") or parts.get("y2") or ""
    year = int(written or 0)
    if len(written) == 2:
        year += 2000 if year <= PIVOT_YEAR else 1900
    try:
        return date(year, month, int(parts.get("d") or parts.get("d2") or 0))
    except ValueError:
        return None


def _refusal(value: object, field: str, kind: str, remedy: Message) -> InputError:
    huge = isinstance(value, int) and abs(value) >= 10**_LONGEST_SHOWN
    quoted = "" if huge else repr(value)
    shortened = quoted if len(quoted) <= _LONGEST_SHOWN else quoted[: _LONGEST_SHOWN - 1] + "…"
    message = Message(f"reject.{kind}", value=Message("reject.many_digits") if huge else shortened)
    return InputError(message, field=field, value=value, remedy=remedy)

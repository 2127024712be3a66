"""Durations as telephone systems, analytics tools, databases and people write them."""

from __future__ import annotations

import re
from datetime import timedelta

_DAYS = r"(?:[d. :]|\s?(?:d|days?|tage?n?|jours?|giorn[oi])),?"
_CLOCK = (
    rf"(?:(?P<days>[0-9]{{1,5}}){_DAYS}\s?)?"
    r"(?P<hours>[0-9]{1,5}):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9](?:[.,][0-9]+)?)"
)
_HOURS = r"([0-9]{1,4})\s?h\s?([0-5][0-9])(?:\s?(?:min|m)\b\.?)?"
_MINUTES = r"([0-9]{1,5}):([0-5][0-9])|([0-9]{1,4})'\s?([0-5]?[0-9])(?:\"|'')"
_ISO = (
    r"p(?:(?P<weeks>[0-9]{1,5})w)?(?:(?P<days>[0-9]{1,5})d)?"
    r"(?:t(?:(?P<hours>[0-9]{1,5})h)?(?:(?P<minutes>[0-9]{1,5})m)?(?:(?P<seconds>[0-9]{1,5}(?:[.,][0-9]+)?)s)?)?"
)
_SECONDS = {
    **dict.fromkeys(("w", "week", "weeks", "wk", "wks", "woche", "wochen", "semaine", "semaines"), 604_800),
    **dict.fromkeys(("settimana", "settimane"), 604_800),
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "t", "jour", "jours", "j", "giorno", "giorni", "g"), 86_400),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heure", "heures", "ora", "ore"), 3600
    ),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten", "minuto", "minuti"), 60),
    **dict.fromkeys(("s", "sec", "secs", "sek", "second", "seconds", "sekunde", "sekunden", "seconde", "secondes"), 1),
    "ms": 0.001,
}
_UNIT = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PART = rf"([0-9]+(?:[.,][0-9]+)?)\s?({_UNIT})\b\.?"
_PARTS = rf"(?:[0-9]+(?:[.,][0-9]+)?\s?(?:{_UNIT})\b\.?[\s,]*(?:(?:und|and|et|e)\s)?)+"
_OTHER_UNITS = r"[0-9.,]+\s?[mtg]\.?"  # by themselves millions or metres, tons, grams


def duration_seconds(text: str) -> float | None:
    """The seconds of a duration in lower case, or None. A single number of minutes needs its unit.

    Two numbers are minutes and seconds, as telephone systems write them.

    >>> [duration_seconds(text) for text in ("00:12:38", "1h 20min", "2 std. 5 min", "7", "12:38", "pt1h5s", "1h07")]
    [758.0, 4800.0, 7500.0, None, 758.0, 3605.0, 4020.0]
    >>> [duration_seconds(text) for text in ("3 days 04:05:06", "1 day, 0:00:01", "p3dt4h", "1'30\\"", "-0:01:00")]
    [273906.0, 86401.0, 273600.0, 90.0, -60.0]
    """
    if text.startswith("-"):
        seconds = duration_seconds(text[1:])
        return None if seconds is None else -seconds
    if hours_minutes := re.fullmatch(_HOURS, text):
        return float(int(hours_minutes[1]) * 3600 + int(hours_minutes[2]) * 60)
    if minutes := re.fullmatch(_MINUTES, text):
        return float(int(minutes[1] or minutes[3]) * 60 + int(minutes[2] or minutes[4]))
    if clock := re.fullmatch(_CLOCK, text) or (re.fullmatch(_ISO, text) if len(text) > len("pt") else None):
        parts = {unit: float((number or "0").replace(",", ".")) for unit, number in clock.groupdict().items()}
        return timedelta(**parts) / timedelta(seconds=1)
    if not re.fullmatch(_PARTS, text) or re.fullmatch(_OTHER_UNITS, text):
        return None
    seconds = sum(float(number.replace(",", ".")) * _SECONDS[unit] for number, unit in re.findall(_PART, text))
    return round(float(seconds), 6)

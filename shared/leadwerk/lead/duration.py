"""Durations as telephone systems, analytics tools and people write them."""

from __future__ import annotations

import re

_CLOCK = r"(?:(?P<d>[0-9]{1,5})[d. ]\s?)?(?P<h>[0-9]{1,5}):(?P<m>[0-5][0-9]):(?P<s>[0-5][0-9](?:[.,][0-9]+)?)"
_HOURS = r"([0-9]{1,4})\s?h\s?([0-5][0-9])(?:\s?(?:min|m)\b\.?)?"
_MINUTES = r"([0-9]{1,5}):([0-5][0-9])"
_ISO = r"p(?:(?P<d>[0-9]+)d)?(?:t(?:(?P<h>[0-9]+)h)?(?:(?P<m>[0-9]+)m)?(?:(?P<s>[0-9]+(?:[.,][0-9]+)?)s)?)?"
_SECONDS = {
    **dict.fromkeys(("d", "day", "days", "tag", "tage", "t", "jour", "jours", "j", "giorno", "giorni", "g"), 86_400),
    **dict.fromkeys(
        ("h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden", "heure", "heures", "ora", "ore"), 3600
    ),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes", "minuten", "minuto", "minuti"), 60),
    **dict.fromkeys(("s", "sec", "secs", "sek", "second", "seconds", "sekunde", "sekunden", "seconde", "secondes"), 1),
}
_UNIT = "|".join(sorted(_SECONDS, key=len, reverse=True))
_PART = rf"([0-9]+(?:[.,][0-9]+)?)\s?({_UNIT})\b\.?"
_PARTS = rf"(?:[0-9]+(?:[.,][0-9]+)?\s?(?:{_UNIT})\b\.?[\s,]*)+"


def duration_seconds(text: str) -> float | None:
    """The seconds of a duration in lower case, or None. A single number of minutes needs its unit.

    Two numbers are minutes and seconds, as telephone systems write them.

    >>> [duration_seconds(text) for text in ("00:12:38", "1h 20min", "2 std. 5 min", "7", "12:38", "pt1h5s", "1h07")]
    [758.0, 4800.0, 7500.0, None, 758.0, 3605.0, 4020.0]
    """
    if hours_minutes := re.fullmatch(_HOURS, text):
        return float(int(hours_minutes[1]) * 3600 + int(hours_minutes[2]) * 60)
    if minutes := re.fullmatch(_MINUTES, text):
        return float(int(minutes[1]) * 60 + int(minutes[2]))
    if clock := re.fullmatch(_CLOCK, text) or (re.fullmatch(_ISO, text) if len(text) > len("pt") else None):
        hours = int(clock.group("d") or 0) * 24 + int(clock.group("h") or 0)
        return hours * 3600 + int(clock.group("m") or 0) * 60 + float((clock.group("s") or "0").replace(",", "."))
    if not re.fullmatch(_PARTS, text) or re.fullmatch(r"[0-9.,]+\s?m", text):  # 5m are five million
        return None
    return sum(float(number.replace(",", ".")) * _SECONDS[unit] for number, unit in re.findall(_PART, text))

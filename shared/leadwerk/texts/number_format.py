"""Numbers, amounts, shares, durations and days as readers of each language write them.

In francs the Swiss way (1’250’000; French with a space), in euros the way of the language's largest country.
Sources: Unicode CLDR de-CH, fr-CH, it-CH, en-CH; de, fr, it, en; Schweizerische Bundeskanzlei, «Schreibweisungen».
"""

from __future__ import annotations

import math
from datetime import date

from leadwerk.texts.catalogue import text

_NO_BREAK = "\u00a0"
_APOSTROPHE = "\u2019"
# (thousands, decimals) by language.
_SWISS = {"de": (_APOSTROPHE, "."), "fr": (_NO_BREAK, ","), "it": (_APOSTROPHE, "."), "en": (_APOSTROPHE, ".")}
_ABROAD = {"de": (".", ","), "fr": (_NO_BREAK, ","), "it": (".", ","), "en": (",", ".")}
_MINUTE, _HOUR = 60, 3600


def number(language: str, value: float, decimals: int = 0, *, currency: str = "CHF") -> str:
    """A number; `currency` says whose habits hold.

    >>> number("de", 1250000), number("de", 1250.5, 2, currency="EUR"), number("de", 999)
    ('1’250’000', '1.250,50', '999')
    """
    thousands, point = (_SWISS if currency == "CHF" else _ABROAD)[language]
    plain = f"{value:,.{decimals}f}"
    whole, _, fraction = plain.partition(".")
    return whole.replace(",", thousands) + (point + fraction if fraction else "")


def money(language: str, amount: float, currency: str = "CHF") -> str:
    """An amount in whole francs or euros.

    >>> money("de", 1250000), money("en", 1250000, "EUR"), money("de", 1250000, "EUR") == "1.250.000\\u00a0€"
    ('CHF\\xa01’250’000', '€1,250,000', True)
    """
    figure = number(language, amount, currency=currency)
    if currency == "EUR":
        return f"€{figure}" if language == "en" else f"{figure}{_NO_BREAK}€"
    return f"{figure}{_NO_BREAK}francs" if language == "fr" else f"{currency}{_NO_BREAK}{figure}"


def percent(language: str, share: float, decimals: int = 0, *, currency: str = "CHF") -> str:
    """A share (0–1) in per cent.

    >>> percent("en", 0.085, 1), percent("fr", 0.085, 1)
    ('8.5%', '8,5\\xa0%')
    """
    figure = number(language, 100 * share, decimals, currency=currency)
    return f"{figure}%" if language in ("en", "it") else f"{figure}{_NO_BREAK}%"


def day(language: str, on: date) -> str:
    """A day.

    >>> day("de", date(2026, 5, 4)), day("en", date(2026, 5, 4))
    ('04.05.2026', '2026-05-04')
    """
    return on.isoformat() if language == "en" else f"{on:%d.%m.%Y}"


def duration(language: str, seconds: float) -> str:
    """A duration in its natural unit, rounded.

    >>> duration("de", 45), duration("de", 200), duration("en", 7300)
    ('45 Sekunden', '3 Minuten', '2 hours')
    """
    if round(seconds) < _MINUTE:
        return text(language, "duration.seconds", count=round(seconds))
    if round(seconds / _MINUTE) < _HOUR // _MINUTE:
        return text(language, "duration.minutes", count=round(seconds / _MINUTE))
    return text(language, "duration.hours", count=math.floor(seconds / _HOUR + 0.5))

"""Units that numbers state: percent, currencies, words such as Mio., durations and measures; and how they convert."""

from __future__ import annotations

from typing import NamedTuple

from leadwerk.lead.amount import amount_unit, plain_number_text
from leadwerk.lead.duration import duration_seconds
from leadwerk.lead.measure import are_one_unit, unit_of

SECONDS = "s"
"""Unit of durations, however they are written."""
_MEASURES: tuple[dict[str, float], ...] = (
    {"mm": 0.001, "cm": 0.01, "m": 1.0, "meter": 1.0, "km": 1000.0},
    {"g": 0.001, "kg": 1.0, "t": 1000.0},
    {"ml": 0.001, "cl": 0.01, "dl": 0.1, "l": 1.0, "liter": 1.0, "hl": 100.0},
    {"m2": 1.0, "ha": 10_000.0, "km2": 1_000_000.0},
    {"w": 0.001, "kw": 1.0, "mw": 1000.0},
    {"wh": 0.001, "kwh": 1.0, "mwh": 1000.0},
    {"monat": 1.0, "jahr": 12.0},
)
"""Units of one measure, and by what they are to be multiplied."""


class StatedUnit(NamedTuple):
    """The unit behind a number, empty without one, and whether a word such as Mio. multiplies the number."""

    name: str
    is_multiplied: bool = False


def stated_unit(text: str) -> StatedUnit:
    """The unit that a number states.

    >>> [stated_unit(text).name for text in ("65 %", "Fr. 450.–", "1,2 Mio. €", "00:12:38", "15 qm", "7")]
    ['%', 'chf', 'eur', 's', 'm2', '']
    >>> stated_unit("450 kCHF")
    StatedUnit(name='chf', is_multiplied=True)
    """
    plain = plain_number_text(text)
    if (amount := amount_unit(plain)) is not None:
        return StatedUnit(*amount)
    return StatedUnit(SECONDS if duration_seconds(plain) is not None else unit_of(text))


def conversion(to_unit: str, from_unit: str) -> float | None:
    """By what numbers of one unit are to be multiplied to be of the other; None if they measure something else.

    >>> conversion("cm", "mm"), conversion("kg", "t"), conversion("chf", "eur"), conversion("punkt", "punkte")
    (0.1, 1000.0, None, 1.0)
    """
    if are_one_unit(to_unit, from_unit):
        return 1.0
    for measure in _MEASURES:
        if to_unit in measure and from_unit in measure:
            return measure[from_unit] / measure[to_unit]
    return None

"""What a column of texts holds: numbers, categories, dates, addresses of persons, free text, one value, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from leadwerk.errors import InputError
from leadwerk.lead.amount import parse_amount
from leadwerk.lead.timestamps import parse_moment

Kind = Literal["number", "category", "date", "contact", "text", "constant", "empty"]
Style = Literal["point", "comma", "amount"]

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "nil", "-", "–", "?", "#n/a"})
# A column counts as numbers, or dates, although a few of its values are something else.
_SHARE = 0.98
# More different texts than this, and mostly different ones, are no categories but free text, names or ids.
_MAXIMUM_CATEGORIES = 30
_MOSTLY_DIFFERENT = 0.5
# Half of a column being e-mail addresses or telephone numbers, it is a column of them: persons are not learned from.
_CONTACT = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|(\+|00|0[1-9])[\d\s()/.-]{7,20}")
_CONTACT_SHARE = 0.5
# Titles of columns that name persons, however few different names there are.
_PERSONS = frozenset(
    (
        *("name", "first name", "last name", "full name", "surname", "given name", "family name", "contact name"),
        *("vorname", "nachname", "familienname", "kontaktperson", "ansprechpartner", "ansprechpartnerin"),
        *("nom", "prénom", "prenom", "nom de famille", "nom complet", "nome", "cognome", "nome e cognome"),
    )
)
_DATE_SAMPLE = 500

_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+(,\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True)
class Column:
    """A column as it was found; `style` says how its numbers are written, `examples` its commonest values."""

    name: str
    kind: Kind
    missing: int
    distinct: int
    style: Style = "point"
    examples: tuple[str, ...] = ()


def is_missing(text: str) -> bool:
    """Whether a field stands for "not known".

    >>> is_missing(" N/A "), is_missing("0")
    (True, False)
    """
    return text.strip().casefold() in MISSING


def describe(name: str, values: Sequence[str]) -> Column:
    """What the values of a column are.

    >>> describe("rate", ["1,25", "0,9", "", "2"]).kind, describe("rate", ["1,25", "0,9", "2"]).style
    ('number', 'comma')
    """
    counts = Counter(value for value in values if not is_missing(value))
    style = style_of(list(counts))
    examples = tuple(value for value, _ in counts.most_common(3))
    kind = "contact" if counts and _title(name) in _PERSONS else _kind(counts, style)
    return Column(name, kind, len(values) - counts.total(), len(counts), style or "point", examples)


def _title(name: str) -> str:
    return " ".join(re.split(r"[\s_-]+", name.strip().casefold()))


def _kind(counts: Counter[str], style: Style | None) -> Kind:
    if not counts:
        return "empty"
    if len(counts) == 1:
        return "constant"
    if _share(counts, lambda value: bool(_CONTACT.fullmatch(value)) and moment(value) is None) >= _CONTACT_SHARE:
        return "contact"
    if style and _share(counts, lambda value: number(value, style) is not None) >= _SHARE:
        return "number"
    if _are_dates(counts):
        return "date"
    if len(counts) > _MAXIMUM_CATEGORIES and len(counts) > _MOSTLY_DIFFERENT * counts.total():
        return "text"
    return "category"


def _share(counts: Counter[str], holds: Callable[[str], bool]) -> float:
    return sum(times for value, times in counts.items() if holds(value)) / counts.total()


def _are_dates(counts: Counter[str]) -> bool:
    sample = Counter(dict(counts.most_common(_DATE_SAMPLE)))
    return _share(sample, lambda value: moment(value) is not None) >= _SHARE


def style_of(values: Sequence[str]) -> Style | None:
    """How the numbers of a column are written, judged by all of them together; None if they are no numbers.

    `1.234` alone may be a thousand or a bit more than one: a column whose values all read as plain decimals is read so.

    >>> style_of(["3", "1.234"]), style_of(["3", "1,5"]), style_of(["1,250,000", "900"]), style_of(["CHF 1'250'000.–"])
    ('point', 'comma', 'amount', 'amount')
    """
    candidates: tuple[Style, ...] = ("point", "comma", "amount")
    if not values:
        return None
    best = max(candidates, key=lambda style: sum(number(value, style) is not None for value in values))
    if best == "comma" and all(_THOUSANDS.fullmatch(value) for value in values if "," in value):
        best = "amount"
    return best if any(number(value, best) is not None for value in values) else None


def number(text: str, style: Style = "point") -> float | None:
    """The number that a field says in this style, or None.

    >>> number("1,5", "comma"), number("1.5"), number("450'000", "amount"), number("many")
    (1.5, 1.5, 450000.0, None)
    """
    text = text.strip()
    if style == "point":
        return float(text) if _POINT.fullmatch(text) else None
    if style == "comma":
        return float(text.replace(",", ".")) if _COMMA.fullmatch(text) else None
    try:
        return parse_amount(text)
    except InputError:
        return None


def moment(text: str) -> datetime | None:
    """The moment that a field says (UTC where it says no zone; a bare day is its midnight), or None.

    >>> str(moment("31.1.2026")), moment("tomorrow")
    ('2026-01-31 00:00:00+00:00', None)
    """
    try:
        return parse_moment(text, "UTC").astimezone(UTC)
    except InputError:
        return None

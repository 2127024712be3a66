"""Measures: numbers of any kind that a column may hold, such as amounts, ranges, durations, and numbers with a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leadwerk.errors import InputError
from leadwerk.lead.amount import DecimalMark, amount_of, bounded, multiplier_of, parse_amount, plain_number_text
from leadwerk.lead.duration import duration_seconds

_MEASURES = (
    "mitarbeiter mitarbeitende ma employee employees employé employés collaborateur collaborateurs dipendente"
    " dipendenti person personen persons people personne personnes persone user users",
    "stück stk pcs piece pieces pezzo pezzi",
    "zimmer room rooms pièce pièces locale locali",
    "jahr jahre year years an ans anno anni",
    "monat monate month months mois mese mesi",
    "m2 qm sqm",
    *("m3", "km", "kg", "ha", "kwh", "mwh", "kw"),
)
_MEASURE_OF = {unit: units.split()[0] for units in _MEASURES for unit in units.split()}
_UNIT = "|".join(sorted(_MEASURE_OF, key=len, reverse=True))
_WITH_UNIT = rf"(?P<number>.*[0-9].*?)\s?(?P<unit>{_UNIT})\.?"
_RATING = r"(?P<number>[0-9.,]+)\s?(?P<best>(?:/|von|of|out of|sur|su)\s?[0-9]{1,3})"
_LONGEST_UNIT, _MOST_UNIT_WORDS = 30, 4
_SHORT_UNIT = 4  # letters; shorter units are other ones if a letter differs: kWh, kWp

_WITH_WORD = r"[0-9]\s?(?:k|tsd\.?|mio\.?|mrd\.?|m)?"
_OR_MORE = r"(?:\+|(?:und|oder|and|or|et|ou|e|o) (?:mehr|more|plus|più|oltre))"
_FROM = r"(?:(?:von|zwischen|from|between|de|entre|da|tra|fra)\s+)?"
_TO = r"(?:-|bis|und|à|et|to|and|ed?|a)"
_MORE_THAN = r"(?:>=?|≥|über|mehr als|ab|more than|over|from|plus de|dès|più di|oltre|da)"
_LESS_THAN = r"(?:<=?|≤|unter|weniger als|bis(?: zu)?|less than|under|up to|moins de|jusqu'à|meno di|fino a)"
_AMOUNT_RANGE = (
    rf"{_FROM}(?P<low>[^-]*?[0-9][0-9'.,]*\s?(?:k|tsd\.?|mio\.?|m)?)\s*{_TO}\s*(?P<high>[^-]*[0-9][^-]*)"
    rf"|(?P<least>.*{_WITH_WORD})\s*{_OR_MORE}"
    rf"|{_MORE_THAN}\s*(?P<above>[^-]*[0-9][^-]*)"
    rf"|(?P<below>{_LESS_THAN})\s*[^-]*[0-9][^-]*"
)


def parse_measure(value: object, field: str = "amount", *, decimal: DecimalMark | None = None) -> float:
    """A number of any kind: an amount, the lower end of a range, a duration in seconds, or a number before its unit.

    >>> parse_measure("11-50"), parse_measure("00:12:38"), parse_measure("CHF 500–1'000"), parse_measure("250+")
    (11.0, 758.0, 500.0, 250.0)
    >>> parse_measure("15,5 m²"), parse_measure("über 500 Mitarbeiter"), parse_measure("<10"), parse_measure("-5 °C")
    (15.5, 500.0, 0.0, -5.0)
    >>> parse_measure("CHF 1–2 Mio."), parse_measure("entre 10 et 49"), parse_measure("4½ Zimmer")
    (1000000.0, 10.0, 4.5)

    Raises:
        InputError: the value is not among them.
    """
    try:
        return parse_amount(value, field, decimal=decimal)
    except InputError as error:
        number = _measured(plain_number_text(value), decimal) if isinstance(value, str) else None
        if number is None:
            raise error from None
        return bounded(number, value, field)


def unit_of(text: str) -> str:
    """The unit behind a number, units of one measure under one name; empty for amounts, ranges and durations.

    >>> [unit_of(text) for text in ("15 m²", "85 qm", "-5 °C", "12 Mitarbeitende", "CHF 950/Monat", "450k", "3 days")]
    ['m2', 'm2', '°c', 'mitarbeiter', '/monat', '', '']
    """
    plain = plain_number_text(text)
    if amount_of(plain, None) is not None or duration_seconds(plain) is not None:
        return ""
    if (with_unit := re.fullmatch(_WITH_UNIT, plain)) and _lower_end(with_unit.group("number"), None) is not None:
        return _MEASURE_OF[with_unit.group("unit")]
    if _range_start(plain, None) is not None:
        return ""
    return next((unit for number, unit in _number_and_unit(plain) if amount_of(number, None) is not None), "")


def is_foreign(unit: str) -> bool:
    """Whether leads are not measured in a unit: a value with it is no amount of money and no count."""
    return bool(unit) and unit not in _MEASURE_OF.values()


def are_one_unit(first: str, second: str) -> bool:
    """Whether two units are one, in singular and plural.

    >>> are_one_unit("punkt", "punkte"), are_one_unit("pt", "pts"), are_one_unit("kwh", "kwp"), are_one_unit("m", "mm")
    (True, True, False, False)
    """
    short, long = sorted((first, second), key=len)
    if short == long or long == f"{short}s":
        return True
    is_word = len(short) >= _SHORT_UNIT and first.isalpha() and second.isalpha()
    return is_word and long.startswith(short[:-1]) and len(long) - len(short) <= 2


def _measured(text: str, decimal: DecimalMark | None) -> float | None:
    """The number of a text that is no amount."""
    if (seconds := duration_seconds(text)) is not None:
        return seconds
    with_unit = re.fullmatch(_WITH_UNIT, text)
    number = _lower_end(with_unit.group("number") if with_unit else text, decimal)
    if number is not None:
        return number
    numbers = (amount_of(number, decimal) for number, _ in _number_and_unit(text))
    return next((number for number in numbers if number is not None), None)


def _number_and_unit(text: str) -> Iterator[tuple[str, str]]:
    """Ways to part a text into a number and its unit, the shortest unit first."""
    if rating := re.fullmatch(_RATING, text):
        number, best = rating.groups()
        yield number, best
        return
    parts = re.fullmatch(r"(.*[0-9][.,]?)([^0-9]*)", re.sub(r"(?<=/)m([23])$", _power, text))
    if parts is None or not 0 < len(parts[2]) <= _LONGEST_UNIT or len(parts[2].split()) > _MOST_UNIT_WORDS:
        return
    cuts = [match.start() for match in re.finditer(r"[^\W_]+|[^\w\s]", parts[2])]
    for cut in reversed(cuts):
        number, unit = (parts[1] + parts[2][:cut]).strip(), parts[2][cut:].strip(" .")
        # 3-Zimmer is no -3: a dash joins number and unit.
        if unit and not number.endswith("-"):
            yield number, unit


def _power(unit: re.Match[str]) -> str:
    return "m²" if unit[1] == "2" else "m³"


def _lower_end(text: str, decimal: DecimalMark | None) -> float | None:
    """The lower end of a range, 0 for one that only has an upper end; a number that stood before a unit."""
    start = _range_start(text, decimal)
    return amount_of(text.strip(), decimal) if start is None else start


def _range_start(text: str, decimal: DecimalMark | None) -> float | None:
    parts = re.fullmatch(_AMOUNT_RANGE, text)
    if parts is None:
        return None
    if parts.group("below"):
        return 0.0
    if parts.group("low"):
        return _low_of_range(parts.group("low").strip(), parts.group("high").strip(), decimal)
    return amount_of(str(parts.group("least") or parts.group("above")).strip(), decimal)


def _low_of_range(low: str, high: str, decimal: DecimalMark | None) -> float | None:
    """The lower end, with the word of both where it stands behind the upper one only: 1 in 1–2 Mio. is a million."""
    lower, upper = amount_of(low, decimal), amount_of(high, decimal)
    factor = multiplier_of(high) or 1.0
    # 500–1 Mio. are 500,000 at best, never 500 millions: then each end stands for itself.
    is_shared = lower is not None and upper is not None and not multiplier_of(low) and lower * factor <= upper
    return lower * factor if is_shared and lower is not None else lower

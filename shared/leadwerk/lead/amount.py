"""Amounts of money and counts as people in Switzerland, Germany and Austria write them.

How a separator is understood, in this order:

1. Apostrophe and space only ever part thousands, so groups of three must follow: 1'250'000, 450 000.
2. With point *and* comma the last of them parts the decimals: 350.000,00 and 350,000.00 are the same.
3. A point or comma met twice parts thousands: 1.250.000.
4. A single point or comma before exactly three digits parts thousands (350.000 is 350000: money has no three
   decimals), unless a leading 0, four or more digits in front, another thousands separator, or a word such as Mio. says
   otherwise: 0.350, 1,250 Mio.
5. Else it parts decimals: 1250.5.
"""

from __future__ import annotations

import re
import unicodedata

from leadwerk.errors import InputError

# Beyond this a number is a telephone number or a mistake; floats hold it exactly to the centime.
LARGEST = 10.0**13
_LONGEST_TEXT = 100

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`′＇", "'"))
_DASHES = str.maketrans(dict.fromkeys("–—−‒―‐‑", "-"))
_ABOUT = r"(?:(?:ca|circa|zirka|ungefähr|etwa|rund|env|environ|approx|about)\b\.?|~|≈)"
_CURRENCY = r"(?:chf|sfr\.?|fr\.?|franken|francs?|franchi|eur|euros?|€)"
_NO_CENTIMES = r"(?:[.,]\s?-{1,2})"
_THOUSAND, _MILLION, _BILLION = "k tsd tausend mille mila", "m mio million millionen millions milione milioni", "mrd"
_MULTIPLIERS = {
    word: factor for words, factor in ((_THOUSAND, 1e3), (_MILLION, 1e6), (_BILLION, 1e9)) for word in words.split()
}
_SPOKEN = (
    rf"{_ABOUT}?\s*(?P<sign>[-+]?)\s*{_CURRENCY}?\s*(?P<sign2>-?)\s*(?P<digits>[0-9][0-9'., ]*?|[.,][0-9]+)"
    rf"{_NO_CENTIMES}?\s*(?:(?P<word>{'|'.join(_MULTIPLIERS)})\b\.?)?\s*{_NO_CENTIMES}?\s*{_CURRENCY}?{_NO_CENTIMES}?"
)
_WHOLE = r"[0-9]*|[0-9]{1,3}([' .,])[0-9]{3}(?:\1[0-9]{3})*"
_DECIMALS = r"[0-9]*"
_MACHINE = r"[-+]?[0-9]+(?:\.[0-9]+)?e[-+]?[0-9]{1,2}"
_RANGE = r"[<>≥≤]?\s*([0-9][0-9'., ]*?)\s*(?:(?:-|bis|à|a|to)\s*[0-9][0-9'., ]*|\+)?"


def parse_amount(value: object, field: str = "amount") -> float:
    """An amount as a number of francs or euros.

    >>> parse_amount("CHF 1'250'000.–"), parse_amount("350.000,00 €"), parse_amount("1,2 Mio."), parse_amount("450k")
    (1250000.0, 350000.0, 1200000.0, 450000.0)

    Raises:
        InputError: this is no amount, or nobody could say which.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _bounded(float(value) if abs(value) <= LARGEST else LARGEST * 10, value, field)
    if not isinstance(value, str):
        raise _refusal(value, field)
    text = _plain(value)
    if re.fullmatch(_MACHINE, text):
        return _bounded(float(text), value, field)
    spoken = re.fullmatch(_SPOKEN, text)
    if spoken is None:
        raise _refusal(value, field)
    return _bounded(_evaluated(spoken, value, field), value, field)


def parse_count(value: object, field: str = "count") -> int:
    """A number of people or things; of a range the lower end.

    >>> parse_count("1'200"), parse_count("51-200"), parse_count("250+"), parse_count(12.0)
    (1200, 51, 250, 12)

    Raises:
        InputError: this is no whole number, or it is negative.
    """
    if isinstance(value, str):
        found = re.fullmatch(_RANGE, _plain(value))
        value = found.group(1) if found else value
    number = parse_amount(value, field)
    if number < 0 or number != int(number):
        raise InputError(f"{value!r} is not a number of whole things.", field=field, value=value, remedy="Write 250.")
    return int(number)


def _plain(value: str) -> str:
    text = value if len(value) <= _LONGEST_TEXT else ""
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_DASHES)
    return " ".join(text.casefold().split())


def _evaluated(spoken: re.Match[str], value: str, field: str) -> float:
    factor = _MULTIPLIERS.get(spoken["word"], 1.0)
    number = _number(spoken["digits"].strip(), factor > 1)
    if number is None:
        raise _refusal(value, field)
    negative = "-" in spoken["sign"] + spoken["sign2"]
    return (-number if negative else number) * factor


def _number(digits: str, has_word: bool) -> float | None:
    whole, decimals = _parted(digits, has_word)
    if not (re.fullmatch(_DECIMALS, decimals) and re.fullmatch(_WHOLE, whole)):
        return None
    plain = re.sub(r"[^0-9]", "", whole)
    return round(float(f"{plain or '0'}.{decimals or '0'}"), 6) if len(plain) <= 15 else LARGEST * 10


def _parted(digits: str, has_word: bool) -> tuple[str, str]:
    """Whole part (with its thousands separators) and decimals."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        mark = max(".", ",", key=digits.rfind)
        return _at(digits, mark) if digits.count(mark) == 1 else (digits, "")
    if points + commas != 1:
        return digits, ""
    whole, decimals = _at(digits, "." if points else ",")
    certain = has_word or len(decimals) != 3 or not re.fullmatch(r"[1-9][0-9]{0,2}", whole)
    return (whole, decimals) if certain else (digits, "")


def _at(digits: str, mark: str) -> tuple[str, str]:
    whole, _, decimals = digits.rpartition(mark)
    return whole, decimals


def _bounded(number: float, value: object, field: str) -> float:
    if not abs(number) <= LARGEST:  # also true of NaN
        message = f"{_shown(value)} is too large for an amount."
        raise InputError(message, field=field, value=value, remedy="Write it in francs or euros.")
    return number


def _refusal(value: object, field: str) -> InputError:
    remedy = "Write it like 450'000, 450.000,00 or 1.2 Mio."
    return InputError(f"{_shown(value)} is not an amount.", field=field, value=value, remedy=remedy)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, int) or abs(value) <= LARGEST else "a number of many digits"
    return text if len(text) <= 60 else text[:59] + "…"

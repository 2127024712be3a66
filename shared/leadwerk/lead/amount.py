"""Amounts and counts as people, spreadsheets and CRMs write them.

How a separator is read, in this order:

1. Apostrophe and space only ever part thousands, so groups of three must follow: 1'250'000, 450 000.
2. With point *and* comma the last of them parts the decimals: 350.000,00 and 350,000.00 are the same.
3. A point or comma met twice parts thousands (1.250.000), or lakhs (3,58,090).
4. A single point or comma before exactly three digits parts thousands (350.000 is 350000: money has no three
   decimals), unless a leading 0, four or more digits in front, another thousands separator, or a word such as Mio. says
   otherwise: 0.350, 1,250 Mio. Where the decimal mark of the whole column is known, it decides instead.
5. Else it parts decimals: 1250.5.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

DecimalMark = Literal[".", ","]

# Beyond this a number is a telephone number or a mistake; floats hold it exactly to the centime.
LARGEST = 10.0**13
_LONGEST_TEXT = 100

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘ʼ´`′＇", "'"))
_DASHES = str.maketrans(dict.fromkeys("–—−‒―‐‑", "-"))
_PARTS_OF_ONE = {"½": ".5", "1/2": ".5", "¼": ".25", "¾": ".75"}
"""Rooms of Swiss flats: 4½."""
_ABOUT = r"(?:(?:ca|circa|zirka|ungefähr|etwa|rund|env|environ|approx|about)\b\.?|~|≈)"
_CODES = "chf eur usd gbp jpy cny inr sek nok dkk pln czk huf ron bgn cad aud nzd brl mxn zar sgd hkd aed try rub"
_CURRENCY = (
    rf"(?:{'|'.join(_CODES.split())}|sfr\.?|fr\.?|rs\.?|franken|francs?|franchi|euros?|dollars?|(?:us|c|a)?\$|[€£¥₹¤])"
)
_CURRENCY_OF = {
    **{code: code for code in _CODES.split()},
    **dict.fromkeys(("fr", "sfr", "franken", "franc", "francs", "franchi"), "chf"),
    **dict.fromkeys(("euro", "euros", "€"), "eur"),
    **dict.fromkeys(("dollar", "dollars", "$", "us$"), "usd"),
    "rs": "inr",
    "₹": "inr",
    "£": "gbp",
}
CURRENCIES = frozenset(_CURRENCY_OF.values())
_NO_CENTIMES = r"(?:[.,]\s?-{1,2})"
_THOUSAND, _MILLION = (
    "k tsd tausend thousand thousands mille mila migliaia milliers teur tchf tusd keur kchf kusd kgbp",
    "m mio million millionen millions milione milioni mn mln meur mchf musd mgbp",
)
_BILLION = "mrd mia mld milliarde milliarden milliard milliards miliardo miliardi b bn"
_WORDS = ((_THOUSAND, 1e3), (_MILLION, 1e6), (_BILLION, 1e9), ("lakh lakhs lac", 1e5), ("crore crores cr", 1e7))
_MULTIPLIERS = {multiplier: factor for multipliers, factor in _WORDS for multiplier in multipliers.split()}
PERCENT = "%"
_SHARES = {PERCENT: 0.01, "‰": 0.001, "prozent": 0.01, "percent": 0.01, "pour cent": 0.01, "per cento": 0.01}
_SPOKEN = (
    rf"{_ABOUT}?\s*(?P<sign>[-+]?)\s*(?P<front>{_CURRENCY})?\s*(?P<sign2>-?)\s*(?P<digits>[0-9][0-9'., ]*?|[.,][0-9]+)"
    rf"{_NO_CENTIMES}?\s*(?:(?P<word>{'|'.join(_MULTIPLIERS)})\b\.?)?\s*{_NO_CENTIMES}?\s*(?P<behind>{_CURRENCY})?"
    rf"{_NO_CENTIMES}?\s*(?P<share>{'|'.join(_SHARES)})?"
)

_WHOLE = r"[0-9]*|[0-9]{1,3}([' .,])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
_DECIMALS = r"[0-9]*"
_MACHINE = r"[-+]?[0-9]+(?:[.,][0-9]+)?e[-+]?[0-9]{1,3}"
_BRACKETS = r"\((?P<inner>[^()]*[0-9][^()]*)\)(?P<share>\s*%)?"
# SAP writes the sign behind the number.
_SIGN_BEHIND = r"(?P<inner>[^-]*[0-9])-"
_RANGE = r"[<>≥≤]?\s*([0-9][0-9'., ]*?)\s*(?:(?:-|bis|à|a|to)\s*[0-9][0-9'., ]*|\+)?"


def parse_amount(value: object, field: str = "amount", *, decimal: DecimalMark | None = None) -> float:
    """An amount as a number; a percentage as a share of 1. `decimal`: the decimal mark of the column, where known.

    >>> parse_amount("CHF 1'250'000.–"), parse_amount("350.000,00 €"), parse_amount("1,2 Mio."), parse_amount("450k")
    (1250000.0, 350000.0, 1200000.0, 450000.0)
    >>> parse_amount("(2,001.00)"), parse_amount("65,2 %"), parse_amount("₹3,58,090"), parse_amount("$25.3K")
    (-2001.0, 0.652, 358090.0, 25300.0)
    >>> parse_amount("1.250"), parse_amount("1.250", decimal=".")
    (1250.0, 1.25)

    Raises:
        InputError: this is no amount, or it could be several.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bounded(float(value) if abs(value) <= LARGEST else LARGEST * 10, value, field)
    if not isinstance(value, str):
        raise _refusal(value, field)
    number = amount_of(plain_number_text(value), decimal)
    if number is None:
        raise _refusal(value, field)
    return bounded(number, value, field)


def parse_count(value: object, field: str = "count") -> int:
    """A number of people or things; of a range the lower end.

    >>> parse_count("1'200"), parse_count("51-200"), parse_count("250+"), parse_count(12.0)
    (1200, 51, 250, 12)

    Raises:
        InputError: this is no whole number, or it is negative.
    """
    if isinstance(value, str):
        span = re.fullmatch(_RANGE, plain_number_text(value))
        value = span.group(1) if span else value
    number = parse_amount(value, field)
    if number < 0 or number != int(number):
        message = Message("reject.whole", value=repr(value))
        raise InputError(message, field=field, value=value, remedy=Message("reject.whole.remedy"))
    return int(number)


def separator_evidence(text: str) -> str:
    """A text's evidence for its column's decimal mark: `.` or `,` if it is certain, `?.` or `?,` if it stands before
    exactly three digits and may part thousands as well, nothing otherwise.

    >>> [separator_evidence(text) for text in ("1.5", "1.250,00", "1,250,000", "1.250", "12,500 kg", "900", "1.250 €")]
    ['.', ',', '.', '?.', '?,', '', ',']
    """
    digits = re.search(r"[0-9][0-9'., ]*|[.,][0-9]+", plain_number_text(text))
    if digits is None:
        return ""
    core = digits.group().strip(" .,") if digits.group()[0] not in ".," else digits.group()
    points, commas = core.count("."), core.count(",")
    if points and commas:
        return max(".", ",", key=core.rfind)
    if points + commas == 0:
        return ""
    mark = "." if points else ","
    if points + commas > 1:
        return "," if points else "."
    if not re.fullmatch(rf"[1-9][0-9]{{0,2}}\{mark}[0-9]{{3}}", core):
        return mark
    if re.search(rf"(?<![^\W\d_]){_CURRENCY}(?![^\W\d_])", plain_number_text(text)):
        return "," if mark == "." else "."  # money has no three decimals: the sign parts thousands
    return f"?{mark}"


def plain_number_text(value: str) -> str:
    """A text in lower case with plain signs and single blanks; empty if it is too long for a number."""
    text = value if len(value) <= _LONGEST_TEXT else ""
    text = re.sub(r"(?<=[0-9])\s?([½¼¾])|\s1/2(?=\s|$)", lambda part: _PARTS_OF_ONE[part.group().strip()], text)
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_DASHES)
    return re.sub(r"(?<=[0-9 ])t(?=€)", "k", " ".join(text.casefold().split()))


def amount_of(text: str, decimal: DecimalMark | None) -> float | None:
    """The amount that a plain text writes, None if it writes none."""
    if re.fullmatch(_MACHINE, text):
        return float(text.replace(",", "."))
    if brackets := re.fullmatch(_BRACKETS, text):
        return _negated(amount_of(brackets.group("inner").strip(), decimal), 0.01 if brackets.group("share") else 1.0)
    if sign_behind := re.fullmatch(_SIGN_BEHIND, text):
        return _negated(amount_of(sign_behind.group("inner").strip(), decimal), 1.0)
    spoken = re.fullmatch(_SPOKEN, text)
    return _evaluated(spoken, decimal) if spoken else None


def multiplier_of(text: str) -> float | None:
    """What the word behind a number multiplies it by, such as Mio.; None without such a word.

    >>> multiplier_of("1,2 mio."), multiplier_of("chf 500")
    (1000000.0, None)
    """
    spoken = re.fullmatch(_SPOKEN, plain_number_text(text))
    return _MULTIPLIERS.get(spoken.group("word")) if spoken else None


def amount_unit(plain: str) -> tuple[str, bool] | None:
    """The currency of an amount, or % of a share, and whether a word multiplies it; None where a text is no amount.

    >>> amount_unit("chf 500"), amount_unit("12 teur"), amount_unit("65 %"), amount_unit("500"), amount_unit("15 m²")
    (('chf', False), ('eur', True), ('%', False), ('', False), None)
    """
    inner = re.fullmatch(_BRACKETS, plain) or re.fullmatch(_SIGN_BEHIND, plain)
    spoken = re.fullmatch(_SPOKEN, inner.group("inner").strip() if inner else plain)
    if spoken is None:
        return ("", False) if re.fullmatch(_MACHINE, plain) else None
    if spoken.group("share") or (inner and "share" in inner.groupdict() and inner.group("share")):
        return PERCENT, False
    word = spoken.group("word") or ""
    currency = (spoken.group("front") or spoken.group("behind") or word[1:]).strip(".")
    return _CURRENCY_OF.get(currency, ""), bool(word)


def _negated(number: float | None, factor: float) -> float | None:
    return None if number is None else -number * factor


def _evaluated(spoken: re.Match[str], decimal: DecimalMark | None) -> float | None:
    factor = _MULTIPLIERS.get(spoken.group("word"), 1.0)
    number = _number(spoken.group("digits").strip(), factor > 1, decimal)
    if number is None:
        return None
    negative = "-" in spoken.group("sign") + spoken.group("sign2")
    amount = (-number if negative else number) * factor
    return round(amount * _SHARES[spoken.group("share")], 9) if spoken.group("share") else amount


def _number(digits: str, has_word: bool, decimal: DecimalMark | None) -> float | None:
    whole, decimals = _parted(digits, has_word, decimal)
    if not (re.fullmatch(_DECIMALS, decimals) and re.fullmatch(_WHOLE, whole)):
        return None
    plain = re.sub(r"[^0-9]", "", whole)
    return round(float(f"{plain or '0'}.{decimals or '0'}"), 6) if len(plain) <= 15 else LARGEST * 10


def _parted(digits: str, has_word: bool, decimal: DecimalMark | None) -> tuple[str, str]:
    """Whole part (with its thousands separators) and decimals."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        mark = max(".", ",", key=digits.rfind)
        return _at(digits, mark) if digits.count(mark) == 1 else (digits, "")
    if points + commas != 1:
        return digits, ""
    mark = "." if points else ","
    whole, decimals = _at(digits, mark)
    certain = has_word or len(decimals) != 3 or not re.fullmatch(r"[1-9][0-9]{0,2}", whole) or mark == decimal
    return (whole, decimals) if certain else (digits, "")


def _at(digits: str, mark: str) -> tuple[str, str]:
    whole, _, decimals = digits.rpartition(mark)
    return whole, decimals


def bounded(number: float, value: object, field: str) -> float:
    """The number read from a value.

    Raises:
        InputError: it is too large for an amount.
    """
    if not abs(number) <= LARGEST:  # also true of NaN
        message = Message("reject.amount.large", value=_as_quoted(value))
        raise InputError(message, field=field, value=value, remedy=Message("reject.amount.large.remedy"))
    return number


def _refusal(value: object, field: str) -> InputError:
    message = Message("reject.amount", value=_as_quoted(value))
    return InputError(message, field=field, value=value, remedy=Message("reject.amount.remedy"))


def _as_quoted(value: object) -> str:
    if isinstance(value, int) and abs(value) > LARGEST:
        return Message("reject.amount.many_digits")
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"

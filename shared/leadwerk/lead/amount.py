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
from leadwerk.lead.duration import duration_seconds
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
_NO_CENTIMES = r"(?:[.,]\s?-{1,2})"
_THOUSAND, _MILLION = (
    "k tsd tausend mille mila teur tchf keur kchf",
    "m mio million millionen millions milione milioni mn",
)
_BILLION = "mrd mia mld milliarde milliarden milliard milliards miliardo miliardi b bn"
_WORDS = ((_THOUSAND, 1e3), (_MILLION, 1e6), (_BILLION, 1e9), ("lakh lakhs lac", 1e5), ("crore crores cr", 1e7))
_MULTIPLIERS = {multiplier: factor for multipliers, factor in _WORDS for multiplier in multipliers.split()}
_SHARES = {"%": 0.01, "‰": 0.001, "prozent": 0.01, "percent": 0.01, "pour cent": 0.01, "per cento": 0.01}
_UNITS = (
    "m2 m3 qm km kg ha kwh mwh kw stück stk pcs pieces pièces pezzi mitarbeiter mitarbeitende employee "
    "employees employé employés collaborateur collaborateurs dipendente dipendenti person personen persons "
    "people personne personnes persone user users zimmer room rooms pièce locale locali jahr jahre year years "
    "an ans anno anni monat monate month months mois mese mesi"
)
_UNIT = "|".join(sorted(_UNITS.split(), key=len, reverse=True))
_BEHIND = rf"(?P<number>.*[0-9].*?)\s?(?:{_UNIT})\.?"
_SPOKEN = (
    rf"{_ABOUT}?\s*(?P<sign>[-+]?)\s*{_CURRENCY}?\s*(?P<sign2>-?)\s*(?P<digits>[0-9][0-9'., ]*?|[.,][0-9]+)"
    rf"{_NO_CENTIMES}?\s*(?:(?P<word>{'|'.join(_MULTIPLIERS)})\b\.?)?\s*{_NO_CENTIMES}?\s*{_CURRENCY}?{_NO_CENTIMES}?"
    rf"\s*(?P<share>{'|'.join(_SHARES)})?"
)

_WHOLE = r"[0-9]*|[0-9]{1,3}([' .,])[0-9]{3}(?:\1[0-9]{3})*|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}"
_DECIMALS = r"[0-9]*"
_MACHINE = r"[-+]?[0-9]+(?:[.,][0-9]+)?e[-+]?[0-9]{1,3}"
_BRACKETS = r"\((?P<inner>[^()]*[0-9][^()]*)\)(?P<share>\s*%)?"
# SAP writes the sign behind the number.
_SIGN_BEHIND = r"(?P<inner>[^-]*[0-9])-"
_RANGE = r"[<>≥≤]?\s*([0-9][0-9'., ]*?)\s*(?:(?:-|bis|à|a|to)\s*[0-9][0-9'., ]*|\+)?"
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
        return _bounded(float(value) if abs(value) <= LARGEST else LARGEST * 10, value, field)
    if not isinstance(value, str):
        raise _refusal(value, field)
    number = _amount(_plain(value), decimal)
    if number is None:
        raise _refusal(value, field)
    return _bounded(number, value, field)


def parse_measure(value: object, field: str = "amount", *, decimal: DecimalMark | None = None) -> float:
    """A number of any kind that a column may hold: an amount, the lower end of a range, or a duration in seconds.

    >>> parse_measure("11-50"), parse_measure("00:12:38"), parse_measure("CHF 500–1'000"), parse_measure("250+")
    (11.0, 758.0, 500.0, 250.0)
    >>> parse_measure("15,5 m²"), parse_measure("mehr als 500 Mitarbeiter"), parse_measure("<10")
    (15.5, 500.0, 0.0)
    >>> parse_measure("CHF 1–2 Mio."), parse_measure("entre 10 et 49"), parse_measure("4½ Zimmer")
    (1000000.0, 10.0, 4.5)

    Raises:
        InputError: the value is not among them.
    """
    try:
        return parse_amount(value, field, decimal=decimal)
    except InputError as error:
        text = _plain(value) if isinstance(value, str) else ""
        number = duration_seconds(text)
        if number is None:
            unit_behind = re.fullmatch(_BEHIND, text)
            number = _lower_end(unit_behind["number"] if unit_behind else text, decimal)
        if number is None:
            raise error from None
        return _bounded(number, value, field)


def _lower_end(text: str, decimal: DecimalMark | None) -> float | None:
    """The lower end of a range, 0 for one that only has an upper end; a number that stood before a unit."""
    parts = re.fullmatch(_AMOUNT_RANGE, text)
    if parts is None:
        return _amount(text.strip(), decimal)
    if parts.group("below"):
        return 0.0
    if parts.group("low"):
        return _low_of_range(parts.group("low").strip(), parts.group("high").strip(), decimal)
    return _amount(str(parts.group("least") or parts.group("above")).strip(), decimal)


def _low_of_range(low: str, high: str, decimal: DecimalMark | None) -> float | None:
    """The lower end, with the word of both where it stands behind the upper one only: 1 in 1–2 Mio. is a million."""
    lower, upper = _amount(low, decimal), _amount(high, decimal)
    upper_parts = re.fullmatch(_SPOKEN, high)
    factor = _MULTIPLIERS.get(upper_parts.group("word"), 1.0) if upper_parts else 1.0
    low_has_word = (spoken := re.fullmatch(_SPOKEN, low)) and spoken.group("word")
    # 500–1 Mio. are 500,000 at best, never 500 millions: then each end stands for itself.
    is_shared = lower is not None and upper is not None and not low_has_word and lower * factor <= upper
    return lower * factor if is_shared and lower is not None else lower


def parse_count(value: object, field: str = "count") -> int:
    """A number of people or things; of a range the lower end.

    >>> parse_count("1'200"), parse_count("51-200"), parse_count("250+"), parse_count(12.0)
    (1200, 51, 250, 12)

    Raises:
        InputError: this is no whole number, or it is negative.
    """
    if isinstance(value, str):
        span = re.fullmatch(_RANGE, _plain(value))
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
    digits = re.search(r"[0-9][0-9'., ]*|[.,][0-9]+", _plain(text))
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
    if re.search(rf"(?<![^\W\d_]){_CURRENCY}(?![^\W\d_])", _plain(text)):
        return "," if mark == "." else "."  # money has no three decimals: the sign parts thousands
    return f"?{mark}"


def _plain(value: str) -> str:
    text = value if len(value) <= _LONGEST_TEXT else ""
    text = re.sub(r"(?<=[0-9])\s?([½¼¾])|\s1/2(?=\s|$)", lambda part: _PARTS_OF_ONE[part.group().strip()], text)
    text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_DASHES)
    return re.sub(r"(?<=[0-9 ])t(?=€)", "k", " ".join(text.casefold().split()))


def _amount(text: str, decimal: DecimalMark | None) -> float | None:
    if re.fullmatch(_MACHINE, text):
        return float(text.replace(",", "."))
    if brackets := re.fullmatch(_BRACKETS, text):
        return _negated(_amount(brackets.group("inner").strip(), decimal), 0.01 if brackets.group("share") else 1.0)
    if sign_behind := re.fullmatch(_SIGN_BEHIND, text):
        return _negated(_amount(sign_behind.group("inner").strip(), decimal), 1.0)
    spoken = re.fullmatch(_SPOKEN, text)
    return _evaluated(spoken, decimal) if spoken else None


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


def _bounded(number: float, value: object, field: str) -> float:
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

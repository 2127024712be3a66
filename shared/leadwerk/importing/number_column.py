"""Columns of numbers: the decimal mark that the whole column proves, and its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.amount import LARGEST, DecimalMark, multiplier_of, separator_evidence
from leadwerk.lead.form_field_names import scale_of
from leadwerk.lead.measure import are_one_unit, is_foreign, parse_measure, unit_of

# Certain: a mark before one, two or more than three digits, or after a zero. Unclear: before exactly three, as in
# 1.234.
_PLAIN = r"^[+-]?(?:\d+|\d*\.\d+|\d+\.)(?:[eE][+-]?\d{1,3})?$"
_CERTAIN_POINT = r"^[+-]?(?:\d+\.(?:\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+|\.\d+)$"
_CERTAIN_COMMA = r"^[+-]?(?:\d+,(?:\d{1,2}|\d{4,})|0\d*,\d+|\d{4,},\d+|,\d+|\d{1,3}(?:\.\d{3})+,\d+)$"
_UNCLEAR_POINT, _UNCLEAR_COMMA = r"^[+-]?[1-9]\d{0,2}\.\d{3}$", r"^[+-]?[1-9]\d{0,2},\d{3}$"
_SEPARATED, _DATE = r"\d[.,]\d", r"\d[./-]\s?\d{1,2}[./-]\s?\d{2}|^\d{1,2}:\d{2}"
_MOST_WORDED = 20_000
_WHOLE = r"^[+-]?\d+$"
_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$"
MANY_UNCLEAR = 20
"""Among this many numbers with up to three decimals, some would have fewer: if all have three, they are thousands."""


MARKS = (".", ",", "?.", "?,")
"""Decimal marks that texts prove, and with ? before them those that they suggest: the first fields of the evidence."""


@dataclass(frozen=True)
class DecimalEvidence:
    """Rows that show a decimal point or comma for certain, or one that may part thousands as well; an example of these.

    `small` and `large` are whole numbers without a separator, below and from 1,000 on.
    """

    point: int = 0
    comma: int = 0
    unclear_point: int = 0
    unclear_comma: int = 0
    small: int = 0
    large: int = 0
    example: str = ""

    @property
    def certain(self) -> DecimalMark | None:
        """The mark that the column itself proves."""
        if self.point and not self.comma:
            return "."
        if self.comma and not self.point:
            return ","
        if self.point or self.comma:
            return None
        # Only small whole numbers beside 1.234, 2.500, …: the point must be the one that parts their thousands.
        if self.unclear_point >= MANY_UNCLEAR and not self.unclear_comma and self.small and not self.large:
            return ","
        if self.unclear_comma >= MANY_UNCLEAR and not self.unclear_point and self.small and not self.large:
            return "."
        if self.unclear_point and self.unclear_comma:
            return None
        # Whole numbers from 1,000 on are written without a separator, so the mark in 1.234 is a decimal one.
        if self.large and self.unclear_point:
            return "."
        return "," if self.large and self.unclear_comma else None

    @property
    def is_unclear(self) -> bool:
        """Whether values depend on the decimal mark, and the column does not prove it."""
        return bool(self.unclear_point + self.unclear_comma) and self.certain is None


def decimal_evidence(column: TextColumn) -> DecimalEvidence:
    """Evidence of all values of a column for its decimal mark."""
    texts, counts = column.trimmed, column.counts
    todo = ~column.missing
    totals = dict.fromkeys((".", ",", "?.", "?,"), 0)
    shapes = {".": _CERTAIN_POINT, ",": _CERTAIN_COMMA, "?.": _UNCLEAR_POINT, "?,": _UNCLEAR_COMMA}
    small = large = 0
    example = ""
    whole = _matches(texts, _WHOLE) & todo
    if whole.any():
        is_small = whole & (np.asarray(pc.utf8_length(pc.utf8_ltrim(texts, "+-0"))) <= 3)
        small, large = int(counts[is_small].sum()), int(counts[whole & ~is_small].sum())
        todo &= ~whole
    if todo.any():  # most texts hold no mark at all: a plain search is many times faster than four patterns
        todo &= _contains(texts, ".") | _contains(texts, ",")
    # Certain shapes first: each text counts once, for the first shape that it has.
    for mark, shape in shapes.items():
        if todo.any():
            of_shape = _matches(texts, shape) & todo
            totals[mark] += int(counts[of_shape].sum())
            example = example or (texts[int(np.argmax(of_shape))].as_py() if mark[0] == "?" and of_shape.any() else "")
            todo &= ~of_shape
    for text, times in _worded(column, todo):
        if evidence := separator_evidence(text):
            totals[evidence] += times
            example = example or (text if evidence.startswith("?") else "")
    point, comma, unclear_point, unclear_comma = (totals[mark] for mark in MARKS)
    return DecimalEvidence(point, comma, unclear_point, unclear_comma, small, large, example)


def _worded(column: TextColumn, todo: NDArray[np.bool_]) -> list[tuple[str, int]]:
    """Texts that hold more than a number and separate its digits, with their counts; of very many the commonest."""
    if not todo.any():
        return []
    texts = column.trimmed
    rows = np.flatnonzero(todo & _matches(texts, _SEPARATED) & ~_matches(texts, _DATE))
    # The commonest first: a column of free text has a million different cells, and its evidence lies in few.
    rows = rows[np.argsort(-column.counts[rows], kind="stable")][:_MOST_WORDED]
    return list(zip(pc.take(texts, pa.array(rows)).to_pylist(), column.counts[rows].tolist(), strict=True))


def _contains(texts: pa.StringArray, part: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring(texts, part).to_numpy(zero_copy_only=False), dtype=bool)


def _matches(texts: pa.StringArray, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), dtype=bool)


def numbers_of(column: TextColumn, decimal: DecimalMark | None) -> NDArray[np.float64]:
    """The number of each different cell; NaN where a cell holds no number. Not to be written to: it is read once."""
    if decimal not in column.numbers:
        column.numbers[decimal] = _read_numbers(column, decimal)
        column.numbers[decimal].flags.writeable = False
    return column.numbers[decimal]


def _read_numbers(column: TextColumn, decimal: DecimalMark | None) -> NDArray[np.float64]:
    result = np.full(len(column.distinct), np.nan)
    texts = column.trimmed
    plain = _matches(texts, _PLAIN) & ~column.missing
    if decimal != ".":  # then a point before three digits parts thousands, which the careful parser knows
        plain &= ~_matches(texts, _UNCLEAR_POINT)
    _cast(result, plain, texts)
    if decimal == ",":
        comma = _matches(texts, _COMMA) & ~column.missing
        _cast(result, comma, pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", "."))
        plain |= comma
    rest = np.flatnonzero(~plain & ~column.missing)
    rest_texts = pc.take(texts, pa.array(rest)).to_pylist()
    numbers = np.array([_careful(text, decimal) for text in rest_texts], dtype=np.float64)
    is_number = ~np.isnan(numbers)
    units = [unit_of(text) if readable else "" for text, readable in zip(rest_texts, is_number.tolist(), strict=True)]
    result[rest] = np.where(_of_one_unit(units, column.counts[rest]), numbers, np.nan)
    return result


def _of_one_unit(units: Sequence[str], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which texts have no unit, or the one of most: 15 cm and 120 mm in one column are no numbers of one kind."""
    rows = Counter[str]()
    for unit, times in zip(units, counts.tolist(), strict=True):
        rows[unit] += times
    rows.pop("", None)
    main = max(rows, key=lambda unit: (rows[unit], unit), default="")
    accepted = {"", *(unit for unit in rows if are_one_unit(unit, main))}
    return np.array([unit in accepted for unit in units], dtype=bool)


def amounts_of(column: TextColumn, decimal: DecimalMark | None, title: str) -> NDArray[np.float64]:
    """The numbers of a column of amounts or counts, in whole units whatever its title says: Umsatz (TEUR).

    NaN also where a unit makes them something else, such as CHF 8'000 a month.
    """
    amounts, scale = numbers_of(column, decimal).copy(), scale_of(title)
    worded = np.flatnonzero(_matches(column.trimmed, r"[0-9][^0-9]*[\p{L}°/]") & ~np.isnan(amounts))
    texts = pc.take(column.trimmed, pa.array(worded)).to_pylist()
    amounts[[at for at, text in zip(worded, texts, strict=True) if is_foreign(unit_of(text))]] = np.nan
    if scale > 1:
        in_words = [at for at, text in zip(worded, texts, strict=True) if multiplier_of(text)]
        amounts[np.setdiff1d(np.arange(len(amounts)), in_words)] *= scale
    return amounts


def _cast(result: NDArray[np.float64], which: NDArray[np.bool_], texts: pa.StringArray) -> None:
    rows = np.flatnonzero(which)
    if len(rows):
        plain = pc.utf8_ltrim(pc.take(texts, pa.array(rows)), "+")
        numbers = np.array(pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
        # Written as a negation, so that NaN is caught, too: it fails every comparison.
        numbers[~(np.abs(numbers) <= LARGEST)] = np.nan
        result[rows] = numbers


def _careful(text: str, decimal: DecimalMark | None) -> float:
    try:
        return parse_measure(text, decimal=decimal)
    except InputError:
        return np.nan

"""Columns of numbers: what the whole column says of its decimal mark, and its values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.amount import LARGEST, DecimalMark, parse_measure, separator_evidence

_PLAIN = r"^[+-]?(?:\d+|\d*\.\d+|\d+\.)(?:[eE][+-]?\d{1,3})?$"
_CERTAIN_POINT = r"^[+-]?(?:\d+\.(?:\d{1,2}|\d{4,})|0\d*\.\d+|\d{4,}\.\d+|\.\d+)$"
_WHOLE = r"^[+-]?\d+$"
_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+$"
MANY_UNCLEAR = 20
"""Of so many numbers with up to three decimals some would have fewer: where all have three, they are thousands."""


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
        if self.unclear_point >= MANY_UNCLEAR and not self.unclear_comma and self.small and not self.large:
            return ","
        if self.unclear_comma >= MANY_UNCLEAR and not self.unclear_point and self.small and not self.large:
            return "."
        if self.unclear_point and self.unclear_comma:
            return None
        if self.large and self.unclear_point:
            return "."
        return "," if self.large and self.unclear_comma else None

    @property
    def is_unclear(self) -> bool:
        """Whether values depend on the decimal mark, and the column does not prove it."""
        return bool(self.unclear_point + self.unclear_comma) and self.certain is None


def decimal_evidence(column: TextColumn) -> DecimalEvidence:
    """What all values of a column say of its decimal mark."""
    texts, counts = column.trimmed, column.counts
    certain = _matches(texts, _CERTAIN_POINT)
    whole = _matches(texts, _WHOLE)
    small = whole & (np.asarray(pc.utf8_length(pc.utf8_ltrim(texts, "+-0"))) <= 3)
    totals = {".": int(counts[certain].sum()), ",": 0, "?.": 0, "?,": 0}
    example = ""
    rest = np.flatnonzero(~(certain | whole | column.missing))
    for at, text in zip(rest, pc.take(texts, pa.array(rest)).to_pylist(), strict=True):
        if evidence := separator_evidence(text):
            totals[evidence] += int(counts[at])
            example = example or (text if evidence.startswith("?") else "")
    return DecimalEvidence(
        totals["."],
        totals[","],
        totals["?."],
        totals["?,"],
        int(counts[small].sum()),
        int(counts[whole & ~small].sum()),
        example,
    )


def _matches(texts: pa.StringArray, pattern: str) -> NDArray[np.bool_]:
    return np.asarray(pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False), dtype=bool)


def numbers_of(column: TextColumn, decimal: DecimalMark | None) -> NDArray[np.float64]:
    """The number of each different cell; NaN where there is none."""
    result = np.full(len(column.distinct), np.nan)
    texts = column.trimmed
    plain = _matches(texts, _PLAIN) & ~column.missing
    if decimal != ".":  # then a point before three digits parts thousands, which the careful parser knows
        plain &= ~_matches(texts, r"^[+-]?[1-9]\d{0,2}\.\d{3}$")
    _cast(result, plain, texts)
    if decimal == ",":
        comma = _matches(texts, _COMMA) & ~column.missing
        _cast(result, comma, pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", "."))
        plain |= comma
    rest = np.flatnonzero(~plain & ~column.missing)
    for at, text in zip(rest, pc.take(texts, pa.array(rest)).to_pylist(), strict=True):
        result[at] = _careful(text, decimal)
    return result


def _cast(result: NDArray[np.float64], which: NDArray[np.bool_], texts: pa.StringArray) -> None:
    rows = np.flatnonzero(which)
    if len(rows):
        plain = pc.utf8_ltrim(pc.take(texts, pa.array(rows)), "+")
        numbers = np.array(pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)
        numbers[~(np.abs(numbers) <= LARGEST)] = np.nan
        result[rows] = numbers


def _careful(text: str, decimal: DecimalMark | None) -> float:
    try:
        return parse_measure(text, decimal=decimal)
    except InputError:
        return np.nan

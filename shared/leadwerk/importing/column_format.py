"""Column formats: decided over all values of a column, stored with the mapping, used again for later files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from leadwerk.importing.number_column import DecimalEvidence
from leadwerk.importing.time_column import OrderEvidence, TimeForm
from leadwerk.importing.unit_column import ColumnUnit
from leadwerk.lead.amount import DecimalMark
from leadwerk.lead.timestamps import DateOrder

ValueKind = Literal["number", "yes_no", "options", "date", "text"]


class ColumnFormat(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the values of one column are read. None: the values do not depend on it.

    `width`: that to which zeros in front fill the ids of leads. `unit`: of numbers, as the file learned from states it;
    `factor` makes numbers of this unit of those in a file to be scored.
    """

    kind: ValueKind = "text"
    decimal: DecimalMark | None = None
    order: DateOrder | None = None
    form: TimeForm = "text"
    separator: str | None = None
    width: int | None = None
    unit: ColumnUnit | None = None
    factor: float = 1.0


@dataclass(frozen=True)
class SourceHabits:
    """Number and date habits of a file as a whole: evidence for columns that prove nothing themselves.

    `decimal` and `order` are those that other columns prove, None where none does or they contradict each other.
    `typed`: cells came as numbers and not as text. The user's own words are `stated_decimal` and `stated_order`.
    """

    delimiter: str | None = None
    decimal: DecimalMark | None = None
    order: DateOrder | None = None
    typed: bool = False
    stated_decimal: DecimalMark | None = None
    stated_order: DateOrder | None = None
    learned_formats: Mapping[str, ColumnFormat] = field(default_factory=dict)


def unanimous(marks: Iterable[str | None]) -> str | None:
    """The mark of which all columns that prove one prove the same.

    >>> unanimous([None, ",", ","]), unanimous([",", "."]), unanimous([])
    (',', None, None)
    """
    proven = {mark for mark in marks if mark is not None}
    return proven.pop() if len(proven) == 1 else None


def settled_decimal(
    evidence: DecimalEvidence, habits: SourceHabits, learned: ColumnFormat | None = None
) -> DecimalMark | None:
    """The decimal mark of a column: stated, proven by the column, learned before, or supported by the rest of the file.

    None where no value depends on it, or nothing decides (then `evidence.is_unclear`).
    """
    if habits.stated_decimal:
        return habits.stated_decimal
    if evidence.certain:
        return evidence.certain
    # The file that the model learned from: one reading of a column for training and scoring.
    if learned is not None and learned.decimal:
        return learned.decimal
    if not evidence.is_unclear:
        return None
    if evidence.point or evidence.comma:  # both: each value that is clear speaks for itself, the others do not
        return None
    # Typed sources such as workbooks write numbers with a point, whatever the country.
    if habits.typed:
        return "."
    # Programs that write a semicolon between fields do so because the comma is their decimal mark.
    by_delimiter: dict[str | None, DecimalMark] = {",": ".", ";": ","}
    return habits.decimal or by_delimiter.get(habits.delimiter)


def settled_order(
    evidence: OrderEvidence, habits: SourceHabits, learned: ColumnFormat | None = None
) -> DateOrder | None:
    """Whether days or months come first in a column, by the same evidence; None where nothing decides.

    Commas before decimals and semicolons between fields are habits of countries that write the day first. English
    habits decide nothing: Britain and America differ.
    """
    if habits.stated_order:
        return habits.stated_order
    if evidence.certain:
        return evidence.certain
    if learned is not None and learned.order:
        return learned.order
    if evidence.day_first and evidence.month_first:
        return None
    if habits.order:
        return habits.order
    return "dmy" if "," in (habits.decimal or "") or habits.delimiter == ";" else None

"""Column kinds: numbers, yes or no, lists of options, dates, categories, contacts, free text, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leadwerk.importing.column_format import (
    ColumnFormat,
    SourceHabits,
    settled_decimal,
    settled_order,
    unanimous,
)
from leadwerk.importing.number_column import DecimalEvidence, decimal_evidence, numbers_of
from leadwerk.importing.option_list import find_option_list
from leadwerk.importing.personal_columns import holds_contacts, names_persons
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.time_column import OrderEvidence, form_of, moments_of, order_evidence
from leadwerk.importing.unit_column import unit_of_column
from leadwerk.lead.amount import DecimalMark
from leadwerk.lead.timestamps import DateOrder
from leadwerk.lead.yes_no import parse_yes_no
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

Kind = Literal["number", "yes_no", "options", "category", "date", "row_number", "contact", "text", "constant", "empty"]
FEATURE_KINDS = frozenset({"number", "yes_no", "options", "category", "date"})

_SHARE = 0.98
"""A column counts as numbers, or dates, although a few of its values are something else."""
_MOSTLY_DIFFERENT = 0.5
_FEW_ROWS = 10
_WORDS_OF_A_CATEGORY = 4.0
_FEW_WORDS = 3
_NUMBERS_BESIDE_WORDS = 0.5
"""Numbers with up to three words that stand for "not known" are numbers; the words are left out and counted."""
_NUMBER_SAMPLE, _TIME_SAMPLE, _WORD_SAMPLE, _MOST_ANSWERS = 500, 500, 2_000, 24
_SHARE_SEEN = 0.95
ORDERS: tuple[DateOrder, ...] = ("dmy", "mdy")


TEXT_FORMAT = ColumnFormat()


@dataclass(frozen=True)
class Column:
    """A column as it was found: `examples` are its commonest values, `options` those of a list of options.

    `question` is what has to be stated before its values can be read, empty where they can.
    """

    name: str
    kind: Kind
    missing: int
    distinct: int
    format: ColumnFormat = TEXT_FORMAT
    examples: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True)
class ColumnEvidence:
    """Evidence of a column's values for how its numbers and dates are written."""

    decimal: DecimalEvidence
    order: OrderEvidence


def column_evidence(table: CsvTable) -> list[ColumnEvidence]:
    """The evidence in each column of a table."""
    return [ColumnEvidence(decimal_evidence(cells), order_evidence(cells)) for cells in table.cells]


def describe_columns(
    table: CsvTable,
    *,
    decimal: DecimalMark | None = None,
    order: DateOrder | None = None,
    include: Sequence[str] = (),
    learned_formats: Mapping[str, ColumnFormat] | None = None,
    evidence: Sequence[ColumnEvidence] | None = None,
) -> list[Column]:
    """What each column of a table is.

    `decimal` and `order` are stated by the user; `include` names columns that are used although their titles name
    persons; `learned_formats` are those of the file that was learned from, by folded title.
    """
    evidence = evidence or column_evidence(table)
    habits = _habits(table, evidence, decimal, order, learned_formats or {})
    included = {folded(name) for name in include}
    return [
        _described(name, cells, seen, habits, folded(name) in included)
        for name, cells, seen in zip(table.columns, table.cells, evidence, strict=True)
    ]


def _of_one_value(column: Column) -> Column:
    """One value and blanks: an x for yes, as people tick lists, or a form's option in a column of its own."""
    value = column.examples[0]
    if column.missing and parse_yes_no(value) == 1.0:
        return replace(column, kind="yes_no", format=ColumnFormat(kind="yes_no"))
    # Typeform, SurveyMonkey: "Umbau" or nothing, below "Umbau" or "Was planen Sie? - Umbau".
    if column.missing and folded(column.name).endswith(folded(value)):
        return replace(column, kind="options", options=(value,), format=ColumnFormat(kind="options", separator="\n"))
    return replace(column, kind="constant", format=ColumnFormat(kind="yes_no"))


def _habits(
    table: CsvTable,
    evidence: Sequence[ColumnEvidence],
    decimal: DecimalMark | None,
    order: DateOrder | None,
    learned_formats: Mapping[str, ColumnFormat],
) -> SourceHabits:
    numeric = [
        seen.decimal.certain
        for cells, seen in zip(table.cells, evidence, strict=True)
        # Dotted dates look like numbers with a point; they prove no decimal mark.
        if seen.decimal.certain and not seen.order.dotted and _is_numeric(cells, seen.decimal.certain)
    ]
    marks, orders = unanimous(numeric), unanimous(seen.order.certain for seen in evidence)
    return SourceHabits(
        delimiter=table.frame.dialect.delimiter if table.frame.dialect else None,
        decimal="." if marks == "." else "," if marks == "," else None,
        order="dmy" if orders == "dmy" else "mdy" if orders == "mdy" else None,
        typed=table.frame.kind in ("workbook", "xml", "json", "parquet"),
        stated_decimal=decimal,
        stated_order=order,
        learned_formats=learned_formats,
    )


def _is_numeric(cells: TextColumn, mark: DecimalMark | None) -> bool:
    # The commonest values first: most text columns are found out without parsing a million cells.
    sample = TextColumn.from_texts(cells.commonest(_NUMBER_SAMPLE))
    if _share(sample, ~np.isnan(numbers_of(sample, mark))) < _NUMBERS_BESIDE_WORDS:
        return False
    numeric = ~np.isnan(numbers_of(cells, mark))
    share = _share(cells, numeric)
    text_cells = int(((cells.counts > 0) & ~numeric & ~cells.missing).sum())
    return share >= _SHARE or (
        text_cells <= _FEW_WORDS and share >= _NUMBERS_BESIDE_WORDS and _are_many(cells, numeric)
    )


def _are_many(cells: TextColumn, numeric: NDArray[np.bool_]) -> bool:
    """Whether the numbers differ as measurements do: "1", "2", "other" are categories."""
    return int((numeric & (cells.counts > 0) & ~cells.missing).sum()) > _FEW_ROWS


def _share(cells: TextColumn, holds: NDArray[np.bool_]) -> float:
    return float(cells.counts[holds & ~cells.missing].sum()) / max(cells.filled, 1)


def _described(name: str, cells: TextColumn, seen: ColumnEvidence, habits: SourceHabits, is_included: bool) -> Column:
    column = Column(name, "empty", len(cells) - cells.filled, cells.distinct_filled)
    if not column.distinct:
        return column
    if not is_included and (holds_contacts(cells) or (names_persons(name) and not _as_yes_no(column, cells))):
        return replace(column, kind="contact")
    examples = tuple(cells.commonest(3))
    column = replace(column, examples=examples)
    if column.distinct == 1:
        return _of_one_value(column)
    return (
        _as_number(column, cells, seen.decimal, habits, is_included)
        or _as_yes_no(column, cells)
        or _as_date(column, cells, seen.order, habits)
        or _as_options(column, cells)
        or _as_words(column, cells)
    )


def _as_number(
    column: Column, cells: TextColumn, seen: DecimalEvidence, habits: SourceHabits, is_included: bool
) -> Column | None:
    settled = habits.learned_formats.get(folded(column.name))
    mark = settled_decimal(seen, habits, settled)
    form = form_of(cells)
    if form in ("milliseconds", "microseconds", "nanoseconds") or (form == "seconds" and _are_recent(cells)):
        return replace(column, kind="date", format=ColumnFormat(kind="date", form=form))
    if not _is_numeric(cells, mark):
        return None
    if not is_included and _counts_rows(cells):
        return replace(column, kind="row_number", format=ColumnFormat(kind="number"))
    question = ""
    if mark is None and seen.is_unclear:
        question = Message("import.question.decimal", column=column.name, example=seen.example)
    column_format = ColumnFormat(kind="number", decimal=mark, unit=unit_of_column(cells, mark))
    return replace(column, kind="number", format=column_format, question=question)


def _counts_rows(cells: TextColumn) -> bool:
    """Whether the column numbers its rows, one after the other in any order, as an index that a tool wrote beside them.

    Learned from it would be when a row was written, and no later row could ever have a number seen before.
    """
    if cells.distinct_filled != len(cells) or len(cells) <= _FEW_ROWS:
        return False
    numbers = numbers_of(cells, None)[(cells.counts > 0) & ~cells.missing]
    is_whole = not np.isnan(numbers).any() and bool(np.all(numbers % 1 == 0))
    if not is_whole or numbers.max() - numbers.min() != len(cells) - 1:
        return False
    return all(text.strip().isdigit() for text in cells.commonest(_NUMBER_SAMPLE))  # "20 m²" is a measure


def _are_recent(cells: TextColumn) -> bool:
    """Whether all whole numbers are seconds of the years 1998 to 2040."""
    numbers = numbers_of(cells, None)[~cells.missing]
    return bool(np.all((numbers >= 9e8) & (numbers <= 2.2e9) & (numbers % 1 == 0)))


def _as_yes_no(column: Column, cells: TextColumn) -> Column | None:
    if column.distinct > _MOST_ANSWERS or any(parse_yes_no(text) is None for text in cells.commonest(_MOST_ANSWERS)):
        return None
    return replace(column, kind="yes_no", format=ColumnFormat(kind="yes_no"))


def _as_date(column: Column, cells: TextColumn, seen: OrderEvidence, habits: SourceHabits) -> Column | None:
    form_of_times = time_format(column.name, cells, seen, habits)
    if form_of_times.format.form != "text" or not _looks_like_dates(cells):
        return None
    moments = moments_of(cells, "text", form_of_times.format.order or "dmy", "UTC")
    if _share(cells, ~np.isnat(moments)) < _SHARE:
        return None
    return replace(column, kind="date", format=form_of_times.format, question=form_of_times.question)


def _looks_like_dates(cells: TextColumn) -> bool:
    """Whether the commonest texts are dates, and no bare numbers: a look before all of them are read."""
    sample = TextColumn.from_texts(cells.commonest(_TIME_SAMPLE))
    # Plain digits are numbers or ids: 20260110 may be a date, but 10012026 may be anything.
    if all(text.isdigit() for text in sample.texts()):
        return False
    return max(_share(sample, ~np.isnat(moments_of(sample, "text", order, "UTC"))) for order in ORDERS) >= _SHARE_SEEN


@dataclass(frozen=True)
class TimeFormat:
    """The format of a column of times, and what has to be stated before it can be read."""

    format: ColumnFormat
    question: str = ""


def time_format(name: str, cells: TextColumn, seen: OrderEvidence, habits: SourceHabits) -> TimeFormat:
    """How the times of a column are written."""
    form = form_of(cells) or "text"
    order = settled_order(seen, habits, habits.learned_formats.get(folded(name)))
    question = ""
    if order is None and seen.is_unclear and form == "text":
        question = Message("import.question.order", column=name, example=seen.example)
    if seen.year_first and form == "text":
        question = Message("import.question.year", column=name, example=seen.year_first)
    if seen.converted and form == "text":
        question = Message("import.question.converted", column=name, date=seen.converted[0], text=seen.converted[1])
    return TimeFormat(ColumnFormat(kind="date", order=order, form=form), question)


def time_column_format(
    table: CsvTable,
    name: str,
    *,
    order: DateOrder | None = None,
    learned_formats: Mapping[str, ColumnFormat] | None = None,
    evidence: Sequence[ColumnEvidence] | None = None,
) -> TimeFormat:
    """The format of the column that says when leads came, with the other columns of its file as evidence."""
    evidence = evidence or column_evidence(table)
    habits = _habits(table, evidence, None, order, learned_formats or {})
    at = table.index(name)
    return time_format(table.columns[at], table.cells[at], evidence[at].order, habits)


def _as_options(column: Column, cells: TextColumn) -> Column | None:
    listed = find_option_list(cells)
    if listed is None:
        return None
    column_format = ColumnFormat(kind="options", separator=listed.separator)
    return replace(column, kind="options", options=listed.options, format=column_format)


def _as_words(column: Column, cells: TextColumn) -> Column:
    common = cells.commonest(_WORD_SAMPLE)
    words_a_cell = sum(len(text.split()) for text in common) / len(common)
    different = column.distinct / cells.filled
    is_text = words_a_cell > _WORDS_OF_A_CATEGORY or (different > _MOSTLY_DIFFERENT and cells.filled > _FEW_ROWS)
    return replace(column, kind="text" if is_text else "category")

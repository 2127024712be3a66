"""Ids of leads in a file, and what spreadsheets and programs make of them."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.column_mapping import ROW_NUMBER, ColumnMapping
from leadwerk.importing.mapping import slug
from leadwerk.importing.personal_columns import names_telephones
from leadwerk.importing.table import CsvTable
from leadwerk.importing.text_column import TextColumn
from leadwerk.lead.attribute import LONGEST_TEXT
from leadwerk.lead.lead import parse_id
from leadwerk.texts.message import Message

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TELEPHONE, _TELEPHONE_ABROAD = r"(?:\+|0)[\d\s()/.-]{8,20}", r"\+\d[\d\s()/.-]{7,20}"
_WHOLE_WITH_POINT = r"^(?:\d+\.0)?$"
_SHORTENED_ID = r"^\d(?:[.,]\d+)?[eE]\+\d{2}$"
# A spreadsheet keeps 15 digits of a number: a longer id has lost the rest.
_SIGNIFICANT_DIGITS = 15


def read_ids(table: CsvTable, mapping: ColumnMapping) -> TextColumn:
    """The id of each row; row numbers where the mapping states no column.

    Raises:
        InputError: a spreadsheet has shortened them, or they are addresses of persons.
    """
    if mapping.id == ROW_NUMBER:
        # The same row number in another file is another lead.
        file = slug(table.path.stem)
        return TextColumn.from_texts([f"{file}.{number}" for number in range(1, len(table) + 1)])
    column = table.column(mapping.id)
    texts = column.trimmed
    if pc.all(pc.match_substring_regex(texts, _WHOLE_WITH_POINT)).as_py():
        # A program mistook the ids for decimal numbers.
        texts = pc.replace_substring_regex(texts, r"\.0$", "")
    # Ids that differ only in the space around them are the same.
    merged = texts.dictionary_encode()
    ids = TextColumn(np.asarray(merged.indices)[column.codes].astype(np.int32), merged.dictionary)
    # 4.71E+11 stands for ten thousand ids: stored, it would merge leads without a sign.
    _refuse_shortened(ids, mapping.id)
    is_address = _all(ids, ADDRESS.pattern, part="@")
    # 0001234567 may be a customer's number as well; only a title that names telephones says otherwise.
    is_number = _all(ids, _TELEPHONE) if names_telephones(mapping.id) else _all(ids, _TELEPHONE_ABROAD, part="+")
    contact = is_address | is_number
    if ids.filled and float(ids.counts[contact].sum()) > 0.5 * ids.filled:
        raise InputError(Message("import.contact_ids", column=mapping.id), field="id", value=mapping.id)
    return ids


def _all(ids: TextColumn, pattern: str, part: str = "") -> NDArray[np.bool_]:
    """Which of the different ids the pattern describes; `part`, which stands in all of these, is looked for first."""
    if part and not pc.any(pc.match_substring(ids.distinct, part, ignore_case=True)).as_py():
        return np.zeros(len(ids.distinct), dtype=bool)
    return np.asarray(
        pc.match_substring_regex(ids.distinct, f"^(?:{pattern})$").to_numpy(zero_copy_only=False), dtype=bool
    )


def is_shortened(ids: TextColumn) -> bool:
    """Whether a spreadsheet has written ids such as 2.8E+10."""
    return bool(_all(ids, _SHORTENED_ID.strip("^$"), part="e+").any())


def _refuse_shortened(ids: TextColumn, name: str) -> None:
    """A spreadsheet shows long numbers as 2.8E+10, and keeps 15 digits of them: different leads become one.

    Raises:
        InputError: it did.
    """
    shortened = _all(ids, _SHORTENED_ID.strip("^$"), part="e+")
    if not shortened.any():
        if (pc.max(pc.binary_length(ids.distinct)).as_py() or 0) <= _SIGNIFICANT_DIGITS:
            return
        long = _all(ids, rf"[1-9]\d{{{_SIGNIFICANT_DIGITS},}}") & (ids.counts > 0)
        rounded = long & _all(ids, rf"\d{{{_SIGNIFICANT_DIGITS}}}0+")
        # A few ids may end in zeros by chance; if all long ones do, a spreadsheet rounded them.
        if long.sum() < 3 or (rounded != long).any():
            return
        shortened = rounded
    example = ids.distinct[int(np.argmax(shortened))].as_py()
    raise InputError(Message("import.shortened_ids", column=name, example=example), field="id", value=name)


def padded_width(ids: TextColumn) -> int | None:
    """The width to which zeros in front fill the ids; None unless all are of as many digits and some begin with 0."""
    texts = pc.filter(ids.trimmed, pa.array((ids.counts > 0) & ~ids.missing))
    widths = pc.unique(pc.utf8_length(texts)).to_pylist()
    if len(widths) != 1 or not pc.all(pc.match_substring_regex(texts, r"^\d+$")).as_py():
        return None
    return int(widths[0]) if pc.any(pc.starts_with(texts, "0")).as_py() else None


def example_without_zeros(ids: TextColumn, width: int) -> str | None:
    """An id that is shorter than those of an earlier file; None unless the zeros in front of all ids are gone."""
    texts = pc.filter(ids.trimmed, pa.array((ids.counts > 0) & ~ids.missing))
    if not pc.all(pc.match_substring_regex(texts, rf"^[1-9]\d{{0,{width - 1}}}$")).as_py():
        return None
    shorter = pc.filter(texts, pc.less(pc.utf8_length(texts), width))
    return shorter[0].as_py() if len(shorter) else None


def unusable_ids(ids: TextColumn, mapping: ColumnMapping) -> NDArray[np.bool_]:
    """Which rows (n,) have an id that is too long, or has signs that cannot be seen."""
    if mapping.id == ROW_NUMBER:
        return np.zeros(len(ids), dtype=bool)
    is_short = pc.less_equal(pc.binary_length(ids.distinct), LONGEST_TEXT)
    # Nearly all ids are of ASCII, which is seen five times as fast as by a pattern.
    is_ascii = pc.and_(pc.ascii_is_printable(ids.distinct), is_short)
    plain = np.asarray(is_ascii.to_numpy(zero_copy_only=False), dtype=bool) | ids.missing
    if not plain.all():
        plain |= _all(ids, rf"[ -~\p{{L}}\p{{N}}]{{1,{LONGEST_TEXT}}}")
    bad = np.zeros(len(ids.distinct), dtype=bool)
    for at in np.flatnonzero(~plain):
        bad[at] = not _is_id(ids.distinct[int(at)].as_py())
    return bad[ids.codes]


def _is_id(text: str) -> bool:
    try:
        parse_id(text)
    except InputError:
        return False
    return True

"""What surrounds a table in a file: a line that names the delimiter, titles above, totals below."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from leadwerk.errors import InputError
from leadwerk.importing.records import MalformedLine, Record
from leadwerk.texts.message import Message

SNIFFED_LINES = 500
SIGNS_AROUND_TITLES = " \t\f\u00a0\ufeff\u200b"
FOOTER_ROWS = 15
"""Rows at the end among which totals and remarks stand."""
_FULL_SHARE = 0.75
_NEARLY_ALL = 0.9
_NUMBER = re.compile(r"\s*[\d.,'+-]*\d\s*")
_NUMBERS_OF_NO_TITLES = 1 / 3
_LINES_ABOVE_TITLES = 4
RULE = r"\s*:?[-=]{3,}:?\s*"
"""A line drawn below the titles, as in Markdown."""
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?,*;*\s*', re.IGNORECASE)
_TOTALS = re.compile(
    r"(?:grand |sub)?totals?|(?:gesamt|end|zwischen)?summen?|insgesamt|gesamt|total général|sommes?|somma|totale|totali"
    r"|sous-total|ensemble|anzahl|count|rows?|zeilen|datensätze"
    r"|(?:grand |sub)?totals?\b.{0,30}\d|(?:anzahl|count|total|nombre|numero)\b[^:]{0,30}:.*"
    r"|\d[\d'., ]* (?:rows?|records?|results?|entries|leads?|zeilen|datensätze|einträge|lignes|résultats|righe)"
)
_SPARSE = 0.6
"""A row behind a blank line that fills less of the columns than this part of what rows fill usually is a remark."""


@dataclass(frozen=True)
class Header:
    """The titles of the columns, the line on which they stand, and how many filled lines stand above."""

    titles: tuple[str, ...]
    line: int
    lines_above: int


def stated_delimiter(line: str) -> str | None:
    r"""The delimiter that Excel's first line `sep=;` names.

    >>> stated_delimiter("sep=;\r\n"), stated_delimiter("SEP=\t\n"), stated_delimiter("separator\n")
    (';', '\t', None)
    """
    named = _SEPARATOR_LINE.fullmatch(line.rstrip("\r\n"))
    return named.group(1) if named else None


def find_header(records: Sequence[Record | MalformedLine], stated_line: int | None = None) -> Header:
    """The header among the first records: the first that fills as many columns as the rows have, or a stated line.

    Raises:
        InputError: there is no such line.
    """
    rows = [record for record in records if isinstance(record, Record)]
    if stated_line is not None:
        rows_from = [record for record in rows if record.line == stated_line]
        if not rows_from:
            raise InputError(Message("import.header_row", line=stated_line), field="header-row", value=stated_line)
        header = rows_from[0]
    else:
        header = _likely_header(rows)
    above = sum(record.line < header.line for record in records)
    titles = [title.strip(SIGNS_AROUND_TITLES) for title in header.fields]
    while len(titles) > 1 and not titles[-1] and _is_spare(rows, len(titles), header.line):
        titles.pop()
    if _lacks_a_title(rows, len(titles), header.line):
        titles.insert(0, "")
    return Header(tuple(titles), header.line, above)


def _likely_header(rows: Sequence[Record]) -> Record:
    """The first record that fills as many columns as the rows have, and is no line of numbers above the titles."""
    width = _usual_width(rows)
    full = [record for record in rows if _filled(record) >= _FULL_SHARE * width]
    if not full:
        return rows[0]
    if untitled := _partly_titled(rows, full[0]):
        return untitled
    if _numbers(full[0]) < _NUMBERS_OF_NO_TITLES * _filled(full[0]):
        return full[0]
    # DATEV's first line describes the file: "EXTF";700;16;"Debitoren";5;20250106…
    return next((record for record in full[1:_LINES_ABOVE_TITLES] if not _numbers(record)), full[0])


def _partly_titled(rows: Sequence[Record], first_full: Record) -> Record | None:
    """The record above the first full one, if that is a lead and this holds titles, some of them blank; else None."""
    with_digits = sum(bool(re.search(r"\d", field)) for field in first_full.fields)
    above = rows[rows.index(first_full) - 1] if first_full is not rows[0] else None
    if above is None or 2 * with_digits < _filled(first_full) or len(above.fields) != len(first_full.fields):
        return None
    titles = [field.strip() for field in above.fields if field.strip()]
    are_titles = len({*titles}) == len(titles) and not any(re.search(r"\d", title) for title in titles)
    return above if are_titles and 2 * len(titles) >= len(above.fields) else None


def _numbers(record: Record) -> int:
    return sum(bool(_NUMBER.fullmatch(field)) for field in record.fields)


def _lacks_a_title(rows: Sequence[Record], width: int, header_line: int) -> bool:
    """Whether the rows have a column more than titles, in front: R names rows so, and gives the names no title."""
    below = [record for record in rows if record.line > header_line]
    longer = [record for record in below if len(record.fields) == width + 1 and record.fields[-1].strip()]
    return width > 1 and len(longer) >= _NEARLY_ALL * max(len(below), 1)


def _usual_width(rows: Sequence[Record]) -> int:
    """The commonest width, of equally common ones the smallest, without columns that are mostly empty."""
    widths = Counter(len(record.fields) for record in rows)
    usual, _ = max(widths.items(), key=lambda item: (item[1], -item[0]), default=(1, 0))
    filled = Counter(_filled(record) for record in rows if len(record.fields) == usual)
    return min(usual, max(filled, default=1))


def _filled(record: Record) -> int:
    return sum(bool(field.strip()) for field in record.fields)


def _is_spare(rows: Sequence[Record], width: int, header_line: int) -> bool:
    """Whether a column without a title is empty in all rows seen: a delimiter too many at the end of every line."""
    return not any(
        len(record.fields) >= width and record.fields[width - 1].strip() for record in rows if record.line > header_line
    )


def draws_a_line(fields: Sequence[str]) -> bool:
    """Whether a record only draws a line between titles and rows.

    >>> draws_a_line(["", "---", ":---:", ""]), draws_a_line(["", "---", "7", ""]), draws_a_line(["", ""])
    (True, False, False)
    """
    filled = [field for field in fields if field.strip()]
    return bool(filled) and all(re.fullmatch(RULE, field) for field in filled)


def repeats(titles: Sequence[str], fields: Sequence[str]) -> bool:
    """Whether a record is the header again, as in files that were joined or printed page by page."""
    return fields[0].strip(SIGNS_AROUND_TITLES) == titles[0] and [
        field.strip(SIGNS_AROUND_TITLES) for field in fields
    ] == list(titles)


def footer_start(rows: Sequence[Sequence[str]], lines: Sequence[int] = ()) -> int:
    """Where, among the last rows of a table, totals and remarks begin; len(rows) without any.

    `lines` are the rows' line numbers, which show blank lines between them.

    >>> footer_start([["1", "a", "2"], ["Total", "", "2"]]), footer_start([["1", "a", "2"], ["2", "", ""]])
    (1, 2)
    >>> footer_start([["1", "a", "2"], ["Acme", "", ""], ["by Anna", "", ""]], [7, 9, 10])
    1
    """
    start = len(rows)
    for at in range(len(rows) - 1, -1, -1):
        if not _is_footer(rows[at]):
            break
        start = at
    filled = [sum(bool(field.strip()) for field in row) for row in rows]
    for at in range(1, len(lines)):
        usual = sorted(filled[:at])[at // 2]
        if lines[at] - lines[at - 1] > 1 and max(filled[at:]) < _SPARSE * usual:
            return min(at, start)
    return start


def _is_footer(fields: Sequence[str]) -> bool:
    filled = [field.strip() for field in fields if field.strip()]
    if len(filled) == len(fields) or len(fields) < 3:
        return False
    if not filled:
        return True
    if _TOTALS.fullmatch(filled[0].casefold().rstrip(" :.")):
        return True
    # A single filled cell is a remark, such as "Created by … on …".
    return len(filled) == 1 and len(filled[0].split()) > 3

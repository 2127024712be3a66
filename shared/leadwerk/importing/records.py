"""Lines to records, where one malformed line costs one line and never the rest of the file.

A reader that only follows the quotes swallows everything after a quote that is never closed. Here a record must be well
formed by itself; if it is not, its first line is set apart and reading goes on with the next. Python's csv module reads
the fields.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import NamedTuple

from leadwerk.texts.message import Message

DELIMITERS = (",", ";", "\t", "|", "^", "~", "\x1f", "\x01")
# The default of Python's csv module is 128 KB, which a note of a CRM may exceed.
csv.field_size_limit(2**31 - 1)
# A longer record means that a quote was never closed.
MAXIMUM_LINES = 200
# MS-DOS ends a text with \x1a.
_BLANK = " \t\r\n\v\f\x1a"
_UNFINISHED = "unexpected end of data"


@dataclass(frozen=True)
class Dialect:
    """How a file separates and quotes its fields; `escape` is a backslash before a quote within quotes, if any."""

    delimiter: str
    quote: str = '"'
    escape: str | None = None


class Record(NamedTuple):
    """A row of the file: the number of its first line (from 1), and its fields."""

    line: int
    fields: list[str]


class MalformedLine(NamedTuple):
    """A line that is no row: where, and why. What it says is not repeated: it may name persons."""

    line: int
    reason: str


def sniff(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    r"""The dialect under which most records have the same, large number of fields; `delimiter` if it is stated.

    >>> sniff(["a;b;c\n", "1,5;2;3\n", "2,5;3;4\n"]).delimiter, sniff(["'a','b;c'\n", "'1','2'\n"]).quote
    (';', "'")
    """
    delimiters = (delimiter,) if delimiter else DELIMITERS
    plain = max((Dialect(mark) for mark in delimiters), key=lambda dialect: _evenness(lines, dialect))
    candidates = [plain]
    if any('\\"' in line for line in lines):
        candidates.append(replace(plain, escape="\\"))
    if any(f"{plain.delimiter}'" in line or line.startswith("'") for line in lines):
        candidates += [Dialect(mark, quote="'") for mark in delimiters]
    return max(candidates, key=lambda dialect: _evenness(lines, dialect))


def _evenness(lines: Sequence[str], dialect: Dialect) -> tuple[float, float, float]:
    """How alike the records are in width, weighed by it: a comma within numbers makes two even columns as well."""
    records = list(split(lines, dialect))
    widths = Counter(len(record.fields) for record in records if isinstance(record, Record))
    if not widths:
        return 0.0, 0.0, 0.0
    width, times = max(widths.items(), key=lambda item: (item[1] * (item[0] - 1), item[0]))
    cells = [field.strip() for record in records if isinstance(record, Record) for field in record.fields]
    still_quoted = sum(len(cell) > 1 and cell[0] == cell[-1] and cell[0] in "\"'" for cell in cells)
    evenness = times / len(records) * (width - 1)
    return evenness * (1 - still_quoted / len(cells)), -still_quoted, max(widths)


def split(lines: Iterable[str], dialect: Dialect, *, first_line: int = 1) -> Iterator[Record | MalformedLine]:
    """The records and the malformed lines of a file, in its order; empty lines are left out."""
    source, line_number = iter(lines), first_line
    ahead: list[str] = []
    while True:
        line = ahead.pop(0) if ahead else next(source, None)
        if line is None:
            return
        if dialect.quote not in line:
            if line.strip(_BLANK):
                yield Record(line_number, line.rstrip("\r\n").split(dialect.delimiter))
            line_number += 1
            continue
        fields, used = _quoted(line, ahead, source, dialect)
        yield (
            Record(line_number, fields)
            if fields is not None
            else MalformedLine(line_number, Message("import.reject.quote"))
        )
        line_number += used


def _quoted(line: str, ahead: list[str], source: Iterator[str], dialect: Dialect) -> tuple[list[str] | None, int]:
    """The fields of the record that begins with `line`, and how many lines it takes; the others stay in `ahead`."""
    text, used = line, 1
    while True:
        fields, unfinished = _parsed(text, dialect)
        if fields is not None:
            del ahead[: used - 1]
            return _unwrapped(fields, dialect), used
        if not unfinished or used >= MAXIMUM_LINES:
            return None, 1
        if len(ahead) < used:
            ahead.extend(islice(source, 1))
        if len(ahead) < used:
            return None, 1
        text += ahead[used - 1]
        used += 1


def _parsed(text: str, dialect: Dialect) -> tuple[list[str] | None, bool]:
    """Fields, or None and whether more lines could complete them."""
    reader = csv.reader(
        [text],
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        escapechar=dialect.escape,
        skipinitialspace=dialect.delimiter != "\t",
        strict=True,
    )
    try:
        return next(reader), False
    except csv.Error as error:
        return None, _UNFINISHED in str(error)
    except StopIteration:
        return [""], False


def _unwrapped(fields: list[str], dialect: Dialect) -> list[str]:
    """The fields of a line that a program has quoted as a whole."""
    if len(fields) != 1 or dialect.delimiter not in fields[0]:
        return fields
    inner, _ = _parsed(fields[0], dialect)
    return inner if inner is not None and len(inner) > 1 else fields

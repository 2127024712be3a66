"""CSV text to records, where one broken line costs one line and never the rest of the file.

A reader that only follows the quotes swallows everything after a quote that is never closed. Here a record must be
well formed (RFC 4180) by itself; if it is not, its first line is rejected and reading goes on with the next.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t", "|")
QUOTE = '"'
MAXIMUM_LINES = 200  # of one record; more means that a quote was never closed
_SNIFFED_LINES = 300
_UNFINISHED = "unexpected end of data"


@dataclass(frozen=True)
class Record:
    """A row of the file: the number of its first line (from 1), and its fields."""

    line: int
    fields: list[str]


@dataclass(frozen=True)
class MalformedLine:
    """A line that is no row: where, why, and what it says."""

    line: int
    reason: str
    text: str


def lines_of(text: str) -> list[str]:
    """Physical lines with their ends; only CR, LF and CR LF end one (`str.splitlines` knows seven more)."""
    return list(io.StringIO(text, newline=""))


def sniff(lines: Sequence[str]) -> str:
    r"""The delimiter under which most rows have the same, largest number of fields; a comma if none splits.

    >>> sniff(["a;b;c\n", "1,5;2;3\n", "2,5;3;4\n"])
    ';'
    """
    return max(DELIMITERS, key=lambda delimiter: _evenness(lines[:_SNIFFED_LINES], delimiter))


def _evenness(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    widths = Counter(len(found.fields) for found in split(lines, delimiter) if isinstance(found, Record))
    if not widths:
        return 0.0, 0
    width, rows = widths.most_common(1)[0]
    return (rows / widths.total() if width > 1 else 0.0), width


def split(lines: Sequence[str], delimiter: str) -> Iterator[Record | MalformedLine]:
    """The records and the broken lines of a file, in its order; empty lines are left out."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif QUOTE not in line:
            yield Record(at + 1, line.rstrip("\r\n").split(delimiter))
            at += 1
        else:
            found, used = _quoted(lines, at, delimiter)
            yield found
            at += used


def _quoted(lines: Sequence[str], at: int, delimiter: str) -> tuple[Record | MalformedLine, int]:
    """The record that begins at line `at` (from 0), and how many lines it takes."""
    for used in range(1, min(MAXIMUM_LINES, len(lines) - at) + 1):
        try:
            fields = next(csv.reader(["".join(lines[at : at + used])], delimiter=delimiter, strict=True))
        except csv.Error as error:
            if _UNFINISHED not in str(error):
                break
        else:
            return Record(at + 1, fields), used
    return MalformedLine(
        at + 1, "a quote is opened and not closed, or stands in the middle", lines[at].rstrip("\r\n")
    ), 1

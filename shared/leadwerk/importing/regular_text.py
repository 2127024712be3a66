"""Regular text: a file in which every line is one row is read by pyarrow, some ten times faster than line by line.

Whatever is irregular is left to `records.split`, which costs a malformed line and never the rest of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from leadwerk.importing.encoding import Encoding
from leadwerk.importing.records import Dialect
from leadwerk.importing.table_frame import FOOTER_ROWS, RULE, Header, footer_start
from leadwerk.importing.text_column import TextColumn

_BLOCK = 1 << 24
_ENCODINGS = frozenset({"utf-8", "cp1252", "cp850", "mac_roman"})


@dataclass(frozen=True)
class RegularTable:
    """n rows by column, the line of each, and how many rows at the end are totals and remarks."""

    lines: NDArray[np.int64]
    cells: tuple[TextColumn, ...]
    footer_rows: int


def read_regular(path: Path, encoding: Encoding, dialect: Dialect, header: Header) -> RegularTable | None:
    """The rows below the header, None unless every line is one row of as many fields as the header names."""
    if dialect.quote != '"' or dialect.escape or not dialect.delimiter.isascii() or encoding.name not in _ENCODINGS:
        return None
    expected = _lines_below(path, header, dialect)
    if not expected:
        return None
    irregular: list[str] = []
    try:
        table = _read(path, encoding, dialect, header, irregular)
    except (pa.ArrowException, UnicodeError):
        return None
    if irregular or len(table) != expected:
        return None
    return _without_footers(table, header)


def _read(path: Path, encoding: Encoding, dialect: Dialect, header: Header, irregular: list[str]) -> pa.Table:
    names = [str(at) for at in range(len(header.titles))]

    def note_irregular(_: pa_csv.InvalidRow) -> str:
        irregular.append("width")
        return "skip"

    as_texts = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(skip_rows=header.line, column_names=names, encoding=encoding.name),
        parse_options=pa_csv.ParseOptions(delimiter=dialect.delimiter, invalid_row_handler=note_irregular),
        convert_options=as_texts,
    )


def _lines_below(path: Path, header: Header, dialect: Dialect) -> int:
    """How many lines stand below the header; 0 if some of them cannot be rows by themselves."""
    if any("\n" in title or "\r" in title for title in header.titles):
        return 0
    # A quote behind a blank, which pyarrow takes for a part of the cell; zeros, and Macintosh's ends of lines.
    quoted_behind_blank = f'{dialect.delimiter} "'.encode()
    ends = returns = both = 0
    last = b""
    for block in _blocks(path):
        # One byte is found far faster than several: most files hold neither a quote nor a return.
        if b"\0" in block or (b'"' in block and quoted_behind_blank in last[-2:] + block):
            return 0
        ends += block.count(b"\n")
        returns += block.count(b"\r")
        both += (last[-1:] + block).count(b"\r\n") if returns else 0
        last = block
    if returns not in (0, both):
        return 0
    trailing = len(last) - len(last.rstrip(b"\r\n"))
    blank = last[len(last) - trailing :].count(b"\n") - 1
    return ends - blank - header.line


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _without_footers(table: pa.Table, header: Header) -> RegularTable | None:
    tail = table.slice(max(len(table) - FOOTER_ROWS, 0))
    rows = list(zip(*(column.to_pylist() for column in tail.columns), strict=True))
    footers = len(rows) - footer_start(rows)
    table = table.slice(0, len(table) - footers)
    cells = []
    # Column by column, so that the texts and codes of only one are in memory.
    while table.num_columns:
        cells.append(TextColumn.of(table.column(0)))
        table = table.remove_column(0)
    if _may_be_framed(cells, header):
        return None
    lines = np.arange(header.line + 1, header.line + 1 + len(cells[0]), dtype=np.int64)
    return RegularTable(lines, tuple(cells), footers)


def _may_be_framed(cells: list[TextColumn], header: Header) -> bool:
    """Whether the header may stand again within, as in files that were joined, or a line is drawn below it."""
    title, first = header.titles[0], cells[0].distinct
    again = pc.ends_with(first, title) if title else pc.equal(first, title)
    drawn = (pc.match_substring_regex(column.distinct, f"^{RULE}$") for column in cells[:2])
    return any(pc.any(matches).as_py() for matches in (again, *drawn))

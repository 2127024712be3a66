"""Bounds of workbooks: what a small file may unpack to, and how far apart its cells may lie.

Readers of workbooks hold a rectangle from the first cell to the last: two cells at its ends are a file of a few kB, and
fill the memory of any machine. Every part of the archive is looked at: which are sheets, the file itself says.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from leadwerk.importing.source_file import refusal

MOST_CELLS = 64_000_000
"""Of a sheet, with the empty ones between: a million rows of sixty columns."""
MOST_UNPACKED = 2_000_000_000
"""Bytes of a packed workbook's parts."""
_PIECE = 1 << 20
_OVERLAP = 200
_CELL = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"'][^>]*>")
_UNPLACED_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s>])(?![^>]*\br=)[^>]*(?<!/)>")
_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*\br=[\"'](\d{1,7})[\"']")
_ODS_TAG = re.compile(rb"<table:(table|table-row|table-cell|covered-table-cell)(?=[\s/>])([^>]*)>")
_ODS_TIMES = re.compile(rb"number-(?:rows|columns)-repeated=[\"'](\d{1,12})[\"']")
_BEGIN_SHEET, _ROW_HEADER, _VALUES = b"\x81\x01", 0, frozenset((*range(2, 12), 62))
"""Records of .xlsb: those that begin a sheet and a row, and cells that hold something (MS-XLSB 2.3.2)."""


def check_packed_size(path: Path) -> None:
    """Check a workbook that is a ZIP archive before a reader opens it; other files pass.

    Raises:
        InputError: it unpacks to more than MOST_UNPACKED bytes, or a sheet spans more than MOST_CELLS cells.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > MOST_UNPACKED:
            raise refusal(path, "unpacks", "leads_alone", megabytes=f"{unpacked // 1_000_000:,}")
        names = archive.namelist()
        is_binary = any(name.lower() == "xl/workbook.bin" for name in names)
        for name in names:
            if name == "content.xml":
                check_cells(path, *_ods_span(archive, name))
            elif is_binary and name.lower().endswith(".bin"):
                check_cells(path, *_xlsb_span(archive.read(name)))
            else:
                check_cells(path, *_span(_pieces(archive, name)))


def check_cells(path: Path, rows: int, columns: int) -> None:
    """Check the rectangle of a sheet.

    Raises:
        InputError: it has more than MOST_CELLS cells.
    """
    if rows * columns > MOST_CELLS:
        raise refusal(path, "wide", "leads_alone", figure=f"{rows * columns:,}")


def _raw_pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while piece := part.read(_PIECE):
            yield piece


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    rest = b""
    for piece in _raw_pieces(archive, name):
        yield rest + piece
        rest = piece[-_OVERLAP:]


def _span(pieces: Iterator[bytes]) -> tuple[int, int]:
    """Last row and last column of a sheet of .xlsx that hold a value."""
    letters: set[bytes] = set()
    last_row, has_unplaced = 0, False
    for piece in pieces:
        # <c r="XFD1048576" s="3"/> is a style without a value, which readers skip.
        for cell in _CELL.finditer(piece):
            if not cell[0].endswith(b"/>"):
                letters.add(cell[1])
                last_row = max(last_row, int(cell[2]))
        # A cell without a reference follows the one before, in the row that the row's own number states.
        has_unplaced = has_unplaced or _UNPLACED_CELL.search(piece) is not None
        if has_unplaced:
            last_row = max(last_row, *(int(row[1]) for row in _ROW.finditer(piece)), 0)
    return last_row, max(map(_column_number, letters), default=1)


def _ods_span(archive: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """Rows and columns of the widest span of a table of .ods, as far as its last value."""
    largest, last_row, last_column, row, column = (0, 0), 0, 0, 0, 0
    for tag, attributes in _ods_tags(_raw_pieces(archive, name)):
        times = int(repeated[1]) if (repeated := _ODS_TIMES.search(attributes)) else 1
        if tag == b"table":
            largest = max(largest, (last_row, last_column), key=_area)
            last_row = last_column = row = 0
        elif tag == b"table-row":
            row, column = row + times, 0
        else:
            column += times
            if not attributes.endswith(b"/") or b"office:value" in attributes:
                last_row, last_column = row, max(last_column, column)
    return max(largest, (last_row, last_column), key=_area)


def _area(span: tuple[int, int]) -> int:
    return span[0] * span[1]


def _ods_tags(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Names and attributes of the tags that open a table, a row or a cell."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        end = text.rfind(b">") + 1
        for tag in _ODS_TAG.finditer(text, 0, end):
            yield tag[1], tag[2]
        rest = text[end:][-_PIECE:]


def _xlsb_span(part: bytes) -> tuple[int, int]:
    """Last row and last column of a sheet of .xlsb that hold a value; what is no such sheet has neither."""
    at = last_row = last_column = row = 0
    while at < len(part) and part.startswith(_BEGIN_SHEET):
        kind, at = _variable_number(part, at, 2)
        size, at = _variable_number(part, at, 4)
        if kind == _ROW_HEADER:
            row = int.from_bytes(part[at : at + 4], "little") + 1
        elif kind in _VALUES:
            last_row = max(last_row, row)
            last_column = max(last_column, int.from_bytes(part[at : at + 4], "little") + 1)
        at += size
    return last_row, last_column


def _variable_number(part: bytes, at: int, most: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, as long as the eighth is set; and the position behind it."""
    number = 0
    for place, byte in enumerate(part[at : at + most]):
        number |= (byte & 0x7F) << 7 * place
        at += 1
        if not byte & 0x80:
            break
    return number, at


def _column_number(letters: bytes) -> int:
    """Number of a column, from 1.

    >>> _column_number(b"A"), _column_number(b"AA"), _column_number(b"XFD")
    (1, 27, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

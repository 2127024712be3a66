"""Bounds of workbooks: what a small file may unpack to, and how far apart its cells may lie.

Readers of workbooks hold a rectangle from the first cell to the last: two cells at its ends are a file of a few kB, and
fill the memory of any machine.
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
        for name in archive.namelist():
            if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name, re.IGNORECASE):
                check_cells(path, *_span(_pieces(archive, name)))


def check_cells(path: Path, rows: int, columns: int) -> None:
    """Check the rectangle of a sheet.

    Raises:
        InputError: it has more than MOST_CELLS cells.
    """
    if rows * columns > MOST_CELLS:
        raise refusal(path, "wide", "leads_alone", figure=f"{rows * columns:,}")


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    rest = b""
    with archive.open(name) as part:
        while piece := part.read(_PIECE):
            yield rest + piece
            rest = piece[-_OVERLAP:]


def _span(pieces: Iterator[bytes]) -> tuple[int, int]:
    """Last row and last column that hold a value."""
    letters: set[bytes] = set()
    last_row = 0
    for piece in pieces:
        # <c r="XFD1048576" s="3"/> is a style without a value, which readers skip.
        for cell in _CELL.finditer(piece):
            if not cell[0].endswith(b"/>"):
                letters.add(cell[1])
                last_row = max(last_row, int(cell[2]))
    return last_row, max(map(_column_number, letters), default=0)


def _column_number(letters: bytes) -> int:
    """Number of a column, from 1.

    >>> _column_number(b"A"), _column_number(b"AA"), _column_number(b"XFD")
    (1, 27, 16384)
    """
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

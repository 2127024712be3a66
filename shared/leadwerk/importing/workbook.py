"""Sheets of workbooks as records: .xlsx, .xls, .xlsb and .ods by python-calamine; Excel's XML of 2003 by expat."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from leadwerk.errors import InputError
from leadwerk.importing.cell_text import cell_text
from leadwerk.importing.records import Record
from leadwerk.importing.source_file import refusal
from leadwerk.importing.workbook_size import check_cells, check_packed_size
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

_SPREADSHEET = "{urn:schemas-microsoft-com:office:spreadsheet}"
Rows = list[list[Any]]


def workbook_records(path: Path, sheet: str | None) -> Iterator[Record]:
    """The filled rows of a sheet: the stated one, or the only one that holds more than a line.

    Raises:
        InputError: it cannot be read, or several sheets hold rows and none is stated.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        check_packed_size(path)
        workbook = CalamineWorkbook.from_path(str(path))
        readers = {name: partial(_cells, workbook, name) for name in workbook.sheet_names}
        rows = _chosen(path, readers, sheet)
    except (CalamineError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise _unreadable(path, error) from error
    return _filled(rows)


def _cells(workbook: Any, sheet: str) -> Rows:
    content = workbook.get_sheet_by_name(sheet)
    # Empty rows at the top are kept: line numbers in reports must be those that the spreadsheet shows.
    rows: Rows = content.to_python(skip_empty_area=False)
    for (top, left), (bottom, _) in content.merged_cell_ranges or ():
        for row in rows[top + 1 : bottom + 1]:  # a cell over several rows says the same of each
            if left < len(row):
                row[left] = rows[top][left]
    return rows


def xml_workbook_records(path: Path, sheet: str | None) -> Iterator[Record]:
    """The filled rows of a sheet in an XML Spreadsheet 2003, which old programs write as .xls.

    Raises:
        InputError: the file is not a workbook, cannot be read, or several sheets hold rows and none is stated.
    """
    content = path.read_bytes()
    # Entities that expand into each other fill the memory ("billion laughs"); a real workbook declares none.
    if b"<!ENTITY" in content or b"urn:schemas-microsoft-com:office:spreadsheet" not in content:
        raise refusal(path, "xml", "spreadsheet")
    try:
        root = ElementTree.fromstring(content)  # noqa: S314  without entities of its own there is nothing to expand
    except ElementTree.ParseError as error:
        raise _unreadable(path, error) from error
    sheets = {
        element.get(f"{_SPREADSHEET}Name", ""): partial(_xml_rows, path, element)
        for element in root.iter(f"{_SPREADSHEET}Worksheet")
    }
    return _filled(_chosen(path, sheets, sheet))


def _xml_rows(path: Path, sheet: ElementTree.Element) -> Rows:
    rows: Rows = []
    filled = 0
    for row in sheet.iter(f"{_SPREADSHEET}Row"):
        at = _position(row, len(rows))
        check_cells(path, at, 1)
        rows.extend([] for _ in range(at - len(rows)))
        cells: list[str] = []
        for cell in row.iter(f"{_SPREADSHEET}Cell"):
            column = _position(cell, len(cells))
            check_cells(path, filled + column, 1)
            cells.extend("" for _ in range(column - len(cells)))
            cells.append("".join(part for data in cell.iter(f"{_SPREADSHEET}Data") for part in data.itertext()))
        filled += len(cells)
        rows.append(cells)
    width = max(map(len, rows), default=0)
    check_cells(path, len(rows), width)
    return [cells + [""] * (width - len(cells)) for cells in rows]


def _position(element: ElementTree.Element, following: int) -> int:
    """The position of an element, from 0: behind the one before, or at its index, for empty ones are left out."""
    index = element.get(f"{_SPREADSHEET}Index", "")
    # Longer than the number of a sheet's last row: it would be padded with as many empty ones.
    return max(int(index) - 1, following) if index.isdecimal() and len(index) < len("1048576 ") else following


def _chosen(path: Path, sheets: Mapping[str, Callable[[], Rows]], stated: str | None) -> Rows:
    """The rows of the stated sheet, or of the only one that holds more than a line.

    Raises:
        InputError: there is no such sheet, or not exactly one.
    """
    if stated is not None:
        # The exact name first: a workbook may hold both "Leads" and "leads".
        matching = [name for name in sheets if name == stated] or [n for n in sheets if folded(n) == folded(stated)]
        if not matching:
            raise InputError(
                Message("import.no_sheet", file=path.name, sheet=stated),
                field="sheet",
                value=stated,
                remedy=Message("import.no_sheet.remedy", sheets=", ".join(map(repr, sheets))),
            )
        return sheets[matching[0]]()
    filled = {name: rows for name, read in sheets.items() if len(rows := read()) > 1}
    tables = {name: rows for name, rows in filled.items() if _columns_filled(rows) > 1}
    filled = tables if len(tables) == 1 else filled  # a cover sheet or a list of choices is no table of leads
    if len(filled) > 1:
        raise InputError(
            Message("import.several_sheets", file=path.name, sheets=", ".join(map(repr, filled))), field="sheet"
        )
    if not filled:
        raise refusal(path, "short_sheets", "sheet")
    return next(iter(filled.values()))


def _columns_filled(rows: Rows) -> int:
    return sum(any(cell_text(cell).strip() for cell in column) for column in zip(*rows, strict=True))


def _filled(rows: Rows) -> Iterator[Record]:
    for number, row in enumerate(rows, 1):
        fields = [cell_text(cell) for cell in row]
        if any(field.strip() for field in fields):
            yield Record(number, fields)


def _unreadable(path: Path, error: Exception) -> InputError:
    return refusal(path, "workbook", "password", error=error)

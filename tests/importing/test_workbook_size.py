"""Workbooks of all kinds with cells far apart: refused before a reader asks for the memory; others are read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from leadwerk.errors import InputError
from leadwerk.importing import workbook_size
from leadwerk.importing.table import read_table
from support.workbooks import binary_workbook, ods_row, open_document, workbook

LEADS = [["Nr", "Status"], *([f"L{n}", "won"] for n in range(4))]
LAST_ROW, LAST_COLUMN = 1_048_575, 16_383
GAP = f'<table:table-cell table:number-columns-repeated="{LAST_COLUMN}"/>'


def far_sheet(path: Path, last: str) -> Path:
    """A workbook whose sheet has one more row, and is not where Excel puts sheets."""
    book = workbook(path.with_suffix(".near"), {"Leads": [[*row] for row in LEADS]})
    with zipfile.ZipFile(book) as near, zipfile.ZipFile(path, "w") as far:
        for name in near.namelist():
            content = near.read(name).decode().replace("</sheetData>", last + "</sheetData>")
            content = content.replace("worksheets/sheet1.xml", "worksheets/parts/leads.data")
            far.writestr(name.replace("worksheets/sheet1.xml", "worksheets/parts/leads.data"), content)
    return path


def test_a_far_cell_of_a_sheet_in_any_place_is_refused(tmp_path: Path) -> None:
    far = far_sheet(tmp_path / "far.xlsx", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(InputError, match="17,179,869,184 cells"):
        read_table(far)


def test_a_far_cell_without_a_reference_is_refused(tmp_path: Path) -> None:
    wide = '<row r="6"><c r="XFD6"><v>1</v></c></row><row r="1048576"><c><v>1</v></c></row>'
    with pytest.raises(InputError, match="17,179,869,184 cells"):
        read_table(far_sheet(tmp_path / "far.xlsx", wide))


def test_styles_of_empty_cells_far_away_are_no_cells(tmp_path: Path) -> None:
    styled = '<row r="1048576" ht="15"><c r="XFD1048576" s="3"/></row>'
    assert len(read_table(far_sheet(tmp_path / "near.xlsx", styled))) == 4


def test_a_far_cell_of_a_binary_workbook_is_refused(tmp_path: Path) -> None:
    cells = {row: dict(enumerate(texts)) for row, texts in enumerate(LEADS)}
    assert len(read_table(binary_workbook(tmp_path / "near.xlsb", cells))) == 4
    far = binary_workbook(tmp_path / "far.xlsb", cells | {LAST_ROW: {LAST_COLUMN: "x"}})
    with pytest.raises(InputError, match="17,179,869,184 cells"):
        read_table(far)


@pytest.mark.parametrize(
    "behind",
    [
        ods_row([], before=GAP, times=LAST_ROW - 5),
        ods_row([], before=GAP.replace("/>", ' table:style-name="ce1"/>'), times=3),
    ],
    ids=["to the end of the sheet", "styled"],
)
def test_empty_rows_behind_the_leads_are_no_cells(tmp_path: Path, behind: str) -> None:
    rows = "".join(map(ods_row, LEADS))
    assert len(read_table(open_document(tmp_path / "near.ods", rows + behind))) == 4


@pytest.mark.parametrize(
    "behind",
    [
        ods_row([], times=LAST_ROW) + ods_row(["x"], before=GAP),
        ods_row(["x"], before=GAP, times=LAST_ROW),
        f'<table:table-row table:number-rows-repeated="{LAST_ROW}">'
        f'<table:table-cell office:value="1" table:number-columns-repeated="{LAST_COLUMN}"/></table:table-row>',
    ],
    ids=["a cell", "rows", "values"],
)
def test_far_cells_of_an_open_document_are_refused(tmp_path: Path, behind: str) -> None:
    rows = "".join(map(ods_row, LEADS))
    with pytest.raises(InputError, match=r"1[67],\d{3},\d{3},\d{3} cells"):
        read_table(open_document(tmp_path / "far.ods", rows + behind))


def test_a_small_archive_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_size, "MOST_UNPACKED", 10_000_000)
    bomb = workbook(tmp_path / "bomb.xlsx", {"Leads": [[*row] for row in LEADS]})
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.bin", bytes(10_000_000))
    assert bomb.stat().st_size < 20_000
    with pytest.raises(InputError, match="grows to 10 MB"):
        read_table(bomb)


def test_printer_settings_are_no_sheet_of_a_binary_workbook(tmp_path: Path) -> None:
    cells = {row: dict(enumerate(texts)) for row, texts in enumerate(LEADS)}
    book = binary_workbook(tmp_path / "near.xlsb", cells)
    with zipfile.ZipFile(book, "a") as archive:
        archive.writestr("xl/printerSettings/printerSettings1.bin", b"\x00\x04\xff\xff\xff\x00\x02\x04\xff\xff\xff\x00")
    assert len(read_table(book)) == 4

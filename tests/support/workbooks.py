"""Workbooks as Excel writes them, as small as they can be."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(path: Path, sheets: dict[str, list[list[object]]], merged: str = "") -> Path:
    """A workbook as Excel writes it, as small as it can be."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    numbered = list(enumerate(sheets, 1))
    with zipfile.ZipFile(path, "w") as archive:
        parts = "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kinds}.worksheet+xml"/>'
            for n, _ in numbered
        )
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
            f'"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
            f'ContentType="{kinds}.sheet.main+xml"/>{parts}</Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
            f'Target="xl/workbook.xml"/></Relationships>',
        )
        named = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in numbered)
        book = f'<workbook xmlns="{SHEET}" xmlns:r="{office}"><sheets>{named}</sheets></workbook>'
        archive.writestr("xl/workbook.xml", book)
        links = "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n, _ in numbered
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships">{links}</Relationships>'
        )
        for n, name in numbered:
            archive.writestr(f"xl/worksheets/sheet{n}.xml", sheet_xml(sheets[name], merged))
    return path


def sheet_xml(cells: list[list[object]], merged: str) -> str:
    def cell(at: str, value: object) -> str:
        if isinstance(value, str):
            return f'<c r="{at}" t="inlineStr"><is><t>{value}</t></is></c>'
        return f'<c r="{at}"><v>{value}</v></c>'

    lines = (
        f'<row r="{n}">{"".join(cell(f"{chr(64 + c)}{n}", value) for c, value in enumerate(row, 1))}</row>'
        for n, row in enumerate(cells, 1)
    )
    spans = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(lines)}</sheetData>{spans}</worksheet>'


OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
Cells = dict[int, dict[int, str]]
"""Texts by row and column, both from 0."""


def binary_workbook(path: Path, cells: Cells) -> Path:
    """An .xlsb with one sheet: records of a kind, a size and their content."""
    book = _record(131) + _record(143) + _record(156, struct.pack("<II", 0, 1) + _text("r1") + _text("Leads"))
    sheet = _record(129) + _record(148, struct.pack("<IIII", 0, 1, 0, 1)) + _record(145)
    for row, texts in cells.items():
        sheet += _record(0, struct.pack("<I", row) + bytes(21))
        sheet += b"".join(_record(6, struct.pack("<II", column, 0) + _text(text)) for column, text in texts.items())
    links = {"_rels/.rels": ("officeDocument", "xl/workbook.bin")}
    links["xl/_rels/workbook.bin.rels"] = ("worksheet", "worksheets/sheet1.bin")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", book + _record(144) + _record(132))
        archive.writestr("xl/worksheets/sheet1.bin", sheet + _record(146) + _record(130))
        for name, (kind, target) in links.items():
            link = f'<Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/>'
            archive.writestr(name, f'<Relationships xmlns="{PACKAGE}/relationships">{link}</Relationships>')
    return path


def _record(kind: int, content: bytes = b"") -> bytes:
    return _variable_number(kind) + _variable_number(len(content)) + content


def _variable_number(number: int) -> bytes:
    low, high = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + _variable_number(high) if high else bytes([low])


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def open_document(path: Path, rows: str) -> Path:
    """An .ods with one sheet; `rows` is its XML."""
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    table = f'<table:table table:name="Leads">{rows}</table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        manifest = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
        archive.writestr("META-INF/manifest.xml", f'<manifest:manifest xmlns:manifest="{manifest}"/>')
        archive.writestr(
            "content.xml",
            f"<office:document-content {spaces}><office:body><office:spreadsheet>{table}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    return path


def ods_row(texts: list[str], *, before: str = "", times: int = 1) -> str:
    """A row of an .ods, `times` times; `before` is the XML of what stands in front of its cells."""
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in texts
    )
    return f'<table:table-row table:number-rows-repeated="{times}">{before}{cells}</table:table-row>'

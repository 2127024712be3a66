"""Kinds of files by their first bytes, and their rows: text, workbooks of Excel and others, HTML tables, JSON, Parquet.

Workbooks are read by python-calamine (one reader for .xlsx, .xls, .xlsb and .ods, in Rust), Parquet by pyarrow, the
others by the standard library.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import msgspec

from leadwerk.errors import InputError
from leadwerk.importing.encoding import decoded, detect_encoding
from leadwerk.importing.records import Record

SourceKind = Literal["text", "workbook", "html", "json", "parquet"]

_HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_STARTS = ("<html", "<table", "<!doctype html", "<meta", "<style", "<head", "<body", "<div", "<center")
_REFUSED = (
    (b"%PDF", "a PDF document", "Export the table as CSV or Excel file."),
    (b"\x1f\x8b", "compressed (gzip)", "Unpack it first."),
    (b"BZh", "compressed (bzip2)", "Unpack it first."),
    (b"7z\xbc\xaf", "a 7z archive", "Unpack it first."),
    (b"Rar!", "a RAR archive", "Unpack it first."),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", "Unpack it first."),
    (b"SQLite format 3", "an SQLite database", "Export the table as CSV."),
    (b"\x89PNG", "an image", "Export the table as CSV or Excel file."),
    (b"\xff\xd8\xff", "an image", "Export the table as CSV or Excel file."),
    (b"{\\rtf", "an RTF document", "Save the table as CSV or Excel file."),
    (b"Obj\x01", "an Avro file", "Export the table as CSV or Parquet."),
    (b"ORC", "an ORC file", "Export the table as CSV or Parquet."),
)


def recognise(path: Path) -> SourceKind:
    """The kind of a file, whatever its name ends with.

    Raises:
        InputError: it cannot be read, is empty, or is of a kind that holds no table for us.
    """
    head = read_head(path)
    if not head.strip():
        raise refusal(path, "it is empty", "Bring a file whose first line names the columns.")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(_OLE):
        return "workbook"
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what, remedy in _REFUSED:
        if head.startswith(magic):
            raise refusal(path, f"it is {what}", remedy)
    return _text_kind(path, head)


def read_head(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        InputError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path} cannot be read: {reason}.", field="file", value=str(path), remedy="Give the path of a file."
        ) from error


def refusal(path: Path, why: str, remedy: str) -> InputError:
    """A file that holds no table, and what to do."""
    return InputError(f"{path} holds no table: {why}.", field="file", value=str(path), remedy=remedy)


def _zipped(path: Path) -> SourceKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise refusal(path, "it is a damaged workbook or archive", "Save it again.") from error
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return "workbook"
    raise refusal(path, "it is a ZIP archive", "Unpack it, and import the file within.")


def _text_kind(path: Path, head: bytes) -> SourceKind:
    start = decoded(head, detect_encoding(path)).lstrip().casefold()
    if start.startswith("<?xml") and "html" not in start[:400]:
        raise refusal(path, "it is an XML document", "Open it in a spreadsheet and save it as .xlsx or CSV.")
    if start.startswith((*_HTML_STARTS, "<?xml")) or ("<table" in start and start.startswith("<")):
        return "html"
    if start.startswith(("{", "[{", "[\n", "[ ", "[\r")):
        return "json"
    return "text"


def workbook_records(path: Path, sheet: str | None) -> Iterator[Record]:
    """The filled rows of a sheet: the stated one, or the only one that holds more than a line.

    Raises:
        InputError: it cannot be read, or several sheets hold rows and none is stated.
    """
    from python_calamine import CalamineError, CalamineWorkbook, WorksheetNotFound

    try:
        workbook = CalamineWorkbook.from_path(str(path))
        name = sheet if sheet is not None else _only_sheet(path, workbook)
        rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except WorksheetNotFound as error:
        raise InputError(
            f"{path.name} has no sheet {sheet!r}.",
            field="sheet",
            value=sheet,
            remedy=f"Name one of {', '.join(map(repr, workbook.sheet_names))} with --sheet.",
        ) from error
    except (CalamineError, OSError) as error:
        remedy = "Open it in a spreadsheet (with its password, if it has one) and save it as .xlsx or CSV."
        raise refusal(path, f"the workbook cannot be read ({error})", remedy) from error
    for number, row in enumerate(rows, 1):
        fields = [cell_text(cell) for cell in row]
        if any(field.strip() for field in fields):
            yield Record(number, fields)


def _only_sheet(path: Path, workbook: Any) -> str:
    filled = [name for name in workbook.sheet_names if len(workbook.get_sheet_by_name(name).to_python()) > 1]
    if len(filled) > 1:
        raise InputError(
            f"{path.name} has several sheets with rows: {', '.join(map(repr, filled))}.",
            field="sheet",
            remedy="Name one with --sheet NAME.",
        )
    if not filled:
        raise refusal(path, "no sheet holds more than one row", "Bring a sheet whose first row names the columns.")
    return str(filled[0])


def cell_text(cell: Any) -> str:
    """A typed value as text: whole numbers without a point, times in ISO 8601, lists as options.

    >>> cell_text(3.0), cell_text(True), cell_text(datetime(2026, 1, 2, 3, 4)), cell_text(["a", "b"]), cell_text(None)
    ('3', 'true', '2026-01-02T03:04:00', 'a;b', '')
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.time() != time() or cell.tzinfo else cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return f"{cell.total_seconds():g} s"
    if isinstance(cell, (list, tuple)) and not any(isinstance(item, (list, dict)) for item in cell):
        return ";".join(cell_text(item) for item in cell)
    if isinstance(cell, (list, dict, tuple)):
        return msgspec.json.encode(cell, enc_hook=str).decode()
    return str(cell).encode("utf-8", "replace").decode()


class _TableReader(HTMLParser):
    """Collects the rows of the tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" or not self.tables:
            self.tables.append([])
        if tag == "tr":
            self._close_cell()
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._close_cell()
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is not None:
            rows = self.tables[-1]
            if not rows:
                rows.append([])
            rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None


def html_records(path: Path, encoding: str | None) -> Iterator[Record]:
    """The rows of the largest table of an HTML page.

    Raises:
        InputError: there is no table in it.
    """
    reader = _TableReader()
    reader.feed(decoded(path.read_bytes(), detect_encoding(path, encoding)))
    reader.close()
    rows = max(reader.tables, key=len, default=[])
    if not rows:
        raise refusal(path, "it is an HTML page without a table", "Export the table as CSV or Excel file.")
    return (Record(number, fields) for number, fields in enumerate(rows, 1) if any(fields))


def parquet_records(path: Path) -> Iterator[Record]:
    """The rows of a Parquet file, its column names first.

    Raises:
        InputError: it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
        yield Record(1, [str(name) for name in file.schema_arrow.names])
        number = 1
        for batch in file.iter_batches():
            columns = [[cell_text(cell) for cell in column.to_pylist()] for column in batch.columns]
            for fields in zip(*columns, strict=True):
                number += 1
                yield Record(number, list(fields))
    except (pa.ArrowException, OSError) as error:
        raise refusal(path, f"the Parquet file cannot be read ({error})", "Write it again.") from error


def json_records(path: Path, encoding: str | None) -> Iterator[Record]:
    """The objects of a JSON array or of JSON lines as rows, all their names first.

    Raises:
        InputError: it is neither.
    """
    text = decoded(path.read_bytes(), detect_encoding(path, encoding)).strip()
    try:
        if text.startswith("["):
            objects = msgspec.json.decode(text, type=list[dict[str, Any]])
        else:
            objects = [msgspec.json.decode(line, type=dict[str, Any]) for line in text.splitlines() if line.strip()]
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        remedy = "Write one JSON object a line, or an array of objects."
        raise refusal(
            path, f"it looks like JSON, and is neither an array of objects nor lines ({error})", remedy
        ) from error
    names = list(dict.fromkeys(name for row in objects for name in row))
    yield Record(1, [cell_text(name) for name in names])
    for number, row in enumerate(objects, 2):
        yield Record(number, [cell_text(row.get(name)) for name in names])

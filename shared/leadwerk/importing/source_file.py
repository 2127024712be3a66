"""Kinds of files by their first bytes; the rows of HTML tables (by the standard library) and Parquet (by pyarrow)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

from leadwerk.errors import InputError
from leadwerk.importing.cell_text import cell_text
from leadwerk.importing.encoding import decoded, detect_encoding
from leadwerk.importing.records import Record
from leadwerk.texts.message import Message

SourceKind = Literal["text", "workbook", "xml", "html", "json", "parquet"]

_HEAD_BYTES = 4096
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CONTROLS_OF_TEXT = frozenset("\t\r\n\v\f\x1a\x1b\x1f\x01\x00")
_MOST_CONTROLS = 0.05
_MOST_SPANNED = 1_000
_HTML_STARTS = ("<html", "<table", "<!doctype html", "<meta", "<style", "<head", "<body", "<div", "<center")
_REFUSED = (
    (b"%PDF", "pdf", "export_table"),
    (b"\x1f\x8b", "gzip", "unpack"),
    (b"BZh", "bzip2", "unpack"),
    (b"7z\xbc\xaf", "seven_zip", "unpack"),
    (b"Rar!", "rar", "unpack"),
    (b"\x28\xb5\x2f\xfd", "zstd", "unpack"),
    (b"SQLite format 3", "sqlite", "export_csv"),
    (b"\x89PNG", "image", "export_table"),
    (b"\xff\xd8\xff", "image", "export_table"),
    (b"{\\rtf", "rtf", "save_table"),
    (b"Obj\x01", "avro", "export_parquet"),
    (b"ORC", "orc", "export_parquet"),
    (b"ARROW1", "arrow", "export_parquet"),
    (b"MIME-Version:", "mht", "spreadsheet"),
    (b"$FL2", "spss", "export_parquet"),
)
"""First bytes, what the file is, and the remedy: the last two by their keys in the language files."""


def recognise(path: Path) -> SourceKind:
    """The kind of a file, whatever its name ends with.

    Raises:
        InputError: it cannot be read, is empty, or is of a kind that holds no table for us.
    """
    head = read_head(path)
    if not head.strip():
        raise refusal(path, "empty", "header")
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(_OLE):
        return "workbook"
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what, remedy in _REFUSED:
        if head.startswith(magic):
            raise refusal(path, what, remedy)
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
            Message("import.unreadable", path=path, reason=reason), field="file", value=str(path)
        ) from error


def refusal(path: Path, why: str, remedy: str, **values: object) -> InputError:
    """A file that holds no table, and what to do: texts `import.why.…`, with its values, and `import.remedy.…`."""
    return InputError(
        Message("import.no_table", path=path.name, why=Message(f"import.why.{why}", **values)),
        field="file",
        value=str(path),
        remedy=Message(f"import.remedy.{remedy}"),
    )


def _zipped(path: Path) -> SourceKind:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise refusal(path, "damaged", "save_again") from error
    # Excel and OpenDocument files are ZIP archives; only their members tell which.
    if any(name.startswith("xl/") or name == "content.xml" for name in names):
        return "workbook"
    raise refusal(path, "zip", "unpack_within")


def _text_kind(path: Path, head: bytes) -> SourceKind:
    start = decoded(head, detect_encoding(path)).lstrip().casefold()
    # Text in a wrong encoding has a few control characters; binary data has many.
    if sum(sign < " " and sign not in _CONTROLS_OF_TEXT for sign in start) > _MOST_CONTROLS * len(start):
        raise refusal(path, "no_text", "export_table")
    # Excel's XML of 2003 and a web page both begin with <?xml.
    if start.startswith("<?xml") and "<html" not in start[:400]:
        return "xml"
    if start.startswith((*_HTML_STARTS, "<?xml")) or ("<table" in start and start.startswith("<")):
        return "html"
    if start.startswith(("{", "[{", "[\n", "[ ", "[\r")):
        return "json"
    return "text"


class _TableReader(HTMLParser):
    """Collects the rows of the tables of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._hanging: dict[int, tuple[int, str]] = {}
        """By column of the table: rows that a cell from above still covers, and its text."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # Rows without a table occur where programs write half a page.
        if tag == "table" or not self.tables:
            self.tables.append([])
            self._hanging.clear()
        if tag == "tr":
            self._close_cell()
            self._end_row()
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self._close_cell()
            self._cell = []
            stated = dict(attrs)
            self._span = _span(stated.get("colspan")), _span(stated.get("rowspan"))
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self._close_cell()
        if tag == "table":
            self._end_row()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is not None:
            rows = self.tables[-1]
            if not rows:
                rows.append([])
            self._end_row()
            row, text = rows[-1], " ".join("".join(self._cell).split())
            columns, rows_covered = self._span
            for number in range(columns):
                if rows_covered > 1:
                    self._hanging[len(row)] = (rows_covered - 1, "" if number else text)
                row.append("" if number else text)
            self._cell = None

    def _end_row(self) -> None:
        """Repeat what cells of earlier rows say of this row's next columns."""
        row = self.tables[-1][-1] if self.tables and self.tables[-1] else []
        while (hanging := self._hanging.pop(len(row), None)) is not None:
            remaining, text = hanging
            if remaining > 1:
                self._hanging[len(row)] = (remaining - 1, text)
            row.append(text)


def _span(stated: str | None) -> int:
    """How many rows or columns a cell covers; what is no sensible number counts as one."""
    text = (stated or "").strip()
    return min(max(int(text), 1), _MOST_SPANNED) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def html_records(path: Path, encoding: str | None) -> Iterator[Record]:
    """The rows of the largest table of an HTML page.

    Raises:
        InputError: there is no table in it.
    """
    reader = _TableReader()
    reader.feed(decoded(path.read_bytes(), detect_encoding(path, encoding)))
    reader.close()
    # Pages hold small tables for layout; the data is in the largest.
    rows = max(reader.tables, key=len, default=[])
    if not rows:
        raise refusal(path, "html", "export_table")
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
        raise refusal(path, "parquet", "write_again", error=error) from error

"""A file of any kind as a table of texts, column by column: titles, cells, and what could not be read."""

from __future__ import annotations

import difflib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leadwerk.errors import InputError
from leadwerk.importing.encoding import Encoding, detect_encoding, undefined_bytes
from leadwerk.importing.json_file import json_records
from leadwerk.importing.records import Dialect, MalformedLine, Record, sniff, split
from leadwerk.importing.regular_text import read_regular
from leadwerk.importing.source_file import SourceKind, html_records, parquet_records, recognise, refusal
from leadwerk.importing.table_builder import CHUNK, TableBuilder
from leadwerk.importing.table_frame import (
    SNIFFED_LINES,
    Header,
    find_header,
    stated_delimiter,
)
from leadwerk.importing.text_column import TextColumn
from leadwerk.importing.workbook import workbook_records, xml_workbook_records
from leadwerk.policy.folding import folded
from leadwerk.texts.message import Message

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}


@dataclass(frozen=True)
class ReadOptions:
    """The user's statements about a file; None: detected."""

    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class Frame:
    """How a table stands in its file. `footer_rows`, `short_rows`, `repeated_headers` count lines."""

    kind: SourceKind
    encoding: Encoding | None = None
    dialect: Dialect | None = None
    header_line: int = 1
    lines_above: int = 0
    footer_rows: int = 0
    short_rows: int = 0
    repeated_headers: int = 0

    @property
    def delimiter(self) -> str:
        """The delimiter for files written beside this one."""
        return self.dialect.delimiter if self.dialect else ","

    @property
    def description(self) -> Message:
        """Encoding and delimiter, or the kind of file."""
        if self.encoding is None or self.dialect is None:
            return Message(f"import.frame.{'workbook' if self.kind == 'xml' else self.kind}")
        name = DELIMITER_NAMES.get(self.dialect.delimiter)
        mark = Message(f"import.delimiter.{name}") if name else repr(self.dialect.delimiter)
        return Message("import.frame.text", encoding=self.encoding.label, delimiter=mark)


@dataclass(frozen=True)
class CsvTable:
    """All cells as the file writes them; `columns` are unique, `lines` (n,) says where each row begins."""

    path: Path
    frame: Frame
    columns: tuple[str, ...]
    lines: NDArray[np.int64]
    cells: tuple[TextColumn, ...]
    malformed: tuple[MalformedLine, ...] = ()
    renamed: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.lines)

    def index(self, column: str) -> int:
        """Where `column` stands; case, white space and invisible characters do not matter.

        Raises:
            InputError: there is no such column; names the nearest.
        """
        if column in self.columns:
            return self.columns.index(column)
        titles = [folded(name) for name in self.columns]
        # Two titles that differ only in case need their exact spelling.
        if titles.count(folded(column)) == 1:
            return titles.index(folded(column))
        near = difflib.get_close_matches(column, self.columns, n=3, cutoff=0.5) or list(self.columns[:8])
        raise InputError(
            Message("import.no_column", file=self.path.name, column=column),
            field="column",
            value=column,
            remedy=Message("import.no_column.remedy", columns=", ".join(map(repr, near))),
        )

    def find(self, column: str) -> TextColumn | None:
        """The column of this title, None if the file has none."""
        try:
            return self.cells[self.index(column)]
        except InputError:
            return None

    def column(self, column: str) -> TextColumn:
        """The column of this title.

        Raises:
            InputError: the file has no such column.
        """
        return self.cells[self.index(column)]

    def values(self, column: str) -> list[str]:
        """One column, in the file's order, without surrounding space."""
        return self.column(column).values()

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The cells of each row, as the file writes them."""
        for first in range(0, len(self), CHUNK):
            yield from zip(*(cells.raw(slice(first, first + CHUNK)) for cells in self.cells), strict=True)


def read_table(path: Path, options: ReadOptions | None = None) -> CsvTable:
    """The table in the file `path`: kind, encoding, dialect and frame are found, malformed lines set apart.

    Raises:
        InputError: the file is not there, is empty, or holds no table.
    """
    options = options or ReadOptions()
    kind = recognise(path)
    if kind == "text":
        return _text_table(path, options)
    records = list(_records(path, kind, options))
    if not records:
        raise refusal(path, "empty", "header")
    encoding = detect_encoding(path, options.encoding) if kind in ("html", "json") else None
    header = find_header(records[:SNIFFED_LINES], options.header_row)
    return _built(path, Frame(kind, encoding), header, iter(records))


def _records(path: Path, kind: SourceKind, options: ReadOptions) -> Iterator[Record | MalformedLine]:
    readers: dict[SourceKind, Callable[[], Iterator[Record | MalformedLine]]] = {
        "workbook": lambda: workbook_records(path, options.sheet),
        "xml": lambda: xml_workbook_records(path, options.sheet),
        "html": lambda: html_records(path, options.encoding),
        "json": lambda: json_records(path, options.encoding),
        "parquet": lambda: parquet_records(path),
    }
    return readers[kind]()


def _text_table(path: Path, options: ReadOptions) -> CsvTable:
    encoding = detect_encoding(path, options.encoding)
    with path.open("rb") as file:
        file.seek(len(encoding.mark))
        lines = iter(io.TextIOWrapper(file, encoding.name, undefined_bytes(encoding), newline=""))
        head = list(islice(lines, SNIFFED_LINES))
        if head:
            # Programs that join files may write a second byte-order mark.
            head[0] = head[0].lstrip("\ufeff")
        named = next((at for at, line in enumerate(head) if line.strip()), 0)
        delimiter, first = options.delimiter or "", 1
        # Excel reads and writes a line `sep=;` above the titles.
        if head and (excel := stated_delimiter(head[named])):
            delimiter, first = delimiter or excel, named + 2
            head = head[named + 1 :]
        dialect = sniff(head, _single_sign(delimiter))
        sample = list(split(head, dialect, first_line=first))
        if not any(isinstance(record, Record) for record in sample):
            raise _no_header(path, sample)
        header = find_header(sample, options.header_row)
        frame = Frame("text", encoding, dialect, header.line, header.lines_above)
        # Most files are regular: pyarrow reads them far faster than the careful reader below.
        if (regular := read_regular(path, encoding, dialect, header)) is not None:
            columns, renamed = _names(header.titles)
            frame = replace(frame, footer_rows=regular.footer_rows)
            return CsvTable(path, frame, columns, regular.lines, regular.cells, renamed=renamed)
        records = split(chain(head, lines), dialect, first_line=first)
        return _built(path, frame, header, records)


def _no_header(path: Path, sample: Sequence[Record | MalformedLine]) -> InputError:
    """A file in whose first lines no record can be read: for the reason of the first, if it has any line."""
    first = next((line for line in sample if isinstance(line, MalformedLine)), None)
    return InputError(
        Message("import.no_table", path=path, why=first.reason if first else Message("import.why.empty")),
        field="file",
        value=str(path),
        remedy=Message("import.remedy.first_line"),
    )


def _single_sign(delimiter: str) -> str | None:
    names = {name: sign for sign, name in DELIMITER_NAMES.items()} | {"\\t": "\t", "pipe": "|"}
    sign = names.get(delimiter.casefold(), delimiter)
    if len(sign) > 1 or sign in ('"', "\n", "\r"):
        raise InputError(Message("import.delimiter", delimiter=delimiter), field="delimiter", value=delimiter)
    return sign or None


def _built(path: Path, frame: Frame, header: Header, records: Iterator[Record | MalformedLine]) -> CsvTable:
    columns, renamed = _names(header.titles)
    builder = TableBuilder(header, len(columns))
    for record in records:
        if record.line > header.line:
            builder.add(record)
    lines, cells, footers = builder.finish()
    built_frame = Frame(
        frame.kind,
        frame.encoding,
        frame.dialect,
        header.line,
        header.lines_above,
        footers,
        builder.short_rows,
        builder.repeated_headers,
    )
    return CsvTable(path, built_frame, columns, lines, cells, tuple(builder.malformed), renamed)


def _names(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Column names made unique and non-empty, and a sentence for each that had to change."""
    names: dict[str, None] = {}
    changes: list[str] = []
    uses: dict[str, int] = {}
    for position, title in enumerate(header, start=1):
        header_name = title or f"column {position}"
        name, again = header_name, uses.get(header_name, 1)
        # The new name may be taken too: a file may hold "x" and "x (2)" already.
        while name in names:
            again += 1
            name = f"{header_name} ({again})"
        uses[header_name] = again
        if name != title:
            fault = "twice" if title else "nameless"
            changes.append(Message(f"import.renamed.{fault}", position=position, name=name))
        names[name] = None
    return tuple(names), tuple(changes)

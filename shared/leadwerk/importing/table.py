"""A CSV file as a table of texts: header, rows, and what could not be read."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from leadwerk.errors import InputError
from leadwerk.importing.encoding import decode
from leadwerk.importing.records import MalformedLine, Record, lines_of, sniff, split

DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class CsvTable:
    """All fields as the file writes them; `columns` are unique, every row has one field for each."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    rows: tuple[Record, ...]
    broken: tuple[MalformedLine, ...]
    renamed: tuple[str, ...] = ()

    def index(self, column: str) -> int:
        """Where `column` stands; upper and lower case and surrounding space do not matter.

        Raises:
            InputError: there is no such column; names the nearest.
        """
        if column in self.columns:
            return self.columns.index(column)
        folded = [name.strip().casefold() for name in self.columns]
        if folded.count(column.strip().casefold()) == 1:
            return folded.index(column.strip().casefold())
        near = difflib.get_close_matches(column, self.columns, n=3, cutoff=0.5) or list(self.columns[:8])
        raise InputError(
            f"{self.path.name} has no column {column!r}.",
            field="column",
            value=column,
            remedy=f"Did you mean {', '.join(map(repr, near))}? `leadwerk import FILE --dry-run` shows all columns.",
        )

    def values(self, column: str) -> list[str]:
        """One column, in the file's order, without surrounding space."""
        at = self.index(column)
        return [row.fields[at].strip() for row in self.rows]


def read(path: Path) -> CsvTable:
    """The table in the file `path`: encoding and delimiter are found, broken lines set apart.

    Raises:
        InputError: the file is not there, is empty, or holds no table.
    """
    text, encoding = decode(_bytes(path))
    lines = lines_of(text)
    delimiter = sniff(lines)
    found = list(split(lines, delimiter))
    columns, renamed = _names(_header(path, found))
    rows, broken = _sorted(found[1:], len(columns))
    return CsvTable(path, encoding, delimiter, columns, tuple(rows), tuple(broken), renamed)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path} cannot be read: {reason}.", field="file", value=str(path), remedy="Give the path of a CSV file."
        ) from error


def _header(path: Path, found: Sequence[Record | MalformedLine]) -> list[str]:
    if found and isinstance(found[0], Record):
        return found[0].fields
    reason = found[0].reason if found and isinstance(found[0], MalformedLine) else "it is empty"
    raise InputError(
        f"{path} holds no table: {reason}.",
        field="file",
        value=str(path),
        remedy="The first line must name the columns.",
    )


def _names(header: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Column names made unique and non-empty, and a sentence for each that had to change."""
    names: list[str] = []
    changes: list[str] = []
    for position, title in enumerate(header, start=1):
        wanted = title.strip() or f"column {position}"
        name, again = wanted, 2
        while name in names:
            name, again = f"{wanted} ({again})", again + 1
        if name != title.strip():
            changes.append(f"column {position} has {'no name' if not title.strip() else 'a name twice'}: {name!r}")
        names.append(name)
    return tuple(names), tuple(changes)


def _sorted(found: Sequence[Record | MalformedLine], width: int) -> tuple[list[Record], list[MalformedLine]]:
    rows: list[Record] = []
    broken: list[MalformedLine] = []
    for item in found:
        if isinstance(item, MalformedLine):
            broken.append(item)
        elif len(item.fields) == width:
            rows.append(item)
        else:
            broken.append(
                MalformedLine(item.line, f"has {len(item.fields)} fields, the header {width}", as_text(item.fields))
            )
    return rows, broken


def as_text(fields: Sequence[str]) -> str:
    """Fields as one line of CSV, for a person to read.

    >>> as_text(["a", "b;c", 'd"e'])
    'a,b;c,"d""e"'
    """
    return ",".join('"' + f.replace('"', '""') + '"' if any(c in f for c in ',"\r\n') else f for f in fields)


def write(
    path: Path,
    header: Sequence[str],
    rows: Iterator[Sequence[object]] | Sequence[Sequence[object]],
    delimiter: str = ",",
) -> None:
    """Write a CSV file (UTF-8 with a mark, so that spreadsheets read umlauts).

    Raises:
        InputError: the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(header)
            writer.writerows(rows)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or type(error).__name__}.",
            field="out",
            value=str(path),
            remedy="Name another file.",
        ) from error

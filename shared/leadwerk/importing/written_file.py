"""Files written after one that was read: its delimiter, encoding and mark, and no cell that a spreadsheet runs.

A cell that a spreadsheet would run as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from leadwerk.errors import InputError
from leadwerk.importing.encoding import Encoding, undefined_bytes
from leadwerk.texts.message import Message

UTF8_WITH_MARK = Encoding("utf-8", b"\xef\xbb\xbf")
_RUNS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[\d.,'’ \u00a0]+(?:[eE][+-]?\d+)?\s?%?")


def write_table(
    path: Path,
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    delimiter: str = ",",
    encoding: Encoding = UTF8_WITH_MARK,
    are_harmless: bool = False,
) -> None:
    """Write a CSV file; `are_harmless`: no cell of `rows` would be run as a formula.

    Raises:
        InputError: the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as raw:
            raw.write(encoding.mark)
        with path.open("a", encoding=encoding.name, errors=undefined_bytes(encoding), newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow([harmless(name) for name in header])
            writer.writerows(rows if are_harmless else ([harmless(cell) for cell in row] for row in rows))
    except OSError as error:
        raise InputError(
            Message("import.unwritable", path=path, reason=error.strerror or type(error).__name__),
            field="out",
            value=str(path),
        ) from error


def harmless(cell: object) -> object:
    """A cell that no spreadsheet runs.

    >>> harmless("=1+1"), harmless("-5"), harmless("+41 79"), harmless("a=b")
    ("'=1+1", '-5', '+41 79', 'a=b')
    """
    if isinstance(cell, str) and cell.startswith(_RUNS) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def harmless_texts(texts: pa.StringArray) -> pa.StringArray:
    """Texts that no spreadsheet runs."""
    suspicious = pc.match_substring_regex(texts, r"^[=+\-@\t\r]")
    if not pc.any(suspicious).as_py():
        return texts
    return pa.array([harmless(text) for text in texts.to_pylist()], pa.string())

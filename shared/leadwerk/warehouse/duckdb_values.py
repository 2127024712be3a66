"""Values on their way into DuckDB, as literals or as a file of rows, and out of it."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from leadwerk.errors import WarehouseError
from leadwerk.texts.message import Message
from leadwerk.warehouse import schema

NO_ROOM = Message("refusal.warehouse.no_room")
FULL = re.compile("No space left|File too large|Disk quota")
"""What the operating system says of a disk that is full, in an error of DuckDB's."""
PARAMETER = re.compile(r"\$(\w+)")
LONG = 50  # texts, from which on a list is read from JSON sooner than DuckDB parses as many literals
# DuckDB's own limit of one JSON object, which a longer row raises.
LINE_BYTES = 1 << 24


THIS_PROCESS = f"{secrets.token_hex(4)}-"
"""Begins the names of what this process writes beside the database: what begins otherwise, a killed one has left."""


def delete_leftovers(folder: Path) -> None:
    """Delete what killed processes left below `folder`: rows of persons, which no erasure would find there.

    To be called by who alone may write to the database: only such a process has anything there.
    """
    for left in folder.glob("*"):
        if left.name.startswith(THIS_PROCESS):
            continue
        if left.is_dir():
            shutil.rmtree(left)
        else:
            left.unlink()


@contextmanager
def rows_file(folder: Path, table: schema.Table, rows: Sequence[schema.JsonRow]) -> Iterator[str]:
    """The rows in a file below `folder`, and the SQL that reads it: a statement that holds them is parsed far slower.

    Raises:
        WarehouseError: the file cannot be written.
    """
    try:
        folder.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=folder, prefix=THIS_PROCESS) as own_folder:
            file = Path(own_folder, f"{table.name}.ndjson")
            # DuckDB refuses lines longer than its limit: a long answer of a CRM raises the limit, not an error.
            longest = _write_lines(file, rows)
            columns = ", ".join(f"'{field.name}': '{schema.duckdb_type(field)}'" for field in table.fields)
            options = f"columns = {{{columns}}}, maximum_object_size = {max(longest, LINE_BYTES)}"
            yield f"read_json({literal(str(file))}, format = 'newline_delimited', {options})"
    except OSError as error:
        message = Message("refusal.warehouse.rows_file", table=table.name, error=error)
        raise WarehouseError(message, remedy=NO_ROOM) from error


def _write_lines(file: Path, rows: Sequence[schema.JsonRow]) -> int:
    """Write one JSON object a line; return the bytes of the longest."""
    longest = 0
    with file.open("wb") as lines:
        for row in rows:
            longest = max(longest, lines.write(msgspec.json.encode(row) + b"\n"))
    return longest


def split_at_parameters(sql: str) -> tuple[str, ...]:
    """The pieces of a translated statement, and between them the names of its parameters.

    >>> split_at_parameters("SELECT $n AS n")
    ('SELECT ', 'n', ' AS n')
    """
    return tuple(PARAMETER.split(sql))


def with_values(parts: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """The statement with its parameters as literals."""
    return "".join(
        part if index % 2 == 0 else literal(values[part]) if part in values else f"${part}"
        for index, part in enumerate(parts)
    )


def literal(value: Any) -> str:
    """A checked value as SQL: DuckDB's own parameters import pandas and pyarrow, 0.4 s, wherever they are installed."""
    if isinstance(value, list | tuple):
        # Rows are read from JSON: DuckDB parses a thousand structs that are written out in seconds.
        if value and isinstance(value[0], Mapping):
            return f"{literal(_json(value))}::JSON"
        if len(value) >= LONG and isinstance(value[0], str):
            return f"from_json({literal(_json(value))}, '[\"VARCHAR\"]')"
        return f"[{', '.join(map(literal, value))}]"
    # Before numbers: True is an int to Python, and repr would write `True`.
    if isinstance(value, bool) or value is None:
        return {True: "TRUE", False: "FALSE", None: "NULL"}[value]
    if isinstance(value, int | float):
        return repr(value)
    text = value if isinstance(value, str) else value.isoformat()
    quoted = "'" + text.replace("'", "''") + "'"
    # DuckDB's parser takes a NUL for the end of the statement.
    return quoted if "\0" not in quoted else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def _json(items: Sequence[Any]) -> str:
    return msgspec.json.encode(items).decode()


def utc(value: Any) -> Any:
    """Aware timestamps, however deep, with the standard library's UTC instead of pytz's."""
    if isinstance(value, list):
        return [utc(item) for item in value]
    if isinstance(value, dict):
        return {key: utc(item) for key, item in value.items()}
    return value.replace(tzinfo=UTC) if hasattr(value, "tzinfo") else value

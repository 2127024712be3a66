"""JSON files as records: arrays of objects, one object a line, and answers of interfaces that wrap their rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.importing.cell_text import cell_text
from leadwerk.importing.encoding import decoded, detect_encoding
from leadwerk.importing.records import MalformedLine, Record
from leadwerk.texts.message import Message

Object = Mapping[str, Any]
_DEEPEST = 3
_FEWEST_TURNED = 2


def json_records(path: Path, encoding: str | None) -> Iterator[Record | MalformedLine]:
    """The objects of a file as rows, all their names first; an object within an object becomes columns `outer.inner`.

    A line that cannot be read costs that line.

    Raises:
        InputError: there are no objects in it.
    """
    text = decoded(path.read_bytes(), detect_encoding(path, encoding)).strip()
    rows, malformed = _objects(text)
    flat = [(line, _flattened(row)) for line, row in rows]
    names = list(dict.fromkeys(name for _, row in flat for name in row))
    if not names:
        raise InputError(
            Message("import.no_table", path=path, why=Message("import.why.json")),
            field="file",
            value=str(path),
            remedy=Message("import.remedy.json"),
        )
    yield Record(0, names)
    yield from malformed
    for line, row in flat:
        yield Record(line, [cell_text(row.get(name)) for name in names])


def _objects(text: str) -> tuple[list[tuple[int, Object]], list[MalformedLine]]:
    """Objects with their number or line, and the lines that hold no object."""
    whole = _decoded(text)
    # Answers of web services wrap the rows beside counts and links.
    if isinstance(whole, dict) and (wrapped := _wrapped(whole) or _turned(whole)):
        whole = wrapped
    if isinstance(whole, list):
        return [(number, row) for number, row in enumerate(whole, 1) if isinstance(row, dict)], []
    rows: list[tuple[int, Object]] = []
    malformed = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        row = _decoded(line)
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            malformed.append(MalformedLine(number, Message("import.reject.json")))
    return rows, malformed


def _decoded(text: str) -> Any:
    """The value that a JSON text holds, None if it is not JSON; NaN and Infinity, which Python writes, are read too."""
    try:
        return msgspec.json.decode(text)
    except UNREADABLE_JSON:
        pass
    try:
        # Python's own reader takes NaN, which msgspec refuses and pandas writes.
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _wrapped(answer: Object) -> Sequence[Any] | None:
    """The longest list of objects within an answer such as {"total": 2, "results": [{…}, {…}]}."""
    lists = [value for value in answer.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return max(lists, key=len, default=None)


def _turned(whole: Object) -> list[Object] | None:
    """Rows of a table that is written by column, or by key, as pandas and document stores write them.

    >>> _turned({"columns": ["id"], "data": [["L1"]]}), _turned({"id": {"0": "L1"}, "won": {"0": True}})
    ([{'id': 'L1'}], [{'id': 'L1', 'won': True}])
    >>> _turned({"L1": {"won": 1}, "L2": {"won": 0}}), _turned({"id": "L1"})
    ([{'key': 'L1', 'won': 1}, {'key': 'L2', 'won': 0}], None)
    """
    titles, data = whole.get("columns"), whole.get("data")
    if isinstance(titles, list) and isinstance(data, list) and all(isinstance(row, list) for row in data):
        return [dict(zip(map(str, titles), row, strict=False)) for row in data]
    columns = list(whole.values())
    if len(columns) < _FEWEST_TURNED:
        return None
    if all(isinstance(column, list) and len(column) == len(columns[0]) for column in columns):
        return [dict(zip(whole, row, strict=True)) for row in zip(*columns, strict=True)]
    if not all(isinstance(column, dict) and column for column in columns):
        return None
    if all(key.isdigit() for key in columns[0]):
        return [{name: column.get(key) for name, column in whole.items()} for key in columns[0]]
    shared = set(columns[0]).intersection(*columns[1:])
    return [{"key": key, **row} for key, row in whole.items()] if shared else None


def _flattened(row: Object, prefix: str = "", depth: int = 1) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict) and value and depth < _DEEPEST:
            flat |= _flattened(value, f"{prefix}{name}.", depth + 1)
        else:
            flat[f"{prefix}{name}"] = value
    return flat

"""Rows as JSON can carry them, checked against schema.json before any engine sees them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from math import isfinite
from typing import Any

import msgspec

from leadwerk.errors import WarehouseError
from leadwerk.warehouse.schema import MAXIMUM_INT64, SCALARS, Field, JsonRow, Table


def json_rows(target: Table, rows: Sequence[Mapping[str, Any] | msgspec.Struct]) -> list[JsonRow]:
    """The rows as JSON can carry them, every column of the table present: checked before any engine sees them.

    >>> from leadwerk.warehouse.schema import table
    >>> json_rows(table("cursors"), [{"source": "crm", "cursor": "7", "moved_at": datetime(2026, 1, 2, tzinfo=UTC)}])
    [{'source': 'crm', 'cursor': '7', 'moved_at': '2026-01-02T00:00:00+00:00'}]

    Raises:
        WarehouseError: a column is unknown, a required one empty, or a value of another type than schema.json says.
    """
    columns, written = _quick_columns(target.fields), []
    for index, row in enumerate(rows):
        values = _mapping(row)
        try:
            written.append(_quick_struct(columns, values))
        except TypeError:  # a value of a rarer type, or a wrong one: looked at closely
            written.append(_json_struct(target.fields, values, f"{target.name}[{index}]"))
    return written


def _mapping(row: Mapping[str, Any] | msgspec.Struct) -> Mapping[str, Any]:
    if isinstance(row, Mapping):
        return row
    columns: Mapping[str, Any] = msgspec.to_builtins(row, builtin_types=(date, datetime))
    return columns


class _QuickColumns(msgspec.Struct, frozen=True):
    """Columns by name, with what writes a value; those that may be empty apart."""

    names: frozenset[str]
    written: tuple[tuple[str, bool, Callable[[Any], Any]], ...]


@cache
def _quick_columns(fields: tuple[Field, ...]) -> _QuickColumns:
    return _QuickColumns(
        frozenset(field.name for field in fields),
        tuple((field.name, field.mode == "NULLABLE", _quick_writer(field)) for field in fields),
    )


def _quick_struct(columns: _QuickColumns, row: Mapping[str, Any]) -> JsonRow:
    """`_json_struct` of the usual types, several times as fast.

    Raises:
        TypeError: something is unusual.
    """
    if not row.keys() <= columns.names:
        raise TypeError("an unknown column")
    get = row.get
    return {
        name: None if (value := get(name)) is None and may_be_empty else write(value)
        for name, may_be_empty, write in columns.written
    }


def _quick_writer(field: Field) -> Callable[[Any], Any]:
    if field.fields:
        columns = _quick_columns(field.fields)
        write: Callable[[Any], Any] = lambda value: _quick_struct(columns, _usual(value, dict))  # noqa: E731
    else:
        write = _QUICK_SCALARS.get(field.type, lambda value: _usual(value, ()))
    if field.mode == "REPEATED":
        return lambda value: [write(item) for item in value or ()]
    return write


def _usual(value: Any, kind: type | tuple[()]) -> Any:
    """The value, if it is of this very type.

    Raises:
        TypeError: it is not.
    """
    if type(value) is kind:
        return value
    raise TypeError(f"{type(value).__name__} is unusual")


def _text(value: Any) -> Any:
    if type(value) is str:
        return value
    raise TypeError("no text")


def _whole(value: Any) -> Any:
    return value if -MAXIMUM_INT64 - 1 <= _usual(value, int) <= MAXIMUM_INT64 else _usual(None, int)


def _number(value: Any) -> Any:
    if type(value) is int:
        return _whole(value)
    return value if isfinite(_usual(value, float)) else _usual(None, float)


def _moment(value: Any) -> str:
    zone = _usual(value, datetime).tzinfo
    # Nearly all are in UTC already, and the change costs more than the writing.
    in_utc = value if zone is UTC else value.astimezone(_usual(zone and UTC, type(UTC)))
    return str(in_utc.isoformat())


_QUICK_SCALARS: Mapping[str, Callable[[Any], Any]] = {
    "STRING": _text,
    "INT64": _whole,
    "FLOAT64": _number,
    "BOOL": lambda value: _usual(value, bool),
    "DATE": lambda value: _usual(value, date).isoformat(),
    "TIMESTAMP": _moment,
}


def _json_struct(fields: tuple[Field, ...], row: Mapping[str, Any], where: str) -> JsonRow:
    # BigQuery would drop or refuse an unknown column only at the end of a load; here the error names the row.
    unknown = set(row) - {field.name for field in fields}
    if unknown:
        raise WarehouseError(f"{where}: there is no column {sorted(unknown)[0]!r}.", remedy="See its schema.json.")
    return {field.name: _json_field(field, row.get(field.name), f"{where}.{field.name}") for field in fields}


def _json_field(field: Field, value: Any, where: str) -> Any:
    if field.mode == "REPEATED":
        return [_json_one(field, item, where) for item in value or ()]
    if value is None and field.mode == "REQUIRED":
        raise WarehouseError(f"{where} is required, but empty.", remedy="Give it a value.")
    return None if value is None else _json_one(field, value, where)


def _json_one(field: Field, value: Any, where: str) -> Any:
    if field.fields and isinstance(value, Mapping):
        return _json_struct(field.fields, value, where)
    if not is_scalar(value, field.type):
        raise WarehouseError(f"{where}: {value!r} is no {field.type}.", remedy="Convert it before writing.")
    if field.type == "TIMESTAMP":
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if field.type == "DATE" else value


def is_scalar(value: Any, kind: str) -> bool:
    """Whether a value, not None, is of a GoogleSQL type.

    Timestamps are aware, floats finite, whole numbers no booleans and of 64 bits.

    >>> is_scalar(True, "INT64"), is_scalar(1, "FLOAT64"), is_scalar(datetime(2026, 1, 1), "TIMESTAMP")
    (False, True, False)
    >>> is_scalar(2**63, "INT64")
    False
    """
    accepted = SCALARS.get(kind, ())
    # Before int: True is an instance of int, and would be stored as 1.
    if isinstance(value, bool):
        return bool in accepted
    if isinstance(value, int):
        return int in accepted and -MAXIMUM_INT64 - 1 <= value <= MAXIMUM_INT64
    if isinstance(value, float):
        return float in accepted and isfinite(value)
    if isinstance(value, datetime):
        return datetime in accepted and value.tzinfo is not None
    return isinstance(value, accepted)

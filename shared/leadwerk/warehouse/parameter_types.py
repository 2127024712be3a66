"""Types of a statement's parameters: scalars, structs and arrays, as GoogleSQL writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from typing import Any

import msgspec

from leadwerk.errors import WarehouseError
from leadwerk.warehouse import schema
from leadwerk.warehouse.json_rows import is_scalar
from leadwerk.warehouse.schema import Field

TOKEN = re.compile(r"\w+|[<>,]")


@cache
def parameter_type(kind: str) -> Field:
    """A type as a nameless column.

    >>> parameter_type("ARRAY<STRUCT<day DATE, tags ARRAY<STRING>>>").fields[1].mode
    'REPEATED'

    Raises:
        WarehouseError: it is neither a scalar type nor an array or struct of scalar types.
    """
    # Reversed, so that pop() takes the next one.
    tokens = TOKEN.findall(kind)[::-1]
    parsed = _type("", tokens, kind)
    return parsed if not tokens else _refuse(kind)


def _type(name: str, tokens: list[str], kind: str) -> Field:
    head = tokens.pop() if tokens else ""
    if head == "ARRAY":
        _expect("<", tokens, kind)
        item = _type(name, tokens, kind)
        _expect(">", tokens, kind)
        return msgspec.structs.replace(item, mode="REPEATED")
    if head == "STRUCT":
        _expect("<", tokens, kind)
        return Field(name, "RECORD", fields=tuple(_members(tokens, kind)))
    return Field(name, head) if head in schema.SCALARS else _refuse(kind)


def _members(tokens: list[str], kind: str) -> list[Field]:
    members = []
    separator = ","
    while separator == ",":
        name = tokens.pop() if tokens else ""
        members.append(_type(name, tokens, kind))
        separator = tokens.pop() if tokens else ""
    return members if separator == ">" else [_refuse(kind)]


def _expect(sign: str, tokens: list[str], kind: str) -> None:
    if not tokens or tokens.pop() != sign:
        _refuse(kind)


def _refuse(kind: str) -> Field:
    raise WarehouseError(f"{kind} is no type of a parameter.", remedy="Use scalars, STRUCT<name type, …>, ARRAY<type>.")


def fits(value: Any, kind: Field) -> bool:
    """Whether a value is of a type: an array holds no NULL, a scalar or struct may be None."""
    if kind.mode == "REPEATED":
        item = single(kind)
        # Exact types, no subclasses: an enum of texts would pass here and fail in the engine.
        if kind.type == "STRING" and isinstance(value, list) and set(map(type, value)) <= {str}:
            return True  # ids by the thousand, seen at once
        return isinstance(value, list | tuple) and all(part is not None and fits(part, item) for part in value)
    if value is None:
        return True
    if kind.fields:
        return isinstance(value, Mapping) and all(fits(value.get(part.name), part) for part in kind.fields)
    return is_scalar(value, kind.type)


def single(kind: Field) -> Field:
    """The type of an array's items."""
    return msgspec.structs.replace(kind, mode="NULLABLE")


def googlesql(kind: Field) -> str:
    """A type as GoogleSQL writes it, with backquoted names.

    >>> googlesql(parameter_type("ARRAY<STRUCT<at TIMESTAMP>>"))
    'ARRAY<STRUCT<`at` TIMESTAMP>>'
    """
    members = ", ".join(f"`{part.name}` {googlesql(part)}" for part in kind.fields)
    base = f"STRUCT<{members}>" if kind.fields else kind.type
    return f"ARRAY<{base}>" if kind.mode == "REPEATED" else base


def literal(value: Any, kind: Field) -> str:
    """A checked value as a GoogleSQL literal of a type."""
    if kind.mode == "REPEATED":
        return f"{googlesql(kind)}[{', '.join(literal(item, single(kind)) for item in value or ())}]"
    if value is None:
        return f"CAST(NULL AS {googlesql(kind)})"
    if kind.fields:
        return f"{googlesql(kind)}({', '.join(literal(value.get(part.name), part) for part in kind.fields)})"
    if kind.type == "STRING":
        return '"' + "".join(map(_escaped, value)) + '"'
    if kind.type == "TIMESTAMP":
        return f"TIMESTAMP '{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}+00'"
    # CAST, not a bare literal: 1 would be INT64 where FLOAT64 is declared, and the statement would get another type.
    return f"DATE '{value.isoformat()}'" if kind.type == "DATE" else f"CAST({str(value).upper()} AS {kind.type})"


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    # Everything else is escaped: a line break or a control character would end or hide a part of the literal.
    return character if character.isprintable() else f"\\U{ord(character):08x}"


def plain(value: Any, kind: Field) -> Any:
    """A parameter's value with records, however deep, as mappings of what the type names."""
    if kind.mode == "REPEATED" and isinstance(value, list | tuple):
        item = single(kind)
        return [plain(part, item) for part in value] if kind.fields else list(value)
    if kind.fields and isinstance(value, msgspec.Struct):
        return {part.name: plain(getattr(value, part.name), part) for part in kind.fields}
    return value

"""Parameters of statements as Google's client takes them: scalars, arrays, structs and arrays of structs."""

from __future__ import annotations

from typing import Any

from google.cloud import bigquery

from leadwerk.warehouse import schema
from leadwerk.warehouse.parameter_types import parameter_type, single


def parameter(name: str | None, kind: str, value: Any) -> Any:
    """A query parameter of the declared type `kind`, such as ARRAY<STRING>."""
    return _typed_parameter(name, parameter_type(kind), value)


def _typed_parameter(name: str | None, kind: schema.Field, value: Any) -> Any:
    if kind.mode == "REPEATED":
        item = single(kind)
        items = [_typed_parameter(None, item, part) for part in value] if kind.fields else list(value)
        return bigquery.ArrayQueryParameter(name, _declared(item), items)
    if kind.fields:
        members = (_typed_parameter(part.name, part, value.get(part.name)) for part in kind.fields)
        return bigquery.StructQueryParameter(name, *members)
    return bigquery.ScalarQueryParameter(name, kind.type, value)


def _declared(kind: schema.Field, name: str | None = None) -> Any:
    """A type as the client declares it."""
    if kind.mode == "REPEATED":
        return bigquery.ArrayQueryParameterType(_declared(single(kind)), name=name)  # type: ignore[no-untyped-call]
    if kind.fields:
        members = (_declared(part, part.name) for part in kind.fields)
        return bigquery.StructQueryParameterType(*members, name=name)  # type: ignore[no-untyped-call]
    return bigquery.ScalarQueryParameterType(kind.type, name=name)  # type: ignore[no-untyped-call]

"""Logical bytes of values, as BigQuery bills the columns that a query reads.

8 bytes for a number or a moment, 2 bytes and the UTF-8 bytes for a string, 1 for a boolean, nothing for a null; nested
values add up. Source: BigQuery documentation, Estimate and control costs, Data size calculation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from leadwerk.warehouse import schema

SIZES: Final = {"INT64": 8, "INTEGER": 8, "FLOAT64": 8, "FLOAT": 8, "TIMESTAMP": 8, "DATE": 8, "BOOL": 1, "BOOLEAN": 1}


def logical_bytes(field: schema.Field, value: Any) -> float:
    """Logical bytes of a value.

    >>> logical_bytes(schema.Field("name", "STRING"), "Zürich"), logical_bytes(schema.Field("n", "INT64"), None)
    (9, 0)
    """
    if value is None:
        return 0
    if field.mode == "REPEATED":
        element = schema.Field(field.name, field.type, fields=field.fields)
        return sum(logical_bytes(element, item) for item in value)
    if field.fields:
        return sum(logical_bytes(part, value.get(part.name)) for part in field.fields)
    return SIZES.get(field.type) or 2 + len(str(value).encode())


def mean_bytes(fields: Sequence[schema.Field], rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Mean logical bytes of each column over `rows`, of which there is at least one."""
    return {field.name: sum(logical_bytes(field, row.get(field.name)) for row in rows) / len(rows) for field in fields}

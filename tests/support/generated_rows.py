"""Rows that a table's schema.json allows, as Hypothesis strategies: nested values and extremes included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from leadwerk.warehouse import schema

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=6) | st.sampled_from(["null", "1e9", "2026-01-02"])
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "STRING": TEXT,
    "INT64": st.integers(-schema.MAXIMUM_INT64 - 1, schema.MAXIMUM_INT64),
    "FLOAT64": st.floats(allow_nan=False, allow_infinity=False),
    "BOOL": st.booleans(),
    "DATE": st.dates(),
    # DuckDB gives back times of the years 1 and 9999 in UTC only if they are so in every time zone.
    "TIMESTAMP": st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
}


def rows_of(fields: Sequence[schema.Field]) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of these columns, every column present."""
    return st.fixed_dictionaries({field.name: _values(field) for field in fields})


def _values(field: schema.Field) -> st.SearchStrategy[Any]:
    values = rows_of(field.fields) if field.fields else SCALARS[field.type]
    if field.mode == "REPEATED":
        return st.lists(values, max_size=3)
    return values if field.mode == "REQUIRED" else st.none() | values

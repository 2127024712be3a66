"""How DuckDB reads the GA4 export: as one table per day, of which a statement sees those it asks for.

The dialect writes a SELECT of expressions from the wildcard, `SELECT … FROM "ga4"."events_*" WHERE …`, as
OF_EACH_EXPORT_TABLE('SELECT …'), and it is run over each table by itself. DuckDB then reads the nested fields that are
named and no others; over a union of whole tables it would read every field of every record, four times the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadwerk.warehouse import schema

OF_EACH = "OF_EACH_EXPORT_TABLE"
PER_TABLE = re.compile(rf"{OF_EACH}\('((?:[^']|'')*)'\)")
DAY = re.compile(r"(intraday_)?[0-9]{8}")
WILDCARD = re.compile(r'"?ga4"?\."events_\*"')
SUFFIX = re.compile(r"\b_TABLE_SUFFIX\b")


def reads_export(sql: str) -> bool:
    """Whether a translated statement reads the export."""
    return WILDCARD.search(sql) is not None


def from_tables(sql: str, tables: Sequence[str]) -> tuple[str, str]:
    """The translated statement over these tables: read one by one, and for when an older one lacks a column, as one."""

    def one_by_one(found: re.Match[str]) -> str:
        select = _select(found)
        nothing = WILDCARD.sub(_literally(f"({_empty()})"), select)
        return f"({' UNION ALL '.join([nothing, *(_of_one(select, table) for table in tables)])})"

    def as_one(found: re.Match[str]) -> str:
        return f"({_select(found)})"

    lean, whole = PER_TABLE.sub(one_by_one, sql), PER_TABLE.sub(as_one, sql)
    everything = _literally(_union(tables))
    return WILDCARD.sub(everything, lean), WILDCARD.sub(everything, whole)


def _of_one(select: str, table: str) -> str:
    """The SELECT from one table; written without a subquery, which DuckDB takes half as long again to plan."""
    return SUFFIX.sub(_literally(f"'{_suffix(table)}'"), WILDCARD.sub(_literally(f'ga4."{table}"'), select))


def _suffix(table: str) -> str:
    return table.removeprefix("events_")


def _literally(text: str) -> Callable[[re.Match[str]], str]:
    """A replacement in which no backslash means anything."""
    return lambda _: text


def _select(found: re.Match[str]) -> str:
    return found[1].replace("''", "'")


def in_range(table: str, values: Mapping[str, Any]) -> bool:
    """Whether a table of the export lies in the ranges that the parameters give; without any, all do.

    In a range are days only: a copy such as events_20260131_old, which may have any columns, sorts between two days.
    """
    suffix = _suffix(table)
    ranges = [
        (values[f"first_{kind}"], values[f"last_{kind}"])
        for kind in ("suffix", "intraday")
        if f"first_{kind}" in values
    ]
    superseded = suffix in (values.get("superseded") or ())
    return (
        table.startswith("events_")
        and not superseded
        and (not ranges or (bool(DAY.fullmatch(suffix)) and any(first <= suffix <= last for first, last in ranges)))
    )


def _union(tables: Sequence[str]) -> str:
    """The export's tables as one, typed as documented: what an older table lacks is NULL."""
    return "(" + " UNION ALL BY NAME ".join([_empty(), *map(_whole, tables)]) + ")"


def _empty() -> str:
    columns = ", ".join(f'NULL::{schema.duckdb_type(f)} AS "{f.name}"' for f in schema.table(schema.EXPORT).fields)
    return f"SELECT NULL::VARCHAR AS _TABLE_SUFFIX, {columns} WHERE FALSE"


def _whole(table: str) -> str:
    return f"SELECT '{_suffix(table)}' AS _TABLE_SUFFIX, * FROM ga4.\"{table}\""

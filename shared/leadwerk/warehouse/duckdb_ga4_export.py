"""How DuckDB reads the GA4 export: as one table per day, of which a statement sees those it asks for.

The dialect writes a SELECT of expressions from a wildcard, `SELECT … FROM "ga4"."events_2*" WHERE …`, as
OF_EACH_EXPORT_TABLE('SELECT …'), and it is run over each table by itself. DuckDB then reads the nested fields that are
named and no others; over a union of whole tables it would read every field of every record, four times the work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leadwerk.warehouse import schema

OF_EACH = "OF_EACH_EXPORT_TABLE"
PREFIXES = ("events_2", "events_fresh_2", "events_intraday_2")
"""Prefixes of the daily, fresh daily and intraday tables with the first digit of the year: no other name begins so."""
PER_TABLE = re.compile(rf"{OF_EACH}\('((?:[^']|'')*)'\)")
TABLE = re.compile(rf"({'|'.join(PREFIXES)})([0-9]{{7}})")
WILDCARD = re.compile(rf'"?ga4"?\."({"|".join(PREFIXES)})\*"')
SUFFIX = re.compile(r"\b_TABLE_SUFFIX\b")


def reads_export(sql: str) -> bool:
    """Whether a translated statement reads the export."""
    return WILDCARD.search(sql) is not None


def from_tables(sql: str, tables: Sequence[str]) -> tuple[str, str]:
    """The translated statement over these tables: read one by one, and for when an older one lacks a column, as one."""

    def one_by_one(clause: re.Match[str]) -> str:
        select = _select(clause)
        # An empty typed relation first: the columns have their types even if no table fits.
        nothing = WILDCARD.sub(_literally(f"({_empty()})"), select)
        selects = [nothing, *(_from_one_table(select, table) for table in tables if _fits(select, table))]
        return f"({' UNION ALL '.join(selects)})"

    def as_one(clause: re.Match[str]) -> str:
        return f"({_select(clause)})"

    def everything(clause: re.Match[str]) -> str:
        return _union(clause[1], [table for table in tables if _fits(clause[0], table)])

    lean, whole = PER_TABLE.sub(one_by_one, sql), PER_TABLE.sub(as_one, sql)
    return WILDCARD.sub(everything, lean), WILDCARD.sub(everything, whole)


def _fits(select: str, table: str) -> bool:
    """Whether the wildcard in a SELECT takes the table in."""
    return any(table.startswith(prefix) for prefix in WILDCARD.findall(select))


def _from_one_table(select: str, table: str) -> str:
    """The SELECT from one table; written without a subquery, which DuckDB takes half as long again to plan."""
    [prefix] = WILDCARD.findall(select)
    suffix = table.removeprefix(prefix)
    return SUFFIX.sub(_literally(f"'{suffix}'"), WILDCARD.sub(_literally(f'ga4."{table}"'), select))


def _literally(text: str) -> Callable[[re.Match[str]], str]:
    """A replacement in which no backslash means anything."""
    # As a function: `re.sub` would read backslashes in a plain replacement as groups.
    return lambda _: text


def _select(clause: re.Match[str]) -> str:
    return clause[1].replace("''", "'")


def in_range(table: str, values: Mapping[str, Any]) -> bool:
    """Whether a table is a day of the export, and lies in the range that the parameters give for its kind (if any).

    A copy such as events_20260131_old, which may have any columns, is no day.
    """
    name_match = TABLE.fullmatch(table)
    if not name_match:
        return False
    prefix, suffix = name_match.groups()
    first, last = values.get(f"first_{prefix}", ""), values.get(f"last_{prefix}", suffix)
    return first <= suffix <= last and suffix not in (values.get(f"without_{prefix}") or ())


def _union(prefix: str, tables: Sequence[str]) -> str:
    """The export's tables as one, typed as documented: what an older table lacks is NULL."""
    return "(" + " UNION ALL BY NAME ".join([_empty(), *(_whole(prefix, table) for table in tables)]) + ")"


def _empty() -> str:
    columns = ", ".join(f'NULL::{schema.duckdb_type(f)} AS "{f.name}"' for f in schema.table(schema.EXPORT).fields)
    return f"SELECT NULL::VARCHAR AS _TABLE_SUFFIX, {columns} WHERE FALSE"


def _whole(prefix: str, table: str) -> str:
    return f"SELECT '{table.removeprefix(prefix)}' AS _TABLE_SUFFIX, * FROM ga4.\"{table}\""

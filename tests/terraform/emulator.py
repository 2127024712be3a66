"""bqemulator with our translation of GoogleSQL in place of its own: `python emulator.py start --rest-port …`.

The emulator speaks BigQuery's protocol and runs statements on DuckDB, as our embedded engine does. Its translation of
GoogleSQL, however, fails on half of our statements: it loses the names of the fields of a STRUCT whose type follows
from its place, takes `@name` in a comment for a parameter, binds an empty array without its type, and reads only the
first range of table suffixes. What our translation means is proven against Google's own evaluator (tests/sql); so a
statement that it takes goes by it here, and only what it refuses (DELETE, BEGIN, CREATE) goes by the emulator's.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pyarrow as pa
import sqlglot
from bqemulator.domain.result import Ok
from bqemulator.jobs import executor
from bqemulator.sql import inner_query, parameters
from bqemulator.sql.rewriter import wildcard_expander
from bqemulator.sql.translator import SQLTranslator

from leadwerk.errors import UnsupportedSQL
from leadwerk.warehouse import dialect
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.schema import Field, duckdb_type

INSERT = re.compile(r"\s*INSERT INTO\s+\S+\s*\([^)]*\)", re.IGNORECASE)
theirs = SQLTranslator.translate


def translate(self: SQLTranslator, bq_sql: str, **context: Any) -> Any:
    try:
        return Ok(ours(bq_sql))
    except (UnsupportedSQL, sqlglot.errors.SqlglotError):
        return theirs(self, bq_sql, **context)


def ours(bq_sql: str) -> str:
    """DuckDB's SQL for a query, or for an INSERT of a query's rows."""
    into = INSERT.match(bq_sql)
    query = dialect.translate(Statement("emulated", bq_sql[into.end() :] if into else bq_sql, {}))
    return f"{quoted(into[0])} {query}" if into else query


def quoted(head: str) -> str:
    """`project.dataset.table` with DuckDB's quotes around each part."""
    return re.sub(r"`([^`]+)`", lambda name: ".".join(f'"{part}"' for part in name[1].split(".")), head)


def as_declared(value: Any, parameter: dict[str, Any]) -> str:
    """A placeholder with the declared type: a date, and an array without elements, say none themselves."""
    return f"CAST(? AS {duckdb_type(column('', parameter.get('parameterType', {})))})"


def column(name: str, kind: dict[str, Any]) -> Field:
    """A parameter's type, as the protocol writes it, as a column."""
    if kind["type"] == "ARRAY":
        return msgspec.structs.replace(column(name, kind["arrayType"]), mode="REPEATED")
    members = tuple(column(part["name"], part["type"]) for part in kind.get("structTypes", ()))
    return Field(name, "RECORD" if members else kind["type"], fields=members)


def is_whole(kind: Any) -> bool:
    return pa.types.is_decimal(kind) and kind.scale == 0


def install() -> None:
    """Put ours in the place of theirs, in this process only: modules that import this one stay as they were."""
    # It reads the first range of suffixes only; all are filtered row by row anyway.
    wildcard_expander._apply_table_suffix_pushdown = lambda tables, prefix, sql: tables
    inner_query.rewrite_unnest_offset = lambda sql: sql  # numbers offsets for their translation
    SQLTranslator.translate = translate  # type: ignore[method-assign]
    parameters._placeholder_for = as_declared
    # DuckDB adds up INT64 as 128 bits; within a STRUCT the emulator takes them for decimals.
    executor._ARROW_TO_BQ_RULES = ((is_whole, "INTEGER"), *executor._ARROW_TO_BQ_RULES)
    dialect._parameter = lambda node, statement: node  # bound later, by the emulator


if __name__ == "__main__":
    from bqemulator.__main__ import main

    install()
    main()

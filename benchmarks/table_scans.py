"""Table scans: what a statement reads of our tables, as BigQuery plans it: columns, and the days that constants leave.

BigQuery prunes partitions by constants only: a parameter, a literal, or a function of them. A condition that compares
with another column, or with a subquery, leaves all days. Source: BigQuery documentation, Query partitioned tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import AnyStatement, Statement
from leadwerk.warehouse.statement import DECLARATION


@dataclass(frozen=True)
class TableScan:
    """One table in a statement. `first` and `last`: bounds of its partition in DuckDB's SQL; None leaves it open."""

    table: str
    columns: frozenset[str]
    first: str | None = None
    last: str | None = None

    @property
    def is_pruned(self) -> bool:
        """Whether a constant leaves out the days before some day."""
        return self.first is not None

    def days(self, values: Mapping[str, Any]) -> tuple[date | None, date | None]:
        """First and last day that are read with these parameters."""
        first, last = (None if bound is None else _evaluated(bound, values) for bound in (self.first, self.last))
        return first, last


def table_scans(statement: AnyStatement) -> tuple[TableScan, ...]:
    """The scans of our own tables; a table that stands in a statement twice is there twice."""
    return _table_scans(DECLARATION.sub("", statement.text))


@cache
def _table_scans(text: str) -> tuple[TableScan, ...]:
    import sqlglot
    from sqlglot.optimizer.pushdown_projections import pushdown_projections
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import traverse_scope

    tree = sqlglot.parse_one(text, dialect="bigquery")
    known_columns: dict[str, Any] = dict(_columns())
    tree = qualify(
        tree,
        schema=known_columns,
        dialect="bigquery",
        validate_qualify_columns=False,
        quote_identifiers=False,
        identify=False,
        allow_partial_qualification=True,  # rows of parameters have columns that no schema names
    )
    # What a query selects and nobody uses is not read: BigQuery drops such columns as well. Where a whole row is a
    # value, sqlglot would drop its columns too; then all that is selected counts.
    if not any(_takes_whole_rows(scope) for scope in traverse_scope(tree)):
        tree = pushdown_projections(tree, schema=known_columns, dialect="bigquery")
    return tuple(scan for scope in traverse_scope(tree) for scan in _of_scope(scope))


def _of_scope(scope: Any) -> Iterator[TableScan]:
    from sqlglot import exp

    for alias, source in scope.sources.items():
        if not isinstance(source, exp.Table) or source.name not in _columns()["leadwerk"]:
            continue
        columns = frozenset(column.name for column in scope.columns if column.table == alias)
        partition = schema.table(source.name).partition
        bounds = list(_bounds(_conditions(scope.expression, alias), alias, partition)) if partition else []
        first = next((low for low, _ in bounds if low), None)
        last = next((high for _, high in bounds if high), None)
        yield TableScan(source.name, columns, first, last)


def _takes_whole_rows(scope: Any) -> bool:
    from sqlglot import exp

    names = [column.name for column in scope.expression.find_all(exp.Column) if not column.table]
    return any(name in scope.sources for name in names) or scope.expression.find(exp.TableColumn) is not None


def _conditions(select: Any, alias: str) -> Iterator[Any]:
    """What every row of `alias` must meet to count: WHERE, inner joins, and its own left join."""
    from sqlglot import exp

    where = select.args.get("where")
    joins = [join for join in select.args.get("joins") or () if join.side == "" or join.this.alias_or_name == alias]
    waiting = [where.this] if where else []
    waiting += [on for join in joins if (on := join.args.get("on"))]
    while waiting:
        condition = waiting.pop().unnest()
        if isinstance(condition, exp.And):
            waiting += [condition.left, condition.right]
        else:
            yield condition


def _bounds(conditions: Iterator[Any], alias: str, partition: str) -> Iterator[tuple[str | None, str | None]]:
    from sqlglot import exp

    for condition in conditions:
        column = condition.this
        if not isinstance(column, exp.Column) or (column.table, column.name) != (alias, partition):
            continue
        if isinstance(condition, exp.Between):
            low, high = condition.args["low"], condition.args["high"]
            if _is_constant(low, high):
                yield low.sql("duckdb"), high.sql("duckdb")
        elif isinstance(condition, exp.GTE | exp.GT | exp.EQ) and _is_constant(condition.expression):
            value = condition.expression.sql("duckdb")
            yield value, value if isinstance(condition, exp.EQ) else None
        elif isinstance(condition, exp.LTE | exp.LT) and _is_constant(condition.expression):
            yield None, condition.expression.sql("duckdb")


def _is_constant(*expressions: Any) -> bool:
    from sqlglot import exp

    return not any(isinstance(node, exp.Column | exp.Query) for whole in expressions for node in whole.walk())


def _evaluated(bound: str, values: Mapping[str, Any]) -> date:
    import duckdb

    sql = bound
    # The longest name first: one may begin another.
    for name in sorted((name for name in values if f"${name}" in bound), key=len, reverse=True):
        sql = sql.replace(f"${name}", _typed(values[name]))
    [[day]] = duckdb.execute(f"SELECT CAST(CAST({sql} AS DATE) AS VARCHAR)").fetchall()
    return date.fromisoformat(day)


def _typed(value: Any) -> str:
    from leadwerk.warehouse.duckdb_values import literal

    if isinstance(value, datetime):
        return f"TIMESTAMPTZ {literal(value)}"
    return f"DATE {literal(value)}" if isinstance(value, date) else literal(value)


@cache
def _columns() -> dict[str, dict[str, dict[str, str]]]:
    return {"leadwerk": {table.name: {f.name: _declared(f) for f in table.fields} for table in schema.own_tables()}}


def _declared(field: schema.Field) -> str:
    members = ", ".join(f"{part.name} {_declared(part)}" for part in field.fields)
    kind = f"STRUCT<{members}>" if field.fields else field.type
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else kind


def known_keys(table: schema.Table) -> Statement[Any]:
    """The look-up by which an append finds the keys that are there already."""
    columns = ", ".join(table.key)
    text = f"SELECT {columns} FROM leadwerk.{table.name}"  # noqa: S608  names of schema.json
    days = f" WHERE {table.partition} BETWEEN @first_day AND @last_day" if table.partition else ""
    return Statement(f"{table.name}/known_keys", text + days)

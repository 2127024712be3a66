"""GoogleSQL → DuckDB, by sqlglot and the few rewrites that it needs to mean the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from leadwerk.errors import UnsupportedSQL
from leadwerk.warehouse import duckdb_arrays, duckdb_export_selects
from leadwerk.warehouse.parameter_types import parameter_type
from leadwerk.warehouse.protocol import AnyStatement
from leadwerk.warehouse.schema import duckdb_type
from leadwerk.warehouse.sql_subset import TIME_UNITS, check, refuse

Rewrite = Callable[[exp.Expr], exp.Expr]

# A whole number as BigQuery reads it; DuckDB alone would also take '1.5' for 2.
WHOLE = r"\s*[+-]?([0-9]+|0[xX][0-9a-fA-F]+)\s*"
# A number as BigQuery reads it; DuckDB alone would also take '1_000'.
DECIMAL = r"(?i)\s*[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)\s*"


def translate(statement: AnyStatement) -> str:
    """DuckDB's SQL for a statement; parameters become `$name`, cast to their declared types.

    >>> from leadwerk.warehouse.protocol import Statement
    >>> translate(Statement("inline", "SELECT EXTRACT(DAYOFWEEK FROM @day) AS d", {"day": "DATE"}))
    'SELECT (EXTRACT(DAYOFWEEK FROM CAST($day AS DATE))) + 1 AS d'

    Raises:
        UnsupportedSQL: it cannot be parsed, leaves the subset, or uses a parameter that it does not declare.
    """
    try:
        # sqlglot alone does not keep meaning: what it translates wrongly is refused or rewritten below.
        tree = sqlglot.parse_one(statement.text, read="bigquery")
    except SqlglotError as error:
        raise UnsupportedSQL(f"{statement.name}: {error}", remedy="Write one SELECT in GoogleSQL.") from error
    if not isinstance(tree, exp.Query):
        refuse(tree, statement.name, "Write one SELECT")
    check(tree, statement.name)
    # From the leaves up: a rewrite copies its operands, so those must be rewritten by then.
    for node in reversed(list(tree.walk(bfs=False))):
        _rewrite(node, statement)
    return tree.sql("duckdb", comments=False)


def _rewrite(node: exp.Expr, statement: AnyStatement) -> None:
    if isinstance(node, exp.Parameter):
        node.replace(_parameter(node, statement))
        return
    rewrite = REWRITES.get(type(node))
    new = rewrite(node) if rewrite else node
    if new is not node:
        node.replace(new)


def _parameter(node: exp.Parameter, statement: AnyStatement) -> exp.Expr:
    # A typed cast: DuckDB would guess the type of a bare parameter from its value, and of NULL not at all.
    kind = statement.parameters.get(node.name)
    if kind is None:
        refuse(node, statement.name, f"Declare it: `-- @{node.name} TYPE`")
        raise AssertionError
    return exp.cast(node.copy(), duckdb_type(parameter_type(kind)), dialect="duckdb")


@cache
def _template(text: str) -> exp.Expr:
    return sqlglot.parse_one(text, read="duckdb")


def _fill(text: str, **parts: exp.Expr | None) -> exp.Expr:
    """The DuckDB expression `text` with its placeholders :name replaced."""
    return exp.replace_placeholders(_template(text).copy(), **{k: v.copy() for k, v in parts.items() if v is not None})


def _date(node: exp.Expr) -> exp.Expr:
    zone = node.args.get("zone")
    if zone is None:
        return _fill("CAST(:x AS DATE)", x=node.this)
    return _fill("CAST((:x) AT TIME ZONE (:zone) AS DATE)", x=node.this, zone=zone)


def _timestamp(node: exp.Expr) -> exp.Expr:
    zone = node.args.get("zone")
    if zone is None:
        return _fill("CAST(:x AS TIMESTAMPTZ)", x=node.this)
    return _fill("CAST(:x AS TIMESTAMP) AT TIME ZONE (:zone)", x=node.this, zone=zone)


def _extract(node: exp.Expr) -> exp.Expr:
    part = node.name.upper()
    if part == "DATE":
        return _fill("CAST(:x AS DATE)", x=node.expression)
    # DuckDB counts weekdays from 0, GoogleSQL from 1.
    return _fill("(:x) + 1", x=node) if part == "DAYOFWEEK" else node


def _time_diff(node: exp.Expr) -> exp.Expr:
    # GoogleSQL counts whole units; DuckDB's DATE_DIFF counts how many borders of units lie between.
    unit = exp.Literal.number(TIME_UNITS[node.text("unit").upper()])
    return _fill("(EPOCH_US(:a) - EPOCH_US(:b)) // :unit", a=node.this, b=node.expression, unit=unit)


def _time_shift(sign: str) -> Rewrite:
    def rewrite(node: exp.Expr) -> exp.Expr:
        unit = exp.Literal.number(TIME_UNITS[node.text("unit").upper()])
        return _fill(f"(:x) {sign} TO_MICROSECONDS((:n) * :unit)", x=node.this, n=_number(node.expression), unit=unit)

    return rewrite


def _day_shift(sign: str) -> Rewrite:
    def rewrite(node: exp.Expr) -> exp.Expr:
        return _fill(f"(:x) {sign} CAST(:n AS INTEGER)", x=node.this, n=_number(node.expression))

    return rewrite


def _number(node: exp.Expr) -> exp.Expr:
    return exp.Literal.number(node.name) if isinstance(node, exp.Literal) else node


# GoogleSQL rounds half away from zero and takes whole numbers only from text. What is no text goes first: DuckDB
# evaluates a later branch for the rows that are left only, and a search through text is dear.
TO_WHOLE = f"""CASE
  WHEN TYPEOF(:x) IN ('DOUBLE', 'FLOAT') THEN CAST_AS(ROUND(TRY_CAST(:x AS DOUBLE)))
  WHEN TYPEOF(:x) != 'VARCHAR' OR :x IS NULL THEN CAST_AS(:x)
  WHEN NOT REGEXP_FULL_MATCH(CAST(:x AS VARCHAR), '{WHOLE}') THEN :unreadable
  ELSE CAST_AS(:x) END"""
TO_NUMBER = f"""CASE
  WHEN TYPEOF(:x) != 'VARCHAR' OR :x IS NULL THEN CAST_AS(:x)
  WHEN REGEXP_FULL_MATCH(CAST(:x AS VARCHAR), '{DECIMAL}') THEN CAST_AS(:x)
  WHEN REGEXP_FULL_MATCH(CAST(:x AS VARCHAR), '{WHOLE}') THEN CAST_AS(TRY_CAST(:x AS BIGINT))
  ELSE :unreadable END"""
TO_TEXT = """CASE
  WHEN TYPEOF(:x) IN ('DOUBLE', 'FLOAT', 'TIMESTAMP WITH TIME ZONE')
  THEN ERROR('CAST of FLOAT64 or TIMESTAMP to STRING differs between the engines')
  ELSE CAST(:x AS VARCHAR) END"""


def _cast(node: exp.Expr) -> exp.Expr:
    target = node.args["to"].this
    if isinstance(node.this, exp.Null | exp.Literal | exp.Array):
        return node
    if target == exp.DataType.Type.BIGINT:
        return _guarded(TO_WHOLE, "BIGINT", node)
    if target == exp.DataType.Type.DOUBLE:
        return _guarded(TO_NUMBER, "DOUBLE", node)
    return _fill(TO_TEXT, x=node.this) if target == exp.DataType.Type.TEXT else node


def _guarded(template: str, target: str, node: exp.Expr) -> exp.Expr:
    strict = type(node) is exp.Cast
    text = re.sub(r"CAST_AS\((.*)\)", rf"{'CAST' if strict else 'TRY_CAST'}(\1 AS {target})", template)
    # CAST fails the statement as on BigQuery, SAFE_CAST yields NULL; both must read the same texts.
    unreadable = _template(f"ERROR('Bad {target.lower()} value')" if strict else "NULL")
    return _fill(text, x=node.this, unreadable=unreadable)


# The pattern's only group begins with a plain character that must be there, and nothing makes the group optional.
NEVER_EMPTY = re.compile(r"^[^()]*\([A-Za-z0-9/](?![*?{])[^()]*\)(?![*?{])[^()]*$")


def _regexp_extract(node: exp.Expr) -> exp.Expr:
    """DuckDB says '' where nothing matches; a group that is never empty makes a second search superfluous."""
    pattern = node.expression
    group = exp.Literal.number(re.compile(pattern.name).groups)
    # DuckDB yields '' for no match and for an empty match; BigQuery tells them apart.
    never_empty = NEVER_EMPTY.search(pattern.name) and "|" not in pattern.name
    return _fill(
        "NULLIF(REGEXP_EXTRACT(:x, :pattern, :group), '')"
        if never_empty
        else "CASE WHEN REGEXP_MATCHES(:x, :pattern) THEN REGEXP_EXTRACT(:x, :pattern, :group) END",
        x=node.this,
        pattern=exp.Literal.string(pattern.name),
        group=group,
    )


# An ordered aggregate sorts every group by itself, which takes many times as long as sorting the lists.
SORTED_LIST = """LIST_TRANSFORM(
  LIST_SORT(ARRAY_AGG({'known': NOT (:key) IS NULL, 'key': :key, 'value': :value})), LAMBDA item : (item.value))"""


def _array_agg(node: exp.Expr) -> exp.Expr:
    order = node.this
    is_ascending = len(order.expressions) == 1 and not order.expressions[0].args.get("desc")
    return _fill(SORTED_LIST, key=order.expressions[0].this, value=order.this) if is_ascending else node


def _any_value(node: exp.Expr) -> exp.Expr:
    # HAVING MAX takes the row of the greatest y even where x is NULL there; DuckDB's ARG_MAX would pass it over.
    name = "ARG_MAX_NULL" if node.this.args.get("max") else "ARG_MIN_NULL"
    return _fill(f"{name}(:x, :y)", x=node.this.this, y=node.this.expression)


def _join(node: exp.Expr) -> exp.Expr:
    # GoogleSQL lets LEFT JOIN UNNEST go without a condition, DuckDB does not.
    if isinstance(node.this, exp.Unnest) and node.args.get("side") and not node.args.get("on"):
        node.set("on", exp.true())
    return node


def _select(node: exp.Expr) -> exp.Expr:
    return duckdb_export_selects.for_each_export_table(duckdb_arrays.unnest_in_place(node))


REWRITES: dict[type[exp.Expr], Rewrite] = {
    exp.Date: _date,
    exp.Timestamp: _timestamp,
    exp.UnixToTime: lambda node: _fill("MAKE_TIMESTAMPTZ(:x)", x=node.this),
    exp.Extract: _extract,
    exp.TimestampDiff: _time_diff,
    exp.TimestampAdd: _time_shift("+"),
    exp.TimestampSub: _time_shift("-"),
    exp.DateAdd: _day_shift("+"),
    exp.DateSub: _day_shift("-"),
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.RegexpExtract: _regexp_extract,
    exp.ArrayAgg: _array_agg,
    exp.CountIf: lambda node: _fill("COUNT(CASE WHEN :x THEN 1 END)", x=node.this),
    exp.AnyValue: _any_value,
    exp.LogicalOr: lambda node: _fill("BOOL_OR(:x)", x=node.this),
    exp.ArraySize: lambda node: _fill("LEN(:x)", x=node.this),
    # Any hash will do: a fingerprint is compared with others of its engine only.
    exp.FarmFingerprint: lambda node: _fill("HASH(:x)", x=node.expressions[0].this),
    exp.Subquery: duckdb_arrays.aggregate,
    exp.Join: _join,
    exp.Select: _select,
}

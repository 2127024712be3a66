"""The subset of GoogleSQL that is proven to mean the same on both engines; everything else is refused.

sqlglot translates far more than this, and some of it silently wrong. A construct enters the lists below together with a
parity test against Google's reference evaluator (tests/sql/test_parity.py), never before.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from leadwerk.errors import UnsupportedSQL
from leadwerk.warehouse.duckdb_arrays import is_first_of_key

STRUCTURE: tuple[type[exp.Expr], ...] = (
    exp.Select, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.Qualify, exp.Order, exp.Ordered, exp.Limit,
    exp.With, exp.CTE, exp.TableAlias, exp.Table, exp.Subquery, exp.Union, exp.Except, exp.Intersect, exp.Distinct,
    exp.Column, exp.Identifier, exp.Dot, exp.Alias, exp.Star, exp.Paren, exp.Literal, exp.RawString,
    exp.Null, exp.Boolean, exp.Parameter, exp.Var, exp.Interval, exp.DataType, exp.Unnest, exp.Window, exp.WindowSpec,
    exp.Struct, exp.PropertyEQ, exp.Array, exp.AtTimeZone,
)  # fmt: skip
OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Is, exp.In, exp.Between, exp.Like,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Neg, exp.DPipe, exp.Case,
    exp.If,
)  # fmt: skip
FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Coalesce, exp.Nullif, exp.Greatest, exp.Least, exp.SafeDivide, exp.IntDiv, exp.Mod, exp.Abs, exp.Sign,
    exp.Floor, exp.Ceil, exp.Round, exp.Pow, exp.Sqrt, exp.Exp, exp.Ln, exp.Cast, exp.TryCast,
    exp.Lower, exp.Concat, exp.StartsWith, exp.Substring, exp.Right, exp.Left, exp.Length, exp.Trim, exp.StrPosition,
    exp.Replace, exp.RegexpLike, exp.RegexpExtract, exp.RegexpReplace,
    exp.Date, exp.DateFromParts, exp.DateAdd, exp.DateSub, exp.DateDiff, exp.TimeToStr,
    exp.TsOrDsToDate, exp.GenerateDateArray, exp.GenerateSeries, exp.Extract,
    exp.Timestamp, exp.TimestampAdd, exp.TimestampSub, exp.TimestampDiff, exp.UnixToTime,
    exp.UnixDate, exp.UnixMicros, exp.ArraySize, exp.MD5, exp.FarmFingerprint, exp.JSONFormat,
)  # fmt: skip
AGGREGATES: tuple[type[exp.Expr], ...] = (
    exp.Count, exp.CountIf, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.AnyValue, exp.HavingMax, exp.LogicalOr,
    exp.ArrayAgg, exp.RowNumber, exp.Rank, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue,
)  # fmt: skip
ALLOWED = frozenset(STRUCTURE + OPERATORS + FUNCTIONS + AGGREGATES)

CAST_TARGETS = {"BIGINT", "DOUBLE", "TEXT", "DATE", "TIMESTAMPTZ"}
EXTRACT_PARTS = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "DAYOFWEEK", "DATE"}
DATE_FORMATS = {"%Y%m%d", "%Y-%m-%d"}
TIME_UNITS = {"MICROSECOND": 1, "SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6, "DAY": 86400 * 10**6}


def check(tree: exp.Expr, where: str) -> None:
    """Walk the statement and refuse the first construct outside the subset.

    Raises:
        UnsupportedSQL: naming the construct, as written, and `where`.
    """
    # Allowed node by node and not forbidden: what was not compared on both engines is refused.
    for node in tree.walk():
        if type(node) not in ALLOWED:
            refuse(node, where, "It is not in the subset proven equal on both engines")
        complaint = RULES[type(node)](node) if type(node) in RULES else ""
        if complaint:
            refuse(node, where, complaint)


def refuse(node: exp.Expr, where: str, remedy: str) -> None:
    """Raise UnsupportedSQL for this node."""
    written = node.sql("bigquery", comments=False)
    raise UnsupportedSQL(f"{where}: {type(node).__name__} in `{written[:120]}`.", remedy=f"{remedy}.")


def _zero_safe(node: exp.Expr) -> str:
    divisor = node.expression.unnest()
    if isinstance(divisor, exp.Nullif):
        return ""
    if isinstance(divisor, exp.Literal) and not divisor.is_string and float(divisor.this) != 0:
        return ""
    return "BigQuery fails on a zero divisor, DuckDB does not: use SAFE_DIVIDE or NULLIF(divisor, 0)"


def _cast(node: exp.Expr) -> str:
    target: exp.DataType = node.args["to"]
    inner = target.expressions[0] if target.this == exp.DataType.Type.ARRAY else target
    return (
        "" if inner.this.name in CAST_TARGETS else "Cast to INT64, FLOAT64, STRING, DATE, TIMESTAMP or arrays of them"
    )


def _extract(node: exp.Expr) -> str:
    return "" if node.name.upper() in EXTRACT_PARTS else f"Extract only {', '.join(sorted(EXTRACT_PARTS))}"


def _unit(*allowed: str) -> Callable[[exp.Expr], str]:
    def rule(node: exp.Expr) -> str:
        return "" if node.text("unit").upper() in allowed else f"Use the unit {' or '.join(allowed)}"

    return rule


def _format_of_date(node: exp.Expr) -> str:
    if not isinstance(node.this, exp.TsOrDsToDate):
        return "Format dates only"
    return "" if node.args["format"].name in DATE_FORMATS else f"Use {' or '.join(sorted(DATE_FORMATS))}"


def _replace(node: exp.Expr) -> str:
    replaced = node.expression
    return "" if isinstance(replaced, exp.Literal | exp.RawString) and replaced.name else "Write out what is replaced"


def _regexp_extract(node: exp.Expr) -> str:
    pattern = node.expression
    if not isinstance(pattern, exp.Literal | exp.RawString) or node.args.get("position"):
        return "Write the pattern out, without position and occurrence"
    return "" if re.compile(pattern.name).groups <= 1 else "Use at most one group, others as (?: )"


def _substring(node: exp.Expr) -> str:
    start = node.args.get("start")
    fine = isinstance(start, exp.Literal) and int(start.name) > 0
    return "" if fine else "Write the start out, from 1 on"


def _unnest(node: exp.Expr) -> str:
    if node.args.get("offset") and not is_first_of_key(node.parent_select or node):
        return "Offsets count from 1 on DuckDB: number the elements with ROW_NUMBER"
    in_list = isinstance(node.parent, exp.In)
    return "" if in_list or node.args.get("alias") else "Give it an alias"


def _select(node: exp.Expr) -> str:
    assert isinstance(node, exp.Select)
    if node.args.get("kind") or node.args.get("hint") or node.args.get("laterals"):
        return "Neither SELECT AS STRUCT nor AS VALUE"
    sources = [node.args.get("from_"), *(node.args.get("joins") or ())]
    if node.is_star and any(source and isinstance(source.this, exp.Unnest) for source in sources):
        return "`*` differs where UNNEST is read: name the columns, or write table.*"
    return _ambiguous_group(node)


def _ambiguous_group(node: exp.Select) -> str:
    group = node.args.get("group")
    if group is None:
        return ""
    # A name that is a column and an alias at once is resolved differently by the engines.
    bare = {key.name.lower() for key in group.expressions if isinstance(key, exp.Column) and not key.table}
    for item in node.selects:
        same = isinstance(item.unalias(), exp.Column) and item.unalias().name.lower() == item.alias.lower()
        if isinstance(item, exp.Alias) and item.alias.lower() in bare and _has_column(item, item.alias) and not same:
            return f"GROUP BY {item.alias} may mean the column or the alias: rename the alias"
    return ""


def _has_column(item: exp.Expr, name: str) -> bool:
    return any(column.name.lower() == name.lower() for column in item.find_all(exp.Column))


def _group(node: exp.Expr) -> str:
    plain = all(not value for key, value in node.args.items() if key != "expressions")
    return "" if plain else "No ROLLUP, CUBE, GROUPING SETS or ALL"


def _with(node: exp.Expr) -> str:
    return "No recursion" if node.args.get("recursive") else ""


def _table(node: exp.Expr) -> str:
    plain = not node.args.get("pivots") and not node.args.get("sample") and not node.args.get("when")
    return "" if plain else "Neither PIVOT nor TABLESAMPLE nor FOR SYSTEM_TIME"


def _round(node: exp.Expr) -> str:
    return "Round to whole numbers only" if node.args.get("decimals") else ""


def _trim(node: exp.Expr) -> str:
    return "" if node.expression else "The engines differ in what they call blank: name the characters, TRIM(x, ' ')"


def _ordered_aggregate(node: exp.Expr) -> str:
    return "" if isinstance(node.this, exp.Order) else "Give it an ORDER BY, which determines its result, and no LIMIT"


def _any_value(node: exp.Expr) -> str:
    return "" if isinstance(node.this, exp.HavingMax) else "Say which: ANY_VALUE(x HAVING MAX y), MIN or MAX"


def _fingerprint(node: exp.Expr) -> str:
    fine = len(node.expressions) == 1 and isinstance(node.expressions[0], exp.JSONFormat)
    return (
        ""
        if fine
        else "The engines write other numbers: only FARM_FINGERPRINT(TO_JSON_STRING(x)), to tell values apart"
    )


def _json(node: exp.Expr) -> str:
    return "" if isinstance(node.parent, exp.FarmFingerprint) else "The engines write JSON differently"


def _scale(node: exp.Expr) -> str:
    return "" if node.text("scale") == "6" else "Use TIMESTAMP_MICROS"


RULES: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
    exp.Div: _zero_safe,
    exp.IntDiv: _zero_safe,
    exp.Mod: _zero_safe,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Extract: _extract,
    exp.DateAdd: _unit("DAY"),
    exp.DateSub: _unit("DAY"),
    exp.DateDiff: _unit("DAY"),
    exp.TimestampAdd: _unit(*TIME_UNITS),
    exp.TimestampSub: _unit(*TIME_UNITS),
    exp.TimestampDiff: _unit(*TIME_UNITS),
    exp.TimeToStr: _format_of_date,
    exp.Replace: _replace,
    exp.RegexpExtract: _regexp_extract,
    exp.Substring: _substring,
    exp.Unnest: _unnest,
    exp.Select: _select,
    exp.Group: _group,
    exp.With: _with,
    exp.Table: _table,
    exp.Round: _round,
    exp.Trim: _trim,
    exp.ArrayAgg: _ordered_aggregate,
    exp.AnyValue: _any_value,
    exp.UnixToTime: _scale,
    exp.FarmFingerprint: _fingerprint,
    exp.JSONFormat: _json,
}

"""SELECTs from the export's wildcard that mean the same when each table is read by itself; see duckdb_ga4_export."""

from __future__ import annotations

from sqlglot import exp

from leadwerk.warehouse import duckdb_arrays
from leadwerk.warehouse.duckdb_ga4_export import OF_EACH, PREFIXES

EXPORTS = {("ga4", f"{prefix}*") for prefix in PREFIXES}


def for_each_export_table(select: exp.Expr) -> exp.Expr:
    """`SELECT * FROM OF_EACH_EXPORT_TABLE('…')` for an inner SELECT of expressions from the wildcard; others as is."""
    if select.parent is None or not _is_row_by_row(select):
        return select
    duckdb_arrays.contained_without_subquery(select)
    text = exp.Literal.string(select.sql("duckdb", comments=False))
    call = exp.Anonymous(this=OF_EACH, expressions=[text])
    return exp.select("*").from_(exp.Table(this=call))


def _is_row_by_row(select: exp.Expr) -> bool:
    """Whether every row of the result depends on one row of one export table."""
    source = select.args.get("from_")
    used = {key for key, value in select.args.items() if value}
    if not source or not isinstance(source.this, exp.Table) or used - {"expressions", "from_", "where"}:
        return False
    inner = any(node is not select for node in select.find_all(exp.Select))
    # A sum or a window over each table is not the one over all tables together.
    across_rows = any(select.find_all(exp.AggFunc, exp.Window, exp.Star))
    return (source.this.db, source.this.name) in EXPORTS and not inner and not across_rows

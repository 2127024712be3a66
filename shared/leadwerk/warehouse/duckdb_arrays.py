"""Subqueries over one UNNEST as DuckDB's list functions: the same meaning, many times faster.

- `(SELECT MAX(… p …) FROM UNNEST(list) AS p WHERE …)` becomes list_max(list_transform(list_filter(list, …), …)).
- `FROM a CROSS JOIN UNNEST(a.list) AS s` becomes `FROM (SELECT *, UNNEST(a.list) AS s FROM a) AS a`.
- `(SELECT p.value FROM UNNEST(list) AS p WITH OFFSET AS i WHERE p.key = k ORDER BY i LIMIT 1)` becomes
  list[list_position(keys, k)].value.
"""

from __future__ import annotations

from sqlglot import exp

Parts = tuple[exp.Expr, exp.Identifier]


def aggregate(node: exp.Expr) -> exp.Expr:
    """A scalar subquery with MAX or MIN over a list, or with the first element of a key; others as they are."""
    select = node.this
    if not isinstance(select, exp.Select):
        return node
    # GA4's parameters are read this way dozens of times a row: a correlated subquery each would take minutes a night.
    if is_first_of_key(select):
        return _first_of_key(select)
    parts = _filtered(select, {"expressions", "from_", "where"})
    value = select.selects[0] if parts else None
    if parts is None or not isinstance(value, exp.Max | exp.Min):
        return node
    items, element = parts
    reduce = "LIST_MAX" if isinstance(value, exp.Max) else "LIST_MIN"
    return _call(reduce, _call("LIST_TRANSFORM", items, _lambda(element, value.this)))


def unnest_in_place(node: exp.Expr) -> exp.Expr:
    """FROM a CROSS JOIN UNNEST(a.list) AS s without the lateral join, which takes most of a query's time."""
    joins = node.args.get("joins") or []
    has_star = isinstance(node, exp.Select) and node.is_star
    if not joins or not isinstance(joins[0].this, exp.Unnest) or joins[0].side or has_star:
        return node
    source = _source(node)
    items, element = _list_of(joins[0].this)
    if not isinstance(items, exp.Column) or items.parts[0].name not in (source.alias_or_name, items.name):
        return node
    inner = exp.select("*", exp.alias_(exp.Anonymous(this="UNNEST", expressions=[items.copy()]), element.copy()))
    node.set("from_", exp.From(this=inner.from_(source.copy()).subquery(source.alias_or_name)))
    node.set("joins", joins[1:])
    return node


def is_first_of_key(select: exp.Expr) -> bool:
    """Whether this is the one form in which WITH OFFSET is understood; see the table above."""
    source = _unnest(select)
    if not isinstance(select, exp.Select) or source is None or not source.args.get("offset"):
        return False
    used = {key for key, value in select.args.items() if value}
    if used != {"expressions", "from_", "where", "order", "limit"} or len(select.selects) != 1:
        return False
    return (
        isinstance(select.selects[0], exp.Column)
        and select.args["order"].expressions[0].sql("bigquery") == source.args["offset"].sql("bigquery")
        and select.args["limit"].expression.name == "1"
        and _is_key_test(_condition(select), _list_of(source)[1].name)
    )


def _is_key_test(test: exp.Expr, element: str) -> bool:
    if not isinstance(test, exp.EQ) or not isinstance(test.this, exp.Column):
        return False
    # The key must not depend on the row: it is computed once for the list.
    free = isinstance(test.expression, exp.Parameter | exp.Cast | exp.Literal)
    return free and test.this.parts[0].name == element and len(test.this.parts) == 2


def _first_of_key(select: exp.Select) -> exp.Expr:
    items, element = _list_of(_source(select))
    test = _condition(select)
    keys = _call("LIST_TRANSFORM", items.copy(), _lambda(element, test.this))
    # Without this guard a NULL key would find an element whose key is NULL.
    place = exp.Case(
        ifs=[
            exp.If(
                this=exp.Not(this=exp.Is(this=test.expression.copy(), expression=exp.null())),
                true=_call("LIST_POSITION", keys, test.expression.copy()),
            )
        ]
    )
    extracted: exp.Expr = _call("LIST_EXTRACT", items.copy(), place)
    selected = select.selects[0]
    for part in selected.parts[1:] if isinstance(selected, exp.Column) else ():
        extracted = _call("STRUCT_EXTRACT", extracted, exp.Literal.string(part.name))
    return extracted


def _source(select: exp.Expr) -> exp.Expr:
    """What a SELECT reads from."""
    source: exp.Expr = select.args["from_"].this
    return source


def _condition(select: exp.Expr) -> exp.Expr:
    """The condition of a SELECT's WHERE."""
    condition: exp.Expr = select.args["where"].this
    return condition


def _list_of(unnest: exp.Expr) -> Parts:
    """The list that an UNNEST reads, and the name of its element."""
    return unnest.expressions[0], unnest.args["alias"].columns[0]


def _unnest(select: exp.Expr) -> exp.Unnest | None:
    source = select.args.get("from_")
    return source.this if source and isinstance(source.this, exp.Unnest) else None


def _filtered(select: exp.Expr, clauses: set[str]) -> Parts | None:
    """The filtered list and the name of its element, if `select` only reads one UNNEST with these clauses."""
    source = _unnest(select)
    used = {key for key, value in select.args.items() if value}
    if not isinstance(select, exp.Select) or source is None or used - clauses or len(select.selects) != 1:
        return None
    if len(list(select.find_all(exp.Select))) > 1:
        return None
    items, element = _list_of(source)
    where = select.args.get("where")
    return (_call("LIST_FILTER", items.copy(), _lambda(element, where.this)) if where else items.copy()), element


def _lambda(element: exp.Identifier, body: exp.Expr) -> exp.Expr:
    inner = exp.Paren(this=body.copy())
    contained_without_subquery(inner)
    return exp.Lambda(this=inner, expressions=[element.copy()], colon=True)


def contained_without_subquery(node: exp.Expr) -> None:
    """Write `x IN UNNEST(list)` within `node`, which is a subquery on DuckDB, as a function call, in place."""
    for test in list(node.find_all(exp.In)):
        unnest = test.args.get("unnest")
        if unnest:
            items = unnest.expressions[0]
            # Nothing is in an empty list, not even NULL, of which LIST_CONTAINS knows nothing.
            some = exp.GT(this=_call("LEN", items.copy()), expression=exp.Literal.number(0))
            condition = exp.If(this=some, true=_call("LIST_CONTAINS", items.copy(), test.this.copy()))
            test.replace(exp.Case(ifs=[condition], default=exp.false()))


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))

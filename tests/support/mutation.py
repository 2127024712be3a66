"""Mutation fuzzing: damaged variants of valid request bodies, at little cost for each.

A grammar (schemathesis) draws the seeds; from them come many thousand bodies that are almost right, which is where
parsers break: one value is hostile, one is missing, one is nested or repeated, or the bytes themselves are damaged.
"""

from __future__ import annotations

import json
from random import Random
from typing import Any

HOSTILE_TEXTS = (
    "<script>lw()</script>", "\"><img src=x onerror=lw()>", "javascript:lw()", "//evil.example/x", "{{ 7 * 7 }}",
    "=cmd|'/C calc'!A0", "' OR 1=1 --", "`; DROP TABLE leads", "../../etc/passwd", "%00", "\x00", "\x1b]0;x\x07",
    "\r\nSet-Cookie: a=b", "\U0001f600" * 50, "\u202e", "9" * 400, "-1", "NaN", "1e400", "0", "9999-12-31",
    "0001-01-01", "2026-02-30", "2026-01-19T00:00:00+99:00", "2026-01-19T00:00:00Z", "x" * 5000, "(a|aa)+$",
    "[" * 2000, "null", "true", " ", "", "%s%n{0}", "Infinity", "e\u0301", "\ufb01", "anna ", "ANNA", "\ud800",
    "anna@example.ch", "+41 79 123 45 10",
)  # fmt: skip
"""Values that broke programs of others: scripts, addresses, templates, formulas, SQL, paths, controls, odd numbers."""

HOSTILE_VALUES = (
    *HOSTILE_TEXTS, None, True, False, 0, -1, 1, 0.1, 1e308, -1e308, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 1e-320,
    float("nan"), float("inf"), [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": []}}}, [0] * 300, [{}] * 40,
)  # fmt: skip
"""The same as JSON, and numbers at the edges of types, empty and nested values."""


def mutated(value: Any, draw: Random) -> Any:
    """A copy of the JSON value `value` with one change at a place drawn at random.

    >>> mutated({"lead_id": "1"}, Random(4)) != {"lead_id": "1"}
    True
    """
    if isinstance(value, dict) and value and draw.random() < 0.85:
        name = draw.choice(list(value))
        kind = draw.random()
        if kind < 0.1:
            return {other: part for other, part in value.items() if other != name}
        if kind < 0.2:
            return {**value, draw.choice(HOSTILE_TEXTS): value[name]}
        return {**value, name: mutated(value[name], draw)}
    if isinstance(value, list) and value and draw.random() < 0.85:
        place = draw.randrange(len(value))
        if draw.random() < 0.1:
            return value * 2
        return [*value[:place], mutated(value[place], draw), *value[place + 1 :]]
    return [value] if draw.random() < 0.05 else draw.choice(HOSTILE_VALUES)


def damaged(body: bytes, draw: Random) -> bytes:
    """`body` with a byte flipped, a part cut out, or a part repeated."""
    if not body:
        return bytes([draw.randrange(256)])
    first, last = sorted((draw.randrange(len(body)), draw.randrange(len(body))))
    kind = draw.randrange(3)
    if kind == 0:
        return body[:first] + bytes([body[first] ^ (1 << draw.randrange(8))]) + body[first + 1 :]
    return body[:first] + body[last:] if kind == 1 else body[:last] + body[first:]


def json_body(seed: Any, draw: Random) -> bytes:
    """The bytes of a request: mostly a mutated `seed`, sometimes the seed itself or damaged bytes."""
    value = seed
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        value = mutated(value, draw)
    body = json.dumps(value, ensure_ascii=draw.random() < 0.5).encode("utf-8", "surrogatepass")
    return damaged(body, draw) if draw.random() < 0.1 else body

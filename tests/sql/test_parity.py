"""Every construct of the subset means on DuckDB what Google's reference evaluator says, over hostile rows."""

# ruff: noqa: E501
from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, Phase, given, strategies as st
from sqlglot import exp

from leadwerk.warehouse.sql_subset import ALLOWED
from leadwerk.warehouse.statement import Statement, from_text
from sql.reference import assert_engines_agree
from support.examples import examples

DECLARED = """
-- @words ARRAY<STRING>
-- @numbers ARRAY<INT64>
-- @zone STRING
-- @word STRING
-- @n INT64
-- @day DATE
-- @moment TIMESTAMP
"""
PARAMETERS: dict[str, Any] = {
    "words": ["a", "b", "Zürich"],
    "numbers": [0, 3, 7],
    "zone": "Europe/Zurich",
    "word": "^/(a|ü)b?",
    "n": 2,
    "day": date(2026, 3, 29),
    "moment": datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
}

# s, s2: text; i, j: whole; f, g: float; b: bool; t, t2: timestamp; d: date; items: list of name, text, number.
LEADS = """
SELECT event_id AS id, language AS s, country AS s2, employees AS i, CAST(LENGTH(region) AS INT64) AS j,
  income AS f, loan_amount AS g, web_consent AS b, created_at AS t, recorded_at AS t2,
  DATE(created_at) AS d, attributes AS items
FROM leadwerk.leads
"""

SCALARS = {
    "comparison": ["i = j", "i != j", "s < s2", "s <= s2", "i > j", "f >= g", "i IS NULL", "b IS TRUE", "NOT b"],
    "null-safe": ["i IS DISTINCT FROM j", "s IS NOT DISTINCT FROM s2"],
    "logic": ["b AND i > 1", "b OR i > 1", "i BETWEEN 1 AND j", "i IN (1, 2)", "i NOT IN (1, 2)", "(i > 1)"],
    "case": ["CASE WHEN b THEN i ELSE j END", "CASE i WHEN 1 THEN 's' END", "IF(b, s, s2)", "COALESCE(i, j, 0)"],
    "null": ["IFNULL(s, '')", "NULLIF(i, j)", "GREATEST(i, j)", "LEAST(f, g)", "CAST(NULL AS FLOAT64)"],
    "arithmetic": ["i + j", "i - j", "i * j", "-i", "SAFE_DIVIDE(f, g)", "SAFE_DIVIDE(i, j)", "f / NULLIF(g, 0)", "i / 7"],
    "whole division": ["DIV(i, 7)", "MOD(i, 7)", "DIV(i, NULLIF(j, 0))"],
    "mathematics": ["ABS(i)", "SIGN(i)", "FLOOR(f)", "CEIL(f)", "ROUND(f)", "POW(f, 2)", "SQRT(ABS(f))", "EXP(f / 1e9)"],
    "logarithm": ["LN(1 + ABS(f))"],
    "cast": ["CAST(i AS FLOAT64)", "CAST(f AS INT64)", "CAST(b AS INT64)", "CAST(i AS STRING)", "CAST(d AS STRING)"],
    "safe cast": ["SAFE_CAST(s AS INT64)", "SAFE_CAST(s AS FLOAT64)", "SAFE_CAST(f AS INT64)", "CAST(t AS DATE)"],
    "text": ["LOWER(s)", "CONCAT(s, '-', s2)", "s || s2", "STARTS_WITH(s, s2)", "SUBSTR(s, 2, 3)", "SUBSTR(s, 2)"],
    "more text": ["LENGTH(s)", "TRIM(s, ' /')", "STRPOS(s, s2)", "REPLACE(s, 'a', 'bb')", "RIGHT(s, 2)", "LEFT(s, 2)"],
    "text like": ["s LIKE '%a_%'"],
    "pattern": [
        "REGEXP_CONTAINS(s, @word)", r"REGEXP_CONTAINS(s, r'\d+')", r"REGEXP_EXTRACT(s, r'(\d+)')",
        r"REGEXP_EXTRACT(s, r'^[^/?#]+')", r"REGEXP_REPLACE(s, r'[\'’ ]', '')", r"REGEXP_REPLACE(s, r'(a)(b)', r'\2\1')",
        r"REGEXP_CONTAINS(LOWER(s), r'(?i)\bab')",
    ],
    "date": ["DATE(t)", "DATE(t, @zone)", "DATE(2026, 3, 29)", "DATE_ADD(d, INTERVAL 3 DAY)", "DATE_SUB(d, INTERVAL @n DAY)"],
    "date parts": ["DATE_DIFF(d, @day, DAY)", "UNIX_DATE(d)"],
    "date text": ["FORMAT_DATE('%Y%m%d', d)", "DATE '2026-03-29' = d"],
    "extract": [
        "EXTRACT(DAYOFWEEK FROM t AT TIME ZONE @zone)", "EXTRACT(HOUR FROM t AT TIME ZONE @zone)",
        "EXTRACT(DATE FROM t AT TIME ZONE @zone)", "EXTRACT(DAY FROM d)", "EXTRACT(MONTH FROM d)", "EXTRACT(YEAR FROM d)",
        "EXTRACT(DAYOFWEEK FROM d)", "EXTRACT(HOUR FROM t)", "EXTRACT(MINUTE FROM t)",
    ],
    "timestamp": [
        "TIMESTAMP(d)", "TIMESTAMP(d, @zone)", "TIMESTAMP_MICROS(1774744200000001 + i)", "UNIX_MICROS(t)",
        "TIMESTAMP '2026-03-29 00:30:00+00' < t",
    ],
    "timestamp shift": [
        "TIMESTAMP_ADD(t, INTERVAL 3 DAY)", "TIMESTAMP_ADD(t, INTERVAL j HOUR)", "TIMESTAMP_SUB(t, INTERVAL @n MINUTE)",
        "TIMESTAMP_SUB(t, INTERVAL 1 MICROSECOND)", "TIMESTAMP_ADD(t, INTERVAL j DAY)", "TIMESTAMP_ADD(t, INTERVAL -j SECOND)",
    ],
    "timestamp difference": [f"TIMESTAMP_DIFF(t, t2, {unit})" for unit in ("DAY", "HOUR", "SECOND", "MICROSECOND")]
    + ["TIMESTAMP_DIFF(t, @moment, MINUTE)"],
    "list": [
        "i IN UNNEST(@numbers)", "s IN UNNEST(@words)", "s NOT IN UNNEST(@words)", "ARRAY_LENGTH(@words)",
        "(SELECT MAX(p.number) FROM UNNEST(items) AS p WHERE p.name = 'a')", "GENERATE_ARRAY(1, 3)",
        "(SELECT MIN(p.text) FROM UNNEST(items) AS p)",
        "(SELECT MAX(SAFE_CAST(REGEXP_REPLACE(p.text, 'a', '') AS FLOAT64)) FROM UNNEST(items) AS p WHERE p.name IN UNNEST(@words))",
        "(SELECT p.number FROM UNNEST(items) AS p WITH OFFSET AS place WHERE p.name = @word ORDER BY place LIMIT 1)",
        "(SELECT p.text FROM UNNEST(items) AS p WITH OFFSET AS place WHERE p.name = 'a' ORDER BY place LIMIT 1)",
        "(SELECT SUM(p.number) FROM UNNEST(items) AS p WHERE p.name = 'a')",
        "(SELECT COUNT(*) FROM UNNEST(items) AS p)", "STRUCT(s AS a, i AS b)", "STRUCT(s, i).s",
        "ARRAY_LENGTH(GENERATE_DATE_ARRAY(DATE_SUB(d, INTERVAL 2 DAY), d))", "CAST([] AS ARRAY<INT64>)",
    ],
}  # fmt: skip

AGGREGATES = """
SELECT s, COUNT(*) AS n, COUNT(i) AS known, COUNT(DISTINCT i) AS different, COUNTIF(i > 1) AS many, SUM(i) AS total,
  AVG(f) AS mean, MIN(f) AS least, MAX(s2) AS most, LOGICAL_OR(b) AS any_,
  ARRAY_AGG(STRUCT(i AS name, id AS value) ORDER BY f DESC, id) AS listed, ARRAY_AGG(STRUCT(id AS name, f AS value)
  ORDER BY id) AS pairs, ANY_VALUE(i HAVING MAX id) AS newest, ANY_VALUE(i HAVING MIN IF(b, id, NULL)) AS oldest
FROM leads GROUP BY s HAVING COUNT(*) > 0
"""
WINDOWS = """
SELECT id, ROW_NUMBER() OVER (PARTITION BY s ORDER BY f DESC, id) AS place, RANK() OVER (ORDER BY i) AS rank_,
  LAG(i) OVER (ORDER BY f, id) AS before, LEAD(t) OVER (PARTITION BY s ORDER BY id) AS after,
  FIRST_VALUE(i) OVER (PARTITION BY s ORDER BY f, id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS next_,
  LAST_VALUE(i) OVER (ORDER BY f, id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS here,
  SUM(i) OVER (PARTITION BY s ORDER BY f RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running
FROM leads
"""
QUERIES = {
    "aggregates": AGGREGATES,
    "aggregates of all": AGGREGATES.replace("SELECT s,", "SELECT").replace("GROUP BY s HAVING COUNT(*) > 0", ""),
    "windows": WINDOWS,
    "newest by key": "SELECT id, s, i FROM leads QUALIFY ROW_NUMBER() OVER (PARTITION BY s ORDER BY i DESC, id) = 1",
    "order and limit": "SELECT i, f, id FROM leads ORDER BY i DESC, f, id LIMIT 3",
    "distinct": "SELECT DISTINCT s, i FROM leads WHERE b",
    "joins": "SELECT a.id, c.id AS other FROM leads AS a LEFT JOIN leads AS c ON a.i = c.j AND a.s = c.s",
    "using": "SELECT id, a.i, c.f FROM leads AS a JOIN leads AS c USING (id)",
    "full join": "SELECT a.id, c.id AS other FROM leads AS a FULL JOIN leads AS c ON a.i = c.j",
    "cross join with a list": "SELECT id, p.name, p.number, word FROM leads CROSS JOIN UNNEST(items) AS p, UNNEST(@words) AS word",
    "cross join in place": "SELECT a.id, p.name, c.i FROM leads AS a CROSS JOIN UNNEST(a.items) AS p LEFT JOIN leads AS c ON c.s = p.name",
    "left join with a list": "SELECT id, p.text FROM leads LEFT JOIN UNNEST(items) AS p",
    "list of days": "SELECT day_, id FROM UNNEST(GENERATE_DATE_ARRAY(@day, DATE '2026-04-02')) AS day_ LEFT JOIN leads ON d = day_",
    "sets": "SELECT s FROM leads UNION ALL SELECT s2 FROM leads",
    "distinct sets": "(SELECT s FROM leads UNION DISTINCT SELECT s2 FROM leads) EXCEPT DISTINCT SELECT 'a'",
    "common rows": "SELECT s FROM leads INTERSECT DISTINCT SELECT s2 FROM leads",
    "subqueries": "SELECT id FROM leads WHERE s IN (SELECT s2 FROM leads WHERE s2 IS NOT NULL) AND i >= (SELECT MIN(i) FROM leads)",
    "correlated": "SELECT id, (SELECT COUNT(*) FROM leads AS c WHERE c.s = a.s) AS twins FROM leads AS a",
    "columns of a table": "SELECT a.*, 1 AS one FROM leads AS a",
    "hashes": "SELECT id, TO_HEX(MD5(s)) AS digest, TO_HEX(MD5(s)) < '8' AS is_drawn FROM leads",
    # The engines' fingerprints differ: equal values have equal ones, which is all that is used of them.
    "fingerprints": "SELECT COUNT(DISTINCT FARM_FINGERPRINT(TO_JSON_STRING(items))) AS n FROM leads WHERE s IS NULL",
}  # fmt: skip


def over_leads(query: str) -> Statement:
    return from_text(f"{DECLARED}\nWITH leads AS ({LEADS})\n{query}")


def scalars(expressions: list[str]) -> Statement:
    columns = ", ".join(f"{expression} AS x{index}" for index, expression in enumerate(expressions))
    return over_leads(f"SELECT id, {columns} FROM leads")


TEXTS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "a", "ab", "b", "/ab/c?x=1#y", "12", " 12 ", "1.5", "-7", "+3", "1e3", "1_000", "0x1F", ".5", "5.", "nan", "inf",
         "450'000", "Zürich", "ÄÖ/ü", "a\nb", "ABab", "it''s", "1,5", "٣", "\u00a012", "true", "9223372036854775808", "-"]
    ),
)  # fmt: skip
WHOLE = st.none() | st.integers(-20, 20)
FLOATS = st.none() | st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -2.5, -0.5, 1e9, 3.25]) | st.integers(-5, 5).map(float)
# Around both changes of the clock in Zürich and Sunday's midnight.
MOMENTS = st.sampled_from(
    [datetime(2026, 3, 28, 22, 59, 59, 999999, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC),
     datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
     datetime(1969, 12, 31, 23, 59, 59, 500000, tzinfo=UTC)]
) | st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))  # fmt: skip # noqa: DTZ001
ITEMS = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from(["a", "b", None]), "text": TEXTS, "number": FLOATS}), max_size=4
)
LEAD = st.fixed_dictionaries(
    {"lead_id": st.just("L"), "recorded_at": MOMENTS, "created_at": MOMENTS, "web_consent": st.booleans(),
     "language": TEXTS, "country": TEXTS, "region": st.none() | st.text("x", max_size=5), "employees": WHOLE,
     "income": FLOATS, "loan_amount": FLOATS, "attributes": ITEMS}
)  # fmt: skip
HOSTILE = st.lists(LEAD, max_size=12).map(
    lambda leads: {"leads": [{**lead, "event_id": f"e{index:02}"} for index, lead in enumerate(leads)]}
)
patiently = examples(
    10, phases=(Phase.generate,), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@pytest.mark.parametrize("family", SCALARS)
@patiently
@given(tables=HOSTILE)
def test_scalar_expressions_agree(family: str, tables: dict[str, Any]) -> None:
    assert_engines_agree(scalars(SCALARS[family]), PARAMETERS, tables)


@pytest.mark.parametrize("name", QUERIES)
@patiently
@given(tables=HOSTILE)
def test_queries_agree(name: str, tables: dict[str, Any]) -> None:
    assert_engines_agree(over_leads(QUERIES[name]), PARAMETERS, tables)


@pytest.mark.parametrize("name", ["words", "numbers"])
def test_empty_lists_as_parameters_agree(name: str) -> None:
    assert_engines_agree(scalars(SCALARS["list"]), {**PARAMETERS, name: []}, {"leads": []})


def test_missing_values_as_parameters_agree() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    lead = {"event_id": "e", "lead_id": "L", "recorded_at": moment, "created_at": moment, "web_consent": True,
            "attributes": [{"name": None, "number": 1.0}]}  # fmt: skip
    missing = {**PARAMETERS, "word": None, "day": None, "moment": None, "n": None}
    for family in ("pattern", "date", "date parts", "timestamp shift", "timestamp difference", "list"):
        assert_engines_agree(scalars(SCALARS[family]), missing, {"leads": [lead]})


def test_nothing_is_allowed_that_is_not_compared_here() -> None:
    statements = [*map(scalars, SCALARS.values()), *map(over_leads, QUERIES.values())]
    seen = {
        type(node)
        for read_statement in statements
        for node in sqlglot.parse_one(read_statement.text, read="bigquery").walk()
    }
    assert {kind.__name__ for kind in ALLOWED - seen} == set()
    assert {kind.__name__ for kind in seen - ALLOWED} == set()
    assert issubclass(exp.Select, exp.Query)

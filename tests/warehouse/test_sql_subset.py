"""What is not proven equal on both engines is refused, with the file, the construct and a way out."""

from __future__ import annotations

import pytest

from leadwerk.errors import MissingTable, UnsupportedSQL, WarehouseError
from leadwerk.warehouse.dialect import translate
from leadwerk.warehouse.statement import bound, from_text, statement

REFUSED = {
    "SELECT a / b FROM t": "SAFE_DIVIDE",
    "SELECT MOD(a, b) FROM t": "SAFE_DIVIDE",
    "SELECT CURRENT_TIMESTAMP()": "CurrentTimestamp",
    "SELECT RAND()": "Rand",
    "SELECT ANY_VALUE(a) FROM t": "HAVING MAX",
    "SELECT a[SAFE_OFFSET(0)] FROM t": "Bracket",
    "SELECT TRIM(a) FROM t": "characters",
    "SELECT CAST(a AS BOOL) FROM t": "Cast to",
    "SELECT EXTRACT(WEEK FROM d) FROM t": "Extract only",
    "SELECT DATE_DIFF(a, b, MONTH) FROM t": "DAY",
    "SELECT TIMESTAMP_TRUNC(a, DAY) FROM t": "TimestampTrunc",
    "SELECT FORMAT_DATE('%d.%m.%Y', a) FROM t": "%Y%m%d",
    "SELECT FORMAT_TIMESTAMP('%Y%m%d', a) FROM t": "TsOrDsToTimestamp|Format dates",
    "SELECT ARRAY_AGG(a) FROM t": "ORDER BY",
    "SELECT ARRAY_AGG(a ORDER BY a LIMIT 2) FROM t": "no LIMIT",
    "SELECT ARRAY_AGG(a IGNORE NULLS ORDER BY a) FROM t": "IgnoreNulls",
    "SELECT ROUND(a, 2) FROM t": "whole",
    "SELECT REGEXP_EXTRACT(a, b) FROM t": "Write the pattern",
    "SELECT REGEXP_EXTRACT(a, r'(x)(y)') FROM t": "one group",
    "SELECT SUBSTR(a, -1) FROM t": "from 1",
    "SELECT x FROM t, UNNEST(a) WITH OFFSET AS o": "Offsets",
    "SELECT * FROM t, UNNEST(a) AS x": "name the columns",
    "SELECT LOWER(a) AS a FROM t GROUP BY a": "rename the alias",
    "SELECT AS STRUCT a FROM t": "AS STRUCT",
    "SELECT a FROM t GROUP BY ROLLUP(a)": "ROLLUP",
    "WITH RECURSIVE r AS (SELECT 1 AS a) SELECT a FROM r": "recursion",
    "SELECT a FROM t TABLESAMPLE SYSTEM (10 PERCENT)": "TABLESAMPLE|TableSample",
    "SELECT a FROM t WHERE (a, b) IN (SELECT (a, b) FROM t)": "Tuple",
    "SELECT FARM_FINGERPRINT(a) FROM t": "FarmFingerprint",
    "SELECT MD5(a) FROM t": "MD5Digest",
    "SELECT TO_JSON_STRING(a) FROM t": "write JSON differently",
    "SELECT SAFE.PARSE_DATE('%Y%m%d', a) FROM t": "SafeFunc",
    "SELECT nobody_knows(a) FROM t": "Anonymous",
    "SELECT @undeclared": "Declare it",
    "DELETE FROM t WHERE TRUE": "one SELECT",
    "SELECT FROM WHERE": "one SELECT",
}


@pytest.mark.parametrize("sql", REFUSED)
def test_a_construct_outside_the_subset_is_refused_by_name(sql: str) -> None:
    with pytest.raises(UnsupportedSQL, match=REFUSED[sql]) as failure:
        translate(from_text(sql, "folder/file"))
    assert "folder/file" in str(failure.value)


def test_a_statement_without_a_file_is_named() -> None:
    with pytest.raises(MissingTable, match=r"tables/no/such\.sql"):
        statement("no/such")


@pytest.mark.parametrize("value", ["Robert'); DROP", "A", "1a", "", True])
def test_only_plain_names_are_repeated(value: str) -> None:
    with pytest.raises(WarehouseError, match="cannot be repeated"):
        from_text("-- for each s\n${s}\n-- end\n", s=[value])


def test_repeating_for_nothing_leaves_nothing() -> None:
    assert from_text("SELECT\n-- for each s\n  ${s},\n-- end\n  1 AS x", s=[]).text == "SELECT\n  1 AS x"


def test_blocks_hold_each_other_and_words_stand_between() -> None:
    text = "-- for each a with UNION ALL between\nSELECT ${a},\n-- for each b\n  ${b}_${a},\n-- end\n-- end\n"
    assert from_text(text, a=[1, 2], b=["x", "y"]).text == (
        "SELECT 1,\n  x_1,\n  y_1,\nUNION ALL\nSELECT 2,\n  x_2,\n  y_2,\n"
    )
    assert from_text(text, a=[1], b=[]).text == "SELECT 1,\n"


def test_parameters_declared_in_a_repeated_header_are_known() -> None:
    built = from_text("-- for each s\n-- @min_${s} INT64\n-- end\nSELECT @min_a", s=["a", "b"])
    assert built.parameters == {"min_a": "INT64", "min_b": "INT64"}


def test_superfluous_and_missing_repetitions_are_refused() -> None:
    with pytest.raises(WarehouseError, match="exactly these"):
        from_text("SELECT 1", s=[])


@pytest.mark.parametrize("parameters", [{}, {"n": "1"}, {"n": True}, {"n": 1.5}])
def test_a_missing_or_mistyped_parameter_is_refused(parameters: dict[str, object]) -> None:
    with pytest.raises(WarehouseError, match="n"):
        bound(from_text("-- @n INT64\nSELECT @n"), parameters)

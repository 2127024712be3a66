"""Conditions on facts: what holds, what does not, and what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.policy.points import Condition
from leadwerk.policy.validation.conditions import Interval, implies
from support.lead_history import occurrences

B2B = policy.load("b2b_swiss")


def conditions(**columns: Any) -> Conditions:
    size = len(next(iter(columns.values())))
    return Conditions(B2B, LeadFacts(size, columns, occurrences(B2B, [], None)))  # type: ignore[arg-type]


def holding(test: Condition, name: str, values: Any, column: str | None = None) -> list[bool]:
    matches: list[bool] = conditions(**{column or name: values}).hold({name: test}).tolist()
    return matches


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Condition(above=50), [False, False, True]),
        (Condition(at_least=50), [False, True, True]),
        (Condition(below=50), [True, False, False]),
        (Condition(at_most=50), [True, True, False]),
        (Condition(above=49, below=51), [False, True, False]),
        (Condition(any_of=(49, 51.0)), [True, False, True]),
        (Condition(none_of=(49,)), [False, True, True]),
        (Condition(any_of=(49, 50), none_of=(50,)), [True, False, False]),
        (Condition(any_of=("49",)), [False, False, False]),
        (Condition(matches="4"), [False, False, False]),
    ],
)
def test_numbers(test: Condition, expected: list[bool]) -> None:
    assert holding(test, "employees", [49, 50, 51]) == expected


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (Condition(any_of=("bank",)), [True, True, False]),
        (Condition(none_of=("BANK",)), [False, False, True]),
        (Condition(matches="^B"), [True, False, True]),
        (Condition(matches="(?i)ank"), [True, True, False]),
        (Condition(matches="an"), [True, False, False]),
        (Condition(any_of=("Bank",), matches="k$"), [True, True, False]),
        (Condition(above=0), [False, False, False]),
    ],
)
def test_words_are_compared_without_regard_to_case_and_patterns_with(test: Condition, expected: list[bool]) -> None:
    assert holding(test, "industry", ["Bank", " bAnk", "Bäckerei"]) == expected


@pytest.mark.parametrize(
    "test",
    [Condition(), Condition(none_of=(5, "x")), Condition(above=-1e9), Condition(matches=""), Condition(at_most=1e9)],
)
@pytest.mark.parametrize("unknown", [None, float("nan")])
def test_what_is_not_known_satisfies_nothing(test: Condition, unknown: Any) -> None:
    assert holding(test, "industry", [unknown]) == [False]
    assert holding(test, "employees", [unknown]) == [False]


def test_an_empty_text_and_an_infinite_number_are_not_known() -> None:
    assert holding(Condition(), "industry", ["", "  ", "x"]) == [False, False, True]
    assert holding(Condition(), "employees", [float("inf"), -float("inf"), 0.0]) == [False, False, True]


def test_a_column_that_nobody_delivers_is_not_known() -> None:
    assert conditions(country=["CH"]).hold({"job_title": Condition(none_of=("x",))}).tolist() == [False]
    assert conditions(country=["CH"]).hold({"no_such_fact": Condition()}).tolist() == [False]


def test_all_tests_of_a_rule_must_hold_and_none_at_all_always_do() -> None:
    both = conditions(country=["CH", "CH", "DE"], employees=[60, 40, 60])
    assert both.hold({"country": Condition(any_of=("CH",)), "employees": Condition(above=50)}).tolist() == [
        True,
        False,
        False,
    ]
    assert both.hold({}).tolist() == [True, True, True]


def test_attributes_are_named_without_their_prefix() -> None:
    assert holding(Condition(at_least=3), "digital_maturity", [2, 3], "attribute_digital_maturity") == [False, True]
    assert holding(Condition(matches="decides"), "decision_authority", ["decides"], "attribute_decision_authority") == [
        True
    ]


@pytest.mark.parametrize(
    "column",
    [
        [60, None, 40],
        np.array([60.0, np.nan, 40.0]),
        np.ma.masked_array([60, 0, 40], mask=[False, True, False]),
        pd.Series([60, pd.NA, 40], dtype="Int64"),
        pd.Series([60.0, None, 40.0]),
    ],
)
def test_numbers_come_in_any_kind_of_column(column: Any) -> None:
    assert holding(Condition(above=50), "employees", column) == [True, False, False]


@pytest.mark.parametrize(
    "column",
    [
        ["CH", None, "DE"],
        np.array(["CH", None, "DE"], dtype=object),
        np.array(["CH", float("nan"), "DE"], dtype=object),
        pd.Series(["CH", pd.NA, "DE"], dtype="string"),
        pd.Series(["CH", None, "DE"]),
    ],
)
def test_words_come_in_any_kind_of_column(column: Any) -> None:
    assert holding(Condition(none_of=("DE",)), "country", column) == [True, False, False]


numbers = st.none() | st.integers(-3, 3)
tests = st.builds(
    Condition,
    any_of=st.sets(st.integers(-3, 3), max_size=3).map(tuple),
    none_of=st.sets(st.integers(-3, 3), max_size=3).map(tuple),
    above=numbers,
    below=numbers,
    at_least=numbers,
    at_most=numbers,
)
EVERY_NUMBER = np.arange(-5, 5.5, 0.5)


@given(test=tests)
def test_an_interval_holds_what_the_bounds_of_a_test_let_through(test: Condition) -> None:
    bounds = Condition(above=test.above, below=test.below, at_least=test.at_least, at_most=test.at_most)
    through = holding(bounds, "employees", EVERY_NUMBER)
    assert [Interval.of(test).holds(value) for value in EVERY_NUMBER] == through
    if Interval.of(test).empty():
        assert not any(through)


@given(general=tests, particular=tests)
def test_a_test_that_covers_another_holds_wherever_that_does(general: Condition, particular: Condition) -> None:
    if implies(general, particular):
        pairs = zip(*(holding(test, "employees", EVERY_NUMBER) for test in (general, particular)), strict=True)
        assert all(of_general or not of_particular for of_general, of_particular in pairs)

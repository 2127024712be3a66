"""What a column is, is judged by all of its values together."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leadwerk.importing.columns import describe, moment, number, style_of


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.5", "", "NA"], "number"),
        (["1'200", "CHF 900.–"], "number"),
        (["yes", "no", "yes"], "category"),
        (["31.12.2025", "1.1.2026", "2.1.2026"], "date"),
        (["x", "x", ""], "constant"),
        (["", "n/a", "-"], "empty"),
        ([f"person {n}" for n in range(500)], "text"),
        ([f"Anna Muster {n}" for n in range(40)], "text"),
        (["a.muster@firma.ch", "b@web.de", "fehlt"], "contact"),
        (["079 123 45 67", "+41 44 123 45 67", ""], "contact"),
        (["0791234567", "0441234567"], "contact"),
        (["01.02.2026", "03.02.2026"], "date"),
        (["0.041666667", "0.0123456789", "0.2"], "number"),
        (["+12.5", "-3", "0"], "number"),
    ],
)
def test_kinds(values: list[str], kind: str) -> None:
    assert describe("column", values).kind == kind


@pytest.mark.parametrize("title", ["Name", "Vorname", "first_name", " Last-Name ", "Prénom", "Cognome"])
def test_names_of_persons_are_not_learned_from(title: str) -> None:
    assert describe(title, ["Anna", "Beat", "Anna", "Anna"]).kind == "contact"
    assert describe("Firmenname", ["Muster AG", "Beispiel SA", "Muster AG"]).kind == "category"


def test_a_few_odd_values_do_not_make_numbers_a_category() -> None:
    assert describe("visits", [*map(str, range(200)), "many"]).kind == "number"


def test_numbered_grades_are_categories() -> None:
    assert describe("index", ["01.High", "02.Medium", "03.Low"]).kind == "category"


def test_a_decimal_point_before_three_digits_stays_a_decimal_point() -> None:
    assert style_of(["3.125", "0.5", "12"]) == "point"
    assert number("3.125", "point") == 3.125


def test_english_thousands_are_not_taken_for_decimals() -> None:
    assert style_of(["1,250", "900", "12,000"]) == "amount"
    assert number("1,250", "amount") == 1250


def test_column_counts_missing_and_distinct_values() -> None:
    column = describe("city", ["Bern", "", "Bern", "Chur", "null"])
    assert (column.missing, column.distinct, column.examples) == (2, 2, ("Bern", "Chur"))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_python_writes_is_read_back(value: float) -> None:
    assert number(repr(value), "point") == value


@given(st.text(max_size=30))
def test_no_text_makes_the_parsers_fail(text: str) -> None:
    for style in ("point", "comma", "amount"):
        assert number(text, style) is None or isinstance(number(text, style), float)
    assert moment(text) is None or moment(text).utcoffset().total_seconds() == 0

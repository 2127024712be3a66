"""Amounts as people in three countries write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from leadwerk import texts
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.errors import InputError
from leadwerk.lead import parse_amount, parse_count

WRITTEN = [
    ("CHF 1'250'000.–", 1250000),
    ("1’250’000.-", 1250000),
    ("350.000,00 €", 350000),
    ("Fr. 450 000", 450000),
    ("1,2 Mio.", 1200000),
    ("450k", 450000),
    ("450'000", 450000),
    ("SFr. 450'000.--", 450000),
    ("450'000.00 CHF", 450000),
    ("450`000 Franken", 450000),
    ("€ 20.000,50", 20000.5),
    ("EUR 1.250.000", 1250000),
    ("450\u202f000,50 Euro", 450000.5),
    ("1 Million", 1000000),
    ("1.2 Mio CHF", 1200000),
    ("1,250 Mio. €", 1250000),
    ("450 Tsd. €", 450000),
    ("ca. 450'000", 450000),
    ("~ 450k", 450000),
    ("-5'000", -5000),
    ("CHF −5'000.50", -5000.5),
    ("４５０", 450),
    ("1e6", 1000000),
    (450000, 450000),
    (450000.5, 450000.5),
]


@pytest.mark.parametrize(("text", "amount"), WRITTEN)
def test_amounts_in_the_wild(text: object, amount: float) -> None:
    assert parse_amount(text) == amount


# The documented rule for a single separator before three digits, in both directions.
@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("350.000", 350000),
        ("350,000", 350000),
        ("1.250", 1250),
        ("0.350", 0.35),
        ("1250.567", 1250.567),
        ("1'250.567", 1250.567),
        ("1.250 Mio.", 1250000),
        ("1.25", 1.25),
        ("12,5", 12.5),
        (",5", 0.5),
        ("1,250,000.00", 1250000),
        ("1.250.000,00", 1250000),
    ],
)
def test_ambiguous_amounts_follow_the_documented_rule(text: str, amount: float) -> None:
    assert parse_amount(text) == amount


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "abc",
        "12'34",
        "1.25.00",
        "1..2",
        "1 2",
        "400-500k",
        "12 m2",
        "5kg",
        "-",
        "CHF",
        "½",
        "1,2,3",
        "12 34 56",
        None,
        True,
        [],
        {},
        math.nan,
        math.inf,
        10**400,
        "9" * 30,
        "1e99",
        "450'000" + " " * 200 + "x",
        "१२",
        "\x00",
        "�",
    ],
)
def test_what_nobody_could_read_is_refused_with_a_remedy(text: object) -> None:
    with pytest.raises(InputError) as caught:
        parse_amount(text, "loan_amount")
    assert caught.value.field == "loan_amount"
    assert caught.value.remedy


@given(
    amount=st.integers(0, 10**12),
    language=st.sampled_from(LANGUAGES),
    currency=st.sampled_from(["CHF", "EUR"]),
)
def test_what_we_write_we_read(amount: int, language: str, currency: str) -> None:
    assert parse_amount(texts.money(language, amount, currency)) == amount


@given(cents=st.integers(0, 10**12), language=st.sampled_from(LANGUAGES), currency=st.sampled_from(["CHF", "EUR"]))
def test_decimals_survive_in_every_habit(cents: int, language: str, currency: str) -> None:
    written = texts.number(language, cents / 100, 2, currency=currency)
    assert parse_amount(written) == pytest.approx(cents / 100, abs=0.001)


@given(
    amount=st.integers(0, 10**9),
    separator=st.sampled_from(["'", "’", " ", "\u00a0", ".", ""]),
    before=st.sampled_from(["", "CHF ", "Fr. ", "€ ", "ca. "]),
    after=st.sampled_from(["", ".–", ".-", ".--", ",-", " CHF", " €", " Franken"]),
)
def test_habits_combine(amount: int, separator: str, before: str, after: str) -> None:
    assert parse_amount(f"{before}{f'{amount:,}'.replace(',', separator)}{after}") == amount


@given(st.text())
def test_no_text_brings_a_traceback(text: str) -> None:
    try:
        assert abs(parse_amount(text)) <= 10**13
    except InputError as error:
        assert error.remedy


@given(st.text(alphabet="0123456789'., -+kKmMCHFfr€%\u00a0’–"))
def test_no_number_like_text_brings_a_traceback(text: str) -> None:
    for parse in (parse_amount, parse_count):
        try:
            parse(text)
        except InputError as error:
            assert error.remedy


@given(st.floats(-1e12, 1e12))
def test_numbers_stay_what_they_are(number: float) -> None:
    assert parse_amount(number) == number


@pytest.mark.parametrize(
    ("text", "count"), [("51-200", 51), ("51–200", 51), ("250+", 250), ("> 1'000", 1000), ("10 bis 49", 10), (12.0, 12)]
)
def test_company_sizes_count_from_their_lower_end(text: object, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["2.5", -1, "-3", "viele", 1.5, None])
def test_what_is_no_count_is_refused(text: object) -> None:
    with pytest.raises(InputError):
        parse_count(text)

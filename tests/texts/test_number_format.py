"""Numbers, amounts, shares and durations as each language's readers write them."""

from __future__ import annotations

import pytest

from leadwerk import texts


@pytest.mark.parametrize(
    ("language", "currency", "written"),
    [
        ("de", "CHF", "CHF\u00a01’250’000"),
        ("fr", "CHF", "1\u00a0250\u00a0000\u00a0francs"),
        ("it", "CHF", "CHF\u00a01’250’000"),
        ("en", "CHF", "CHF\u00a01’250’000"),
        ("de", "EUR", "1.250.000\u00a0€"),
        ("fr", "EUR", "1\u00a0250\u00a0000\u00a0€"),
        ("it", "EUR", "1.250.000\u00a0€"),
        ("en", "EUR", "€1,250,000"),
    ],
)
def test_money(language: str, currency: str, written: str) -> None:
    assert texts.money(language, 1_250_000, currency) == written


@pytest.mark.parametrize(
    ("language", "currency", "written"),
    [("de", "CHF", "1’234.50"), ("de", "EUR", "1.234,50"), ("fr", "CHF", "1\u00a0234,50"), ("en", "EUR", "1,234.50")],
)
def test_decimals(language: str, currency: str, written: str) -> None:
    assert texts.number(language, 1234.5, 2, currency=currency) == written


def test_small_and_negative_numbers() -> None:
    assert [texts.number("de", value) for value in (0, 999, 1000, -1000)] == ["0", "999", "1’000", "-1’000"]


@pytest.mark.parametrize(
    ("language", "written"), [("de", "8.5\u00a0%"), ("fr", "8,5\u00a0%"), ("it", "8.5%"), ("en", "8.5%")]
)
def test_shares(language: str, written: str) -> None:
    assert texts.percent(language, 0.085, 1) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 Sekunden"),
        (1, "1 Sekunde"),
        (59.4, "59 Sekunden"),
        (59.6, "1 Minute"),
        (3540, "59 Minuten"),
        (3599, "1 Stunde"),
    ],
)
def test_durations_round_into_the_next_unit(seconds: float, written: str) -> None:
    assert texts.duration("de", seconds) == written

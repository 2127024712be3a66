"""Country, postcode, canton and Land."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.lead import parse_country, parse_language, parse_postcode, region_of
from leadwerk.lead.region import _cantons, _ranges


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("8001", None, ("CH", "8001")),
        ("8001 Zürich", None, ("CH", "8001")),
        ("CH-8001", None, ("CH", "8001")),
        ("CH–8001", "DE", ("CH", "8001")),
        ("D-80331", "CH", ("DE", "80331")),
        ("D 80331 München", None, ("DE", "80331")),
        ("80331", None, ("DE", "80331")),
        ("A-1010", None, ("AT", "1010")),
        ("1010", "AT", ("AT", "1010")),
        (1067, "DE", ("DE", "01067")),
        ("1067", "DE", ("DE", "01067")),
        ("2763 Zittau", "DE", ("DE", "02763")),
        ("FL-9490 Vaduz", None, ("LI", "9490")),
        ("75001", "FR", ("FR", "75001")),
        ("SW1A 1AA", "GB", ("GB", "SW1A 1AA")),
    ],
)
def test_postcodes_with_and_without_country(text: object, country: str | None, expected: tuple[str, str]) -> None:
    assert parse_postcode(text, country) == expected


def test_four_digits_without_a_country_are_of_the_policys_own() -> None:
    assert parse_postcode("1010", home="AT") == ("AT", "1010")
    assert parse_postcode("1010", home="CH") == ("CH", "1010")


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("80331", "CH"),
        ("8001", "DE"),
        ("0800", None),
        ("123", None),
        ("X-8001", None),
        ("abc", None),
        ("", None),
        ("8001a", None),
    ],
)
def test_what_is_no_postcode_is_refused(text: str, country: str | None) -> None:
    with pytest.raises(InputError):
        parse_postcode(text, country)


def test_four_digits_in_a_german_business_are_nobodys() -> None:
    with pytest.raises(InputError, match="a country we know"):
        parse_postcode("8001", home="DE")


@pytest.mark.parametrize(
    ("country", "postcode", "region"),
    [
        ("CH", "8001", "CH-ZH"),
        ("CH", "1201", "CH-GE"),
        ("CH", "6900", "CH-TI"),
        ("CH", "3011", "CH-BE"),
        ("DE", "10115", "DE-BE"),
        ("DE", "80331", "DE-BY"),
        ("DE", "20095", "DE-HH"),
        ("DE", "50667", "DE-NW"),
        ("AT", "1010", "AT-9"),
        ("AT", "6020", "AT-7"),
        ("AT", "5020", "AT-5"),
        ("AT", "6900", "AT-8"),
    ],
)
def test_where_a_postcode_lies(country: str, postcode: str, region: str) -> None:
    assert region_of(country, postcode) == region


# Each is a place whose neighbours by number lie in another Land.
@pytest.mark.parametrize(
    ("country", "postcode"),
    [
        ("DE", "88131"),
        ("DE", "12529"),
        ("DE", "89231"),
        ("DE", "22113"),
        ("AT", "3334"),
        ("AT", "7421"),
        ("AT", "6691"),
        ("AT", "1300"),
        ("AT", "6991"),
        ("CH", "9490"),
        ("CH", "0000"),
        ("FR", "75001"),
        ("LI", "9490"),
        ("DE", "8001"),
        (None, "8001"),
        ("CH", None),
        ("CH", ""),
    ],
)
def test_what_is_not_certain_is_not_said(country: str | None, postcode: str | None) -> None:
    assert region_of(country, postcode) is None


def test_all_cantons_are_there() -> None:
    cantons = set(_cantons().values())
    assert len(cantons - {"LI"}) == 26
    assert len(_cantons()) == 3199


@pytest.mark.parametrize("country", ["DE", "AT"])
def test_ranges_ascend_and_do_not_overlap(country: str) -> None:
    edges = [edge for first, last, _ in _ranges(country) for edge in (first, last)]
    assert edges == sorted(edges)
    assert len({len(edge) for edge in edges}) == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CH", "CH"),
        ("schweiz", "CH"),
        ("Suisse", "CH"),
        ("Deutschland", "DE"),
        ("D", "DE"),
        ("AUT", "AT"),
        ("Österreich", "AT"),
        ("Svizzera", "CH"),
        ("us", "US"),
        ("UK", "GB"),
        (" Italia ", "IT"),
    ],
)
def test_countries(text: str, code: str) -> None:
    assert parse_country(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("de", "de"),
        ("DE-CH", "de"),
        ("fr_CH", "fr"),
        ("Italiano", "it"),
        ("English (US)", "en"),
        ("rm,de;q=0.9", "de"),
        ("Französisch", "fr"),
        ("gsw", "de"),
    ],
)
def test_languages(text: str, code: str) -> None:
    assert parse_language(text) == code


@pytest.mark.parametrize("text", ["", "es", "klingonisch", "123", "-"])
def test_other_languages_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="de, fr, it or en"):
        parse_language(text)


@given(text=st.text(), country=st.sampled_from([None, "CH", "DE", "AT", "LI", "FR"]))
def test_no_text_brings_a_traceback(text: str, country: str | None) -> None:
    for parse in (lambda: parse_postcode(text, country), lambda: parse_country(text), lambda: parse_language(text)):
        try:
            parse()
        except InputError as error:
            assert error.remedy
    region_of(country, text)


@given(
    postcode=st.integers(1000, 9999),
    before=st.sampled_from(["CH-", "CH ", "ch", "Ch - "]),
    town=st.sampled_from(["", " Bern", ", Wil SG"]),
)
def test_a_swiss_postcode_survives_every_habit(postcode: int, before: str, town: str) -> None:
    assert parse_postcode(f"{before}{postcode}{town}") == ("CH", str(postcode))

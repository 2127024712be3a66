"""Countries of the whole world by their names in four languages and their codes."""

from __future__ import annotations

import pytest

from leadwerk.lead import region
from leadwerk.lead.region import parse_canton, parse_country
from tools import country_names


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Vereinigte Staaten", "US"), ("U.S.A.", "US"), ("United States of America", "US"), ("États-Unis", "US"),
        ("Pays-Bas", "NL"), ("The Netherlands", "NL"), ("Paesi Bassi", "NL"), ("IND", "IN"), ("south korea", "KR"),
        ("Türkei", "TR"), ("Czech Republic", "CZ"), ("Côte d'Ivoire", "CI"), ("Elfenbeinküste", "CI"), ("U.K.", "GB"),
        ("GROSSBRITANNIEN", "GB"), ("Regno Unito", "GB"), ("Russia", "RU"), (" Österreich ", "AT"), ("CHE", "CH"),
    ],
)  # fmt: skip
def test_a_country_is_recognised_by_the_names_people_give_it(text: str, code: str) -> None:
    assert parse_country(text) == code


def test_every_name_of_the_list_is_read_as_its_country() -> None:
    home_codes = {"de": "DE", "fr": "FR"}  # a code in one letter more never hides another country
    read = {name: parse_country(name) for name in country_names.names() if name not in home_codes}
    assert {name for name, code in country_names.names().items() if name in read and read[name] != code} <= {"fl"}


def test_the_list_is_the_one_that_the_tool_writes(tmp_path, monkeypatch):
    monkeypatch.setattr(country_names, "TARGET", tmp_path / "countries.csv")
    country_names.main()
    shipped = country_names.Path(region.__file__).with_name("countries.csv")
    assert (tmp_path / "countries.csv").read_text("utf-8") == shipped.read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "canton"),
    [("ZH", "ZH"), ("Kanton Bern", "BE"), ("canton de Vaud", "VD"), ("Ticino", "TI"), ("St. Gallen", "SG")],
)
def test_cantons_are_recognised_in_all_national_languages(text: str, canton: str) -> None:
    assert parse_canton(text) == f"CH-{canton}"

"""People's names: "anna", "Anna " and "ＡＮＮＡ" are one person, wherever a name decides something."""

from __future__ import annotations

import msgspec
import pytest

from leadwerk.errors import ConfigurationError, PolicyError
from leadwerk.pipeline.desk.call_list import EVERYBODY
from leadwerk.pipeline.desk.served import served_by
from leadwerk.policy.folding import is_same_name, tidied_name
from leadwerk.policy.load import load, parse, shipped_text
from leadwerk.policy.people import Person, by_name, parse_people
from leadwerk.policy.selling import Seller

SPELLINGS = ["anna", "anna ", " Anna", "ANNA", "an\u200bna", "ａｎｎａ", "anna\u00a0"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_second_spelling_in_people_yaml_is_refused(spelling: str) -> None:
    text = f'- {{name: anna, roles: [manager]}}\n- {{name: "{spelling}", roles: [seller]}}\n'
    with pytest.raises(ConfigurationError, match="anna"):
        parse_people(text, "people.yaml")


def test_a_second_spelling_of_an_address_is_refused() -> None:
    text = '- {name: anna, email: a@b.ch, roles: [manager]}\n- {name: eva, email: " A@B.ch", roles: [seller]}\n'
    with pytest.raises(ConfigurationError):
        parse_people(text, "people.yaml")


def test_a_second_spelling_of_a_seller_is_refused_by_the_policy() -> None:
    sellers = '- {name: anna, hours_per_week: 40}\n  - {name: "Anna ", hours_per_week: 40}'
    text = shipped_text("mortgage").replace("\n  sellers: []\n", f"\n  sellers:\n  {sellers}\n")
    with pytest.raises(PolicyError, match="Anna ") as caught:
        parse(text, "policy.yaml")
    assert caught.value.field.startswith("capacity.sellers")


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_rules_of_a_seller_bind_every_spelling_of_the_name(spelling: str) -> None:
    policy = load("mortgage")
    sellers = (Seller(name="anna", hours_per_week=40, languages=("fr",)),)
    policy = msgspec.structs.replace(policy, capacity=msgspec.structs.replace(policy.capacity, sellers=sellers))
    served = served_by(Person(name=spelling, roles=("seller",)), policy)
    assert served != EVERYBODY and served.languages == ("fr",)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_person_is_found_by_every_spelling(spelling: str) -> None:
    anna = Person(name="anna", roles=("seller",))
    assert by_name((Person(name="ana", roles=("seller",)), anna), spelling) is anna


def test_a_name_is_stored_tidied() -> None:
    assert tidied_name(" Zoe\u0308  Muster\u00a0") == "Zoë Muster"
    assert is_same_name("Zoe\u0308", "ZOË") and not is_same_name("Zoë", "Zoe")

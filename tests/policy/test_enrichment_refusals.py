"""Enrichment in a policy: what cannot be asked, recognised or paid for is refused where it stands."""

from __future__ import annotations

import pytest

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.policy.enrichment import Enrichment
from leadwerk.policy.load import shipped_text
from support.policy_errors import assert_in_every_language

UNUSED = "enrichment: {providers: [], facts: []}"
TEXT = shipped_text("b2b_swiss")
ATTRIBUTES = {attribute.name: attribute for attribute in policy.load("b2b_swiss").attributes}
TEXT_ATTRIBUTE = next(name for name, each in ATTRIBUTES.items() if each.kind == "category" and not each.classes)
NUMBER_ATTRIBUTE = next(name for name, each in ATTRIBUTES.items() if each.kind == "number")


def parsed(section: str) -> Enrichment:
    assert UNUSED in TEXT
    return policy.parse(TEXT.replace(UNUSED, f"enrichment: {section}")).enrichment


def test_nobody_is_asked_unless_the_policy_says_so() -> None:
    assert policy.load("mortgage").enrichment == policy.load("b2b_swiss").enrichment == Enrichment()


def test_a_section_is_read_as_it_stands() -> None:
    section = parsed(
        "{providers: [{name: gemini, model: gemini-2.5-flash, input_price: 0.3, output_price: 2.5}], daily_cost: 2, "
        "facts: [{fills: employees, low: 2}, {fills: industry, values: [software]}, "
        f"{{fills: {TEXT_ATTRIBUTE}, asks: legal_form}}, {{fills: {NUMBER_ATTRIBUTE}, asks: founding_year}}]}}"
    )
    assert section.facts[0].value_range == (2, 5_000_000)
    assert "foundation" in section.facts[2].allowed


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{providers: [{name: zefix}]}", "nothing is asked for"),
        ("{providers: [{name: bing}], facts: [{fills: employees}]}", "bing"),
        ("{providers: [{name: gemini}], facts: [{fills: employees}]}", "needs a `model`"),
        ("{providers: [{name: openai, model: m}], daily_cost: 1, facts: [{fills: employees}]}", "cannot be kept"),
        ("{facts: [{fills: employees}, {fills: employees}]}", "given twice"),
        ("{facts: [{fills: employes}]}", "Did you mean `employees`"),
        ("{facts: [{fills: employees, asks: revenue}]}", "asks for itself"),
        (f"{{facts: [{{fills: {TEXT_ATTRIBUTE}}}]}}", "does not state what is asked"),
        (f"{{facts: [{{fills: {TEXT_ATTRIBUTE}, asks: employees}}]}}", "is a number"),
        (f"{{facts: [{{fills: {NUMBER_ATTRIBUTE}, asks: canton}}]}}", "is a text"),
        ("{facts: [{fills: industry}]}", "only recognised among `values`"),
        ("{facts: [{fills: industry, values: [Software, software]}]}", "given twice"),
        ("{facts: [{fills: industry, values: [software], low: 1}]}", "no range"),
        ("{facts: [{fills: employees, values: ['5']}]}", "no list of values"),
        ("{facts: [{fills: employees, low: 9, high: 3}]}", "no number lies between"),
        ("{company_name: nowhere}", "there is no attribute `nowhere`"),
        (f"{{company_uid: {NUMBER_ATTRIBUTE}}}", "holds a text"),
        ("{daily_calls: 0}", "daily_calls"),
    ],
)
def test_what_does_not_fit_is_refused(section: str, message: str) -> None:
    with pytest.raises(PolicyError, match=message) as refused:
        parsed(section)
    assert_in_every_language(refused.value)

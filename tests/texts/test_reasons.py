"""Reasons: every feature group of every policy has words in every language, whatever is known of the lead."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy, texts
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.features.contract import Feature, contract, groups

POLICIES = {name: policy.load(name) for name in policy.SHIPPED}
MORTGAGE = POLICIES["mortgage"]
ALL = [(name, language) for name in POLICIES for language in LANGUAGES]


def filled(features: tuple[Feature, ...]) -> dict[str, Any]:
    return {feature.name: 2.0 if feature.kind == "number" else "CH" for feature in features}


def fact_text(group: str, language: str = "de", mine: policy.Policy = MORTGAGE, **features: Any) -> str:
    return texts.fact(mine, language, group, features)


@pytest.mark.parametrize(("name", "language"), ALL)
def test_every_group_of_the_contract_has_a_label(name: str, language: str) -> None:
    mine = POLICIES[name]
    labels = {group: texts.label(mine, language, group) for group in groups(contract(mine))}
    named = {signal.name for signal in mine.signals if language in signal.labels}
    named |= {attribute.name for attribute in mine.attributes if language in attribute.labels}
    labelled_groups = {
        group for group in labels if group.removeprefix("attribute_") in named or texts.has(language, f"label.{group}")
    }
    assert set(labels) - labelled_groups == set()
    assert len(set(labels.values())) == len(labels)


@pytest.mark.parametrize(("name", "language"), ALL)
def test_every_group_says_its_value_when_known_and_that_it_is_unknown_when_not(name: str, language: str) -> None:
    mine = POLICIES[name]
    features = contract(mine)
    for group in groups(features):
        with_value, unknown = texts.fact(mine, language, group, filled(features)), texts.fact(mine, language, group, {})
        assert with_value != unknown
        assert "{" not in with_value + unknown


@pytest.mark.parametrize("language", LANGUAGES)
def test_for_and_against_differ(language: str) -> None:
    for_, against = (texts.reason(MORTGAGE, language, "visits", way, {"sessions_30d": 3}) for way in ("for", "against"))
    assert for_ != against
    assert fact_text("visits", language, sessions_30d=3) in for_
    assert fact_text("visits", language, sessions_30d=3) in against


STORY = {
    "loan_amount": 450000.0,
    "loan_to_value": 0.82,
    "rates_page_events_30d": 3,
    "rates_page_seconds_30d": 290.0,
    "rates_page_days_since": 1.7,
    "region": "CH-ZH",
    "days_since_activity": 0.4,
}


@pytest.mark.parametrize(
    ("language", "group", "expected"),
    [
        ("de", "loan_amount", "gewünschter Kredit CHF\u00a0450’000"),
        ("fr", "loan_amount", "prêt souhaité de 450\u00a0000\u00a0francs"),
        ("it", "loan_amount", "prestito desiderato di CHF\u00a0450’000"),
        ("en", "loan_amount", "loan of CHF\u00a0450’000 wanted"),
        ("de", "loan_to_value", "Belehnung von 82\u00a0%"),
        ("en", "loan_to_value", "loan-to-value of 82%"),
        ("de", "rates_page", "Zinsseite: 3-mal in 30 Tagen, zusammen 5 Minuten, zuletzt vor 1 Tag"),
        ("fr", "rates_page", "page des taux\u00a0: 3 fois en 30 jours, 5 minutes en tout, la dernière il y a 1 jour"),
        ("en", "rates_page", "rates page: 3 times in 30 days, 5 minutes in all, most recently 1 day ago"),
        ("de", "region", "Kanton ZH"),
        ("de", "recency", "heute auf der Website"),
    ],
)
def test_a_story_in_words(language: str, group: str, expected: str) -> None:
    assert fact_text(group, language, **STORY) == expected


def test_a_signal_that_was_not_met_says_so() -> None:
    assert fact_text("blog", blog_events_30d=0, blog_events_90d=0) == "Blog: kein Mal in 90 Tagen"


def test_a_signal_of_long_ago_is_counted_over_90_days() -> None:
    assert fact_text("blog", blog_events_30d=0, blog_events_90d=2) == "Blog: 2-mal in 90 Tagen"


def test_one_visit_is_singular() -> None:
    assert fact_text("visits", "en", sessions_30d=1) == "1 visit to the website in 30 days"
    assert fact_text("visits", "en", sessions_30d=0, sessions_90d=0) == "no visit to the website in 90 days"


def test_no_behaviour_is_said_in_words() -> None:
    assert (
        fact_text("behaviour", has_web_behaviour=0)
        == fact_text("behaviour")
        == "kein Verhalten auf der Website bekannt"
    )
    assert fact_text("behaviour", has_web_behaviour=1) == "Verhalten auf der Website bekannt"


@pytest.mark.parametrize(("ratio", "expected"), [(3.0, "häufiger"), (1.0, "gleich häufig"), (0.2, "seltener")])
def test_a_trend_has_a_direction(ratio: float, expected: str) -> None:
    assert expected in fact_text("trend", sessions_trend=ratio)


def test_attributes_speak_by_their_labels() -> None:
    b2b = POLICIES["b2b_swiss"]
    assert (
        fact_text("attribute_it_budget", "fr", b2b, attribute_it_budget=50000.0)
        == "budget informatique\u00a0: 50\u00a0000"
    )
    assert (
        fact_text("attribute_decision_authority", "en", b2b, attribute_decision_authority="CEO")
        == "decision authority: CEO"
    )
    assert fact_text("attribute_it_budget", "de", b2b) == "IT-Budget: nicht bekannt"


@pytest.mark.parametrize(
    ("language", "ceo", "other"),
    [
        ("de", "Hierarchiestufe: Geschäftsführung", "Hierarchiestufe: andere"),
        ("fr", "niveau hiérarchique\u00a0: direction générale", "niveau hiérarchique\u00a0: autre"),
        ("it", "livello gerarchico: direzione generale", "livello gerarchico: altro"),
        ("en", "seniority: CEO", "seniority: other"),
    ],
)
def test_a_class_is_called_by_its_label(language: str, ceo: str, other: str) -> None:
    b2b = POLICIES["b2b_swiss"]
    assert fact_text("attribute_seniority", language, b2b, attribute_seniority="ceo") == ceo
    assert fact_text("attribute_seniority", language, b2b, attribute_seniority="other") == other


def test_a_class_without_labels_is_called_by_its_name_as_is_one_of_an_older_policy() -> None:
    classes = (policy.model.TextClass(name="vice_president", matches="VP"),)
    level = policy.model.Attribute(name="level", kind="category", source="job_title", classes=classes)
    mine = msgspec.structs.replace(MORTGAGE, attributes=(level,))
    assert fact_text("attribute_level", "en", mine, attribute_level="vice_president") == "level: vice president"
    assert fact_text("attribute_level", "en", mine, attribute_level="big_boss") == "level: big boss"


def test_a_direct_visit_has_no_medium() -> None:
    assert fact_text("source", source="(direct)", medium="(none)") == "Herkunft des Besuchs: direkt"
    assert fact_text("source", source="google", medium="organic") == "Herkunft des Besuchs: google, unbezahlte Suche"


def test_amounts_in_euros_read_as_at_home() -> None:
    german = msgspec.structs.replace(MORTGAGE, currency="EUR")
    assert fact_text("loan_amount", "de", german, loan_amount=450000.0) == "gewünschter Kredit 450.000\u00a0€"
    assert fact_text("loan_amount", "en", german, loan_amount=450000.0) == "loan of €450,000 wanted"


def test_a_signal_without_labels_is_called_by_its_name() -> None:
    bare = msgspec.structs.replace(MORTGAGE, signals=(policy.model.Signal(name="my_page", page="^/my"),))
    assert fact_text("my_page", mine=bare, my_page_events_30d=1) == "my page: 1-mal in 30 Tagen"


@pytest.mark.parametrize("cluster", ["HOT", "WARM", "COLD", "DISQUALIFIED", "UNSCORED"])
def test_every_cluster_and_action_has_words(cluster: str) -> None:
    for mine in POLICIES.values():
        assert all(texts.action_label(mine, language, cluster) for language in LANGUAGES)
    assert all(texts.text(language, f"cluster.{cluster}") for language in LANGUAGES)


numbers = st.none() | st.floats() | st.integers(-(10**9), 10**9)
ROW = st.fixed_dictionaries(
    {
        feature.name: numbers if feature.kind == "number" else st.none() | st.text(max_size=12)
        for feature in contract(POLICIES["b2b_swiss"])
    }
)


@given(row=ROW, language=st.sampled_from(LANGUAGES), direction=st.sampled_from(["for", "against"]))
def test_no_lead_is_without_words(row: dict[str, Any], language: str, direction: Any) -> None:
    mine = POLICIES["b2b_swiss"]
    for group in (*groups(contract(mine)), "no_such_group", "attribute_none", ""):
        assert texts.reason(mine, language, group, direction, row).strip()


def test_a_number_that_is_none_is_unknown() -> None:
    assert fact_text("income", income=math.nan) == fact_text("income", income=None) == "Jahreseinkommen: nicht bekannt"

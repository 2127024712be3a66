"""Reasons out of a ledger: which rules, in which order, in which words."""

from __future__ import annotations

import msgspec
import pytest

from leadwerk import policy, texts
from leadwerk.catalogue.languages import LANGUAGES
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import Entry
from leadwerk.points.reasons import RulePoints, by_rule, top_reasons
from leadwerk.policy.model import Policy
from leadwerk.texts.points import point_reason, rule_label
from support.lead_history import Lead, facts_at, lead

POLICIES = {name: policy.load(name) for name in policy.SHIPPED}
B2B = POLICIES["b2b_swiss"]
ALL = [(name, language) for name in POLICIES for language in LANGUAGES]


def ledger(history: Lead, mine: Policy = B2B) -> tuple[Entry, ...]:
    entries = compute_points(mine, facts_at(mine, [history])).ledger
    assert entries is not None
    return entries.entries(0)


def test_rules_come_by_weight_with_their_caps_taken_off() -> None:
    history = lead(job_title="CEO", email_domain_kind="freemail")
    for day in range(5):
        history = history.did("pricing_page", day + 0.1)
    assert by_rule(B2B, ledger(history)) == (
        RulePoints("pricing_page", 45.0, 5),
        RulePoints("ceo", 20.0, 0),
        RulePoints("freemail", -10.0, 0),
    )


def test_a_rule_says_what_it_counts_in_the_total() -> None:
    history = lead(employees=60)
    assert by_rule(B2B, ledger(history)) == (RulePoints("more_than_50_employees", 15.0, 0),)
    assert [(entry.rule, entry.points) for entry in ledger(history)] == [("more_than_50_employees", 50.0), ("", -35.0)]


def test_reasons_add_up_to_the_total_where_no_cap_takes_any() -> None:
    history = lead(job_title="CEO", employees=60, email_domain_kind="freemail").did("pricing_page").did("webinar")
    totals = compute_points(B2B, facts_at(B2B, [history]))
    assert not [entry for entry in ledger(history) if entry.kind == "cap"]
    assert sum(rule_points.points for rule_points in by_rule(B2B, ledger(history))) == int(totals.total[0]) / 100


def test_opposite_rules_of_a_weighted_group_are_weighted_though_nothing_was_taken() -> None:
    group = next(group for group in B2B.points.groups if group.weight < 100)
    entry = ledger(lead(employees=60))[0]
    opposite = msgspec.structs.replace(entry, rule="other", points=-entry.points)
    assert {rule_points.points for rule_points in by_rule(B2B, [entry, opposite])} == {
        entry.points * group.weight / 100,
        -entry.points * group.weight / 100,
    }


def test_rules_that_give_nothing_are_no_reason() -> None:
    assert by_rule(B2B, ()) == ()
    worn = Entry(
        rule="blog",
        group="website",
        score="interest",
        kind="event",
        subject="2026-01-01",
        events=1,
        base=2,
        factor=0.0,
        points=0.0,
    )
    assert by_rule(B2B, [worn]) == ()


def test_at_most_three_speak_for_and_three_against() -> None:
    history = lead(job_title="CEO", employees=60, country="US", email_domain_kind="freemail", language="de")
    history = history.did("careers").did("pricing_page").did("webinar")
    rules = [text.rule for text, _ in top_reasons(B2B, "de", ledger(history))]
    assert rules == ["country_not_served", "careers", "ceo", "more_than_50_employees", "pricing_page", "freemail"]


SAID = {
    "de": ("Dafür spricht: Preisseite, 3-mal: +45 Punkte", "Dagegen spricht: nicht beliefertes Land: −100 Punkte"),
    "fr": (
        "Point favorable\u00a0: page des tarifs, 3 fois\u00a0: +45 points",
        "Point défavorable\u00a0: pays non desservi\u00a0: −100 points",
    ),
    "it": ("A favore: pagina dei prezzi, 3 volte: +45 punti", "A sfavore: paese non servito: −100 punti"),
    "en": ("In favour: pricing page, 3 times: +45 points", "Against: country not served: −100 points"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_seller_reads(language: str) -> None:
    texts = point_reason(B2B, language, "pricing_page", 45, 3), point_reason(B2B, language, "country_not_served", -100)
    assert texts == SAID[language]


@pytest.mark.parametrize(
    ("points", "expected"), [(1, "+1 Punkt"), (-1, "−1 Punkt"), (7.07, "+7.07 Punkte"), (0.5, "+0.50 Punkte")]
)
def test_points_are_written_with_sign_and_number(points: float, expected: str) -> None:
    assert point_reason(B2B, "de", "webinar", points).endswith(f": {expected}")


@pytest.mark.parametrize(("name", "language"), ALL)
def test_every_rule_of_a_shipped_policy_has_a_name_of_its_own_in_every_language(name: str, language: str) -> None:
    mine = POLICIES[name]
    labels = [rule_label(mine, language, rule.name) for rule in mine.points.rules]
    assert len(set(labels)) == len(labels)
    named = {rule.name: rule for rule in mine.points.rules}
    signals = {signal.name: signal for signal in mine.signals}
    for rule, label in zip(named.values(), labels, strict=True):
        own_labels = rule.labels or (signals[rule.signal].labels if rule.signal else {})
        assert label == own_labels[language] if own_labels else texts.has(language, f"label.phase.{rule.phase}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phase_has_a_name(language: str) -> None:
    assert all(
        texts.has(language, f"label.phase.{phase}") for phase in ("awareness", "interest", "consideration", "decision")
    )


def test_a_rule_that_is_gone_is_called_by_its_name() -> None:
    assert rule_label(B2B, "de", "some_old_rule") == "some old rule"

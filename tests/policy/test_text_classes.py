"""Classes of a text: which one a text falls into, and which lists of classes are refused."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.errors import PolicyError
from leadwerk.policy.diff import differences
from leadwerk.policy.facts import fact_named
from leadwerk.policy.load import errors, shipped_text, version
from leadwerk.policy.model import Attribute, TextClass
from leadwerk.policy.text_classes import OTHER, class_names, class_of

B2B = policy.load("b2b_swiss")
[SENIORITY] = [attribute for attribute in B2B.attributes if attribute.name == "seniority"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Geschäftsführerin", "ceo"),
        ("Directrice générale", "ceo"),
        ("Amministratore delegato", "ceo"),
        ("Founder & CEO", "ceo"),
        ("Assistenz der Geschäftsleitung", "assistant"),
        ("Geschäftsleitungsassistentin", "assistant"),
        ("Direktionssekretär", "assistant"),
        ("Assistante du directeur général", "assistant"),
        ("Segretaria", "assistant"),
        ("Assistant to the CEO", "assistant"),
        ("Verkaufsleiterin", "executive"),
        ("Directeur commercial", "executive"),
        ("Direttrice vendite", "executive"),
        ("Head of IT", "executive"),
        ("Einkaufsverantwortlicher", "manager"),
        ("Chef de projet", "manager"),
        ("Responsabile acquisti", "manager"),
        ("Product Manager", "manager"),
        ("Praktikantin Marketing", "intern"),
        ("Stagiaire", "intern"),
        ("Tirocinante", "intern"),
        ("Intern", "intern"),
        ("Einkäufer", OTHER),
        ("Ingénieur", OTHER),
        ("Consulente", OTHER),
        ("International Sales", OTHER),
    ],
)
def test_a_job_title_has_a_class_in_every_language(title: str, expected: str) -> None:
    assert class_of(SENIORITY, title) == expected


def test_the_shipped_classes_are_those_of_the_rules_on_roles() -> None:
    rules = [(rule.name, rule.when["job_title"].matches) for rule in B2B.points.rules if rule.group == "role"]
    assert [(text_class.name, text_class.matches) for text_class in SENIORITY.classes] == rules


def test_the_policy_says_each_pattern_once() -> None:
    text = shipped_text("b2b_swiss")
    assert [text.count(pattern) for pattern in ("stagiair", "secrétaire", "titolare", "vice.pr", "gestionnaire")] == [
        1
    ] * 5


WORDS = st.lists(st.sampled_from(["ab", "bc", "cd", "x"]), max_size=4).map(" ".join)
PATTERNS = st.lists(st.sampled_from(["a", "b", "c", "^x", "d$", "(?i)AB"]), min_size=1, max_size=4, unique=True)


@given(text=WORDS, patterns=PATTERNS)
def test_the_first_class_that_fits_wins_and_none_is_other(text: str, patterns: list[str]) -> None:
    attribute = sorting(*patterns)
    class_name = class_of(attribute, text)
    fitting = [text_class.name for text_class in attribute.classes if re.search(text_class.matches, text)]
    assert class_name == [*fitting, OTHER][0] == class_of(attribute, text)
    assert class_name in class_names(attribute)


@given(text=WORDS, patterns=PATTERNS)
def test_a_class_behind_the_others_takes_only_what_no_other_took(text: str, patterns: list[str]) -> None:
    before, after = class_of(sorting(*patterns), text), class_of(sorting(*patterns, "x"), text)
    assert after == before if before != OTHER else after in (OTHER, f"c{len(patterns)}")


def sorting(*patterns: str) -> Attribute:
    classes = tuple(TextClass(name=f"c{n}", matches=pattern) for n, pattern in enumerate(patterns))
    return Attribute(name="level", kind="category", source="job_title", classes=classes)


def test_an_attribute_without_classes_may_say_anything() -> None:
    authority = fact_named(B2B, "decision_authority")
    assert authority is not None
    assert authority.options == ()


def test_the_order_of_classes_is_content() -> None:
    backwards = msgspec.structs.replace(SENIORITY, classes=SENIORITY.classes[::-1])
    turned = msgspec.structs.replace(B2B, attributes=(*B2B.attributes[:-1], backwards))
    assert version(turned) != B2B.version
    assert [change.field for change in differences(B2B, turned)] == ["attributes[seniority].classes (order)"]


RIGHT = """\
name: mine
time_zone: Europe/Zurich
languages: [de, it]
horizon_days: 30
positive: [won]
signals: []
outcomes: [{status: Open, outcome: open}, {status: Won, outcome: won}, {status: Lost, outcome: lost}]
attributes:
  - name: level
    kind: category
    source: job_title
    classes:
      - {name: boss, matches: (?i)ceo, labels: {de: Chef, it: capo}}
      - {name: clerk, matches: (?i)clerk}
segments:
  - name: bosses
    when: {level: {any_of: [boss]}}
    labels: {de: Chefs, it: capi}
actions:
  - {cluster: HOT, action: Call}
  - {cluster: WARM, action: Mail}
  - {cluster: COLD, action: Wait}
  - {cluster: DISQUALIFIED, action: Stop}
  - {cluster: UNSCORED, action: Look}
"""


def test_the_right_classes_are_right() -> None:
    assert [text_class.name for text_class in policy.parse(RIGHT).attributes[0].classes] == ["boss", "clerk"]


CLASS = "attributes[0].classes"


@pytest.mark.parametrize(
    ("old", "new", "field", "message"),
    [
        ("kind: category", "kind: number", "attributes[0].kind", "this is a number. Write kind: category"),
        ("    source: job_title\n", "", "attributes[0]", "which text is sorted into the classes. Name the field"),
        ("matches: (?i)clerk", "matches: (?i)ceo", f"{CLASS}[1]", "`boss` stands before it and has the same pattern"),
        ("matches: (?i)clerk", "matches: ' '", f"{CLASS}[1].matches", "this is empty, so every text is in this class"),
        ("matches: (?i)clerk", "matches: (", f"{CLASS}[1].matches", "is wrong: "),
        ("matches: (?i)clerk", "matches: (?!x)y", f"{CLASS}[1].matches", "which BigQuery's RE2 lacks"),
        ("matches: (?i)clerk", "matches: (a+)+$", f"{CLASS}[1].matches", "some words would take for ever. Repeat"),
        ("name: clerk, matches: (?i)clerk", "name: clerk", f"{CLASS}[1]", "the field `matches` is missing"),
        ("matches: (?i)clerk", "matchs: (?i)clerk", f"{CLASS}[1].matchs", "Did you mean `matches`?"),
        ("name: clerk", "name: Sales Clerk", f"{CLASS}[1].name", "Write sales_clerk."),
        ("name: clerk", "name: boss", f"{CLASS}[1].name", "the name `boss` is used twice"),
        ("name: clerk", "name: other", f"{CLASS}[1].name", "the class of texts that fit no pattern. Choose another"),
        (", it: capo", "", f"{CLASS}[0].labels", "there is no label in it"),
        ("any_of: [boss]", "any_of: [bos]", "segments[0].when.level.any_of[0]", "Did you mean `boss`?"),
        ("any_of: [boss]", "any_of: [cfo]", "segments[0].when.level.any_of[0]", "Choose of boss, clerk, other."),
        ("any_of: [boss]", "above: 3", "segments[0].when.level.above", "`level` is a word"),
    ],
)
def test_wrong_classes_are_refused_with_line_field_and_remedy(
    tmp_path: Path, old: str, new: str, field: str, message: str
) -> None:
    assert RIGHT.count(old) == 1
    file = tmp_path / "policy.yaml"
    file.write_text(RIGHT.replace(old, new), "utf-8")
    [error, *_] = errors(file)
    assert error.field == field
    assert message in str(error)
    wrong = file.read_text("utf-8").splitlines()[error.line - 1]
    assert new.strip() in wrong or wrong.strip() in (
        "- name: level",
        "- {name: boss, matches: (?i)ceo, labels: {de: Chef}}",
    )


def test_other_may_be_asked_for() -> None:
    assert policy.parse(RIGHT.replace("any_of: [boss]", "none_of: [other]")).segments


def test_a_text_may_stand_once_and_be_named_again() -> None:
    named = RIGHT.replace("matches: (?i)ceo", "matches: &ceo (?i)ceo").replace("any_of: [boss]", "matches: *ceo")
    written = RIGHT.replace("any_of: [boss]", "matches: (?i)ceo")
    assert policy.parse(named).version == policy.parse(written).version


def test_what_is_wrong_with_a_named_text_is_said_where_it_is_used() -> None:
    text = RIGHT.replace("matches: (?i)ceo", "matches: &ceo (?i)ceo").replace("cluster: WARM", "cluster: *ceo")
    with pytest.raises(PolicyError, match=r"actions\[1\].cluster: one of HOT") as caught:
        policy.parse(text)
    assert "cluster: *ceo" in text.splitlines()[caught.value.line - 1]

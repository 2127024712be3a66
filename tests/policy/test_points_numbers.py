"""Other numbers for a policy: in step with its caps, and in a text that otherwise stays as it was written."""

from __future__ import annotations

from itertools import zip_longest

import pytest
from hypothesis import given, strategies as st

from leadwerk.policy.diff import differences
from leadwerk.policy.load import load, parse, shipped_text
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Rule
from leadwerk.policy.points_numbers import READABLE, PointsNumbers, apply_numbers, text_with_numbers
from leadwerk.policy.yaml_edit import appended, edited
from support.examples import examples

SHIPPED = ("mortgage", "b2b_swiss")


@st.composite
def changes(draw: st.DrawFn, policy: Policy) -> PointsNumbers:
    """Numbers as they are suggested: any of those people use, with the sign that a rule has."""
    points = {}
    for rule in policy.points.rules:
        if not rule.disqualifies and draw(st.booleans()):
            size = draw(st.sampled_from(READABLE))
            points[rule.name, False] = size if rule.points >= 0 else -size
            if rule.repeat_points is not None:
                points[rule.name, True] = size if rule.repeat_points >= 0 else -size
    low, high = policy.points.bands.threshold_limits
    bands = {"hot": st.integers(low, high), "warm": st.integers(1, low - 1)}
    return PointsNumbers(points, draw(st.fixed_dictionaries({}, optional=bands)))


@pytest.mark.parametrize("name", SHIPPED)
@examples(25)
@given(data=st.data())
def test_whatever_is_suggested_the_policy_stays_right_and_its_text_says_just_that(
    name: str, data: st.DataObject
) -> None:
    policy = load(name)
    numbers = data.draw(changes(policy))
    text = text_with_numbers(shipped_text(name), policy, numbers)
    changed = parse(text)
    assert changed.points == apply_numbers(policy, numbers).points
    for before, after in zip_longest(shipped_text(name).splitlines(), text.splitlines()):
        assert before is not None
        assert after is not None
        assert before.split("#")[1:] == after.split("#")[1:]


def test_a_rules_cap_moves_with_its_points() -> None:
    rules = {rule.name: rule for rule in _with(("newsletter_click", 25)).points.rules}
    assert (rules["newsletter_click"].points, rules["newsletter_click"].cap) == (25, 75)


def test_a_groups_cap_is_raised_and_never_lowered() -> None:
    def contact(points: int) -> int | None:
        return next(group.cap for group in _with(("newsletter_click", points)).points.groups if group.name == "contact")

    cap = contact(10)
    assert cap is not None
    raised = contact(60)
    assert raised is not None
    assert raised > cap
    assert contact(1) == cap


def test_a_new_rule_stands_behind_the_others_with_its_labels() -> None:
    labels = {"de": "Kanton GE", "fr": "canton GE", "it": "Cantone GE", "en": "canton of GE"}
    rule = Rule(name="geneva", group="person", points=-10, when={"region": Condition(any_of=("CH-GE",))}, labels=labels)
    policy = load("mortgage")
    text = text_with_numbers(shipped_text("mortgage"), policy, PointsNumbers(rules=(rule,)))
    assert parse(text).points.rules == (*policy.points.rules, rule)
    [added] = [line for line in text.splitlines() if "geneva" in line]
    assert "none_of" not in added
    assert "disqualifies" not in added


def _with(*changed: tuple[str, int]) -> Policy:
    return apply_numbers(load("mortgage"), PointsNumbers({(rule, False): points for rule, points in changed}))


@pytest.mark.parametrize(
    ("text", "path", "after"),
    [
        ("a: {}\n", ("a", "b"), "a: {b: 7}\n"),
        ("a: {c: 1}\n", ("a", "b", "d"), "a: {b: {d: 7}, c: 1}\n"),
        ("a:\n  c: 1 # x\n", ("a", "b"), "a:\n  b: 7\n  c: 1 # x\n"),
        ("a:\n  - c: 1\n    d: 'ü'\n", ("a", 0, "b"), "a:\n  - b: 7\n    c: 1\n    d: 'ü'\n"),
        ("a: 12   # twelve\n", ("a",), "a: 7   # twelve\n"),
    ],
)
def test_a_number_is_set_wherever_it_stands(text: str, path: tuple[str | int, ...], after: str) -> None:
    assert edited(text, {path: 7}) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: []\n", "a: [{x: 1}]\n"),
        ("a: [1]\n", "a: [1, {x: 1}]\n"),
        ("a:\n- 1", "a:\n- 1\n- {x: 1}\n"),
        (
            "a:\n  - b: 1\n    c: 2 # two\n\n# next\nd: 3\n",
            "a:\n  - b: 1\n    c: 2 # two\n  - {x: 1}\n\n# next\nd: 3\n",
        ),
    ],
)
def test_an_entry_is_put_behind_the_last(text: str, after: str) -> None:
    assert appended(text, ("a",), [{"x": 1}]) == after


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("x: &n t\na:\n  - b: *n  # b\n\nc: 2\n", "x: &n t\na:\n  - b: *n  # b\n  - {x: 1}\n\nc: 2\n"),
        ("x: &n t\na:\n  - 1\n  - *n\nc: *n\n", "x: &n t\na:\n  - 1\n  - *n\n  - {x: 1}\nc: *n\n"),
        ("x: &n t\na: [*n, 1]\n", "x: &n t\na: [*n, 1, {x: 1}]\n"),
    ],
)
def test_an_entry_is_put_behind_the_last_though_its_text_stands_elsewhere(text: str, after: str) -> None:
    assert appended(text, ("a",), [{"x": 1}]) == after


def test_differences_name_rules_and_not_places() -> None:
    policy = load("mortgage")
    changes = differences(policy, _with(("newsletter_click", 25)))
    assert [(change.field, change.before, change.after) for change in changes] == [
        ("points.groups[contact].cap", 40, 70),
        ("points.rules[newsletter_click].points", 10, 25),
        ("points.rules[newsletter_click].cap", 30, 75),
        ("points.interest_cap", 100, 125),
    ]
    assert differences(policy, policy) == []


def test_added_removed_and_moved_entries_are_differences() -> None:
    policy = load("mortgage")
    text = shipped_text("mortgage")
    first, second = "  - {status: Neu, outcome: open}\n", "  - {status: Kontaktiert, outcome: open}\n"
    swapped = differences(policy, parse(text.replace(first + second, second + first)))
    assert [change.field for change in swapped] == ["outcomes (order)"]
    [removal] = differences(policy, parse(text.replace(second, "")))
    assert (removal.field, removal.after) == ("outcomes[Kontaktiert]", None)

"""Patterns of rules and classes: none is taken that keeps Python's matcher busy, whatever the text."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from re import _constants as op, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from leadwerk import policy
from leadwerk.policy.text_classes import MATCHED_CHARACTERS, matches
from leadwerk.policy.validation import backtracking
from leadwerk.policy.validation.patterns import slow_pattern, wrong_pattern
from support.examples import examples

SLOW = (
    r"(a|aa)+$", r"(a|a)*$", r"(?:(?:a|a)|b)*c", r"(.|\s)+ceo$", r"(a?){25}b", r".*.*.*.*.*.*x$",
    r"\w*\w*\w*\w*\w*\w*!", r"(?i)(ceo|leiter|leiterin|.|\s)+ (gmbh|ag)$", "a?" * 25 + "a" * 25,
    "(?:a|a)" * 25 + "b", "(?:a?)?" * 25 + "b", "(?:|)" * 25 + "b", "(.?)" * 30 + "z", r"(x+x+)+y", r"^(\w+\s?)+$",
    r"(a+)+$", r"(a*)*b", r"(?:a|b|ab)*c", r"([a-z]+ )+x", r"(?:aa)*(?:aa)*!", r"\d+\d+\d+$", r"a{0,100}a{0,100}b",
    r"(?i)[a-z ]+[a-z ]+gmbh$", r"(\s|^)+(\s|x)+y", r"(?i:a*)A*(?i:a*)b", r"[a-f]*[f-z]*f*!", r"\w*?\w*?!",
    r"(?i)straße*sſ*S*x", r"[^a]*[^b]*[^c]*d", r"(?s:.)*(?:.)*x", r"(?m)^.*a.*$", r"((((a{2,3}))))*b",
)  # fmt: skip
FAST = (
    "ceo", r"\bceo\b", ".*sales.*", "head.*sales", "^.*sales.*$", "(vize)?direkt(or|ion)", r"chargée? d|\bche[ff] d",
    r"\w+ \w+ \w+$", "(?:ab)*c", "(x|y)+z*", r"[a-z]+\d+[a-z]+$", r"^\s*\S+\s+\S+\s*$", r"^\d{4}\s?[A-Z]{2}$", "a{200}",
    "(?i)leiter(in)?.*(vertrieb|verkauf|sales|marketing)", "[^,]*,[^,]*,x", "", "^$", "(?:a|ab)" * 25 + "c",
    "(?:ab{2})+c", r"(?i)\bétudiant", "a|b|" * 500 + "c", r"\d{1,3}(?:'\d{3})*$",
)  # fmt: skip


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_some_text_keeps_busy_is_refused_with_a_remedy(pattern: str) -> None:
    assert list(wrong_pattern(pattern, ("matches",))) == []
    [(path, message, remedy)] = slow_pattern(pattern, ("matches",))
    assert path == ("matches",)
    assert "some words would take for ever" in message
    assert remedy.startswith(("Repeat single signs", "Keep at most one"))


TEXTS = ("a", "ab", "aab", "a ", "A", "x", "1", "é", "a,", "abb", "sales ", "head ", " ", "leiter ", "1'")


@pytest.mark.parametrize("pattern", FAST)
def test_a_pattern_that_no_text_keeps_busy_is_taken(pattern: str) -> None:
    assert list(slow_pattern(pattern, ("matches",))) == []
    started = time.process_time()
    for text in TEXTS:
        matches(pattern, text * MATCHED_CHARACTERS + "\n")
    assert time.process_time() - started < 0.5


def test_what_is_no_pattern_is_refused_for_that_and_not_twice() -> None:
    for pattern in ("(", "a{9999999999999}", "(" * 5000 + ")" * 5000, "*"):
        assert list(wrong_pattern(pattern, ()))
        assert list(slow_pattern(pattern, ())) == []


@pytest.mark.parametrize("name", ["mortgage", "b2b_swiss"])
def test_the_patterns_of_shipped_policies_leave_few_ways(name: str) -> None:
    loaded = policy.load(name)
    classes = [text_class.matches for attribute in loaded.attributes for text_class in attribute.classes]
    rules = [test.matches for rule in loaded.points.rules for test in rule.when.values() if test.matches]
    assert name == "mortgage" or len(classes) + len(rules) > 10
    assert all(backtracking.ways(pattern) <= 201 for pattern in classes + rules)


def test_of_a_long_text_the_beginning_is_matched() -> None:
    assert matches("x$", "a" * (MATCHED_CHARACTERS - 1) + "xyz")
    assert not matches("y", "a" * MATCHED_CHARACTERS + "y")


PATTERNS = st.recursive(
    st.sampled_from(["a", "b", "[ab]", ".", "^", "$", r"\b", r"\w", "", "[^a]"]),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "*?"])),
    ),
    max_leaves=12,
)
LONGEST = 16


@examples(500)
@given(pattern=PATTERNS, text=st.sampled_from(["a", "b", "ab", "aab"]).map(lambda pump: (pump * LONGEST)[:LONGEST]))
@example(pattern=r"\w*\w*\w*[^a]", text="a" * LONGEST)
@example(pattern="(?:a|a)" * 8 + "b", text="a" * LONGEST)
@example(pattern="(?:aa)*(?:aa)*b", text="a" * LONGEST)
@example(pattern="(?:a?)" * 8 + "b", text="a" * LONGEST)
def test_there_are_never_more_ways_than_counted(pattern: str, text: str) -> None:
    before = backtracking.MATCHED_CHARACTERS
    backtracking.MATCHED_CHARACTERS = LONGEST
    try:
        most = backtracking.ways(pattern)
    except backtracking.RepeatedChoice:
        return
    finally:
        backtracking.MATCHED_CHARACTERS = before
    attempts, _ = tries(list(_parser.parse(pattern)), text, 0, lambda _: (1, True))
    assert attempts <= most * (1 + pattern.count("("))  # on each way each choice may try something in vain


Continue = Callable[[int], tuple[int, bool]]


def tries(items: list[Any], text: str, at: int, then: Continue) -> tuple[int, bool]:
    """How many ends a backtracking matcher reaches from a place until it succeeds, and whether it does."""
    if not items:
        return then(at)
    (kind, value), rest = items[0], items[1:]

    def go_on(place: int) -> tuple[int, bool]:
        return tries(rest, text, place, then)

    if kind is op.SUBPATTERN:
        return tries(list(value[3]), text, at, go_on)
    if kind is op.BRANCH:
        return first_of(*((lambda b=branch: tries(list(b), text, at, go_on)) for branch in value[1]))
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT):
        return repeated(kind is op.MAX_REPEAT, value, text, at, go_on)
    single = re.compile(_as_text(kind, value)).match(text, at)
    return go_on(single.end()) if single else (1, False)


def repeated(greedy: bool, value: Any, text: str, at: int, then: Continue, count: int = 0) -> tuple[int, bool]:
    low, high, items = value

    def once_more() -> tuple[int, bool]:
        if count >= high:
            return 0, False
        return tries(list(items), text, at, lambda place: again(place) if place > at or count < low else (1, False))

    def again(place: int) -> tuple[int, bool]:
        return repeated(greedy, value, text, place, then, count + 1)

    def enough() -> tuple[int, bool]:
        return then(at) if count >= low else (0, False)

    return first_of(once_more, enough) if greedy else first_of(enough, once_more)


def first_of(*choices: Callable[[], tuple[int, bool]]) -> tuple[int, bool]:
    total = 0
    for choose in choices:
        ends, succeeded = choose()
        total += ends
        if succeeded:
            return total, True
    return total, False


def _as_text(kind: Any, value: Any) -> str:
    plain = {op.AT_BEGINNING: "^", op.AT_END: "$", op.AT_BOUNDARY: r"\b"}
    if kind is op.AT:
        return plain[value]
    if kind is op.ANY:
        return "."
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return f"[^{chr(value)}]"
    return r"\w" if value == [(op.CATEGORY, op.CATEGORY_WORD)] else "[ab]"

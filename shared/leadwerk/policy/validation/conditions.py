"""Checks of the conditions of rules and segments: facts that exist, values that occur, and no contradiction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from math import inf, isfinite
from typing import Literal, NamedTuple

from leadwerk.catalogue.features import Kind
from leadwerk.policy.facts import RANGES, Fact, facts
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Rule
from leadwerk.policy.problem import Problem, did_you_mean
from leadwerk.policy.regions import looks_like_region, normalised_region
from leadwerk.policy.validation.patterns import slow_pattern, wrong_pattern
from leadwerk.policy.yaml_document import Path
from leadwerk.texts.message import Message

Subject = Literal["rule", "disqualification", "segment"]
"""What has the conditions: it says what follows where nothing satisfies them."""

_BOUNDS = ("above", "at_least", "below", "at_most")


class Interval(NamedTuple):
    """Numbers between two bounds; with `open_low` and `open_high` the bound itself is excluded."""

    low: float
    open_low: bool
    high: float
    open_high: bool

    @classmethod
    def of(cls, test: Condition) -> Interval:
        """The numbers that a test's bounds leave."""
        # Pairs compare by the bound, then by the flag: of `at_least: 5` and `above: 5` the open one wins, as the
        # narrower. At the upper end the flag is turned round (closed, not open), so that min prefers the narrower there
        # too.
        low, open_low = max((_or(test.at_least, -inf), False), (_or(test.above, -inf), True))
        high, closed_high = min((_or(test.at_most, inf), True), (_or(test.below, inf), False))
        return cls(low, open_low, high, not closed_high)

    def empty(self) -> bool:
        """Whether no number lies within."""
        return self.low > self.high or (self.low == self.high and (self.open_low or self.open_high))

    def holds(self, value: float) -> bool:
        """Whether a number lies within."""
        above = value > self.low or (value == self.low and not self.open_low)
        return above and (value < self.high or (value == self.high and not self.open_high))

    def both(self, other: Interval) -> Interval:
        """The numbers that lie within this and the other."""
        low, open_low = max((self.low, self.open_low), (other.low, other.open_low))
        high, closed_high = min((self.high, not self.open_high), (other.high, not other.open_high))
        return Interval(low, open_low, high, not closed_high)

    def within(self, other: Interval) -> bool:
        """Whether all its numbers are the other's too."""
        low = (self.low, self.open_low) >= (other.low, other.open_low)
        return low and (self.high, not self.open_high) <= (other.high, not other.open_high)


def wrong_conditions(rule: Rule, policy: Policy, path: Path) -> Iterator[Problem]:
    """Everything wrong with the `when` of a rule at `path`."""
    yield from wrong_tests(rule.when, facts(policy), path, "disqualification" if rule.disqualifies else "rule")


def wrong_tests(
    when: Mapping[str, Condition], facts_by_name: Mapping[str, Fact], path: Path, subject: Subject
) -> Iterator[Problem]:
    """Everything wrong with the `when` at `path`; `facts_by_name` are those that may be named."""
    for name, test in when.items():
        place = (*path, "when", name)
        if name not in facts_by_name:
            remedy = did_you_mean(name, facts_by_name, Message("policy.conditions.fact.remedy"))
            yield Problem.of(place, "policy.conditions.fact", name=name, remedy=remedy)
            continue
        problems = [
            *_wrong_kind(name, test, facts_by_name[name].kind, place),
            *_wrong_words(name, test, facts_by_name[name].options, place),
        ]
        # One finding at a time: a test of the wrong kind would seem to contradict itself as well.
        problems = problems or list(_contradictions(test, subject, place))
        yield from problems or _out_of_range(name, test, subject, place)


def matches_every_case_of(earlier: Mapping[str, Condition], later: Mapping[str, Condition]) -> bool:
    """Whether every lead that satisfies the later conditions satisfies the earlier ones, as far as can be decided."""
    return all(name in later and implies(test, later[name]) for name, test in earlier.items())


def implies(general: Condition, particular: Condition) -> bool:
    """Whether whatever satisfies `particular` satisfies `general` too, as far as can be seen."""
    if general == particular:
        return True
    # Whether one pattern covers another cannot be decided in general; "no" only costs a warning that is not given.
    if general.matches is not None or not Interval.of(particular).within(Interval.of(general)):
        return False
    forbidden, accepted = _folded(general.none_of), _folded(particular.any_of)
    if general.any_of and not (accepted and accepted <= _folded(general.any_of)):
        return False
    return not forbidden or forbidden <= _folded(particular.none_of) or bool(accepted and not accepted & forbidden)


def _wrong_kind(name: str, test: Condition, kind: Kind, path: Path) -> Iterator[Problem]:
    values = (*test.any_of, *test.none_of)
    for bound in _BOUNDS:
        limit = getattr(test, bound)
        if limit is not None and kind == "category":
            yield Problem.of((*path, bound), "policy.conditions.word", name=name)
        elif limit is not None and not isfinite(limit):
            yield Problem.of((*path, bound), "policy.conditions.bound", limit=limit)
    if kind == "number" and test.matches is not None:
        yield Problem.of((*path, "matches"), "policy.conditions.number", name=name)
    elif test.matches is not None:
        yield from wrong_pattern(test.matches, (*path, "matches"))
        yield from slow_pattern(test.matches, (*path, "matches"))
    if kind == "number" and any(isinstance(value, str) for value in values):
        yield Problem.of(path, "policy.conditions.compared", name=name)


def _wrong_words(name: str, test: Condition, closed: tuple[str, ...], path: Path) -> Iterator[Problem]:
    """Words that the fact never has, because its words are a closed list or all of one form."""
    for field, values in (("any_of", test.any_of), ("none_of", test.none_of)):
        for index, value in enumerate(values):
            remedy = _word_remedy(name, str(value), closed)
            if remedy:
                quoted = Message("policy.value.text", value=value)
                place = (*path, field, index)
                yield Problem.of(place, "policy.conditions.never", name=name, value=quoted, remedy=remedy)


def _word_remedy(name: str, text: str, closed: tuple[str, ...]) -> str:
    """What to write for a word that the fact never has; nothing where it may have it."""
    if closed and folded(text) not in closed:
        return did_you_mean(text, closed, Message("policy.conditions.choose", choices=", ".join(closed)))
    # YAML 1.1 reads a bare NO as false, which has five letters here: the remedy says so.
    if name in ("country", "language") and not re.fullmatch("[A-Za-z]{2}", text):
        return Message("policy.conditions.two_letters")
    if name == "region" and not looks_like_region(text.upper()):
        return normalised_region(text)
    return ""


def _contradictions(test: Condition, subject: Subject, path: Path) -> Iterator[Problem]:
    fault = _contradiction(test)
    if fault:
        key = "segment" if subject == "segment" else "rule"
        remedy = Message(f"policy.conditions.vain.remedy.{key}")
        yield Problem.of(path, "policy.conditions.vain", fault=fault, consequence=_in_vain(subject), remedy=remedy)


def _contradiction(test: Condition) -> str:
    """Why nothing satisfies a test; empty where something may."""
    accepted, forbidden, within = _folded(test.any_of), _folded(test.none_of), Interval.of(test)
    numbers = [value for value in test.any_of if not isinstance(value, str)]
    texts = [value for value in test.any_of if isinstance(value, str)]
    if within.empty():
        return Message("policy.conditions.no_number", bounds=_written_condition(test))
    if accepted and accepted <= forbidden:
        return Message("policy.conditions.all_forbidden")
    if numbers and not texts and not any(within.holds(value) for value in numbers):
        return Message("policy.conditions.none_within", bounds=_written_condition(test))
    if texts and test.matches is not None and not any(re.search(test.matches, text, re.I) for text in texts):
        return Message("policy.conditions.none_matches")
    return ""


def _in_vain(subject: Subject) -> str:
    return Message(f"policy.in_vain.{subject}")


def _out_of_range(name: str, test: Condition, subject: Subject, path: Path) -> Iterator[Problem]:
    if name not in RANGES:
        return
    low, high, hint_key = RANGES[name]
    possible, within = Interval(low, False, high, False), Interval.of(test)
    odd = [value for value in (*test.any_of, *test.none_of) if not isinstance(value, str) and not possible.holds(value)]
    if within.both(possible).empty():
        key, value, consequence = "policy.conditions.never_in_vain", _written_condition(test), _in_vain(subject)
        yield Problem.of(path, key, name=name, value=value, consequence=consequence, remedy=Message(hint_key))
    elif odd:
        value = f"{odd[0]:g}"
        yield Problem.of(path, "policy.conditions.never", name=name, value=value, remedy=Message(hint_key))


def _written_condition(test: Condition) -> str:
    limits = [(bound, getattr(test, bound)) for bound in _BOUNDS]
    bounds = [Message(f"policy.bound.{bound}", limit=f"{limit:g}") for bound, limit in limits if limit is not None]
    return reduce(lambda first, second: Message("policy.bound.and", first=first, second=second), bounds)


def _folded(values: Iterable[object]) -> set[str]:
    return {folded(str(value)) for value in values}


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound

"""Checks of the conditions of rules and segments: facts that exist, values that occur, and no contradiction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import inf, isfinite
from typing import NamedTuple

from leadwerk.catalogue.features import Kind
from leadwerk.policy.facts import RANGES, Fact, facts
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Rule
from leadwerk.policy.regions import looks_like_region, normalised_region
from leadwerk.policy.validation.errors import Problem, did_you_mean
from leadwerk.policy.validation.patterns import slow_pattern, wrong_pattern
from leadwerk.policy.yaml_document import Path

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
    what = "the disqualification" if rule.disqualifies else "the rule"
    yield from wrong_tests(rule.when, facts(policy), path, f"so {what} never fires", "the rule")


def wrong_tests(
    when: Mapping[str, Condition], facts_by_name: Mapping[str, Fact], path: Path, in_vain: str, what: str
) -> Iterator[Problem]:
    """Everything wrong with the `when` at `path`; `in_vain` states the consequence if nothing satisfies it.

    `known` are the facts that may be named, `what` is a remedy's word for it all.
    """
    for name, test in when.items():
        place = (*path, "when", name)
        if name not in facts_by_name:
            remedy = did_you_mean(name, facts_by_name, "Name a column of lead_features, job_title or an attribute.")
            yield place, f"there is no fact `{name}`.", remedy
            continue
        problems = [
            *_wrong_kind(name, test, facts_by_name[name].kind, place),
            *_wrong_words(name, test, facts_by_name[name].options, place),
        ]
        # One finding at a time: a test of the wrong kind would seem to contradict itself as well.
        problems = problems or list(_contradictions(test, in_vain, what, place))
        yield from problems or _out_of_range(name, test, in_vain, place)


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
            yield (*path, bound), f"`{name}` is a word, not a number.", "Ask with any_of, none_of or matches."
        elif limit is not None and not isfinite(limit):
            yield (*path, bound), f"{limit} is no bound.", "Give a number, or remove it."
    if kind == "number" and test.matches is not None:
        yield (*path, "matches"), f"`{name}` is a number, not a word.", "Ask with above, at_least, below or at_most."
    elif test.matches is not None:
        yield from wrong_pattern(test.matches, (*path, "matches"))
        yield from slow_pattern(test.matches, (*path, "matches"))
    if kind == "number" and any(isinstance(value, str) for value in values):
        yield path, f"`{name}` is a number, but is compared with a word.", "Remove the quotes, or name another fact."


def _wrong_words(name: str, test: Condition, closed: tuple[str, ...], path: Path) -> Iterator[Problem]:
    """Words that the fact never has, because its words are a closed list or all of one form."""
    for field, values in (("any_of", test.any_of), ("none_of", test.none_of)):
        for index, value in enumerate(values):
            text, place = str(value), (*path, field, index)
            if closed and folded(text) not in closed:
                remedy = did_you_mean(text, closed, f"Choose of {', '.join(closed)}.")
                yield place, f"`{name}` is never {text!r}.", remedy
            # YAML 1.1 reads a bare NO as false, which has five letters here: the remedy says so.
            elif name in ("country", "language") and not re.fullmatch("[A-Za-z]{2}", text):
                remedy = (
                    "Write the two letters of ISO, such as CH or de, in quotes where YAML reads them otherwise (NO)."
                )
                yield place, f"`{name}` is never {text!r}.", remedy
            elif name == "region" and not looks_like_region(text.upper()):
                yield place, f"`region` is never {text!r}.", normalised_region(text)


def _contradictions(test: Condition, in_vain: str, what: str, path: Path) -> Iterator[Problem]:
    accepted, forbidden, within = _folded(test.any_of), _folded(test.none_of), Interval.of(test)
    numbers = [value for value in test.any_of if not isinstance(value, str)]
    texts = [value for value in test.any_of if isinstance(value, str)]
    message = ""
    if within.empty():
        message = f"no number is {_written_condition(test)}"
    elif accepted and accepted <= forbidden:
        message = "none_of forbids all that any_of wants"
    elif numbers and not texts and not any(within.holds(value) for value in numbers):
        message = f"nothing in any_of is {_written_condition(test)}"
    elif texts and test.matches is not None and not any(re.search(test.matches, text, re.I) for text in texts):
        message = "nothing in any_of matches the pattern"
    if message:
        yield path, f"{message}, {in_vain}.", f"Correct one of the two, or remove {what}."


def _out_of_range(name: str, test: Condition, in_vain: str, path: Path) -> Iterator[Problem]:
    if name not in RANGES:
        return
    low, high, hint = RANGES[name]
    possible, within = Interval(low, False, high, False), Interval.of(test)
    odd = [value for value in (*test.any_of, *test.none_of) if not isinstance(value, str) and not possible.holds(value)]
    if within.both(possible).empty():
        yield path, f"`{name}` is never {_written_condition(test)}, {in_vain}.", hint
    elif odd:
        yield path, f"`{name}` is never {odd[0]:g}.", hint


def _written_condition(test: Condition) -> str:
    bounds = [(bound, getattr(test, bound)) for bound in _BOUNDS]
    return " and ".join(f"{bound.replace('_', ' ')} {limit:g}" for bound, limit in bounds if limit is not None)


def _folded(values: Iterable[object]) -> set[str]:
    return {folded(str(value)) for value in values}


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound

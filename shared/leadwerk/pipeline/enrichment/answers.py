"""Answers of providers, and what of them is taken: right types, within the range, among the known words."""

from __future__ import annotations

import math
from datetime import date
from typing import Final, Literal, Protocol

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.pipeline.enrichment.identity import CompanyIdentity
from leadwerk.policy.enrichment import COUNTED, EnrichedFact

Outcome = Literal["answered", "not_found", "failed", "unavailable"]
"""`failed`: an answer that cannot be used; `unavailable`: none came."""
LONGEST_TEXT: Final = 80


class CompanyFact(Struct, frozen=True):
    """A validated fact; `value` is a number or one of the policy's words, `confidence` lies between 0 and 1."""

    name: str
    value: float | str
    confidence: float


class CompanyAnswer(Struct, frozen=True, kw_only=True):
    """What a provider's calls yielded. `reason`: why nothing, or not all, was taken; never the answer's own words."""

    outcome: Outcome
    facts: tuple[CompanyFact, ...] = ()
    calls: int = 1
    cost: float = 0.0
    reason: str = ""


class Provider(Protocol):
    """Somebody who knows companies. `most_calls` and `most_cost` bound what one question takes."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def most_calls(self) -> int: ...

    def answerable(self, facts: tuple[EnrichedFact, ...]) -> tuple[EnrichedFact, ...]:
        """Those that it may know."""

    def most_cost(self, company: CompanyIdentity, facts: tuple[EnrichedFact, ...]) -> float:
        """Money that asking can cost at most."""

    def ask(self, company: CompanyIdentity, facts: tuple[EnrichedFact, ...], today: date) -> CompanyAnswer:
        """Ask for the facts.

        Raises:
            CRMUnavailable: no answer, 429 or 5xx.
            CRMRejected: `locked_out`: the address or the credentials are wrong.
        """


def validated(fact: EnrichedFact, value: object, confidence: object, today: date) -> CompanyFact:
    """A fact that an answer claims, checked.

    Raises:
        InputError: it is of the wrong type, out of range, or none of the known words. The message does not repeat it.

    >>> validated(EnrichedFact(fills="employees"), 120, 0.7, date(2026, 1, 5))
    CompanyFact(name='employees', value=120.0, confidence=0.7)
    """
    certainty = _number(fact, confidence, "confidence")
    if not 0 <= certainty <= 1:
        raise _refused(fact, "the confidence does not lie between 0 and 1")
    checked = _checked_number(fact, value, today) if fact.is_number else _known_word(fact, value)
    return CompanyFact(fact.fills, checked, certainty)


def _checked_number(fact: EnrichedFact, value: object, today: date) -> float:
    number = _number(fact, value, "value")
    low, high = fact.value_range
    if fact.question == "founding_year":
        high = min(high, today.year)
    if fact.question in COUNTED and not number.is_integer():
        raise _refused(fact, "the value is not whole")
    if not low <= number <= high:
        raise _refused(fact, f"the value does not lie between {low:g} and {high:g}")
    return number


def _number(fact: EnrichedFact, value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _refused(fact, f"the {what} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refused(fact, f"the {what} is not finite")
    return number


def _known_word(fact: EnrichedFact, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise _refused(fact, "the value is not a short text")
    canonical = {category.casefold(): category for category in fact.allowed}
    category = canonical.get(value.strip().casefold())
    if category is None:
        raise _refused(fact, "the value is not among the known ones")
    return category


def _refused(fact: EnrichedFact, why: str) -> InputError:
    return InputError(f"{fact.fills}: {why}.", field=fact.fills, remedy="Nothing: the fact is not taken.")

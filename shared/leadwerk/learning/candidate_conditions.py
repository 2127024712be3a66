"""Conditions that a new rule could ask: values of a category, thresholds of a number, days and hours of the week.

What is offered is decided without looking at outcomes, so that the number of conditions tried is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from leadwerk.catalogue.features import FEATURES, CatalogueEntry
from leadwerk.policy.facts import Fact, facts
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition
from leadwerk.stats.arrays import Floats

FREE_TEXT: Final = ("job_title",)

CUTS: Final = 6
"""Thresholds tried for a number: quantiles of the known values, rounded to two digits."""

PARTS_OF_DAY: Final = ((0, 6), (6, 12), (12, 18), (18, 24))
WEEKDAYS: Final = tuple((day,) for day in range(1, 8))
WEEKEND: Final = (6, 7)

TIMES: Final = (("created_weekday", "created_hour"), ("last_active_weekday", "last_active_hour"))
"""Facts that say when something happened, in the policy's time zone: a weekday (1 is Monday) and an hour."""

_UNREADABLE: Final = frozenset(
    (
        # A second figure of a thing that people know by one name: visits, time on the site, the calculator.
        *(
            column
            for entry in FEATURES
            if entry.name in ("page_views", "active_days", "session_seconds_30d")
            for column in entry.columns()
        ),
        "sessions_trend",
        "calculator_loan_amount_mean",
    )
)


@dataclass(frozen=True)
class CandidateCondition:
    """What a rule could ask: `fact` leads the name, `value` is the condition in short, `when` as the policy writes it.

    `more_only`: the condition is offered with its complement, so only the one with which more convert is proposed.
    """

    fact: str
    value: str
    when: Mapping[str, Condition]
    more_only: bool = False


def offered_facts(policy: Policy) -> Iterator[tuple[str, Fact]]:
    """The facts that a new rule may ask: no free text, no time of the week, and one figure a thing.

    Signals are left out: rules on signals have points and decay of their own.
    """
    times = {name for pair in TIMES for name in pair}
    catalogue = {column for entry in FEATURES for column in entry.columns()}
    attributes = {attribute.name for attribute in policy.attributes}
    for name, fact in facts(policy).items():
        is_known = name in catalogue or name in attributes
        if is_known and name not in times and name not in _UNREADABLE and name not in FREE_TEXT:
            yield name, fact


def category_conditions(name: str, texts: list[str]) -> Iterator[CandidateCondition]:
    """One condition for each value; spellings that the rule's matching takes for the same are one.

    >>> [condition.value for condition in category_conditions("channel", ["Phone", "form", "phone", " "])]
    ['form', 'phone']
    """
    # Sorted, so that ties do not depend on rows.
    for value in sorted({folded(text): text for text in texts if text.strip()}.values()):
        yield CandidateCondition(name, value, {name: Condition(any_of=(value,))})


def number_conditions(name: str, numbers: Floats) -> Iterator[CandidateCondition]:
    """At least and at most each of a few thresholds.

    >>> [condition.value for condition in number_conditions("employees", np.array([1.0, 1.0, 50.0, 1234.0]))]
    ['at_least 1', 'at_most 1', 'at_least 50', 'at_most 50', 'at_least 1200', 'at_most 1200']
    """
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return
    # The quantiles are values that occur: a threshold between two counts would read as if it were one.
    quantiles = np.quantile(finite, np.linspace(0, 1, CUTS + 2)[1:-1], method="nearest")
    for threshold in sorted({_two_digits(float(value)) for value in quantiles}):
        figure = f"{threshold:g}" if abs(threshold) < 1e6 else f"{threshold:.0f}"
        yield CandidateCondition(name, f"at_least {figure}", {name: Condition(at_least=threshold)}, more_only=True)
        yield CandidateCondition(name, f"at_most {figure}", {name: Condition(at_most=threshold)}, more_only=True)


def time_conditions(weekday: str, hour: str) -> Iterator[CandidateCondition]:
    """Each weekday, the weekend, each part of the day, and each part of each weekday.

    >>> conditions = list(time_conditions("created_weekday", "created_hour"))
    >>> len(conditions), conditions[1].value, conditions[-1].value
    (40, '2', '7 18-24')
    """
    days = {str(day[0]): Condition(any_of=day) for day in WEEKDAYS}
    parts = {f"{start}-{end}": Condition(at_least=start, below=end) for start, end in PARTS_OF_DAY}
    yield from (CandidateCondition(weekday, name, {weekday: day}) for name, day in days.items())
    yield CandidateCondition(weekday, "6 7", {weekday: Condition(any_of=WEEKEND)})
    yield from (CandidateCondition(hour, name, {hour: part}) for name, part in parts.items())
    for day_name, day in days.items():
        for part_name, part in parts.items():
            yield CandidateCondition(weekday, f"{day_name} {part_name}", {weekday: day, hour: part})


def catalogue_entry(fact: str) -> CatalogueEntry | None:
    """The catalogue's entry of a fact; None for an attribute of the policy."""
    return next((entry for entry in FEATURES if fact in entry.columns()), None)


def _two_digits(value: float) -> float:
    """The value rounded to two significant digits, as people write a threshold.

    >>> _two_digits(0.0), _two_digits(3.0), _two_digits(523400.0), _two_digits(0.7843)
    (0.0, 3.0, 520000.0, 0.78)
    """
    return float(f"{value:.2g}")

"""What a rule may ask of a lead: the columns of `lead_features`, the job title, and the policy's own attributes.

The columns are those of features.contract, a floor above; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from leadwerk.policy.text_classes import class_names

if TYPE_CHECKING:
    from leadwerk.policy.model import Attribute, Policy

Kind = Literal["number", "category"]

_WINDOWS = (1, 7, 30, 90)
_NUMBERS = """
    has_web_behaviour lead_age_days created_hour created_weekday loan_amount property_value income instalment
    loan_to_value instalment_to_income calculator_uses_90d calculator_loan_amount_mean session_seconds_30d
    scroll_percent_90d days_since_activity days_since_first_activity sessions_trend last_active_hour
    last_active_weekday employees revenue
"""
_NUMBERS_OF_WINDOWS = ("sessions", "page_views", "seconds", "active_days")
_CATEGORIES = """
    language country region email_domain_kind channel industry source medium device_category job_title
"""

# Facts whose words are a closed list.
_WORDS: dict[str, tuple[str, ...]] = {"email_domain_kind": ("business", "freemail", "education", "invalid")}

# Feature groups of the contract: a signal of that name would be taken for one of them. `calculator` is no mistake: a
# signal of that name and the calculator's amounts are spoken of together.
_FEATURE_GROUPS = """
    behaviour lead_age created_time loan_amount property_value income instalment loan_to_value instalment_to_income
    visits time_on_site scroll recency first_visit trend active_time employees revenue language country region
    email_domain_kind channel industry source device sessions page_views
"""


class Fact(NamedTuple):
    """Where a fact is found, whether it is a number or a word, and which words it can be (empty: any)."""

    column: str
    kind: Kind
    words: tuple[str, ...] = ()


OF_EVERY_LEAD: dict[str, Fact] = {
    **{name: Fact(name, "number") for name in _NUMBERS.split()},
    **{f"{name}_{days}d": Fact(f"{name}_{days}d", "number") for name in _NUMBERS_OF_WINDOWS for days in _WINDOWS},
    **{name: Fact(name, "category", _WORDS.get(name, ())) for name in _CATEGORIES.split()},
}
"""The facts that do not depend on the policy."""

_SHARE = "A share is written as 0.8, not as 80."
_WEEKDAY, _HOUR = "Weekdays are 1 (Monday) to 7 (Sunday).", "Hours are 0 to 23."
_YES_OR_NO = "It is 1 (known) or 0."
RANGES: dict[str, tuple[float, float, str]] = {
    "has_web_behaviour": (0, 1, _YES_OR_NO),
    "created_weekday": (1, 7, _WEEKDAY),
    "last_active_weekday": (1, 7, _WEEKDAY),
    "created_hour": (0, 23, _HOUR),
    "last_active_hour": (0, 23, _HOUR),
    "loan_to_value": (0, 10, _SHARE),
    "instalment_to_income": (0, 10, _SHARE),
    "scroll_percent_90d": (0, 100, "It is a percentage, 0 to 100."),
}
"""Between which numbers a fact lies, and what to remember of it."""

RESERVED_NAMES = frozenset(_FEATURE_GROUPS.split()) | frozenset(OF_EVERY_LEAD)
"""Names that no signal or attribute may have."""


def facts(policy: Policy) -> dict[str, Fact]:
    """Everything a rule's `when` may name.

    >>> from leadwerk.policy import load
    >>> known = facts(load("b2b_swiss"))
    >>> known["it_budget"].column, known["it_budget"].kind, known["seniority"].words[-2:]
    ('attribute_it_budget', 'number', ('manager', 'other'))
    """
    by_name = {attribute.name: _of_attribute(attribute) for attribute in policy.attributes}
    numbers: list[str] = []
    for signal in policy.signals:
        numbers += [f"{signal.name}_{what}_{days}d" for what in ("events", "seconds") for days in _WINDOWS]
        numbers.append(f"{signal.name}_days_since")
    return by_name | {name: Fact(name, "number") for name in numbers} | OF_EVERY_LEAD


def fact_named(policy: Policy, name: str) -> Fact | None:
    """The fact of this name, without listing all: a lead that is scored alone should not wait for that."""
    attribute = next((item for item in policy.attributes if item.name == name), None)
    if attribute is not None:
        return _of_attribute(attribute)
    return OF_EVERY_LEAD.get(name) or facts(policy).get(name)


def _of_attribute(attribute: Attribute) -> Fact:
    return Fact(f"attribute_{attribute.name}", attribute.kind, class_names(attribute))

"""What a rule may ask of a lead: the columns of `lead_features`, the job title, and the policy's own attributes.

The columns are those of features.contract, a floor above; a test holds the two together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy

Kind = Literal["number", "category"]

_WINDOWS = (1, 7, 30, 90)
_NUMBERS = """
    has_behaviour lead_age_days created_hour created_weekday loan_amount property_value income instalment loan_to_value
    instalment_to_income calculator_uses_90d calculator_loan_amount_mean session_seconds_30d scroll_percent_90d
    days_since_activity days_since_first_activity sessions_trend last_active_hour last_active_weekday employees revenue
"""
_NUMBERS_OF_WINDOWS = ("sessions", "page_views", "seconds", "active_days")
_CATEGORIES = """
    language country region email_domain_kind channel industry source medium device_category job_title
"""


class Fact(NamedTuple):
    """Where a fact is found, and whether it is a number or a word."""

    column: str
    kind: Kind


def facts(policy: Policy) -> dict[str, Fact]:
    """Everything a rule's `when` may name.

    >>> from leadwerk.policy import load
    >>> known = facts(load("b2b_swiss"))
    >>> known["employees"], known["it_budget"]
    (Fact(column='employees', kind='number'), Fact(column='attribute_it_budget', kind='number'))
    """
    found = {attribute.name: Fact(f"attribute_{attribute.name}", attribute.kind) for attribute in policy.attributes}
    numbers = [*_NUMBERS.split(), *(f"{name}_{days}d" for name in _NUMBERS_OF_WINDOWS for days in _WINDOWS)]
    for signal in policy.signals:
        numbers += [f"{signal.name}_{what}_{days}d" for what in ("events", "seconds") for days in _WINDOWS]
        numbers.append(f"{signal.name}_days_since")
    found |= {name: Fact(name, "number") for name in numbers}
    return found | {name: Fact(name, "category") for name in _CATEGORIES.split()}

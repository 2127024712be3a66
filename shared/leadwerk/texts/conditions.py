"""What a rule's conditions ask of a lead, as words: «Zeitpunkt der Anfrage: Dienstag, 6–12 Uhr»."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from leadwerk.catalogue.features import FEATURES
from leadwerk.texts.catalogue import text
from leadwerk.texts.facts import fact, label

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.policy.points import Condition

_GROUPS = {column: entry.group for entry in FEATURES for column in entry.columns()}
_WEEKDAY, _HOUR = "_weekday", "_hour"
_HOURS_A_DAY = 24


def condition_label(policy: Policy, language: str, when: Mapping[str, Condition]) -> str:
    """Words for a condition on one fact, or on a weekday and hours; the first fact of `when` decides.

    >>> from leadwerk.policy import load
    >>> from leadwerk.policy.points import Condition
    >>> policy = load("b2b_swiss")
    >>> condition_label(policy, "en", {"sessions_30d": Condition(at_least=3)})
    '3 visits to the website in 30 days (or more)'
    >>> when = {"created_weekday": Condition(any_of=(2,)), "created_hour": Condition(at_least=6, below=12)}
    >>> condition_label(policy, "de", when)
    'Zeitpunkt der Anfrage: Dienstag, 6–12 Uhr'
    """
    name, condition = next(iter(when.items()))
    if name.endswith((_WEEKDAY, _HOUR)):
        return _time_label(policy, language, when)
    attributes = {attribute.name for attribute in policy.attributes}
    column = f"attribute_{name}" if name in attributes else name
    group = _GROUPS.get(column, column)
    value = next(
        (bound for bound in (condition.at_least, condition.at_most, *condition.any_of) if bound is not None), None
    )
    worded = fact(policy, language, group, {column: value})
    if condition.at_least is not None:
        return text(language, "condition.or_more", fact=worded)
    return worded if condition.at_most is None else text(language, "condition.or_less", fact=worded)


def _time_label(policy: Policy, language: str, when: Mapping[str, Condition]) -> str:
    parts = []
    for name, condition in when.items():
        if name.endswith(_WEEKDAY):
            parts.append(", ".join(text(language, f"weekday.{day}") for day in condition.any_of))
        else:
            start, end = condition.at_least or 0, _HOURS_A_DAY if condition.below is None else condition.below
            parts.append(text(language, "condition.hours", start=f"{start:g}", end=f"{end:g}"))
    named = label(policy, language, _GROUPS[next(iter(when))])
    return text(language, "fact.value", label=named, value=", ".join(parts))

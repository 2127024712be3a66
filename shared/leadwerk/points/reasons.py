"""A lead's ledger rule by rule: why there are points before any model could say why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leadwerk.points.ledger import HUNDREDTHS, Entry
from leadwerk.policy.model import Policy
from leadwerk.texts.points import point_reason

MOST = 3
"""Reasons shown for, and as many against: more than a person reads before a call."""


class RulePoints(NamedTuple):
    """What a rule gave in sum, its own cap taken off, and how many events it was for (0: an attribute)."""

    rule: str
    points: float
    events: int


def by_rule(ledger: Iterable[Entry]) -> tuple[RulePoints, ...]:
    """The rules of one lead's ledger, the weightiest first; rules that give nothing are left out."""
    sums: dict[str, tuple[int, int]] = {}
    for entry in ledger:
        if entry.rule:
            points, events = sums.get(entry.rule, (0, 0))
            sums[entry.rule] = (points + round(entry.points * HUNDREDTHS), events + entry.events)
    found = [RulePoints(rule, points / HUNDREDTHS, events) for rule, (points, events) in sums.items() if points]
    return tuple(sorted(found, key=lambda one: -abs(one.points)))


def top_reasons(policy: Policy, language: str, ledger: Iterable[Entry]) -> tuple[tuple[RulePoints, str], ...]:
    """At most three rules for and three against a lead, the weightiest first, each with what a seller reads of it."""
    found = by_rule(ledger)
    speaking_for = [one for one in found if one.points > 0][:MOST]
    against = [one for one in found if one.points < 0][:MOST]
    chosen = [one for one in found if one in speaking_for or one in against]
    return tuple((one, point_reason(policy, language, *one)) for one in chosen)

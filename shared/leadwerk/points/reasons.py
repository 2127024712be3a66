"""A lead's ledger rule by rule: why there are points before any model could say why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leadwerk.points.entry import HUNDREDTHS, Entry
from leadwerk.policy.model import Policy
from leadwerk.texts.points import point_reason

WHOLE = 100
"""The weight of a group that enters the score whole, in percent."""
MOST = 3
"""Reasons shown for, and as many against: more than a person reads before a call."""


class RulePoints(NamedTuple):
    """What a rule counts in the total: its sum, its own cap taken off, at the weight of its group; and for how many
    events (0: an attribute).
    """

    rule: str
    points: float
    events: int


def by_rule(policy: Policy, ledger: Iterable[Entry]) -> tuple[RulePoints, ...]:
    """The rules of one lead's ledger, the weightiest first; rules that give nothing are left out.

    The ledger has what a rule gave and, in a row of its own, what its group's weight took; here the rule has its share
    of that, in whole hundredths (half to even). What the caps of groups and scores took is no single rule's.
    """
    sums: dict[str, tuple[float, int]] = {}
    weights = {group.name: group.weight for group in policy.points.groups}
    for entry in ledger:
        if entry.rule:
            points, events = sums.get(entry.rule, (0, 0))
            # Rounded before weighting: entries are whole hundredths, and floats would drift over many rows.
            weighted = round(entry.points * HUNDREDTHS) * weights.get(entry.group, WHOLE) / WHOLE
            sums[entry.rule] = (points + weighted, events + entry.events)
    totals = [RulePoints(rule, round(points) / HUNDREDTHS, events) for rule, (points, events) in sums.items()]
    return tuple(
        sorted(
            (rule_points for rule_points in totals if rule_points.points),
            key=lambda rule_points: -abs(rule_points.points),
        )
    )


def top_reasons(policy: Policy, language: str, ledger: Iterable[Entry]) -> tuple[tuple[RulePoints, str], ...]:
    """At most three rules for and three against a lead, the weightiest first, each with what a seller reads of it."""
    by_weight = by_rule(policy, ledger)
    speaking_for = [rule_points for rule_points in by_weight if rule_points.points > 0][:MOST]
    against = [rule_points for rule_points in by_weight if rule_points.points < 0][:MOST]
    # Back in the order of weight, for and against mixed, as the seller reads them.
    chosen = [rule_points for rule_points in by_weight if rule_points in speaking_for or rule_points in against]
    return tuple((rule_points, point_reason(policy, language, *rule_points)) for rule_points in chosen)

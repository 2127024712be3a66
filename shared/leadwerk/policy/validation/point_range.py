"""How many points somebody can get at most: an upper bound, as if all rules could hold together."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, PointsModel, Rule


class PointRange(NamedTuple):
    """The most fit and interest that rules and caps allow; infinite where nothing bounds them."""

    fit: float
    interest: float

    @classmethod
    def of(cls, policy: Policy) -> PointRange:
        """The bounds of a policy."""
        model = policy.points
        return cls(min(_sum(model, "fit"), model.fit_cap), min(_sum(model, "interest"), model.interest_cap))


def _sum(model: PointsModel, score: str) -> float:
    return sum(_group_range(group, model) * group.weight / 100 for group in model.groups if group.score == score)


def _group_range(group: Group, model: PointsModel) -> float:
    ranges = [_rule_range(rule, model) for rule in model.rules if rule.group == group.name]
    total = max(ranges, default=0.0) if group.first_match_only else sum(ranges)
    return total if group.cap is None else min(total, group.cap)


def _rule_range(rule: Rule, model: PointsModel) -> float:
    repeat_points = rule.points if rule.repeat_points is None else rule.repeat_points
    if (rule.signal is None and rule.phase is None) or rule.repeat in ("once", "newest") or repeat_points <= 0:
        most: float = rule.points
    elif rule.repeat == "every_day":
        # n periods of 24 hours touch n + 1 days.
        most = rule.points + repeat_points * model.window_days
    else:
        most = inf
    return max(0.0, most if rule.cap is None else min(most, rule.cap))

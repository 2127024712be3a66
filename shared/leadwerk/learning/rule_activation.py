"""What a policy's rules counted for each lead, without the points they give: the columns that points are fitted on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from leadwerk.points.conditions import LeadFacts
from leadwerk.points.engine import compute_points
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PointsModel, Rule
from leadwerk.stats.arrays import Floats

UNIT = 100
"""Points a rule gives while it is counted: hundredths of a point are then too fine to matter."""

NO_CAP = 1_000_000_000
WHOLE = 100
"""Per cent of a group's sum that enter the score."""


@dataclass(frozen=True)
class ActivationTerm:
    """A number that the policy gives for something: a rule's points, or its repeat points (`is_repeat`)."""

    rule: str
    is_repeat: bool
    points: int


def terms(policy: Policy) -> tuple[ActivationTerm, ...]:
    """The numbers that may be fitted, rule by rule; a rule that disqualifies is a decision, and has none."""
    return tuple(term for rule in policy.points.rules if not rule.disqualifies for term in _rule_activation(rule))


def _rule_activation(rule: Rule) -> list[ActivationTerm]:
    first = ActivationTerm(rule.name, is_repeat=False, points=rule.points)
    return (
        [first]
        if rule.repeat_points is None
        else [first, ActivationTerm(rule.name, is_repeat=True, points=rule.repeat_points)]
    )


def activation(policy: Policy, facts: LeadFacts) -> Floats:
    """(n, number of terms): how many times each number was given to each lead, decay included.

    A score before the caps of groups and scores is this times the terms' points. A rule's own cap counts as so many
    times its points, and moves with them.
    """
    counted = {is_repeat: _counts(policy, facts, is_repeat=is_repeat) for is_repeat in (False, True)}
    place = {rule.name: index for index, rule in enumerate(policy.points.rules)}
    columns = [counted[term.is_repeat][:, place[term.rule]] for term in terms(policy)]
    matrix = np.column_stack(columns) if columns else np.zeros((facts.size, 0))
    return matrix * _kept_by_caps(policy, matrix) * _weights(policy)


def _counts(policy: Policy, facts: LeadFacts, *, is_repeat: bool) -> Floats:
    """(n, rules): how often a rule's points were given (the first ones only, where others are given again)."""
    # The engine itself counts, with one unit a rule: decay, repeats and first-match groups need no second
    # implementation.
    ledger = compute_points(replace(policy, points=_units(policy.points, is_repeat=is_repeat)), facts).ledger
    rules = len(policy.points.rules)
    if ledger is None or not rules:
        return np.zeros((facts.size, rules))
    by_rule = ledger.rule >= 0
    cell = ledger.lead[by_rule] * rules + ledger.rule[by_rule]
    hundredths = np.bincount(cell, weights=ledger.hundredths[by_rule], minlength=facts.size * rules)
    return hundredths.reshape(facts.size, rules) / (100 * UNIT)


def _units(model: PointsModel, *, is_repeat: bool) -> PointsModel:
    """The same rules, each giving one unit, without caps: once for what comes first, once for what comes again."""
    rules = tuple(
        replace(
            rule,
            points=0 if is_repeat else UNIT,
            repeat_points=None if rule.repeat_points is None else UNIT * is_repeat,
            cap=None,
        )
        for rule in model.rules
    )
    groups = tuple(replace(group, cap=None, weight=WHOLE) for group in model.groups)
    return replace(model, rules=rules, groups=groups, fit_cap=NO_CAP, interest_cap=NO_CAP)


def _weights(policy: Policy) -> Floats:
    """(terms,): the share of a rule's points that enters the score."""
    of_group = {group.name: group.weight / WHOLE for group in policy.points.groups}
    of_rule = {rule.name: of_group[rule.group] for rule in policy.points.rules}
    return np.array([of_rule[term.rule] for term in terms(policy)], dtype=np.float64)


def _kept_by_caps(policy: Policy, matrix: Floats) -> Floats:
    """(n, terms): the share of a rule's points that its own cap leaves."""
    caps = {rule.name: rule.cap for rule in policy.points.rules if rule.cap is not None}
    kept_share = np.ones_like(matrix)
    policy_terms = terms(policy)
    for name, cap in caps.items():
        of_rule = [index for index, term in enumerate(policy_terms) if term.rule == name]
        total_points = np.abs(
            matrix[:, of_rule] @ np.array([policy_terms[index].points for index in of_rule], dtype=np.float64)
        )
        # The share depends on the present points, not on those being fitted, so that the problem stays linear in them.
        share = np.minimum(1.0, np.divide(cap, total_points, out=np.ones_like(total_points), where=total_points > 0))
        kept_share[:, of_rule] = share[:, None]
    return kept_share

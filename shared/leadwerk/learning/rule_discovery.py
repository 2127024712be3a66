"""New rules: values of a category (a region, an industry) whose leads convert otherwise than their points say.

Two things must agree: the leads with the value convert otherwise than those without it, and otherwise than their points
say. One after the other, the strongest first: after each, what the others still add is looked at again. As many values
are tried as there are, so the evidence for one must be so much stronger (Bonferroni): in 95 of 100 policies that lack
nothing, no rule is proposed at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from leadwerk.learning.bounded_logistic import BoundedFit, BoundedProblem, fit
from leadwerk.learning.conversion_rate import ConversionRate, conversion_rate, direction
from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.policy.facts import Fact, facts
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Group, Rule
from leadwerk.policy.points_numbers import round_to_readable
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.log_odds import sigmoid
from leadwerk.texts.facts import fact as worded

PULL = 10.0
"""Strength of the presumption that a value says nothing, in landmarks (as learning.suggest)."""

MINIMUM_LEADS = 50
"""Leads with a value, and without it: a new rule has to pay for being read."""

MOST = 5
"""New rules at a time: a person has to judge them."""

CERTAINTY = 0.95
Z = 1.96
FREE_TEXT = ("job_title",)
WORDED = {"medium": "source", "first_medium": "first_source", "device_category": "device"}
"""Facts whose words stand under another group of the feature contract."""


class NewRule(Struct, frozen=True, kw_only=True):
    """A rule to add: points for leads whose `fact` has this `value`; estimate and 95 % interval in points.

    `with_points` and `without_points`: landmarks with the value and without it.
    """

    rule: Rule
    fact: str
    value: str
    points: int
    estimate: float
    low: float
    high: float
    with_points: ConversionRate
    without_points: ConversionRate


@dataclass(frozen=True)
class _Candidate:
    """A value, the leads that have it, and the conversion with and without it; `sign`: 1 where more convert with it."""

    fact: str
    value: str
    has_value: Bools
    with_points: ConversionRate
    without_points: ConversionRate
    sign: int


@dataclass(frozen=True)
class RuleEvidence:
    """The landmarks learned from: what points say of them (`score`), what became of them, whose they are."""

    policy: Policy
    facts: LeadFacts
    rows: Index
    score: Floats
    converted: Bools
    lead: Index


def new_rules(data: RuleEvidence) -> tuple[NewRule, ...]:
    """At most five rules that the policy lacks; none where no group of its fit can take them."""
    group = _group(data.policy)
    candidates = list(_candidates(data)) if group else []
    if group is None or not candidates or not data.score.std():
        return ()
    # Two-sided, divided by the number of values tried: with a hundred values, five would look striking by chance alone.
    needed = NormalDist().inv_cdf(1 - (1 - CERTAINTY) / 2 / len(candidates))
    chosen: list[_Candidate] = []
    fitted = _fitted(data, chosen)
    # Forward selection: two values held by the same leads would otherwise both be proposed, and be paid for twice.
    while len(chosen) < MOST:
        left = [candidate for candidate in candidates if all(candidate is not other for other in chosen)]
        evidence = [candidate.sign * _evidence(data, chosen, fitted, candidate) for candidate in left]
        if max(evidence, default=0.0) < needed:
            break
        chosen.append(left[int(np.argmax(evidence))])
        fitted = _fitted(data, chosen)
    rules = (_rule(data, group, fitted, place, candidate) for place, candidate in enumerate(chosen, start=1))
    return tuple(candidate for candidate in rules if candidate.points)


def _group(policy: Policy) -> Group | None:
    """Where a new rule belongs: to a group of the contact's fit that adds up."""
    fitting = (group for group in policy.points.groups if group.score == "fit" and not group.first_match_only)
    return min(fitting, key=lambda group: group.level != "contact", default=None)


def _candidates(data: RuleEvidence) -> Iterator[_Candidate]:
    """Values that enough leads have and enough have not, whose conversion differs, and that no rule speaks of yet."""
    for name, what in facts(data.policy).items():
        if what.kind == "number" or name in FREE_TEXT or what.column not in data.facts.columns:
            continue
        for value, has_value in _values(data, name, what):
            with_value, without = (
                conversion_rate(data.converted[rows], data.lead[rows]) for rows in (has_value, ~has_value)
            )
            sign = direction(with_value, without)
            if (
                sign
                and min(with_value.leads, without.leads) >= MINIMUM_LEADS
                and not _is_covered(data, name, has_value)
            ):
                yield _Candidate(name, value, has_value, with_value, without, sign)


def _values(data: RuleEvidence, name: str, what: Fact) -> Iterator[tuple[str, Bools]]:
    column = data.facts.columns[what.column]
    texts = [
        str(value) for value in np.asarray(column, dtype=object)[data.rows] if value is not None and value == value
    ]
    conditions = Conditions(data.policy, data.facts)
    # Spellings that the rule's own matching takes for the same are one value; sorted, so that ties do not depend on
    # rows.
    for value in sorted({folded(text): text for text in texts if text.strip()}.values()):
        yield value, conditions.hold({name: Condition(any_of=(value,))})[data.rows]


def _is_covered(data: RuleEvidence, name: str, has_value: Bools) -> bool:
    """Whether a rule on this fact alone, or on the text that it is a class of, fires for all that have the value."""
    conditions = Conditions(data.policy, data.facts)
    sorted_texts = {
        attribute.source for attribute in data.policy.attributes if attribute.name == name and attribute.classes
    }
    alone = [{attribute} for attribute in (name, *sorted_texts)]
    rules = (rule for rule in data.policy.points.rules if set(rule.when) in alone and rule.signal is None)
    return any(bool(conditions.hold(rule.when)[data.rows][has_value].all()) for rule in rules)


def _design(data: RuleEvidence, chosen: list[_Candidate]) -> Floats:
    return np.column_stack([data.score, *(candidate.has_value for candidate in chosen)]).astype(np.float64)


def _fitted(data: RuleEvidence, chosen: list[_Candidate]) -> BoundedFit:
    """Log-odds of conversion on the points and on what was chosen, which is presumed to say nothing."""
    design = _design(data, chosen)
    # The points are not pulled to zero: only what is new has to prove itself. Scaled by the variance, so that a rare
    # value is pulled as strongly for its size as a frequent one.
    pull = np.append(0.0, PULL * design[:, 1:].var(axis=0))
    free = np.full(design.shape[1], np.inf)
    return fit(
        BoundedProblem(design, data.converted, data.lead, np.zeros(len(free)), np.maximum(pull, 1e-9), -free, free)
    )


def _evidence(data: RuleEvidence, chosen: list[_Candidate], fitted: BoundedFit, candidate: _Candidate) -> float:
    """Standard errors by which more (or fewer) convert with the value than points and chosen rules say.

    Rao's score test, with leads drawn: Rao 1948, Proc. Cambridge Philosophical Society 44, p. 50; what the columns in
    use explain of the value is taken out of it first.
    """
    design = np.column_stack([_design(data, chosen), np.ones(len(data.score))])
    p = sigmoid(design[:, :-1] @ fitted.weights + fitted.bias)
    weighted = design * (p * (1 - p))[:, None]
    has_value = candidate.has_value.astype(np.float64)
    # lstsq and not solve: two values with the same leads make the matrix singular.
    explained = design @ np.linalg.lstsq(weighted.T @ design, weighted.T @ has_value, rcond=None)[0]
    _, position = np.unique(data.lead, return_inverse=True)
    # Summed by lead before squaring: landmarks of one lead are not independent evidence.
    sums = np.bincount(position, weights=(has_value - explained) * (data.converted - p))
    error = float(np.sqrt((sums**2).sum()))
    return float(sums.sum()) / error if error else 0.0


def _rule(data: RuleEvidence, group: Group, fitted: BoundedFit, place: int, candidate: _Candidate) -> NewRule:
    per_point = float(fitted.weights[0])
    # Points that count nothing, or against conversion, give no scale: an infinite divisor makes the estimate zero, and
    # the rule is dropped.
    whole = per_point * group.weight / 100 if per_point > 0 else np.inf
    estimate, error = float(fitted.weights[place]) / whole, float(fitted.errors[place]) / whole
    points = round_to_readable(estimate)
    return NewRule(
        rule=Rule(
            name=_name(data.policy, candidate),
            group=group.name,
            points=points,
            when={candidate.fact: Condition(any_of=(candidate.value,))},
            labels={language: _label(data.policy, language, candidate) for language in data.policy.languages},
        ),
        fact=candidate.fact,
        value=candidate.value,
        points=points,
        estimate=round(estimate, 1),
        low=round(estimate - Z * error, 1),
        high=round(estimate + Z * error, 1),
        with_points=candidate.with_points,
        without_points=candidate.without_points,
    )


def _name(policy: Policy, candidate: _Candidate) -> str:
    plain = (
        unicodedata.normalize("NFKD", f"{candidate.fact}_{candidate.value}").encode("ascii", "ignore").decode().lower()
    )
    name = re.sub("[^a-z0-9]+", "_", plain).strip("_")[:50]
    rule_names = {rule.name for rule in policy.points.rules}
    return next(
        free_name for free_name in (name, *(f"{name}_{n}" for n in range(2, 999))) if free_name not in rule_names
    )


def _label(policy: Policy, language: str, candidate: _Candidate) -> str:
    column = facts(policy)[candidate.fact].column
    return worded(policy, language, WORDED.get(column, column), {column: candidate.value})

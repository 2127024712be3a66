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
from leadwerk.learning.nice import round_to_readable
from leadwerk.points.conditions import Conditions
from leadwerk.points.facts import LeadFacts
from leadwerk.policy.facts import Fact, facts
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Group, Rule
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
WORDED = {"medium": "source", "device_category": "device"}
"""Facts whose words stand under another group of the feature contract."""


class NewRule(Struct, frozen=True, kw_only=True):
    """A rule to add: points for leads whose `fact` has this `value`; estimate and 95 % interval in points.

    `given` and `others`: landmarks with the value and without it.
    """

    rule: Rule
    fact: str
    value: str
    points: int
    estimate: float
    low: float
    high: float
    given: ConversionRate
    others: ConversionRate


@dataclass(frozen=True)
class _Candidate:
    """A value, who has it, and what became of those and of the others; `sign` says which convert better."""

    fact: str
    value: str
    held: Bools
    given: ConversionRate
    others: ConversionRate
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


def new_rules(known: RuleEvidence) -> tuple[NewRule, ...]:
    """At most five rules that the policy lacks; none where no group of its fit can take them."""
    group = _group(known.policy)
    candidates = list(_candidates(known)) if group else []
    if group is None or not candidates or not known.score.std():
        return ()
    needed = NormalDist().inv_cdf(1 - (1 - CERTAINTY) / 2 / len(candidates))
    chosen: list[_Candidate] = []
    fitted = _fitted(known, chosen)
    while len(chosen) < MOST:
        left = [one for one in candidates if all(one is not other for other in chosen)]
        evidence = [one.sign * _evidence(known, chosen, fitted, one) for one in left]
        if max(evidence, default=0.0) < needed:
            break
        chosen.append(left[int(np.argmax(evidence))])
        fitted = _fitted(known, chosen)
    found = (_rule(known, group, fitted, place, one) for place, one in enumerate(chosen, start=1))
    return tuple(one for one in found if one.points)


def _group(policy: Policy) -> Group | None:
    """Where a new rule belongs: to a group of the contact's fit that adds up."""
    fitting = (group for group in policy.points.groups if group.score == "fit" and not group.first_match_only)
    return min(fitting, key=lambda group: group.level != "contact", default=None)


def _candidates(known: RuleEvidence) -> Iterator[_Candidate]:
    """Values that enough leads have and enough have not, whose conversion differs, and that no rule speaks of yet."""
    for name, what in facts(known.policy).items():
        if what.kind == "number" or name in FREE_TEXT or what.column not in known.facts.columns:
            continue
        for value, held in _values(known, name, what):
            given, others = (conversion_rate(known.converted[rows], known.lead[rows]) for rows in (held, ~held))
            sign = direction(given, others)
            if sign and min(given.leads, others.leads) >= MINIMUM_LEADS and not _spoken_of(known, name, held):
                yield _Candidate(name, value, held, given, others, sign)


def _values(known: RuleEvidence, name: str, what: Fact) -> Iterator[tuple[str, Bools]]:
    column = known.facts.columns[what.column]
    words = [
        str(value) for value in np.asarray(column, dtype=object)[known.rows] if value is not None and value == value
    ]
    conditions = Conditions(known.policy, known.facts)
    for value in sorted({folded(word): word for word in words if word.strip()}.values()):
        yield value, conditions.hold({name: Condition(any_of=(value,))})[known.rows]


def _spoken_of(known: RuleEvidence, name: str, held: Bools) -> bool:
    """Whether a rule on this fact alone, or on the text that it is a class of, fires for all that have the value."""
    conditions = Conditions(known.policy, known.facts)
    sorted_texts = {one.source for one in known.policy.attributes if one.name == name and one.classes}
    alone = [{one} for one in (name, *sorted_texts)]
    rules = (rule for rule in known.policy.points.rules if set(rule.when) in alone and rule.signal is None)
    return any(bool(conditions.hold(rule.when)[known.rows][held].all()) for rule in rules)


def _design(known: RuleEvidence, chosen: list[_Candidate]) -> Floats:
    return np.column_stack([known.score, *(one.held for one in chosen)]).astype(np.float64)


def _fitted(known: RuleEvidence, chosen: list[_Candidate]) -> BoundedFit:
    """Log-odds of conversion on the points and on what was chosen, which is presumed to say nothing."""
    design = _design(known, chosen)
    pull = np.append(0.0, PULL * design[:, 1:].var(axis=0))
    free = np.full(design.shape[1], np.inf)
    return fit(
        BoundedProblem(design, known.converted, known.lead, np.zeros(len(free)), np.maximum(pull, 1e-9), -free, free)
    )


def _evidence(known: RuleEvidence, chosen: list[_Candidate], fitted: BoundedFit, one: _Candidate) -> float:
    """Standard errors by which more (or fewer) convert with the value than points and chosen rules say.

    Rao's score test, with leads drawn: Rao 1948, Proc. Cambridge Philosophical Society 44, p. 50; what the columns in
    use explain of the value is taken out of it first.
    """
    design = np.column_stack([_design(known, chosen), np.ones(len(known.score))])
    p = sigmoid(design[:, :-1] @ fitted.weights + fitted.bias)
    weighted = design * (p * (1 - p))[:, None]
    held = one.held.astype(np.float64)
    explained = design @ np.linalg.lstsq(weighted.T @ design, weighted.T @ held, rcond=None)[0]
    _, position = np.unique(known.lead, return_inverse=True)
    sums = np.bincount(position, weights=(held - explained) * (known.converted - p))
    error = float(np.sqrt((sums**2).sum()))
    return float(sums.sum()) / error if error else 0.0


def _rule(known: RuleEvidence, group: Group, fitted: BoundedFit, place: int, one: _Candidate) -> NewRule:
    per_point = float(fitted.weights[0])
    whole = per_point * group.weight / 100 if per_point > 0 else np.inf
    estimate, error = float(fitted.weights[place]) / whole, float(fitted.errors[place]) / whole
    points = round_to_readable(estimate)
    return NewRule(
        rule=Rule(
            name=_name(known.policy, one),
            group=group.name,
            points=points,
            when={one.fact: Condition(any_of=(one.value,))},
            labels={language: _label(known.policy, language, one) for language in known.policy.languages},
        ),
        fact=one.fact,
        value=one.value,
        points=points,
        estimate=round(estimate, 1),
        low=round(estimate - Z * error, 1),
        high=round(estimate + Z * error, 1),
        given=one.given,
        others=one.others,
    )


def _name(policy: Policy, one: _Candidate) -> str:
    plain = unicodedata.normalize("NFKD", f"{one.fact}_{one.value}").encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "_", plain).strip("_")[:50]
    taken = {rule.name for rule in policy.points.rules}
    return next(tried for tried in (name, *(f"{name}_{n}" for n in range(2, 999))) if tried not in taken)


def _label(policy: Policy, language: str, one: _Candidate) -> str:
    column = facts(policy)[one.fact].column
    return worded(policy, language, WORDED.get(column, column), {column: one.value})

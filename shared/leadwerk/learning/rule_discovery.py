"""New rules: conditions whose leads convert otherwise than their points say.

Tried are values of a category (a region, an industry), thresholds of a number (visits, employees) and days and hours of
the week (`candidate_conditions`). Three things must agree: the leads that satisfy the condition convert otherwise
than the rest, otherwise than their points say, and so among the newest third of the leads alone. One after the other,
the strongest first: after each, what the others still add is looked at again. As many conditions are tried as there
are, so the evidence for one must be so much stronger (Bonferroni): in 95 of 100 policies that lack nothing, no rule is
proposed at all.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from leadwerk.learning.bounded_logistic import BoundedFit, BoundedProblem, fit
from leadwerk.learning.candidate_conditions import CandidateCondition, catalogue_entry
from leadwerk.learning.conversion_rate import ConversionRate
from leadwerk.learning.rule_candidates import Candidate, RuleEvidence, tried_candidates
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Group, Rule
from leadwerk.policy.points_numbers import round_to_readable
from leadwerk.stats.arrays import Floats, Index
from leadwerk.stats.log_odds import sigmoid
from leadwerk.texts.conditions import condition_label

PULL = 10.0
"""Strength of the presumption that a condition says nothing, in landmarks (as learning.suggest)."""

MOST = 5
"""New rules at a time: a person has to judge them."""

CERTAINTY = 0.95
Z = 1.96

NEWEST_SHARE = 1 / 3
NEWEST_Z = 1.645
"""Standard errors that the newest leads alone must show in the same direction (5 %, one-sided)."""

BEHAVIOUR = frozenset(
    ("behaviour", "visits", "time_on_site", "scroll", "recency", "first_visit", "trend", "active_time", "calculator")
)
"""Feature groups that speak of interest; all others speak of fit."""


class NewRule(Struct, frozen=True, kw_only=True):
    """A rule to add: points for leads whose `fact` has this `value`; estimate and 95 % interval in points.

    `value` is the condition in short: a category's value, `at_least 3`, or weekday and hours (`2 6-12`).
    `with_points` and `without_points`: landmarks for which the condition holds, and the rest.
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


def new_rules(data: RuleEvidence) -> tuple[NewRule, ...]:
    """At most five rules that the policy lacks; none where no group can take them."""
    tested = [candidate for candidate in tried_candidates(data) if _group(data.policy, candidate.condition.fact)]
    if not tested or not data.score.std():
        return ()
    needed = needed_evidence(len(tested))
    newest = _newest(data)
    left = [candidate for candidate in tested if candidate.sign]
    chosen: list[Candidate] = []
    # Forward selection: two conditions that hold for the same leads would otherwise both be proposed, and paid twice.
    while len(chosen) < MOST and (best := _strongest(data, newest, chosen, left, needed)) is not None:
        chosen.append(best)
        left = [candidate for candidate in left if not _is_rival(candidate, best)]
    fitted = _fitted(data, chosen)
    rules = (_rule(data, fitted, place, candidate) for place, candidate in enumerate(chosen, start=1))
    return tuple(candidate for candidate in rules if candidate.points)


def needed_evidence(conditions: int) -> float:
    """Standard errors that a condition must show where so many were tried, also those without an effect.

    Two-sided, divided by their number (Bonferroni): of a hundred, five would look striking by chance alone.

    >>> round(needed_evidence(1), 2), round(needed_evidence(100), 2)
    (1.96, 3.48)
    """
    return NormalDist().inv_cdf(1 - (1 - CERTAINTY) / 2 / conditions)


def _strongest(
    data: RuleEvidence, newest: Index, chosen: list[Candidate], left: list[Candidate], needed: float
) -> Candidate | None:
    """The candidate that adds most beside those chosen, with enough evidence, and with some among the newest leads."""
    test, recent = _ScoreTest(data, chosen), _ScoreTest(data.at(newest), [_at(other, newest) for other in chosen])
    evidence = [test.evidence(candidate) for candidate in left]
    for place in sorted(range(len(left)), key=evidence.__getitem__, reverse=True):
        if evidence[place] < needed:
            break
        if recent.evidence(_at(left[place], newest)) >= NEWEST_Z:
            return left[place]
    return None


def _is_rival(candidate: Candidate, chosen: Candidate) -> bool:
    """Whether a second rule would be hard to explain beside the chosen one: one threshold a number, one time a week."""
    if candidate is chosen:
        return True
    # Values of a category exclude each other, so that several of them may have a rule.
    of_category = any(test.any_of and isinstance(test.any_of[0], str) for test in chosen.condition.when.values())
    return not of_category and bool(set(candidate.condition.when) & set(chosen.condition.when))


def _newest(data: RuleEvidence) -> Index:
    """Positions of the landmarks of the leads that came last; the rows are in order of time."""
    leads, first = np.unique(data.lead, return_index=True)
    newest = leads[first >= np.quantile(first, 1 - NEWEST_SHARE)]
    return np.flatnonzero(np.isin(data.lead, newest))


def _at(candidate: Candidate, rows: Index) -> Candidate:
    return replace(candidate, holds=candidate.holds[rows])


def _group(policy: Policy, fact: str) -> Group | None:
    """Where a new rule belongs: to a group that adds up, of interest for behaviour, else of the contact's fit."""
    entry = catalogue_entry(fact)
    score = "interest" if entry is not None and entry.group in BEHAVIOUR else "fit"
    fitting = (group for group in policy.points.groups if group.score == score and not group.first_match_only)
    return min(fitting, key=lambda group: group.level != "contact", default=None)


def _design(data: RuleEvidence, chosen: list[Candidate]) -> Floats:
    return np.column_stack([data.score, *(candidate.holds for candidate in chosen)]).astype(np.float64)


def _fitted(data: RuleEvidence, chosen: list[Candidate]) -> BoundedFit:
    """Log-odds of conversion on the points and on what was chosen, which is presumed to say nothing."""
    design = _design(data, chosen)
    # The points are not pulled to zero: only what is new has to prove itself. Scaled by the variance, so that a rare
    # condition is pulled as strongly for its size as a frequent one.
    pull = np.append(0.0, PULL * design[:, 1:].var(axis=0))
    free = np.full(design.shape[1], np.inf)
    return fit(
        BoundedProblem(design, data.converted, data.lead, np.zeros(len(free)), np.maximum(pull, 1e-9), -free, free)
    )


class _ScoreTest:
    """Whether more (or fewer) convert with a condition than points and chosen rules say, leads drawn.

    Rao's score test: Rao 1948, Proc. Cambridge Philosophical Society 44, p. 50; what the columns in use explain of the
    condition is taken out of it first.
    """

    def __init__(self, data: RuleEvidence, chosen: list[Candidate]) -> None:
        fitted = _fitted(data, chosen)
        self.design = np.column_stack([_design(data, chosen), np.ones(len(data.score))])
        p = sigmoid(self.design[:, :-1] @ fitted.weights + fitted.bias)
        self.weighted = self.design * (p * (1 - p))[:, None]
        # pinv and not inv: two conditions that hold for the same leads make the matrix singular.
        self.inverse = np.linalg.pinv(self.weighted.T @ self.design)
        self.residual = data.converted - p
        self.position = np.unique(data.lead, return_inverse=True)[1]

    def evidence(self, candidate: Candidate) -> float:
        """Standard errors in the candidate's direction."""
        holds = candidate.holds.astype(np.float64)
        explained = self.design @ (self.inverse @ (self.weighted.T @ holds))
        # Summed by lead before squaring: landmarks of one lead are not independent evidence.
        sums = np.bincount(self.position, weights=(holds - explained) * self.residual)
        error = float(np.sqrt((sums**2).sum()))
        return candidate.sign * float(sums.sum()) / error if error else 0.0


def _rule(data: RuleEvidence, fitted: BoundedFit, place: int, candidate: Candidate) -> NewRule:
    condition = candidate.condition
    group = _group(data.policy, condition.fact)
    assert group is not None  # only conditions with a group are tried
    per_point = float(fitted.weights[0])
    # Points that count nothing, or against conversion, give no scale: an infinite divisor makes the estimate zero, and
    # the rule is dropped.
    whole = per_point * group.weight / 100 if per_point > 0 else np.inf
    estimate, error = float(fitted.weights[place]) / whole, float(fitted.errors[place]) / whole
    points = round_to_readable(estimate)
    return NewRule(
        rule=Rule(
            name=_name(data.policy, condition),
            group=group.name,
            points=points,
            when=dict(condition.when),
            labels={
                language: condition_label(data.policy, language, condition.when) for language in data.policy.languages
            },
        ),
        fact=condition.fact,
        value=condition.value,
        points=points,
        estimate=round(estimate, 1),
        low=round(estimate - Z * error, 1),
        high=round(estimate + Z * error, 1),
        with_points=candidate.with_points,
        without_points=candidate.without_points,
    )


def _name(policy: Policy, condition: CandidateCondition) -> str:
    plain = (
        unicodedata.normalize("NFKD", f"{condition.fact}_{condition.value}").encode("ascii", "ignore").decode().lower()
    )
    name = re.sub("[^a-z0-9]+", "_", plain).strip("_")[:50]
    rule_names = {rule.name for rule in policy.points.rules}
    return next(
        free_name for free_name in (name, *(f"{name}_{n}" for n in range(2, 999))) if free_name not in rule_names
    )

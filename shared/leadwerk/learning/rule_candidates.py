"""Candidates for a new rule: the conditions tried on past landmarks, and what became of the leads that satisfy them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from leadwerk.learning.candidate_conditions import (
    TIMES,
    CandidateCondition,
    category_conditions,
    number_conditions,
    offered_facts,
    time_conditions,
)
from leadwerk.learning.conversion_rate import ConversionRate, conversion_rate, direction
from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Rule
from leadwerk.stats.arrays import Bools, Floats, Index

MINIMUM_LEADS = 50
"""Leads with and without a condition: a new rule has to pay for being read."""


@dataclass(frozen=True)
class Candidate:
    """A condition, the leads that satisfy it, and the conversion with and without it; `sign`: 1 where more convert.

    `holds` is one of n landmarks each; `sign` is 0 where the intervals overlap.
    """

    condition: CandidateCondition
    holds: Bools
    with_points: ConversionRate
    without_points: ConversionRate
    sign: int


@dataclass(frozen=True)
class RuleEvidence:
    """The landmarks learned from, in order of time.

    `score`: what points say of them; `converted`: what became of them; `lead`: whose they are.
    """

    policy: Policy
    facts: LeadFacts
    rows: Index
    score: Floats
    converted: Bools
    lead: Index

    def at(self, positions: Index) -> RuleEvidence:
        """The landmarks at these positions among `rows`."""
        return replace(
            self,
            rows=self.rows[positions],
            score=self.score[positions],
            converted=self.converted[positions],
            lead=self.lead[positions],
        )


def tried_candidates(data: RuleEvidence) -> Iterator[Candidate]:
    """Conditions that hold for enough leads and not for enough, and that no rule speaks of yet."""
    conditions = Conditions(data.policy, data.facts)
    for offered in offered_conditions(data):
        holds = conditions.hold(offered.when)[data.rows]
        with_points, without = (conversion_rate(data.converted[rows], data.lead[rows]) for rows in (holds, ~holds))
        if min(with_points.leads, without.leads) < MINIMUM_LEADS or covering_rule(data, offered, holds):
            continue
        sign = direction(with_points, without)
        yield Candidate(offered, holds, with_points, without, 0 if offered.more_only and sign < 0 else sign)


def offered_conditions(data: RuleEvidence) -> Iterator[CandidateCondition]:
    """What a rule could ask of these landmarks."""
    columns, conditions = data.facts.columns, Conditions(data.policy, data.facts)
    for name, fact in offered_facts(data.policy):
        if fact.column not in columns:
            continue
        if fact.kind == "number":
            yield from number_conditions(name, conditions.numbers(name)[data.rows])
        else:
            values = np.asarray(columns[fact.column], dtype=object)[data.rows]
            yield from category_conditions(
                name, [str(value) for value in values if value is not None and value == value]
            )
    for weekday, hour in TIMES:
        if weekday in columns and hour in columns:
            yield from time_conditions(weekday, hour)


def covering_rule(data: RuleEvidence, offered: CandidateCondition, holds: Bools) -> Rule | None:
    """A rule on these facts alone, or on the text that one is a class of, that fires for all who satisfy the condition.

    `holds`: the landmarks that satisfy it.
    """
    conditions = Conditions(data.policy, data.facts)
    fact_names = set(offered.when)
    sorted_texts = {
        attribute.source for attribute in data.policy.attributes if attribute.name in fact_names and attribute.classes
    }
    for rule in data.policy.points.rules:
        alone = set(rule.when) <= fact_names or set(rule.when) == sorted_texts
        if alone and rule.when and rule.signal is None and bool(conditions.hold(rule.when)[data.rows][holds].all()):
            return rule
    return None

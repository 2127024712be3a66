"""Ideal customer profile: values of contact and company facts that are over-represented among past customers.

Each lead counts once, as it was known at its first landmark. The share of a value among customers by its share among
all matured leads is its lift; intervals hold for all conditions tried together (Bonferroni). Rules are proposed from
the same facts as in `rule_discovery`: beside the points that the policy gives already.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np
from msgspec import Struct

from leadwerk.learning.candidate_conditions import TIMES, CandidateCondition, catalogue_entry, offered_facts
from leadwerk.learning.rule_candidates import MINIMUM_LEADS, RuleEvidence, covering_rule, offered_conditions
from leadwerk.learning.rule_discovery import BEHAVIOUR, CERTAINTY, NewRule, new_rules
from leadwerk.learning.suggest import SuggestionEvidence, totals
from leadwerk.points.conditions import Conditions, LeadFacts
from leadwerk.points.entry import HUNDREDTHS
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Bools
from leadwerk.texts.conditions import condition_label

CIRCUMSTANCES = BEHAVIOUR | {"lead_age", "created_time", "source", "first_source", "device", "channel"}
"""Feature groups that say how somebody came, not who they are."""

MOST_TRAITS = 12
MINIMUM_LIFT = 1.1
"""A trait that nearly everybody has sets customers apart from nobody."""


class ProfileTrait(Struct, frozen=True, kw_only=True):
    """A condition with its lift and the simultaneous 95 % interval; `labels` by language.

    `rule`: the rule of the policy that fires for all of these leads, with its `points`.
    """

    fact: str
    value: str
    labels: dict[str, str]
    leads: int
    customers: int
    lead_share: float
    customer_share: float
    lift: float
    low: float
    high: float
    rule: str | None
    points: int | None


class CustomerProfile(Struct, frozen=True, kw_only=True):
    """Traits, the largest lower limit first, of so many matured leads and customers; `tested` conditions were tried."""

    leads: int
    customers: int
    tested: int
    traits: tuple[ProfileTrait, ...]
    new_rules: tuple[NewRule, ...]


def customer_profile(evidence: SuggestionEvidence) -> CustomerProfile:
    """The profile of those who converted within the horizon."""
    data = _one_row_a_lead(evidence)
    conditions = Conditions(data.policy, data.facts)
    conditions_tried = [(offered, conditions.hold(offered.when)[data.rows]) for offered in offered_conditions(data)]
    tested = [
        (offered, holds) for offered, holds in conditions_tried if min(holds.sum(), (~holds).sum()) >= MINIMUM_LEADS
    ]
    z = NormalDist().inv_cdf(1 - (1 - CERTAINTY) / 2 / max(len(tested), 1))
    # Without customers, or without anybody else, nothing is over-represented.
    has_both = 0 < data.converted.sum() < len(data.converted)
    traits = [_trait(data, offered, holds, z) for offered, holds in tested] if has_both else []
    return CustomerProfile(
        leads=len(data.rows),
        customers=int(data.converted.sum()),
        tested=len(tested),
        traits=_largest([trait for trait in traits if trait.low > 1 and trait.lift >= MINIMUM_LIFT]),
        new_rules=new_rules(data) if has_both else (),
    )


def profile_columns(policy: Policy) -> frozenset[str]:
    """Columns of the facts that say who a contact or a company is."""
    times = {name for pair in TIMES for name in pair}
    return frozenset(
        fact.column
        for name, fact in offered_facts(policy)
        if name not in times and ((entry := catalogue_entry(name)) is None or entry.group not in CIRCUMSTANCES)
    )


def _one_row_a_lead(evidence: SuggestionEvidence) -> RuleEvidence:
    # Rows are in order of time: a lead's first one is what was known when it came.
    rows = np.sort(np.unique(evidence.lead, return_index=True)[1])
    rows = rows[~evidence.disqualified[rows]]
    allowed = profile_columns(evidence.policy)
    columns = {name: column for name, column in evidence.facts.columns.items() if name in allowed}
    facts = LeadFacts(evidence.facts.size, columns, evidence.facts.occurrences)
    score = totals(evidence.policy, evidence.facts, rows) / HUNDREDTHS
    return RuleEvidence(evidence.policy, facts, rows, score, evidence.converted[rows], evidence.lead[rows])


def _trait(data: RuleEvidence, offered: CandidateCondition, holds: Bools, z: float) -> ProfileTrait:
    lift = lift_of(data.converted, holds, z)
    rule = covering_rule(data, offered, holds)
    return ProfileTrait(
        fact=offered.fact,
        value=offered.value,
        labels={language: condition_label(data.policy, language, offered.when) for language in data.policy.languages},
        leads=int(holds.sum()),
        customers=int(data.converted[holds].sum()),
        lead_share=float(holds.mean()),
        customer_share=float(holds[data.converted].mean()),
        lift=lift.value,
        low=lift.low,
        high=lift.high,
        rule=rule.name if rule else None,
        points=rule.points if rule else None,
    )


@dataclass(frozen=True)
class Lift:
    """A share among customers by the share among all, with its interval."""

    value: float
    low: float
    high: float


def lift_of(converted: Bools, holds: Bools, z: float) -> Lift:
    """Lift of a condition: how many times as frequent it is among customers as among all, ± z errors of its log.

    The rate of all contains the rate of the leads that satisfy the condition: their errors are not independent, and the
    delta method takes that into account.

    >>> holds, converted = np.arange(1000) < 200, np.arange(1000) % 10 == 0
    >>> converted[:200] |= np.arange(200) % 5 == 0
    >>> lift = lift_of(converted, holds, 1.96)
    >>> round(lift.value, 2), round(lift.low, 2), round(lift.high, 2)
    (1.67, 1.32, 2.1)
    """
    n, m = len(converted), int(holds.sum())
    with_rate, without_rate, rate = converted[holds].mean(), converted[~holds].mean(), converted.mean()
    if with_rate == 0:
        return Lift(0.0, 0.0, 1.0)
    variance_with = (1 / with_rate - m / (n * rate)) ** 2 * with_rate * (1 - with_rate) / m
    variance_without = ((n - m) / (n * rate)) ** 2 * without_rate * (1 - without_rate) / (n - m)
    centre, reach = log(with_rate / rate), z * sqrt(variance_with + variance_without)
    return Lift(exp(centre), exp(centre - reach), exp(centre + reach))


def _largest(traits: list[ProfileTrait]) -> tuple[ProfileTrait, ...]:
    """The clearest traits; of several thresholds of one number the clearest alone."""
    chosen: list[ProfileTrait] = []
    for trait in sorted(traits, key=lambda trait: -trait.low):
        is_threshold = trait.value.startswith(("at_least ", "at_most "))
        if not is_threshold or all(trait.fact != other.fact for other in chosen):
            chosen.append(trait)
    return tuple(chosen[:MOST_TRAITS])

"""Ideal customer profile: who is over-represented among customers beside what the policy says."""

from __future__ import annotations

import msgspec
import numpy as np

from leadwerk.learning.customer_profile import CustomerProfile, customer_profile
from leadwerk.learning.suggest import SuggestionEvidence
from leadwerk.points.conditions import LeadFacts, Occurrences
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Condition, Group, PointsModel, Rule

NO_EVENTS = Occurrences(*(np.array([], dtype=kind) for kind in ("i8", "i8", "M8[D]", "i8", "i8")))


def policy() -> Policy:
    rule = Rule(name="pharma", group="person", points=10, when={"industry": Condition(any_of=("pharma",))})
    model = PointsModel(groups=(Group(name="person", score="fit"),), rules=(rule,))
    return msgspec.structs.replace(load("b2b_swiss"), points=model, attributes=())


def profile_of(effect: float, seed: int = 1, size: int = 8000) -> CustomerProfile:
    """Companies: pharma and those with 200 employees or more buy more often; a lead has two landmarks."""
    random = np.random.default_rng(seed)
    industry = random.choice(["pharma", "retail", "it"], size, p=[0.2, 0.4, 0.4])
    employees = np.exp(random.normal(4.5, 1.2, size)).round()
    log_odds = -2.5 + effect * (1.0 * (industry == "pharma") + 1.2 * (employees >= 200))
    converted = random.random(size) < 1 / (1 + np.exp(-log_odds))
    columns = {
        "industry": np.repeat(industry, 2).astype(object),
        "employees": np.repeat(employees, 2),
        "sessions_30d": np.repeat(5.0 * converted, 2),  # behaviour is no part of the profile
    }
    facts = LeadFacts(2 * size, columns, NO_EVENTS)
    return customer_profile(
        SuggestionEvidence.of(policy(), facts, np.repeat(converted, 2), np.repeat(np.arange(size), 2))
    )


def test_the_profile_names_who_buys_with_lift_and_the_rule_that_says_so_already() -> None:
    profile = profile_of(1.0)
    assert profile.leads == 8000
    traits = {trait.fact: trait for trait in profile.traits}
    assert traits.keys() == {"industry", "employees"}
    assert (traits["industry"].value, traits["industry"].rule, traits["industry"].points) == ("pharma", "pharma", 10)
    assert traits["employees"].value.startswith("at_least ")
    assert traits["employees"].rule is None
    for trait in profile.traits:
        assert 1 < trait.low < trait.lift < trait.high
        assert np.isclose(trait.lift, trait.customer_share / trait.lead_share)


def test_what_the_policy_lacks_is_proposed_as_a_rule() -> None:
    [rule] = profile_of(1.0).new_rules
    assert rule.fact == "employees"
    assert rule.points > 0
    assert rule.rule.labels["de"].endswith("(oder mehr)")


def test_by_chance_hardly_anybody_is_over_represented() -> None:
    assert sum(bool(profile_of(0.0, seed, 1500).traits) for seed in range(12)) <= 2

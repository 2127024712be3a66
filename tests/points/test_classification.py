"""What points mean: grades, levels, light, tiers, phases, stages."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk import policy
from leadwerk.points.classification import LeadRating, grades, levels, lights, rate_leads
from leadwerk.points.engine import compute_points
from leadwerk.points.stages import direction, stage_of
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Grades, Levels
from leadwerk.policy.selling import Stage
from support.lead_history import facts_at, lead

B2B = policy.load("b2b_swiss")
MORTGAGE = policy.load("mortgage")
SOMEBODY = LeadRating(
    fit=30.0,
    interest=20.0,
    points=50.0,
    grade="B",
    level=3,
    matrix_cell="B3",
    icp=50,
    traffic_light="yellow",
    tier=None,
    phase=None,
    disqualified=False,
)


def staged(*stages: Stage) -> Policy:
    return msgspec.structs.replace(B2B, stages=(Stage(name="first"), *stages))


def stage(mine: Policy, rating: LeadRating | None = SOMEBODY, **previous: str | None) -> str:
    status, outcome, cluster = (previous.get(name) for name in ("status", "outcome", "cluster"))
    return stage_of(mine, is_known=True, cluster=cluster, rating=rating, status=status, outcome=outcome)


@given(st.lists(st.integers(-20_000, 20_000), min_size=1, max_size=30))
def test_more_points_never_mean_a_worse_grade_or_level(hundredths: list[int]) -> None:
    ordered = np.array(sorted(hundredths))
    assert grades(Grades(), ordered).tolist() == sorted(grades(Grades(), ordered), reverse=True)
    assert levels(Levels(), ordered).tolist() == sorted(levels(Levels(), ordered), reverse=True)


@pytest.mark.parametrize(("match", "light"), [(0, "red"), (49, "red"), (50, "yellow"), (79, "yellow"), (80, "green")])
def test_the_light_is_red_below_50_yellow_to_80_and_green_from_there(match: int, light: str) -> None:
    assert lights(B2B, facts_at(B2B, [lead(employees=1)]), np.array([match])).tolist() == [light]


def test_consumers_have_neither_light_nor_tier() -> None:
    facts = facts_at(MORTGAGE, [lead(employees=500, country="CH", loan_to_value=0.7)])
    rating = rate_leads(MORTGAGE, facts, compute_points(MORTGAGE, facts))[0]
    assert (rating.traffic_light, rating.tier, rating.icp) == (None, None, 0)
    assert (rating.fit, rating.grade) == (20.0, "C")


def test_standings_come_in_the_order_of_the_leads() -> None:
    facts = facts_at(B2B, [lead(job_title="CEO"), lead(), lead(country="US")])
    ratings = rate_leads(B2B, facts, compute_points(B2B, facts))
    assert [rating.fit for rating in ratings] == [20.0, 0.0, -100.0]
    assert [rating.disqualified for rating in ratings] == [False, False, True]
    assert rate_leads(B2B, facts_at(B2B, []), compute_points(B2B, facts_at(B2B, []))) == []


def test_a_policy_without_rules_gives_nobody_points_and_everybody_a_standing() -> None:
    bare = msgspec.structs.replace(B2B, points=msgspec.structs.replace(B2B.points, rules=(), groups=()), stages=())
    facts = facts_at(bare, [lead(job_title="CEO", employees=99).did("webinar")])
    rating = rate_leads(bare, facts, compute_points(bare, facts))[0]
    assert (rating.points, rating.matrix_cell, rating.traffic_light, rating.tier) == (0.0, "D4", None, "Mid-Market")
    assert stage(bare) == ""


@pytest.mark.parametrize(
    ("required", "is_reached"),
    [
        (Stage(name="next", grade="B"), True),
        (Stage(name="next", grade="A"), False),
        (Stage(name="next", grade="C"), True),
        (Stage(name="next", points=50), True),
        (Stage(name="next", points=51), False),
        (Stage(name="next", interest=20, points=10), True),
        (Stage(name="next", interest=21, points=10), False),
    ],
)
def test_all_that_a_stage_asks_of_points_must_be_met(required: Stage, is_reached: bool) -> None:
    assert stage(staged(required)) == ("next" if is_reached else "first")
    assert stage(staged(required), None) == "first"


@pytest.mark.parametrize(
    ("cluster", "expected"),
    [("HOT", "hot"), ("WARM", "warm"), ("COLD", "first"), ("DISQUALIFIED", "first"), (None, "first")],
)
def test_a_stage_of_warm_leads_takes_hot_ones_too(cluster: str | None, expected: str) -> None:
    mine = staged(Stage(name="warm", cluster="WARM"), Stage(name="hot", cluster="HOT"))
    assert stage(mine, cluster=cluster) == expected
    assert stage(staged(Stage(name="warm", cluster="WARM")), cluster=cluster) == (
        "first" if expected == "first" else "warm"
    )


def test_statuses_are_compared_as_outcomes_are() -> None:
    mine = staged(Stage(name="talks", statuses=("In Prüfung",)))
    assert stage(mine, status=" in PRU\u0308FUNG") == "talks"
    assert stage(mine, status="Verloren") == stage(mine) == "first"


def test_the_last_stage_that_fits_counts() -> None:
    mine = staged(Stage(name="one", points=10), Stage(name="two", points=90), Stage(name="three", outcomes=("won",)))
    assert stage(mine) == "one"
    assert stage(mine, outcome="won") == "three"


def test_a_stage_that_the_policy_dropped_came_before_all_others() -> None:
    assert direction(B2B, "dropped", "anonymous") == "forward"
    assert direction(B2B, "customer", "dropped") == "back"

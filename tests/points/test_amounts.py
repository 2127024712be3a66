"""Amounts: hundredths of a point are rounded half to even, and a cap bounds a rule on either side."""

from __future__ import annotations

import msgspec
import pytest

from leadwerk.points.engine import compute_points
from leadwerk.policy.points import Decay, Group, PointsModel, Rule
from support.generated_points import B2B
from support.lead_history import facts_at, lead


def hundredths(points: int, *, weight: int, decay: Decay, days: float) -> tuple[int, list[float]]:
    group = Group(name="web", score="interest", weight=weight, decay=decay)
    rule = Rule(name="blog", group="web", signal="blog", points=points)
    mine = msgspec.structs.replace(B2B, points=PointsModel(groups=(group,), rules=(rule,)))
    totals = compute_points(mine, facts_at(mine, [lead().did("blog", days)]))
    assert totals.ledger is not None
    return int(totals.interest[0]), [entry.points for entry in totals.ledger.entries(0)]


@pytest.mark.parametrize(("points", "days", "left"), [(1, 3.1, 12), (3, 3.1, 38), (-1, 3.1, -12), (5, 4.1, 31)])
def test_what_decay_leaves_is_rounded_half_to_even(points: int, days: float, left: int) -> None:
    # 12.5, 37.5, −12.5 and 31.25 hundredths
    assert hundredths(points, weight=100, decay=Decay(half_life_days=1), days=days) == (left, [left / 100])


@pytest.mark.parametrize(
    ("points", "loss_percent", "weight", "whole", "entering"),
    [(1, 50, 33, 50, 16), (1, 50, 35, 50, 18), (1, 50, 37, 50, 18), (3, 50, 33, 150, 50), (-1, 50, 35, -50, -18)],
)
def test_what_a_weight_lets_in_is_rounded_half_to_even(
    points: int, loss_percent: int, weight: int, whole: int, entering: int
) -> None:
    # 16.5, 17.5, 18.5, 49.5 and −17.5 hundredths
    decay = Decay(idle_period_days=1, loss_percent=loss_percent)
    total, rows = hundredths(points, weight=weight, decay=decay, days=1.1)
    assert (total, rows) == (entering, [whole / 100, (entering - whole) / 100])


@pytest.mark.parametrize(
    ("points", "days", "sum_of_rule", "expected"), [(-50, 2, -60, 40), (-50, 1, -50, None), (50, 2, 60, -40)]
)
def test_a_rules_cap_bounds_it_on_either_side(points: int, days: int, sum_of_rule: int, expected: int | None) -> None:
    group = Group(name="web", score="interest", cap=70)
    rule = Rule(name="blog", group="web", signal="blog", points=points, cap=60)
    mine = msgspec.structs.replace(B2B, points=PointsModel(groups=(group,), rules=(rule,)))
    history = lead()
    for day in range(days):
        history = history.did("blog", day + 0.1)
    totals = compute_points(mine, facts_at(mine, [history]))
    assert totals.ledger is not None
    caps = [(row.rule, row.subject, row.points) for row in totals.ledger.entries(0) if row.kind == "cap"]
    assert totals.interest.tolist() == [sum_of_rule * 100]
    assert caps == ([] if expected is None else [("blog", "blog", expected)])


def test_caps_of_groups_and_scores_bound_from_above_only() -> None:
    group = Group(name="web", score="interest", cap=10)
    rule = Rule(name="blog", group="web", signal="blog", points=-50)
    mine = msgspec.structs.replace(B2B, points=PointsModel(groups=(group,), rules=(rule,), interest_cap=5))
    assert compute_points(mine, facts_at(mine, [lead().did("blog")])).interest.tolist() == [-5000]

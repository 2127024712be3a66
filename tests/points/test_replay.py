"""Replay: what two policies say of the same moments, counted by lead."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.points.engine import compute_points
from leadwerk.points.replay import CLUSTERS, Replay, compare
from leadwerk.points.replay_input import PolicyOutcome, ReplayMoments
from leadwerk.points.workload import workload
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Capacity, Seller
from support.examples import examples
from support.generated_points import B2B, leads, policies
from support.lead_history import Lead, facts_at, lead

START = np.datetime64("2026-01-01T08:00", "us")
few = examples(40, suppress_health_check=list(HealthCheck))


def moments(
    leads: list[int], *, mature: list[bool] | None = None, converted: list[bool] | None = None
) -> ReplayMoments:
    """Moments a day apart, each of the lead of this number."""
    size = len(leads)
    return ReplayMoments(
        lead_ids=[f"L{n}" for n in range(max(leads, default=-1) + 1)],
        lead=np.array(leads, dtype=np.int64),
        as_of=START + np.arange(size) * np.timedelta64(1, "D"),
        mature=np.array(mature if mature is not None else [True] * size),
        converted=np.array(converted if converted is not None else [False] * size),
    )


def side(policy: Policy, people: list[Lead], clusters: list[str], stages: list[str] | None = None) -> PolicyOutcome:
    totals = compute_points(policy, facts_at(policy, people))
    return PolicyOutcome(policy, totals, clusters, stages or [""] * len(people), [()] * len(people))


def replayed(before: list[str], after: list[str], of: ReplayMoments) -> Replay:
    people = [lead()] * len(of.lead)
    return compare(of, side(B2B, people, before), side(B2B, people, after), weeks=2)


@few
@given(st.data())
def test_a_policy_against_itself_moves_nobody(data: st.DataObject) -> None:
    policy, people = data.draw(policies()), data.draw(st.lists(leads, min_size=1, max_size=6))
    clusters = data.draw(st.lists(st.sampled_from(CLUSTERS), min_size=len(people), max_size=len(people)))
    lead_of_moment = sorted(data.draw(st.lists(st.integers(0, 3), min_size=len(people), max_size=len(people))))
    same = side(policy, people, clusters)
    replay = compare(
        moments([sorted(set(lead_of_moment)).index(lead_index) for lead_index in lead_of_moment]), same, same, weeks=1
    )
    assert (replay.moved, replay.movers, replay.gained.leads, replay.lost.leads) == (0, (), 0, 0)
    assert replay.before == replay.after


@few
@given(st.data())
def test_every_lead_is_counted_once_on_each_side(data: st.DataObject) -> None:
    size, different = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 4))
    lead_of_moment = [n % different for n in range(size)]
    before, after = (data.draw(st.lists(st.sampled_from(CLUSTERS), min_size=size, max_size=size)) for _ in "ab")
    replay = replayed(before, after, moments(lead_of_moment))
    assert sum(move.leads for move in replay.clusters) == len(set(lead_of_moment))
    assert replay.before.leads == replay.kept.leads + replay.lost.leads
    assert replay.after.leads == replay.kept.leads + replay.gained.leads


def test_a_lead_counts_by_its_best_moment() -> None:
    replay = replayed(["COLD", "HOT", "COLD"], ["WARM", "COLD", "COLD"], moments([0, 0, 0]))
    [move] = replay.clusters
    assert (move.before, move.after, move.direction, move.examples) == ("HOT", "WARM", "back", ("L0",))


def test_conversion_is_of_the_moment_at_which_a_lead_became_hot() -> None:
    of = moments([0, 0, 1, 2], mature=[True, True, True, False], converted=[False, True, False, False])
    replay = replayed(["COLD"] * 4, ["COLD", "HOT", "HOT", "HOT"], of)
    assert (replay.gained.leads, replay.gained.mature, replay.gained.converted, replay.gained.rate) == (3, 2, 1, 0.5)
    assert (round(replay.gained.low, 3), round(replay.gained.high, 3)) == (0.095, 0.905)  # Wilson, 1 of 2


def test_undecided_leads_have_no_rate() -> None:
    replay = replayed(["COLD"], ["HOT"], moments([0], mature=[False]))
    assert (replay.gained.leads, replay.gained.mature, replay.gained.rate) == (1, 0, None)


def test_a_mover_is_explained_by_the_rules_that_differ() -> None:
    [*rules] = B2B.points.rules
    place = next(index for index, rule in enumerate(rules) if rule.signal == "webinar")
    rules[place] = msgspec.structs.replace(rules[place], points=rules[place].points + 7)
    other = msgspec.structs.replace(B2B, points=msgspec.structs.replace(B2B.points, rules=tuple(rules)))
    people = [lead(), lead().did("webinar", 0.5), lead().did("pricing_page", 0.5)]
    replay = compare(
        moments([0, 1, 2]), side(B2B, people, ["COLD"] * 3), side(other, people, ["COLD", "WARM", "COLD"]), weeks=1
    )
    [mover] = replay.movers
    assert (mover.lead_id, mover.cluster_after) == ("L1", "WARM")
    [difference] = mover.rules
    assert difference.rule == rules[place].name
    assert difference.after - difference.before == pytest.approx(7, abs=0.5)
    assert mover.points_after - mover.points_before == pytest.approx(difference.after - difference.before)


def test_calls_are_dealt_by_free_time_and_counted_by_week() -> None:
    sellers = (Seller(name="anna", hours_per_week=10), Seller(name="beat", hours_per_week=30))
    both, anna, nobody = ("anna", "beat"), ("anna",), ()
    weeks_of_calls = workload(
        Capacity(sellers=sellers, minutes_per_lead=60),
        [both, both, both, both, anna, nobody],
        np.array([0, 0, 0, 0, 1, 1]),
        weeks=2,
    )
    assert [
        (seller_week.seller, seller_week.average, seller_week.busiest, seller_week.room)
        for seller_week in weeks_of_calls.sellers
    ] == [
        ("anna", 1.0, 1, 10.0),
        ("beat", 1.5, 3, 30.0),
        ("", 0.5, 1, None),
    ]
    assert (weeks_of_calls.leads, weeks_of_calls.average, weeks_of_calls.busiest) == (6, 3.0, 4)

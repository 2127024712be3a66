"""Sellers' time is shared so that nobody has more calls than time, and nobody waits while leads are there."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.scoring.fair_allocation import allocate, overloaded
from support.examples import examples

LOW, LEVELS = 40, 5


def feasible(calls_due: np.ndarray, serves: np.ndarray, capacity: np.ndarray) -> bool:
    """Hall's condition (1935), by trying every set of pools: no set asks for more than all who serve it can take."""
    sets = (list(s) for n in range(1, len(calls_due) + 1) for s in combinations(range(len(calls_due)), n))
    return all(calls_due[s].sum() <= capacity[serves[s].any(axis=0)].sum() + 1e-6 for s in sets)


@st.composite
def teams(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    k, s = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    steps = draw(st.lists(st.lists(st.integers(0, 9), min_size=LEVELS, max_size=LEVELS), min_size=k, max_size=k))
    serves = draw(st.lists(st.lists(st.booleans(), min_size=s, max_size=s).filter(any), min_size=k, max_size=k))
    capacity = draw(st.lists(st.integers(0, 40), min_size=s, max_size=s))
    demand = np.array(steps, float)[:, ::-1].cumsum(axis=1)[:, ::-1]
    return demand, np.array(serves, bool), np.array(capacity, float)


@examples(200)
@given(teams())
def test_whoever_competes_for_too_little_time_is_found(team):
    demand, serves, capacity = team
    assert overloaded(demand[:, 0], serves, capacity).any() != feasible(demand[:, 0], serves, capacity)


@examples(200)
@given(teams())
def test_nobody_has_more_calls_than_time_where_a_threshold_could_still_rise(team):
    demand, serves, capacity = team
    allocations = allocate(demand, serves, capacity, LOW)
    calls_due = np.array([demand[k, share.wanted - LOW] for k, share in enumerate(allocations)])
    stuck = overloaded(calls_due, serves, capacity)
    assert {allocations[k].wanted for k in np.flatnonzero(stuck)} <= {LOW + LEVELS - 1}


@examples(200)
@given(teams())
def test_no_seller_waits_while_a_point_less_would_bring_calls_he_could_take(team):
    """Lowering a group that stopped, to its next point, asks its sellers for more than they can take."""
    demand, serves, capacity = team
    allocations = allocate(demand, serves, capacity, LOW)
    for group in {share.group for share in allocations}:
        members = [k for k, share in enumerate(allocations) if share.group == group]
        level = allocations[members[0]].wanted - LOW
        if level > 0:
            lower = demand[members, level - 1].sum()
            assert lower > allocations[members[0]].room - 1e-6


@examples(100)
@given(teams())
def test_pools_with_the_same_sellers_have_the_same_threshold(team):
    demand, serves, capacity = team
    allocations = allocate(np.vstack([demand, demand[:1] / 2]), np.vstack([serves, serves[:1]]), capacity, LOW)
    assert allocations[0].wanted == allocations[-1].wanted


@examples(100)
@given(teams())
def test_a_pool_that_fits_is_not_raised_for_one_that_does_not(team):
    """Max-min fairness: whatever the others ask for, no pool is above where it would be with all at its level."""
    demand, serves, capacity = team
    allocations = allocate(demand, serves, capacity, LOW)
    for level in range(LEVELS):
        if not overloaded(demand[:, level], serves, capacity).any():
            assert max(share.wanted for share in allocations) <= LOW + level
            break


def test_the_language_that_one_seller_speaks_alone_does_not_starve_the_other():
    calls = np.array([[40.0, 30.0, 20.0, 10.0, 5.0], [12.0, 10.0, 8.0, 6.0, 4.0]])
    german, french = [True, False], [False, True]
    allocations = allocate(calls, np.array([german, french]), np.array([10.0, 10.0]), LOW)
    assert [share.wanted for share in allocations] == [43, 41]
    assert [share.room for share in allocations] == [10.0, 10.0]


def test_who_speaks_both_languages_evens_out_what_the_others_cannot_take():
    calls = np.array([[40.0, 30.0, 20.0, 10.0, 5.0], [12.0, 10.0, 8.0, 6.0, 4.0]])
    serves = np.array([[True, False, True], [False, True, True]])
    allocations = allocate(calls, serves, np.array([10.0, 4.0, 14.0]), LOW)
    assert [share.wanted for share in allocations] == [42, 42]
    assert {share.room for share in allocations} == {28.0}


def test_fifty_sellers_in_four_languages_and_all_cantons_are_shared_within_seconds():
    random = np.random.default_rng(3)
    serves = random.random((104, 50)) < 0.1
    serves[np.arange(104), random.integers(0, 50, 104)] = True
    demand = random.poisson(3, (104, 21)).astype(float)[:, ::-1].cumsum(axis=1)[:, ::-1]
    allocations = allocate(demand, serves, np.full(50, 60.0), LOW)
    calls_due = np.array([demand[k, share.wanted - LOW] for k, share in enumerate(allocations)])
    assert not overloaded(calls_due, serves, np.full(50, 60.0)).any()


@pytest.mark.parametrize("capacity", [0.0, 1e9])
def test_without_time_all_stand_highest_and_with_plenty_lowest(capacity):
    demand = np.array([[5.0, 4, 3, 2, 1], [9.0, 8, 7, 6, 5]])
    allocations = allocate(demand, np.ones((2, 1), bool), np.array([capacity]), LOW)
    assert {share.wanted for share in allocations} == {LOW + LEVELS - 1 if capacity == 0 else LOW}

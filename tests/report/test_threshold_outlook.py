"""The ladder: more calls never bring fewer wins, and every figure from counts says how sure it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.errors import InputError
from leadwerk.report.threshold_outlook_chart import ChartLabels, outlook_chart
from leadwerk.report.threshold_outlook_table import LEAST_LEADS, at, by_chance, by_past, one_more_hour, rising

WORDS = ChartLabels(hours="Stunden", wins="Abschlüsse", calls="Leads", team="Team", today="heute: HOT ab 51")
PAST = {49: (200, 4), 50: (100, 8), 51: (60, 12), 52: (40, 20)}
CALLS = np.array([12.0, 8.0, 3.0])

counts = st.integers(0, 60).flatmap(lambda leads: st.tuples(st.just(leads), st.integers(0, leads)))
pasts = st.dictionaries(st.integers(39, 60), counts, max_size=22)
falling = st.lists(st.integers(0, 9), min_size=21, max_size=21).map(
    lambda steps: np.array(steps, float)[::-1].cumsum()[::-1]
)


def test_wins_are_the_chances_of_who_is_called_and_an_hour_takes_the_next_lead():
    rungs = by_chance(50, CALLS, np.array([2.4, 2.0, 0.9]), minutes_per_lead=30)
    assert [(rung.threshold, rung.calls, rung.hours) for rung in rungs] == [(50, 12, 6), (51, 8, 4), (52, 3, 1.5)]
    assert [rung.wins.value for rung in rungs] == [2.4, 2.0, 0.9]
    assert rungs[0].hour is None
    assert rungs[1].hour.value == pytest.approx(2 * 0.4 / 4)  # two leads an hour, of which each wins 0.4 / 4
    assert rungs[2].hour.value == pytest.approx(2 * 1.1 / 5)


def test_by_past_wins_are_what_became_of_leads_that_got_so_far():
    rungs = by_past(50, CALLS, PAST, minutes_per_lead=60)
    assert at(rungs, 52).wins.value == pytest.approx(3 * 0.5)
    assert at(rungs, 51).wins.value == pytest.approx(3 * 0.5 + 5 * 0.2)
    assert at(rungs, 52).hour.value == pytest.approx(0.2)
    assert at(rungs, 50).hour.value == pytest.approx(4 / 200)


def test_with_too_few_past_leads_nothing_is_said_of_wins():
    few = {50: (LEAST_LEADS - 1, 3)}
    assert {(rung.wins, rung.hour) for rung in by_past(50, CALLS, few, 60)} == {(None, None)}


@given(falling, pasts)
def test_more_calls_never_bring_fewer_wins_and_the_interval_holds_the_figure(calls, past):
    rungs = [rung for rung in by_past(40, calls, past, 60) if rung.wins]
    assert all(a.wins.value >= b.wins.value - 1e-9 for a, b in pairwise(rungs))
    assert all(rung.wins.low - 1e-9 <= rung.wins.value <= rung.wins.high + 1e-9 for rung in rungs)


@given(pasts)
def test_pooled_levels_rise_and_lose_no_lead(past):
    blocks = rising(past)
    assert all(a.rate < b.rate and a.last + 1 == b.first for a, b in pairwise(blocks))
    assert sum(block.leads for block in blocks) == sum(leads for leads, _ in past.values())


def test_an_hour_of_an_overloaded_team_goes_to_hot_leads_that_wait():
    rung = at(by_past(50, CALLS, PAST, 60), 51)
    assert one_more_hour(rung, room=4).value == pytest.approx(rung.wins.value / 8)
    assert one_more_hour(rung, room=8) == rung.hour


@pytest.mark.parametrize(("name", "begins"), [("a.png", b"\x89PNG"), ("a.svg", b"<?xml"), ("a.PDF", b"%PDF")])
def test_the_picture_has_the_format_its_name_asks_for_and_is_the_same_every_time(name, begins):
    rungs = by_past(50, CALLS, PAST, 60)
    first, second = (outlook_chart(rungs, WORDS, today=51, hours=5, file=name) for _ in range(2))
    assert first.startswith(begins)
    assert first == second


def test_without_wins_the_picture_shows_calls():
    drawn = outlook_chart(by_past(50, CALLS, {}, 60), WORDS, today=51, hours=5, file="a.svg")
    assert b"Leads" in drawn or b"path" in drawn


def test_another_format_is_refused_with_those_there_are():
    with pytest.raises(InputError, match=r"\.png, \.svg, \.pdf"):
        outlook_chart([], WORDS, today=51, hours=5, file="a.bmp")

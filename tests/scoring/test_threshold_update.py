"""From sellers' time to thresholds: the worked example, and what holds through a year of swings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.policy.load import load
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.scoring.call_demand import DemandChange, demand, smoothed
from leadwerk.scoring.decide import cluster
from leadwerk.scoring.hysteresis import ThresholdState, differs, step
from leadwerk.scoring.seller_pools import EVERYBODY, HotThresholds, leads_a_week, pool, pool_name, threshold_limits
from leadwerk.scoring.threshold_update import thresholds
from support.examples import examples
from support.selling_year import TEAM, Year, hastily, live, longest, policy_of

B2B = load("b2b_swiss")
POLICY = policy_of(B2B)
ANNA = policy_of(B2B, [Seller(name="anna", hours_per_week=40)])

BEYOND_NOISE = 0.5
"""More or less than the time by this share is no noise for a team of 68 calls a week (share of 3 √2 σ: 0.38)."""
TO_REACT_DAYS = 21
"""A point a day through all limits: the 20 points from 40 to 60, and the day on which it is seen."""


def leads(points: list[int], *, days: int = 28) -> list[DemandChange]:
    """So many leads a day with these points each, over a look-back."""
    return [DemandChange(language="de", region="CH-ZH", value=p, leads=days, expected_conversions=0.0) for p in points]


def day_by_day(policy, rows, days: int) -> list[int]:
    states: dict[str, ThresholdState] = {}
    path = []
    for _ in range(days):
        decided = thresholds(policy, "points", demand(policy, "points", rows, 28), states)
        states = {threshold.seller_pool: threshold.state for threshold in decided}
        path.append(states["anna"].hot)
    return path


def called(points: int, hot: int) -> str:
    return {"HOT": "sales", "WARM": "nurturing"}[cluster(points, hot, B2B.points.bands.warm)]


# D2: threshold (50) separates nurturing (MQL) from sales (SQL); recalibrated to 60 or 40 when sales complain or idle.


def test_d2_the_threshold_of_50_separates_nurturing_from_sales():
    assert threshold_limits(B2B, "points").hot == 50
    hot = HotThresholds(B2B)("points", "de", "CH-ZH")
    assert [called(points, hot) for points in (49, 50)] == ["nurturing", "sales"]


def test_d2_it_is_recalibrated_to_60_when_sales_complain():
    rows = leads([52, 54, 56, 58, 60, 62, 64, 66, 68, 70, 72, 74])  # 84 calls a week, and time for 40
    path = day_by_day(ANNA, rows, 30)
    assert path[:10] == [51, 52, 53, 54, 55, 56, 57, 58, 59, 60]
    assert set(path[10:]) == {60}
    assert [called(points, path[-1]) for points in (59, 60)] == ["nurturing", "sales"]


def test_d2_it_is_recalibrated_to_40_when_sales_idle():
    rows = leads([41, 43, 45, 55])  # 7 calls a week, and time for 40
    path = day_by_day(ANNA, rows, 30)
    assert path[:10] == [49, 48, 47, 46, 45, 44, 43, 42, 41, 40]
    assert set(path[10:]) == {40}
    assert [called(points, path[-1]) for points in (39, 40)] == ["nurturing", "sales"]


def test_d2_it_stays_at_50_while_the_calls_fit():
    rows = leads([52, 54, 56, 58, 60, 62, 30, 20])  # 42 calls a week, and time for 40
    assert set(day_by_day(ANNA, rows, 30)) == {50}


# Hysteresis.


@given(st.integers(40, 60), st.integers(40, 60), st.floats(0, 1000), st.floats(0, 1000), st.sampled_from([-1, 0, 1]))
def test_a_step_is_a_point_towards_what_is_wanted_or_none(hot, target, load_, room, direction):
    new = step(ThresholdState(hot, direction), target, load_, room, limits=(40, 60))
    assert abs(new.hot - hot) <= 1
    assert new.hot == hot or (new.hot > hot) == (target > hot)


def test_what_has_begun_goes_on_until_it_fits_and_not_beyond():
    state = ThresholdState(50)
    assert step(state, 53, 90, 80, limits=(40, 60)).why == "noise"
    begun = step(state, 53, 130, 80, limits=(40, 60))
    assert (begun.hot, begun.why) == (51, "overloaded")
    assert step(begun, 53, 90, 80, limits=(40, 60)).hot == 52  # within noise, but on its way
    assert step(begun, 51, 90, 80, limits=(40, 60)).why == "fits"


def test_at_a_limit_it_says_so_only_while_load_and_time_really_differ():
    assert step(ThresholdState(60), 60, 160, 80, limits=(40, 60)).why == "limit"
    assert step(ThresholdState(40), 40, 40, 80, limits=(40, 60)).why == "limit"
    assert step(ThresholdState(60), 60, 85, 80, limits=(40, 60)).why == "fits"
    assert step(ThresholdState(60), 60, 40, 80, limits=(40, 60)).why == "fits"  # a point less would be too much already


def test_to_turn_back_takes_more_than_to_set_out():
    idle = {"target": 45, "load": 60.0, "room": 90.0, "limits": (40, 60)}
    assert step(ThresholdState(50, direction=0), **idle).hot == 49
    assert step(ThresholdState(50, direction=1, why="fits"), **idle).hot == 50


@examples(20)
@given(st.floats(5, 500))
def test_noise_is_what_a_count_does_by_itself(mean):
    counts = np.random.default_rng(1).poisson(mean, 2000)
    # Of Poisson's counts at most 1.4 % lie that far out (at a mean of 6.3), and 2,000 draws scatter by 0.3 %.
    assert np.mean([differs(count, mean) for count in counts]) < 0.02


# Which sellers can serve which pools.


def test_a_lead_belongs_to_those_who_speak_its_language_where_it_lives():
    assert pool_name(pool(POLICY, "de", "CH-ZH")) == "anna+beat"
    assert pool_name(pool(POLICY, "it", "CH-TI")) == "carla+dino"
    assert pool_name(pool(POLICY, "it", "CH-GR")) == "carla"
    assert pool(POLICY, "en", "CH-ZH") == ()


def test_an_unknown_language_is_the_policys_first_an_unknown_region_excludes_none():
    assert pool(POLICY, None, "CH-ZH") == pool(POLICY, POLICY.languages[0], "CH-ZH")
    assert pool_name(pool(POLICY, "it", None)) == "carla+dino"


def test_a_seller_pool_without_a_decision_follows_that_of_everybody():
    hot = HotThresholds(POLICY, {("points", EVERYBODY): 55, ("points", "anna+beat"): 57})
    assert [hot("points", language, "CH-ZH") for language in ("de", "it", "en")] == [57, 55, 55]
    assert hot("model", "de", "CH-ZH") == B2B.bands.hot


def test_a_stored_threshold_never_leaves_the_limits_that_hold_today():
    assert HotThresholds(POLICY, {("points", "anna+beat"): 75})("points", "de", None) == 60


def test_picks_of_the_hours_they_last_are_the_weeks_work_and_take_nothing_away():
    capacity = Capacity(sellers=TEAM, minutes_per_lead=60, pick_hours=84)
    assert leads_a_week(capacity, {"anna": 10})["anna"] == 20
    assert leads_a_week(capacity, {"anna": 13})["anna"] == 17
    assert leads_a_week(capacity, {"anna": 400})["anna"] == 0


# What pools of few leads borrow.


def test_a_small_seller_pool_takes_its_shape_from_the_whole_its_size_from_itself():
    calls = np.array([[2.0, 2.0, 2.0], [1000.0, 500.0, 100.0]])
    few, many = smoothed(calls)
    assert few[0] == 2.0
    assert few[2] < 0.5
    assert many == pytest.approx(calls[1], rel=0.02)


@given(st.lists(st.lists(st.integers(0, 50), min_size=4, max_size=4), min_size=1, max_size=4))
def test_borrowing_keeps_calls_falling_and_their_number(steps):
    calls = np.array(steps, float)[:, ::-1].cumsum(axis=1)[:, ::-1]
    smoothed_calls = smoothed(calls)
    assert (np.diff(smoothed_calls, axis=1) <= 1e-9).all()
    assert smoothed_calls[:, 0] == pytest.approx(calls[:, 0])


# A year.

months = st.none() | st.integers(0, 11)
years = st.builds(
    Year,
    seed=st.integers(0, 2**32 - 1),
    load=st.sampled_from([0.5, 0.8, 1.0, 1.3, 2.0]),
    season=st.sampled_from([0.0, 0.2, 0.4]),
    doubled=months,
    empty=months,
    holidays=st.booleans(),
)


def swings(year: Year) -> int:
    """How often the load really rises or falls: there and back for each thing that happens."""
    return 2 * ((year.season > 0) + (year.doubled is not None) + (year.empty is not None) + year.holidays)


@pytest.mark.slow
@examples(12, suppress_health_check=list(HealthCheck))
@given(year=years)
def test_e5_a_year_of_swings_moves_it_a_point_a_day_within_limits_and_steadily(year):
    diary = live(POLICY, year)
    hot = np.array(diary.hot)
    assert np.abs(np.diff(hot, axis=0)).max() <= 1
    assert 40 <= hot.min() <= hot.max() <= 60
    assert max(diary.turns()) <= swings(year) + 2
    assert longest(diary.flooded(BEYOND_NOISE)) <= TO_REACT_DAYS
    assert longest(diary.starved(BEYOND_NOISE)) <= TO_REACT_DAYS


@pytest.mark.parametrize("load_", [0.5, 1.0, 1.5])
def test_under_a_load_that_is_the_same_every_week_it_never_turns_and_comes_to_rest(load_):
    diary = live(POLICY, Year(load=load_, noise=False), days=90)
    hot = np.array(diary.hot)
    assert max(diary.turns()) == 0
    assert (hot[21:] == hot[21]).all()


@pytest.mark.slow
def test_through_ten_years_of_chance_at_a_constant_load_it_turns_hardly_ever():
    anna = policy_of(B2B, [Seller(name="anna", hours_per_week=40)])
    turned = [live(anna, Year(seed=seed), days=365).turns()[0] for seed in range(10)]
    assert sum(turned) <= 5


def test_a_threshold_that_jumps_to_what_is_wanted_would_flap():
    """The same year without patience: what the property above can fail on."""
    diary = live(ANNA, Year(seed=1), hastily, days=120)
    assert diary.turns()[0] > 10

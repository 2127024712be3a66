"""What thresholds would bring: of the team, of another team, by the model's chances or by what became of past leads."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline.policies.points_as_of import past_points
from leadwerk.pipeline.thresholds import daily as threshold
from leadwerk.pipeline.thresholds.forecast import threshold_outlook, with_team
from leadwerk.policy.points import Condition, Group, Rule
from leadwerk.report.threshold_outlook_table import at
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse
from support.selling_team import DAY, NOW, anna, come_in, policy_with

POLICY = policy_with(anna(14, "de"))


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    warehouse = home_warehouse(tmp_path)
    come_in(warehouse, [45.0, 52.0, 55.0, 61.0], days=100)
    return warehouse


def close(warehouse: DuckDBWarehouse, *, won_above: float) -> None:
    """Every lead older than 40 days is closed after 20: won if it had so many points."""
    scored = "SELECT lead_id, scored_at, points FROM leadwerk.scores WHERE scored_at < @limit ORDER BY lead_id"
    rows = warehouse.rows(from_text("-- @limit TIMESTAMP\n" + scored), {"limit": NOW - 40 * DAY})
    closed = [(row, row["scored_at"] + 20 * DAY, "paid_out" if row["points"] > won_above else "lost") for row in rows]
    outcomes = [
        {
            "event_id": row["lead_id"], "lead_id": row["lead_id"], "day": at.date(), "occurred_at": at,
            "recorded_at": at, "status": kind, "outcome": kind,
        }
        for row, at, kind in closed
    ]  # fmt: skip
    warehouse.append("outcomes", outcomes)


def test_the_ladder_counts_leads_a_week_and_the_hours_they_take(warehouse):
    outlook = threshold_outlook(warehouse, POLICY, "points", NOW)
    assert [at(outlook.rungs, t).calls for t in (40, 45, 46, 53, 56, 60)] == [28, 28, 21, 14, 7, 7]
    assert (outlook.today, outlook.wanted, outlook.room, outlook.hours) == (50, 53, 14.0, 14)
    assert (outlook.source, outlook.seller_pools) == ("nothing", {"anna": 53})


def test_wins_are_those_of_past_leads_with_so_many_points(warehouse):
    close(warehouse, won_above=50)
    outlook = threshold_outlook(warehouse, POLICY, "points", NOW)
    assert outlook.source == "past"
    assert outlook.past_leads == 240  # four a day, of the 60 days whose outcome is certain
    assert at(outlook.rungs, 46).wins.value == pytest.approx(21.0)
    assert at(outlook.rungs, 45).wins.value == pytest.approx(21.0)  # leads of 45 points never converted
    assert at(outlook.rungs, 46).hour.value == 0.0
    assert at(outlook.rungs, 60).hour.value == 1.0


def test_a_champions_chances_come_before_what_was(warehouse):
    close(warehouse, won_above=50)
    rows = warehouse.rows(from_text("SELECT * FROM leadwerk.scores ORDER BY score_id"), {})
    fresh = [
        {**row, "score_id": f"m{row['score_id']}", "scored_at": row["scored_at"] + timedelta(minutes=5),
         "predictive_score": 75, "probability": 0.25, "basis": "model"}
        for row in rows
    ]  # fmt: skip
    warehouse.append("scores", fresh)
    outlook = threshold_outlook(warehouse, POLICY, "model", NOW)
    assert outlook.source == "chances"
    assert at(outlook.rungs, 75).calls == pytest.approx(28)
    assert at(outlook.rungs, 75).wins.value == pytest.approx(28 * 0.25)


@pytest.mark.slow
def test_another_team_is_thought_of_without_storing_anything(warehouse):
    threshold.run(warehouse, POLICY, NOW)
    before = warehouse.rows(from_text("SELECT * FROM leadwerk.thresholds ORDER BY seller_pool"), {})
    hot_needed = {
        hours: threshold_outlook(warehouse, with_team(POLICY, 2, hours), "points", NOW).wanted for hours in (2, 7, 30)
    }
    assert hot_needed == {2: 60, 7: 53, 30: 40}
    assert warehouse.rows(from_text("SELECT * FROM leadwerk.thresholds ORDER BY seller_pool"), {}) == before


def test_g4_from_capacity_to_threshold_to_wins_to_what_an_hour_more_would_bring(warehouse):
    """14 hours a week take 14 leads: HOT from 53. All of them convert, and so do those next in line: 1 win an hour."""
    close(warehouse, won_above=50)
    outlook = threshold_outlook(warehouse, POLICY, "points", NOW)
    assert (outlook.room, outlook.wanted) == (14.0, 53)
    rung = at(outlook.rungs, outlook.wanted)
    assert (rung.calls, rung.wins.value, rung.hour.value) == (14.0, 14.0, 1.0)
    assert rung.wins.low < 14.0 <= rung.wins.high
    assert rung.hour.low < 1.0 <= rung.hour.high
    # At 50 there are 21 leads for 14 hours: one more hour takes one that waits, not one of those with 45 points.
    assert (outlook.today, outlook.one_more_hour.value) == (50, 1.0)


def test_only_hours_leaves_the_team_its_languages():
    policy = with_team(POLICY, None, 30)
    assert [(s.name, s.hours_per_week, s.languages) for s in policy.capacity.sellers] == [("anna", 30, ("de",))]
    assert with_team(POLICY, None, None) is POLICY


def test_before_there_are_leads_there_is_no_outlook(tmp_path):
    assert threshold_outlook(home_warehouse(tmp_path / "empty"), POLICY, "points", NOW) is None


def test_on_the_first_day_past_leads_are_given_the_points_of_todays_rules(warehouse):
    close(warehouse, won_above=50)
    rules = (Rule(name="german", group="who", points=47, when={"language": Condition(any_of=("de",))}),)
    points = msgspec.structs.replace(POLICY.points, groups=(Group(name="who", score="fit"),), rules=rules)
    by_level = past_points(warehouse, msgspec.structs.replace(POLICY, points=points), NOW)
    [(level, (leads, converted))] = by_level.items()
    assert level == 47
    assert leads >= 240
    assert converted == pytest.approx(0.75 * leads, abs=1)

"""The day's thresholds: decided once a day from what is stored, and looked up when a lead is scored."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from leadwerk.pipeline.thresholds import daily as threshold
from leadwerk.policy.selling import Seller
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse
from support.selling_team import DAY, MORTGAGE, NOW, anna, by_pool, come_in, policy_with, stored


class Silent:
    """A warehouse that nobody may ask."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


def test_a_policy_without_sellers_costs_no_query_and_keeps_its_bands():
    silent: Any = Silent()
    assert threshold.run(silent, MORTGAGE, NOW).stored == 0
    hot = threshold.hot_thresholds(silent, MORTGAGE, NOW)
    assert hot("points", "de", "CH-ZH") == MORTGAGE.points.bands.hot
    assert hot("model") == MORTGAGE.bands.hot


def test_twice_as_many_hot_leads_as_time_allows_raise_the_threshold_by_a_point(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0])
    report = threshold.run(warehouse, policy_with(anna(14)), NOW)
    line = by_pool(report)["anna"]
    assert (line.hot, line.wanted, line.reason) == (51, 56, "overloaded")
    assert (line.calls_per_week, line.capacity_per_week) == (28.0, 14.0)
    assert report.day == date(2026, 5, 4)


def test_a_second_run_on_the_same_day_stores_nothing_new(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0])
    policy = policy_with(anna(14))
    first = threshold.run(warehouse, policy, NOW)
    before = stored(warehouse)
    again = threshold.run(warehouse, policy, NOW + timedelta(hours=9))
    assert first.stored == len(before) == 2
    assert again.stored == again.moved == 0
    assert stored(warehouse) == before
    assert [line.hot for line in again.thresholds] == [51, 51]


def test_the_day_is_the_policys_and_not_utcs(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0])
    policy = policy_with(anna(14))
    evening = datetime(2026, 5, 3, 22, 30, tzinfo=UTC)  # half past midnight in Zürich
    assert threshold.run(warehouse, policy, evening).day == date(2026, 5, 4)
    assert threshold.run(warehouse, policy, NOW).stored == 0


def test_it_rises_day_by_day_until_the_load_fits_and_then_stands(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0], until=NOW + 14 * DAY, days=60)
    policy = policy_with(anna(14))
    hots = [by_pool(threshold.run(warehouse, policy, NOW + n * DAY))["anna"].hot for n in range(9)]
    assert hots == [51, 52, 53, 54, 55, 56, 56, 56, 56]
    assert threshold.run(warehouse, policy, NOW + 9 * DAY).moved == 0


def test_whoever_scores_sees_what_was_decided_by_then(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0], until=NOW + 14 * DAY, days=60)
    policy = policy_with(anna(14, "de"))
    for n in range(3):
        threshold.run(warehouse, policy, NOW + n * DAY)
    moments = [NOW - timedelta(seconds=1), NOW, NOW + 1.5 * DAY, NOW + 30 * DAY, NOW + 90 * DAY]
    starts = [threshold.hot_thresholds(warehouse, policy, at)("points", "de", "CH-ZH") for at in moments]
    assert starts == [50, 51, 52, 53, 50]


def test_each_language_has_the_threshold_of_those_who_speak_it(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0])
    come_in(warehouse, [45.0, 47.0], language="fr")
    claire = Seller(name="claire", hours_per_week=14, languages=("fr",))
    policy = policy_with(anna(14, "de"), claire)
    report = by_pool(threshold.run(warehouse, policy, NOW))
    assert {name: line.hot for name, line in report.items() if name} == {"anna": 51, "claire": 49}
    hot = threshold.hot_thresholds(warehouse, policy, NOW)
    assert (hot("points", "de", None), hot("points", "fr", None)) == (51, 49)
    assert hot("points", "it", None) == report[""].hot


def test_leads_whom_nobody_can_serve_are_reported_and_burden_nobody(warehouse):
    come_in(warehouse, [52.0, 55.0], language="it")
    come_in(warehouse, [52.0, 30.0])
    report = threshold.run(warehouse, policy_with(anna(7, "de")), NOW)
    assert report.unserved_per_week == 14.0
    assert by_pool(report)["anna"].hot == 50


def test_what_a_seller_is_behind_with_takes_from_her_time(warehouse):
    come_in(warehouse, [55.0, 45.0])
    policy = policy_with(anna(7))
    picks = [
        {
            "event_id": str(i), "lead_id": f"old{i}", "day": NOW.date(), "sequence": 1, "kind": "picked",
            "seller": "anna", "occurred_at": NOW - DAY, "recorded_at": NOW - DAY, "expires_at": NOW + DAY,
        }
        for i in range(9)
    ]  # fmt: skip
    warehouse.append("picks", picks)
    line = by_pool(threshold.run(warehouse, policy, NOW))["anna"]
    assert line.capacity_per_week == 0.0
    assert (line.hot, line.reason) == (51, "overloaded")


def test_without_any_value_nothing_is_known_and_nothing_decided(warehouse):
    assert threshold.run(warehouse, policy_with(anna(14)), NOW).thresholds == ()
    come_in(warehouse, [52.0])
    assert {line.basis for line in threshold.run(warehouse, policy_with(anna(14)), NOW).thresholds} == {"points"}


def test_leads_of_less_than_a_week_decide_nothing(warehouse):
    come_in(warehouse, [52.0, 53.0, 54.0, 55.0], days=6)
    assert threshold.run(warehouse, policy_with(anna(1)), NOW).thresholds == ()


def test_leads_from_before_the_first_scores_do_not_count_for_early_closers_lack(warehouse):
    come_in(warehouse, [55.0] * 3)
    first = NOW - 10 * DAY
    late = "SELECT * FROM leadwerk.scores WHERE scored_at >= @first ORDER BY score_id"
    rows = warehouse.rows(from_text(f"-- @first TIMESTAMP\n{late}"), {"first": first})
    young = home_warehouse(warehouse.home / "young")
    young.append("leads", warehouse.rows(from_text("SELECT * FROM leadwerk.leads ORDER BY lead_id"), {}))
    young.append("scores", rows)
    policy = policy_with(anna(7))
    line = by_pool(threshold.run(young, policy, NOW))["anna"]
    assert line.calls_per_week == pytest.approx(21.0, rel=0.1)
    assert threshold.run(young, policy, NOW - 5 * DAY).thresholds == ()


def test_a_young_lead_base_is_measured_by_the_days_that_it_has(warehouse):
    come_in(warehouse, [55.0, 45.0], days=14)
    line = by_pool(threshold.run(warehouse, policy_with(anna(7)), NOW))["anna"]
    assert line.calls_per_week == pytest.approx(7.0, rel=0.1)
    assert line.reason in ("fits", "noise")


def test_a_month_without_leads_lets_every_threshold_fall(warehouse):
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0])
    policy = policy_with(anna(14, "de"))
    threshold.run(warehouse, policy, NOW)
    later = by_pool(threshold.run(warehouse, policy, NOW + 40 * DAY))
    assert {name: (line.hot, line.reason) for name, line in later.items()} == {
        "": (50, "idle"),
        "anna": (50, "idle"),
    }


def test_disqualified_leads_are_no_load(warehouse):
    come_in(warehouse, [52.0])
    newest = warehouse.rows(from_text("SELECT * FROM leadwerk.scores ORDER BY scored_at DESC LIMIT 1"), {})[0]
    leads = [{**lead, "event_id": f"d{i}", "lead_id": f"d{i}"} for i, lead in enumerate(_one_lead(warehouse) * 40)]
    bad = {**newest, "points": 60.0, "score_cluster": "DISQUALIFIED"}
    warehouse.append("leads", leads)
    warehouse.append("scores", [{**bad, "score_id": f"d{i}", "lead_id": f"d{i}"} for i in range(40)])
    assert by_pool(threshold.run(warehouse, policy_with(anna(7)), NOW))["anna"].calls_per_week == 7.0


def _one_lead(warehouse: DuckDBWarehouse) -> list[dict[str, Any]]:
    return warehouse.rows(from_text("SELECT * FROM leadwerk.leads ORDER BY created_at DESC LIMIT 1"), {})


def test_points_that_outrank_the_model_leave_its_threshold_alone(warehouse):
    assert threshold.bases(policy_with(anna(1), rank_by="points")) == ("points",)
    assert threshold.bases(policy_with(anna(1), rank_by="both")) == ("points", "model")
    assert threshold.bases(MORTGAGE)[-1] == "model"

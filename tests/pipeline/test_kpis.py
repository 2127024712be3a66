"""KPIs of the day: what is measured, stored once a day, and outside the policy's limits."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.pipeline.kpis import daily
from leadwerk.policy.kpi_limits import KpiLimit
from leadwerk.policy.load import parse
from leadwerk.policy.model import Policy
from leadwerk.report.kpi_alerts import DailyKpi, KpiAlert, kpi_alerts
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.selling import DAY, HOUR, NOW, POLICY, lead, outcome, score, warehouse

MORNING = date(2026, 5, 4)
OLD = NOW - 120 * DAY  # the outcome is certain: the horizon is 90 days


def with_limits(*limits: KpiLimit) -> Policy:
    return msgspec.structs.replace(POLICY, kpi_limits=limits)


@pytest.fixture
def market(tmp_path: Path) -> DuckDBWarehouse:
    """40 leads of long ago, of which the 20 German ones were won; three of this week, one contacted after an hour."""
    old = [f"old{number}" for number in range(40)]
    new = ["new0", "new1", "new2"]
    leads = [
        lead(name, created_at=OLD, recorded_at=OLD, language="de" if place < 20 else "fr")
        for place, name in enumerate(old)
    ]
    leads += [lead(name, created_at=NOW - 2 * DAY, recorded_at=NOW - 2 * DAY, language="de") for name in new]
    outcomes = [outcome(name, OLD + 20 * DAY, "closedwon", "won") for name in old[:20]]
    outcomes += [outcome(name, OLD + 20 * DAY, "closedlost", "lost") for name in old[20:]]
    outcomes += [outcome("new0", NOW - 2 * DAY + HOUR, "appointmentscheduled", "open")]
    scores = [
        score(name, NOW - HOUR, predictive_score=80 + place, score_cluster="HOT" if place < 2 else "WARM")
        for place, name in enumerate(new)
    ]
    return warehouse(tmp_path, leads=leads, outcomes=outcomes, scores=scores)


def values(kpis: list[DailyKpi], by: str | None = None, segment: str | None = None) -> dict[str, float]:
    return {row.kpi: row.value for row in kpis if (row.segmented_by, row.segment) == (by, segment)}


def test_each_figure_is_what_the_tables_hold(market: DuckDBWarehouse) -> None:
    report = daily.run(market, POLICY, NOW)
    kpis = daily.read_kpis(market, NOW, first_day=MORNING)
    assert report == daily.KpiReport(kpis=len(kpis), kpi_alerts=0)
    assert values(kpis) == {
        "hot_leads": 2.0, "mean_score": 81.0, "new_leads": 3.0, "conversion": 0.5, "contacted": pytest.approx(1 / 3),
    }  # fmt: skip
    assert values(kpis, "language", "de")["conversion"] == 1.0
    assert values(kpis, "language", "fr") == {"new_leads": 0.0, "conversion": 0.0}
    [conversion] = [row for row in kpis if (row.kpi, row.segment) == ("conversion", None)]
    assert conversion.leads == 40
    assert conversion.low == pytest.approx(0.352, abs=1e-3)
    assert conversion.high == pytest.approx(0.648, abs=1e-3)


def test_half_of_the_leads_contacted_gives_the_hours(market: DuckDBWarehouse) -> None:
    market.append("outcomes", [outcome("new1", NOW - 2 * DAY + 3 * HOUR, "appointmentscheduled", "open")])
    daily.run(market, POLICY, NOW)
    assert values(daily.read_kpis(market, NOW, first_day=MORNING))["contact_hours"] == 4.0


def test_a_day_is_measured_once_and_the_next_day_again(market: DuckDBWarehouse) -> None:
    first = daily.run(market, POLICY, NOW)
    market.append("scores", [score("new2", NOW, predictive_score=99, score_cluster="HOT")])
    assert daily.run(market, POLICY, NOW + HOUR).kpis == 0
    assert values(daily.read_kpis(market, NOW + HOUR, first_day=MORNING))["hot_leads"] == 2.0
    assert daily.run(market, POLICY, NOW + DAY).kpis == first.kpis
    tomorrow = daily.read_kpis(market, NOW + DAY, first_day=MORNING + timedelta(days=1))
    assert values(tomorrow)["hot_leads"] == 3.0
    assert daily.read_kpis(market, NOW + HOUR, first_day=MORNING + timedelta(days=1)) == []


def test_an_alert_is_logged_on_its_first_day_alone(market: DuckDBWarehouse, caplog: pytest.LogCaptureFixture) -> None:
    policy = with_limits(KpiLimit(kpi="hot_leads", at_least=5), KpiLimit(kpi="mean_score", at_most=90))
    with caplog.at_level(logging.WARNING, "leadwerk"):
        for day in range(3):
            assert daily.run(market, policy, NOW + day * DAY).kpi_alerts == 1
    [record] = caplog.records
    assert vars(record)["fields"] == {
        "event": "kpi_limit", "kpi": "hot_leads", "segmented_by": None, "segment": None, "value": 2.0, "at_least": 5,
        "at_most": None,
    }  # fmt: skip
    [alert] = daily.current_alerts(market, policy, NOW + 2 * DAY)
    assert (alert.kpi.day, alert.since) == (MORNING + timedelta(days=2), MORNING)


def test_a_limit_by_segment_concerns_each_of_them_or_the_named_one(market: DuckDBWarehouse) -> None:
    daily.run(market, POLICY, NOW)
    each = with_limits(KpiLimit(kpi="conversion", at_least=0.4, by="language"))
    named = with_limits(KpiLimit(kpi="conversion", at_least=0.4, by="language", segment="de"))
    assert [alert.kpi.segment for alert in daily.current_alerts(market, each, NOW)] == ["fr"]
    assert daily.current_alerts(market, named, NOW) == []


def kpi(day: int, value: float, **interval: float) -> DailyKpi:
    bounds = {"low": None, "high": None, **interval}
    return DailyKpi(
        kpi_id=str(day), day=date(2026, 5, day), kpi="contacted", segmented_by=None, segment=None, value=value, leads=9,
        **bounds,
    )  # fmt: skip


def alerts_of(*rows: DailyKpi) -> list[KpiAlert]:
    return kpi_alerts([KpiLimit(kpi="contacted", at_least=0.5)], rows)


def test_a_share_whose_interval_reaches_the_range_alerts_nobody() -> None:
    assert alerts_of(kpi(4, 0.4, low=0.2, high=0.51)) == []
    assert len(alerts_of(kpi(4, 0.4, low=0.3, high=0.49))) == 1


def test_an_alert_that_was_over_begins_anew() -> None:
    [alert] = alerts_of(kpi(1, 0.1), kpi(2, 0.9), kpi(3, 0.1), kpi(4, 0.1))
    assert alert.since == date(2026, 5, 3)
    assert alerts_of(kpi(1, 0.1), kpi(2, 0.9)) == []


@pytest.mark.parametrize(
    ("limit", "field"),
    [
        ("{kpi: conversion}", "kpi"),
        ("{kpi: conversion, at_least: 2, at_most: 1}", "at_least"),
        ("{kpi: hot_leads, at_least: 2, by: language}", "by"),
        ("{kpi: conversion, at_least: 0.1, segment: fr}", "segment"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused_with_its_field(limit: str, field: str) -> None:
    from leadwerk.errors import PolicyError
    from leadwerk.policy.load import shipped_text

    with pytest.raises(PolicyError) as refusal:
        parse(shipped_text("b2b_swiss").replace("kpi_limits: []", f"kpi_limits: [{limit}]"))
    assert refusal.value.field == f"kpi_limits[0].{field}"

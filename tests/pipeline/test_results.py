"""Money and the errors of a month on a warehouse: counts that can be checked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.errors import InputError
from leadwerk.pipeline import month_errors
from leadwerk.pipeline.money import read_money
from leadwerk.policy.load import load
from leadwerk.policy.selling import Capacity, Contacted
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.equity_market import change, lead

MAY = datetime(2026, 5, 4, tzinfo=UTC)
NOW = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
POLICY = msgspec.structs.replace(
    load("mortgage"),
    capacity=Capacity(minutes_per_lead=30, cost_per_hour=90),
    contacted=Contacted(touchpoints=("call_answered",)),
)


def score(lead_id: str, probability: float, cluster: str, at: datetime = MAY) -> dict[str, Any]:
    return {
        "score_id": f"s{lead_id}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "policy_version": "p", "recommended_action": "Call",
        "language": "de", "has_web_behaviour": False, "model_version": "m", "score_cluster": cluster,
        "probability": probability, "predictive_score": round(100 * probability),
        "reasons": [{"feature": "loan", "contribution": 0.5, "text": f"reason of {lead_id}", "facts": None}],
    }  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """20 HOT leads, called twice, of which 8 are won; 40 COLD ones of which 2 are; a win brings 1,000."""
    filled = DuckDBWarehouse(tmp_path)
    leads, outcomes, scores, calls = [], [], [], []
    for number in range(60):
        lead_id, is_hot = f"L{number}", number < 20
        won = number % 20 < 8 if is_hot else number in (20, 21)
        row = lead(lead_id, MAY, 0.5) | {"channel": "referral" if is_hot else "form", "account_id": f"A{number // 2}"}
        leads.append(row)
        end = change(lead_id, MAY + 10 * DAY, "paid_out" if won else "lost")
        outcomes += [change(lead_id, MAY, "open"), end | ({"amount": 1000.0} if won else {"reason": "Kein Bedarf"})]
        scores.append(score(lead_id, 0.5 + number / 100 if is_hot else number / 400, "HOT" if is_hot else "COLD"))
        for n in range(2 if is_hot else 0):
            times = {"day": MAY.date(), "occurred_at": MAY + n * DAY, "recorded_at": MAY + n * DAY}
            calls.append({"event_id": f"{lead_id}-{n}", "lead_id": lead_id, "kind": "call_answered"} | times)
    tables = {"leads": leads, "outcomes": outcomes, "scores": scores, "touchpoints": calls}
    for table, rows in tables.items():
        filled.append(table, rows)
    return filled


def test_costs_cycle_and_returns_are_those_of_the_rows(warehouse: DuckDBWarehouse) -> None:
    figures = read_money(warehouse, POLICY, days=90, now=NOW)
    assert (figures.leads, figures.won, figures.mean_contract) == (60, 10, 1000.0)
    assert figures.cost_of_win is not None
    assert figures.cost_of_win.everybody.value == pytest.approx(45 * 60 / 10)
    assert figures.cost_of_win.hot_only.value == pytest.approx(45 * 20 / 8)
    assert figures.cost_of_win.hot_only.low < 45 * 20 / 8 < figures.cost_of_win.hot_only.high
    assert figures.cost_of_win.lost_wins.value == pytest.approx(0.2)
    assert figures.cost_of_win.lost_amount == pytest.approx(0.2)
    assert figures.sales_cycle is not None
    assert (figures.sales_cycle.wins, figures.sales_cycle.median) == (10, 10.0)
    assert figures.lifetime_value is not None
    assert figures.lifetime_value.value == pytest.approx(2000.0)  # accounts of two winners each
    assert type(figures.lifetime_value.low) is float  # NumPy's own would be a text in JSON
    by_channel = {row.value: row for row in figures.returns if row.kind == "channel"}
    assert by_channel["referral"].cost == pytest.approx(45 * 40)
    assert by_channel["referral"].return_on_cost == pytest.approx((8000 - 1800) / 1800)
    assert (by_channel["form"].cost, by_channel["form"].return_on_cost, by_channel["form"].is_small) == (0, None, True)


def test_without_a_stated_cost_no_cost_is_invented(warehouse: DuckDBWarehouse) -> None:
    figures = read_money(warehouse, msgspec.structs.replace(POLICY, capacity=Capacity()), days=90, now=NOW)
    assert figures.cost_of_win is None
    assert {row.cost for row in figures.returns} == {None}


def test_leads_whose_horizon_is_not_over_do_not_count(warehouse: DuckDBWarehouse) -> None:
    figures = read_money(warehouse, POLICY, days=90, now=MAY + 20 * DAY)
    assert (figures.leads, figures.won, figures.sales_cycle, figures.lifetime_value) == (0, 0, None, None)


def test_errors_of_a_month_stand_with_reasons_and_verdicts(warehouse: DuckDBWarehouse) -> None:
    times = {"day": MAY.date(), "given_at": MAY + 2 * DAY, "stored_at": MAY + 2 * DAY, "seller": "eva"}
    verdict = {"event_id": "v", "lead_id": "L19", "reached": True, "verdict": "bad", "reason": "no_budget"}
    warehouse.append("verdicts", [verdict | times])
    report = month_errors.run(warehouse, POLICY, month="2026-05", now=NOW)
    assert [row.lead_id for row in report.false_positives] == [f"L{number}" for number in range(19, 7, -1)]
    worst = report.false_positives[0]
    assert (worst.verdict, worst.verdict_reason, worst.lost_reason) == ("bad", "no_budget", "Kein Bedarf")
    assert worst.reasons[0].text == "reason of L19"
    assert [row.lead_id for row in report.false_negatives] == ["L20", "L21"]
    assert report.verdicts == {"bad": 1, "": 11}
    assert len(month_errors.run(warehouse, POLICY, month="2026-05", now=NOW, most=3).false_positives) == 3


def test_a_month_before_its_horizon_is_over_is_empty(warehouse: DuckDBWarehouse) -> None:
    report = month_errors.run(warehouse, POLICY, month="2026-05", now=MAY + 20 * DAY)
    assert (report.false_positives, report.false_negatives) == ((), ())
    assert month_errors.run(warehouse, POLICY, month="2026-04", now=NOW).false_positives == ()


@pytest.mark.parametrize("month", ["2026", "May", "2026-13", "2027-01"])
def test_what_is_no_month_is_refused(warehouse: DuckDBWarehouse, month: str) -> None:
    with pytest.raises(InputError) as caught:
        month_errors.run(warehouse, POLICY, month=month, now=NOW)
    assert caught.value.field == "month"

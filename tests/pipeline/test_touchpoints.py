"""Touchpoints from outside the CRM: a fair's list, e-mail opens and clicks, calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.lead import lead_version
from leadwerk.pipeline import touchpoints
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse

POLICY = load("b2b_swiss")
NOW = datetime(2026, 3, 29, 12, tzinfo=UTC)
SECRET = "s3cret"


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """Two leads of Anna, the later one B, and one of Beat."""
    store = home_warehouse(tmp_path)
    leads = [("A", "anna@firma.ch", 9), ("B", "Anna@Firma.ch", 2), ("C", "beat@firma.ch", 1)]
    for lead_id, email, days in leads:
        raw = {"lead_id": lead_id, "created_at": (NOW - timedelta(days=days)).isoformat(), "email": email}
        row, _ = lead_version(
            raw, policy=POLICY, recorded_at=NOW - timedelta(days=days), event_id=lead_id, person_key=SECRET
        )
        store.append("leads", [row])
    return store


def run(warehouse: DuckDBWarehouse, *items: object, now: datetime = NOW) -> touchpoints.TouchpointReport:
    return touchpoints.run(warehouse, POLICY, items, now=now, person_key=SECRET)


def stored(warehouse: DuckDBWarehouse) -> list[tuple[Any, ...]]:
    query = "SELECT lead_id, kind, occurred_at FROM leadwerk.touchpoints ORDER BY lead_id, kind, occurred_at"
    return [tuple(row.values()) for row in warehouse.rows(from_text(query), {})]


def test_a_fairs_list_names_its_visitors_by_address(warehouse: DuckDBWarehouse) -> None:
    fair = [{"E-Mail": email, "Art": "event", "Datum": "12.03.2026"} for email in ("BEAT@firma.ch", "anna@firma.ch")]
    report = run(warehouse, *fair)
    assert (report.stored, report.already_stored, report.refused, report.kinds_without_signal) == (2, 0, (), ())
    at = datetime(2026, 3, 11, 23, tzinfo=UTC)
    assert stored(warehouse) == [("B", "event", at), ("C", "event", at)]


def test_the_same_list_twice_changes_nothing(warehouse: DuckDBWarehouse) -> None:
    click = {"lead_id": "A", "kind": "email_click", "occurred_at": "2026-03-28T10:00:00Z", "event_id": "m1"}
    call = {"lead_id": "C", "kind": "call_answered", "occurred_at": "2026-03-28T11:00:00Z"}
    assert run(warehouse, click, call).stored == 2
    again = run(warehouse, click, call, now=NOW + timedelta(hours=1))
    assert (again.stored, again.already_stored) == (0, 2)
    assert len(stored(warehouse)) == 2


def test_a_touchpoint_counts_as_its_signal_and_an_open_only_if_the_policy_has_one(
    warehouse: DuckDBWarehouse,
) -> None:
    report = run(warehouse, {"lead_id": "A", "kind": "email_open"})
    assert (report.stored, report.kinds_without_signal) == (1, ("email_open",))
    assert stored(warehouse) == [("A", "email_open", NOW)]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"kind": "event"}, "lead_id"),
        ({"lead_id": "", "email": " ", "kind": "event"}, "lead_id"),
        ({"lead_id": "nobody", "kind": "event"}, "lead_id"),
        ({"email": "else@firma.ch", "kind": "event"}, "email"),
        ({"email": "no address", "kind": "event"}, "email"),
        ({"lead_id": "A"}, "kind"),
        ({"lead_id": "A", "kind": "x" * 61}, "kind"),
        ({"lead_id": "A", "kind": "event", "occurred_at": "2999-01-01"}, "occurred_at"),
        ({"lead_id": "A", "kind": "event", "occurred_at": "soon"}, "occurred_at"),
        ({"lead_id": True, "kind": "event"}, "lead_id"),
        (None, "touchpoint"),
        ("event", "touchpoint"),
    ],
)
def test_one_that_cannot_be_used_is_refused_and_costs_no_other(
    warehouse: DuckDBWarehouse, item: object, field: str
) -> None:
    report = run(warehouse, item, {"lead_id": "C", "kind": "chat"})
    (refusal,) = report.refused
    assert (report.stored, refusal.index, refusal.field) == (1, 0, field)
    assert refusal.remedy
    assert "firma.ch" not in refusal.reason


def test_without_the_secret_no_address_finds_anybody(warehouse: DuckDBWarehouse) -> None:
    report = touchpoints.run(warehouse, POLICY, [{"email": "anna@firma.ch", "kind": "event"}], now=NOW, person_key="")
    assert (report.stored, report.refused[0].field) == (0, "lead_id")


def calculations(warehouse: DuckDBWarehouse) -> list[tuple[Any, ...]]:
    query = "SELECT lead_id, loan_amount, property_value, income, instalment FROM leadwerk.touchpoints ORDER BY day"
    return [tuple(row.values()) for row in warehouse.rows(from_text(query), {})]


def test_a_calculators_log_is_read_as_it_comes(warehouse: DuckDBWarehouse) -> None:
    row = {"E-Mail": "beat@firma.ch", "Hypothekarbetrag": "CHF 600'000", "Kaufpreis": "800 000", "Datum": "12.03.2026"}
    terms = {"lead_id": "A", "loan_amount": 100_000, "Zinssatz": "6 %", "Laufzeit": "30", "occurred_at": "2026-03-14"}
    report = run(warehouse, row, terms)
    assert (report.stored, report.refused, report.kinds_without_signal) == (2, (), ())
    assert calculations(warehouse) == [("C", 600_000, 800_000, None, None), ("A", 100_000, None, None, 599.55)]
    assert run(warehouse, row, terms).already_stored == 2


def test_two_uses_of_a_day_are_two(warehouse: DuckDBWarehouse) -> None:
    use = {"lead_id": "A", "kind": "calculator", "occurred_at": "2026-03-12"}
    assert run(warehouse, {**use, "income": 90_000}, {**use, "income": 120_000}).stored == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "loan_amount"),
        ({"loan_amount": "much"}, "loan_amount"),
        ({"income": -1}, "income"),
        ({"property_value": "NaN"}, "property_value"),
        ({"loan_amount": 1, "interest_percent": 1000, "term_years": 10}, "interest_percent"),
        ({"loan_amount": 1, "interest_percent": 1, "term_years": 0}, "term_years"),
    ],
)
def test_a_use_without_a_usable_amount_is_refused(
    warehouse: DuckDBWarehouse, fields: dict[str, Any], field: str
) -> None:
    [refusal] = run(warehouse, {"lead_id": "A", "kind": "calculator", **fields}).refused
    assert refusal.field == field and refusal.remedy
    assert calculations(warehouse) == []


def test_a_mail_scanners_clicks_are_stored_and_counted_by_no_signal(warehouse: DuckDBWarehouse) -> None:
    at = datetime(2026, 3, 28, 10, tzinfo=UTC)
    scan = [
        {"lead_id": "A", "kind": "email_click", "event_id": f"m{n}", "link": f"https://example.ch/{n}",
         "occurred_at": (at + timedelta(seconds=300 + n / 5)).isoformat()}
        for n in range(3)
    ]  # fmt: skip
    reader = {
        "lead_id": "A",
        "kind": "email_click",
        "event_id": "r",
        "occurred_at": (at + timedelta(hours=1)).isoformat(),
    }
    early = {
        "lead_id": "C", "kind": "email_click", "event_id": "e", "delivered_at": at.isoformat(),
        "occurred_at": (at + timedelta(seconds=2)).isoformat(),
    }  # fmt: skip
    report = run(warehouse, *scan, reader, early)
    assert (report.stored, report.scans, report.kinds_without_signal) == (5, 4, ())
    assert [kind for _, kind, _ in stored(warehouse)] == ["email_click", *["email_scan"] * 4]
    # The same clicks again are the same touchpoints, though a scan is one now.
    assert run(warehouse, *scan, reader, early).stored == 0


def test_of_a_scan_that_comes_click_by_click_the_later_clicks_are_recognised(warehouse: DuckDBWarehouse) -> None:
    at = datetime(2026, 3, 28, 10, tzinfo=UTC)
    for n in range(4):
        moment = (at + timedelta(seconds=n / 5)).isoformat()
        run(warehouse, {"lead_id": "A", "kind": "email_click", "event_id": f"m{n}", "occurred_at": moment})
    assert [kind for _, kind, _ in stored(warehouse)] == ["email_click"] * 2 + ["email_scan"] * 2

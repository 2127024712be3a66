"""GA4 exports as sites really fill them: paid clicks without tags, and logins that name nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk.pipeline import extract
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.case_files import INPUTS
from support.export_rows import write_export

POLICY = load("mortgage")
NOW = datetime(2026, 3, 26, 4, tzinfo=UTC)
CREATED = datetime(2026, 3, 25, 8, tzinfo=UTC)


def lead(lead_id: str, recorded_at: datetime = CREATED) -> dict[str, Any]:
    return {
        "event_id": f"e-{lead_id}", "lead_id": lead_id, "recorded_at": recorded_at, "created_at": recorded_at,
        "web_consent": True, "attributes": [],
    }  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path, request: pytest.FixtureRequest) -> DuckDBWarehouse:
    """A home whose export holds the case's events."""
    events = (INPUTS / request.param / "events.ndjson").read_text(encoding="utf-8")
    write_export(tmp_path, {"20260325": [json.loads(line) for line in events.splitlines()]})
    return DuckDBWarehouse(tmp_path)


def table(warehouse: DuckDBWarehouse, query: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.rows(from_text(query), {})]


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", ["30-paid-clicks"], indirect=True)
def test_paid_clicks_have_the_source_that_googles_report_shows(warehouse: DuckDBWarehouse) -> None:
    extract.run(warehouse, POLICY, now=NOW)
    origins = table(
        warehouse, "SELECT visitor_id, source, medium, first_source FROM leadwerk.activity_daily ORDER BY visitor_id"
    )
    assert origins == [
        *((visitor, "google", "cpc", "(direct)" if visitor == "c" else None) for visitor in "abcde"),
        ("f", "bing", "cpc", None),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("warehouse", ["33-logins-that-are-none"], indirect=True)
def test_only_the_login_of_a_lead_links_and_no_address_is_stored(warehouse: DuckDBWarehouse) -> None:
    warehouse.append("leads", [lead("L7")])
    extract.run(warehouse, POLICY, now=NOW)
    assert table(warehouse, "SELECT visitor_id, lead_id FROM leadwerk.identities ORDER BY visitor_id") == [
        ("v8", "L7"), ("v9", "L7"),
    ]  # fmt: skip
    logins = table(warehouse, "SELECT visitor_id, user_id FROM leadwerk.activity_events WHERE user_id IS NOT NULL")
    assert sorted(logins) == [("v10", "l7"), ("v8", "L7"), ("v9", "L7")]
    assert len(table(warehouse, "SELECT visitor_id FROM leadwerk.activity_daily")) == 17


@pytest.mark.parametrize("warehouse", ["33-logins-that-are-none"], indirect=True)
def test_a_lead_that_comes_after_its_login_is_linked_from_then_on(warehouse: DuckDBWarehouse) -> None:
    assert extract.run(warehouse, POLICY, now=NOW).logins == 0
    warehouse.append("leads", [lead("L7", NOW)])
    assert extract.run(warehouse, POLICY, now=NOW.replace(day=30)).logins == 2
    assert set(table(warehouse, "SELECT lead_id, linked_at FROM leadwerk.identities")) == {("L7", NOW)}

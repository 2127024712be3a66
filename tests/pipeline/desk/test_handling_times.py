"""Handling times: on both engines the minutes of each lead, and medians by seller at the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.cli.application import run
from leadwerk.policy import load
from leadwerk.warehouse.statement import statement
from sql.reference import assert_engines_agree
from support.selling import DAY, HOUR, NOW, lead, outcome, touch, warehouse

POLICY = load("b2b_swiss")
STATEMENT = statement("leads/handling_times")
PARAMETERS = {
    "first_day": (NOW - 30 * DAY).date(), "created_since": NOW - 30 * DAY, "as_of": NOW,
    "contact_statuses": ["Contacted"], "contact_touchpoints": ["call"],
}  # fmt: skip
BORN = NOW - 20 * DAY


def picked(lead_id: str, seller: str, hours: int) -> dict[str, Any]:
    at = BORN + hours * HOUR
    return {
        "event_id": f"p{lead_id}{hours}", "lead_id": lead_id, "day": at.date(), "sequence": hours, "kind": "picked",
        "seller": seller, "occurred_at": at, "recorded_at": at,
    }  # fmt: skip


TABLES = {
    "leads": [lead(name) for name in ("closed", "open", "silent", "again")] + [lead("old", created_at=NOW - 90 * DAY)],
    "touchpoints": [
        touch(1, "closed", "call", BORN + 2 * HOUR), touch(2, "closed", "call", BORN + 5 * HOUR),
        touch(3, "open", "call", BORN + HOUR), touch(4, "silent", "email_click", BORN + HOUR),
        touch(5, "closed", "call", NOW + DAY), touch(6, "old", "call", BORN),
    ],
    "outcomes": [
        outcome("closed", BORN + 26 * HOUR, "Lost", "lost"), outcome("again", BORN + HOUR, "Contacted", "open"),
        outcome("again", BORN + 2 * HOUR, "Lost", "lost"), outcome("again", BORN + 3 * HOUR, "Reopened", "open"),
        outcome("silent", BORN + HOUR, "Lost", "lost"),
    ],
    "picks": [picked("closed", "anna", 1), picked("closed", "beat", 3), picked("open", "beat", 1)],
    "verdicts": [],
}  # fmt: skip


@pytest.mark.slow
def test_each_lead_has_its_minutes_on_both_engines() -> None:
    rows = assert_engines_agree(STATEMENT, PARAMETERS, TABLES)
    assert [tuple(row.values()) for row in rows] == [
        ("again", None, 60, 1, None),
        ("closed", "anna", 120, 2, 24 * 60),
        ("open", "beat", 60, 1, None),
        ("silent", None, None, 0, None),
    ]


def test_the_command_shows_medians_of_all_and_of_each_seller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    monkeypatch.setenv("LEADWERK_POLICY", "b2b_swiss")
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    kind = POLICY.contacted.touchpoints[0]
    touches = [
        touch(1, "closed", kind, BORN + timedelta(minutes=90)), touch(2, "closed", kind, BORN + 5 * HOUR),
        touch(3, "open", kind, BORN + timedelta(minutes=30)),
    ]  # fmt: skip
    warehouse(tmp_path, leads=TABLES["leads"], picks=TABLES["picks"], touchpoints=touches,
              outcomes=[outcome("closed", BORN + timedelta(minutes=90, days=3), "Lost", "lost")])  # fmt: skip
    assert run(["leads", "times", "--weeks", "4", "--now", NOW.isoformat(), "--json"]) == 0
    everybody, anna, beat = json.loads(capsys.readouterr().out)
    assert everybody == {
        "seller": None, "leads": 4, "contacted": 2, "hours_to_contact": 1.0, "closed": 1, "days_to_close": 3.0,
        "contacts_to_close": 2.0,
    }  # fmt: skip
    assert (anna["seller"], anna["leads"], anna["hours_to_contact"], anna["days_to_close"]) == ("anna", 1, 1.5, 3.0)
    assert (beat["seller"], beat["closed"], beat["days_to_close"]) == ("beat", 0, None)
    assert run(["leads", "times", "--weeks", "4", "--now", NOW.isoformat()]) == 0
    assert "anna" in capsys.readouterr().out

"""`leadwerk doctor` on what stands still without an error: it is named, with what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk import settings
from leadwerk.cli.doctor_feeds import Feeds
from leadwerk.cli.doctor_finding import Finding
from leadwerk.cli.options import Deployment
from leadwerk.errors import MissingTable
from leadwerk.policy import load
from leadwerk.policy.workflows import QuietHours, Workflows
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.selling import NOW, lead, score, warehouse
from support.workflow_market import lead as lead_row

DAY = timedelta(days=1)
Look = Callable[..., Finding]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    def at(link: str, days: float = 0, **environment: str) -> Finding:
        variables = {"LEADWERK_HOME": str(tmp_path), "LEADWERK_POLICY": "b2b_swiss", "LEADWERK_CRM_TOKEN": "t"}
        deployment = Deployment(settings.read(variables | environment))
        return getattr(Feeds(deployment, NOW + days * DAY), link)()

    return at


def test_a_score_that_waits_too_long_is_named(tmp_path: Path, look: Look) -> None:
    assert look("outbox").summary == "nothing waits"
    warehouse(tmp_path, leads=[lead("1")], scores=[score("1")])
    finding = look("outbox", 3)
    assert (finding.verdict, finding.summary.startswith("1 wait, the oldest for ")) == ("look", True)
    assert "`leadwerk deliver`" in finding.remedy
    assert look("outbox", 3, LEADWERK_CRM_TOKEN="").verdict == "good"


def test_a_cursor_that_stands_still_is_named(tmp_path: Path, look: Look) -> None:
    assert look("cursor").summary == "boma.cases was never read"
    DuckDBWarehouse(tmp_path).append("cursors", [{"source": "boma.cases", "cursor": "7", "moved_at": NOW}])
    assert look("cursor", 6).verdict == "good"
    assert (look("cursor", 8).verdict, "`leadwerk ingest`" in look("cursor", 8).remedy) == ("look", True)


@pytest.mark.slow
def test_leads_that_the_crm_deleted_are_counted_with_what_to_do(tmp_path: Path, look: Look) -> None:
    assert look("gone_leads").verdict == "good"
    table = DuckDBWarehouse(tmp_path)
    last = [
        lead_row("1", NOW - DAY, event_id="a", record_state="merged", merged_into="3"),
        lead_row("2", NOW - DAY, event_id="b", record_state="deleted"),
    ]
    table.append("leads", last[:1])
    assert (look("gone_leads").verdict, "1 merged" in look("gone_leads").summary) == ("good", True)
    table.append("leads", last[1:])
    assert (look("gone_leads").verdict, "`leadwerk privacy erase" in look("gone_leads").remedy) == ("look", True)
    assert look("gone_leads", 40).verdict == "good"


def test_training_that_stopped_is_named(tmp_path: Path, look: Look) -> None:
    assert look("training").remedy == "Run `leadwerk retrain`."
    run = {"run_id": "r", "trained_at": NOW, "promoted": False, "reason": "no better"}
    table = DuckDBWarehouse(tmp_path)
    needed = {field.name: "{}" for field in _required("model_runs") if field.name not in run and field.type == "STRING"}
    numbers = {field.name: 0 for field in _required("model_runs") if field.name not in run and field.type == "INT64"}
    table.append("model_runs", [run | needed | numbers])
    assert (look("training", 14).verdict, look("training", 16).verdict) == ("good", "look")


def _required(table: str) -> list[Any]:
    from leadwerk.warehouse import schema

    return [field for field in schema.table(table).fields if field.mode == "REQUIRED"]


def test_a_status_that_nobody_mapped_is_named(tmp_path: Path, look: Look) -> None:
    rejected = {
        "rejection_id": "r", "day": NOW.date(), "rejected_at": NOW, "source": "boma.cases", "row": "7",
        "field": "status", "reason": "The status 'Parked' is in no rule.",
    }  # fmt: skip
    assert look("statuses").verdict == "good"
    DuckDBWarehouse(tmp_path).append("rejections", [rejected, rejected | {"rejection_id": "s"}])
    finding = look("statuses", 1)
    assert finding.summary.startswith("2 cases with statuses that the policy does not know: The status 'Parked'")
    assert look("statuses", 40).verdict == "good"


def test_signals_that_never_occur_are_named(tmp_path: Path, look: Look) -> None:
    assert look("signals").verdict == "good"  # nothing at all: the links before it say so
    policy = load("b2b_swiss")
    first = next(signal.name for signal in policy.signals if not signal.touchpoint)
    day = {
        "day": NOW.date(), "visitor_id": "v", "first_at": NOW, "last_at": NOW, "events": 1, "sessions": 1,
        "page_views": 1, "seconds": 1.0, "first_hour": 9, "weekday": 1, "signals": [{"name": first, "events": 1}],
    }  # fmt: skip
    DuckDBWarehouse(tmp_path).append("activity_daily", [day])
    finding = look("signals", 1)
    assert finding.verdict == "look"
    silent = finding.summary.removeprefix("silent for 30 days: ").split(", ")
    assert set(silent) == {signal.name for signal in policy.signals} - {first}


@pytest.mark.slow
def test_workflows_that_were_refused_or_wait_are_named(tmp_path: Path, look: Look) -> None:
    assert look("workflows").verdict == "good"
    step = {
        "action_id": "a", "attempt": 1, "lead_id": "1", "day": NOW.date(), "changed_at": NOW, "stepped_at": NOW,
        "state": "retry", "workflow": "hot", "policy_version": "p", "change": "became_hot", "action": "message",
    }  # fmt: skip
    table = DuckDBWarehouse(tmp_path)
    table.append("workflow_actions", [step])
    assert look("workflows", 0.01).verdict == "good"
    assert "workflow run" in look("workflows", 1).remedy
    table.append("workflow_actions", [step | {"attempt": 2, "state": "dead_letter"}])
    assert "workflow replay" in look("workflows", 1).remedy


@pytest.mark.slow
def test_a_disabled_channel_is_named(tmp_path: Path, look: Look) -> None:
    step = {
        "action_id": "a", "lead_id": "1", "day": NOW.date(), "changed_at": NOW, "workflow": "hot", "target": "sales",
        "policy_version": "p", "change": "became_hot", "action": "message", "state": "retry", "http_status": 500,
    }  # fmt: skip
    table = DuckDBWarehouse(tmp_path)
    table.append("workflow_actions", [step | {"attempt": 1, "stepped_at": NOW}])
    assert "disabled" not in look("workflows", 6).summary
    table.append("workflow_actions", [step | {"attempt": 2, "stepped_at": NOW + 5 * DAY}])
    finding = look("workflows", 6)
    assert (finding.verdict, finding.summary.endswith("disabled: sales")) == ("look", True)
    assert "`leadwerk workflow replay --channel sales`" in finding.remedy
    table.append("workflow_actions", [step | {"attempt": 3, "stepped_at": NOW + 6 * DAY, "state": "sent"}])
    assert "disabled" not in look("workflows", 7).summary


def test_a_calendar_that_ended_is_named(tmp_path: Path) -> None:
    policy = msgspec.structs.replace(load("b2b_swiss"), workflows=Workflows(quiet=QuietHours(holidays=("2020-12-25",))))
    deployment = Deployment(settings.read({"LEADWERK_HOME": str(tmp_path)}))
    deployment.__dict__["policy"] = policy
    finding = Feeds(deployment, NOW).workflows()
    assert (finding.verdict, finding.summary) == ("look", "0 workflows: no action yet; the last holiday was 2020-12-25")


@pytest.mark.slow
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    DuckDBWarehouse(tmp_path).append("leads", [lead_row("1", NOW)])
    assert look("tables").verdict == "good"

    def refuse(warehouse: DuckDBWarehouse, of: Any, parameters: Any) -> list[Any]:
        if of.name.startswith("picks/"):
            raise MissingTable("There is no table picks.")
        return []

    monkeypatch.setattr(DuckDBWarehouse, "rows", refuse)
    with pytest.raises(MissingTable, match="picks"):
        look("tables")

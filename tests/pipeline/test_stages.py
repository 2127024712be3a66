"""Stages: recorded once, forward and back, also for leads that the CRM closed, and whatever kills the process."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.pipeline import rescore, score
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.load import load
from leadwerk.policy.points import PointBands
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support import example_leads
from support.example_leads import NOW

MORTGAGE = load("mortgage")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("translations")  # seconds a statement, and the same for every test


@pytest.fixture
def warehouse(tmp_path: Path, translations: Path) -> DuckDBWarehouse:
    (tmp_path / "translations").symlink_to(translations)
    return example_leads.warehouse(tmp_path)


def rescored(warehouse: DuckDBWarehouse, now=NOW, policy=MORTGAGE) -> rescore.RescoreReport:
    return rescore.run(warehouse, policy, None, now=now, stored_at=now)


def scored(warehouse: DuckDBWarehouse, *leads: str, now=NOW, policy=MORTGAGE, **options: Any):
    requests = [ScoreRequest(lead_id=lead) for lead in leads]
    return score.run(score.ScoringRun(warehouse, policy, None, now=now, stored_at=now, **options), requests)


def changes(warehouse: DuckDBWarehouse, lead_id: str | None = None) -> list[tuple[Any, ...]]:
    rows = warehouse.rows(from_text("SELECT * FROM leadwerk.stage_changes ORDER BY changed_at, lead_id"), {})
    return [
        (row["lead_id"], row["from_stage"], row["to_stage"], row["direction"], row["changed_at"])
        for row in rows
        if lead_id in (None, row["lead_id"])
    ]


def table(warehouse: DuckDBWarehouse, name: str) -> list[dict[str, Any]]:
    return warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name} ORDER BY lead_id"), {})


def add_status(warehouse: DuckDBWarehouse, lead_id: str, at, status: str, outcome: str) -> None:
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    event = {"event_id": f"{lead_id}-{status}-{at}", "lead_id": lead_id, "status": status, "outcome": outcome}
    warehouse.append("outcomes", [event | times])


def stricter(hot: int, warm: int) -> Any:
    points = msgspec.structs.replace(MORTGAGE.points, bands=PointBands(hot=hot, warm=warm, threshold_limits=(hot, hot)))
    return msgspec.structs.replace(MORTGAGE, points=points)


def test_every_scored_lead_has_a_first_stage_and_the_score_that_put_it_there(warehouse):
    report = rescored(warehouse)
    assert report.stage_changes == report.leads == 3
    assert {(lead, before) for lead, before, *_ in changes(warehouse)} == {("1", None), ("2", None), ("3", None)}
    scores = {row["lead_id"]: row for row in table(warehouse, "scores")}
    for row in table(warehouse, "stage_changes"):
        assert (row["score_id"], row["to_stage"]) == (
            scores[row["lead_id"]]["score_id"], scores[row["lead_id"]]["stage"],
        )  # fmt: skip


@pytest.mark.parametrize("again", [NOW, NOW + HOUR / 60])
def test_running_again_changes_nothing(warehouse, again):
    rescored(warehouse)
    before = changes(warehouse)
    assert rescored(warehouse, again).stage_changes == 0
    scored(warehouse, "1", "2", now=again)
    assert changes(warehouse) == before


def test_stages_go_forward_and_back_as_the_bands_are_reached_and_left(warehouse):
    rescored(warehouse, policy=stricter(hot=10_000, warm=9_000))
    rescored(warehouse, NOW + HOUR, stricter(hot=-500, warm=-600))
    rescored(warehouse, NOW + 2 * HOUR, stricter(hot=10_000, warm=-600))
    assert changes(warehouse, "1") == [
        ("1", None, "known", "forward", NOW),
        ("1", "known", "sql", "forward", NOW + HOUR),
        ("1", "sql", "mql", "back", NOW + 2 * HOUR),
    ]


def test_what_the_crm_says_of_an_open_lead_moves_it(warehouse):
    rescored(warehouse)
    add_status(warehouse, "3", NOW + HOUR, "Prüfung", "open")
    rescored(warehouse, NOW + DAY)
    assert changes(warehouse, "3")[-1][2:4] == ("application", "forward")


def test_a_lead_that_the_crm_closed_becomes_a_customer_with_one_last_score(warehouse):
    rescored(warehouse)
    add_status(warehouse, "3", NOW + HOUR, "Ausbezahlt", "paid_out")
    scores = table(warehouse, "scores")
    report = rescored(warehouse, NOW + DAY)
    assert report.stage_changes >= 1
    assert changes(warehouse, "3")[-1][2:] == ("customer", "forward", NOW + DAY)
    last = [row["stage"] for row in table(warehouse, "scores") if row["lead_id"] == "3" and row not in scores]
    assert last == ["customer"]
    before = changes(warehouse, "3")
    rescored(warehouse, NOW + 2 * DAY)
    assert changes(warehouse, "3") == before


def test_what_the_crm_says_later_is_not_known_before(warehouse):
    rescored(warehouse)
    add_status(warehouse, "3", NOW + DAY, "Ausbezahlt", "paid_out")
    rescored(warehouse, NOW + HOUR)
    assert [change[2] for change in changes(warehouse, "3")] != ["customer"]
    assert changes(warehouse, "3")[-1][2] != "customer"


def test_a_closed_lead_that_was_never_scored_has_no_stages(warehouse):
    rescored(warehouse)
    assert changes(warehouse, "9") == []


def test_a_dry_run_and_a_mere_visitor_leave_no_stage(warehouse):
    scored(warehouse, "1", store=False)
    run = score.ScoringRun(warehouse, MORTGAGE, None, now=NOW, stored_at=NOW)
    report = score.run(run, [ScoreRequest(ga_client_id="V4")])
    assert report.scores[0].stage == "anonymous"
    assert changes(warehouse) == []


def test_a_policy_without_stages_records_none(warehouse):
    report = rescored(warehouse, policy=msgspec.structs.replace(MORTGAGE, stages=()))
    assert (report.stage_changes, changes(warehouse)) == (0, [])
    assert {row["stage"] for row in table(warehouse, "scores")} == {None}


KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from leadwerk.pipeline import rescore
from leadwerk.policy.load import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse

warehouse, now = DuckDBWarehouse(Path(sys.argv[1])), datetime.fromisoformat(sys.argv[2])
append = warehouse.append

def killed(table, rows):
    if table == "stage_changes":
        os.kill(os.getpid(), signal.SIGKILL)
    return append(table, rows)

warehouse.append = killed
rescore.run(warehouse, load("mortgage"), None, now=now, stored_at=now)
"""


@pytest.mark.slow
def test_killed_between_score_and_stage_the_next_run_records_the_stage_once(warehouse):
    died = subprocess.run(
        [sys.executable, "-c", KILLED, str(warehouse.home), NOW.isoformat()], check=False, timeout=120
    )
    assert died.returncode == -9
    assert len(table(warehouse, "scores")) == 3
    assert changes(warehouse) == []
    rescored(warehouse, NOW + HOUR / 60)
    assert sorted(change[0] for change in changes(warehouse)) == ["1", "2", "3"]
    rescored(warehouse, NOW + HOUR / 30)
    assert len(changes(warehouse)) == 3

"""`--now` outside of a simulation: no decision is dated back, and nothing is stored as of the future."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from leadwerk import policy as defaults
from leadwerk.cli.application import run
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.selling import DAY, lead, outcome, warehouse

STARTED = datetime.now(UTC)
PAST, FUTURE = f"{STARTED - 5 * DAY:%Y-%m-%dT%H:%M:%SZ}", "2999-01-01T00:00:00Z"
BY = ("--by", "Ada", "--reason", "x")
DECISIONS = [
    ("picks", "take", "open", "--seller", "anna"),
    ("picks", "release", "open", "--seller", "anna"),
    ("overrides", "set", "closed", "--cluster", "HOT", "--by", "Eva", "--reason", "fair"),
    ("overrides", "clear", "closed", "--by", "Eva"),
    ("thresholds", "hold", "55", *BY),
    ("thresholds", "release", *BY),
    ("policy", "publish", "draft.yaml", *BY),
    ("policy", "revert", *BY),
    ("policy", "suggest", "accept", "webinar", *BY),
    ("policy", "suggest", "decline", "webinar", *BY),
    ("models", "promote", "v1"),
    ("models", "rollback"),
]
STORING = [
    ("score", "open"),
    ("rescore",),
    ("retrain",),
    ("extract",),
    ("deliver",),
    ("ingest",),
    ("report",),
    ("policy", "suggest"),
    ("thresholds", "decide"),
    ("picks", "reconcile"),
]
READING = [
    *((family, "list") for family in ("leads", "picks", "overrides", "accounts")),
    ("thresholds", "show"),
    ("history", "open"),
]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SIMULATION", "POLICY", "REGISTRY", "REPORTS", "PICKS", "ENGINE"):
        monkeypatch.delenv(f"LEADWERK_{name}", raising=False)
    monkeypatch.setenv("LEADWERK_HOME", str(tmp_path))
    shutil.copy(Path(defaults.__file__).parent / "defaults" / "b2b_swiss.yaml", tmp_path / "policy.yaml")
    monkeypatch.setenv("LEADWERK_CRM_TOKEN", "t")
    created = STARTED - 40 * DAY
    warehouse(
        tmp_path,
        leads=[lead(name, recorded_at=created, created_at=created) for name in ("open", "closed")],
        outcomes=[outcome("closed", STARTED - DAY, "closedlost", "lost")],
    )
    return tmp_path


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    home_warehouse = DuckDBWarehouse(home)
    with home_warehouse.unit_of_work():
        return {
            table.name: home_warehouse.rows(from_text(f"SELECT * FROM leadwerk.{table.name}"), {})
            for table in schema.own_tables()
        }


@pytest.mark.parametrize(
    ("command", "moment"),
    [(command, moment) for command in DECISIONS for moment in (PAST, FUTURE)]
    + [(command, FUTURE) for command in STORING],
    # The moment's text would differ between the workers of one run.
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else {PAST: "past", FUTURE: "future"}[value],
)
def test_a_moment_that_would_falsify_what_is_stored_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...], moment: str
) -> None:
    before = tables(home)
    assert run([*command, "--now", moment]) == 2
    output = " ".join(capsys.readouterr().err.split())
    assert "--now" in output
    assert "LEADWERK_SIMULATION=1" in output
    assert tables(home) == before


@pytest.mark.parametrize("command", READING, ids=str)
def test_what_only_reads_looks_at_any_moment(home: Path, command: tuple[str, ...]) -> None:
    assert run([*command, "--now", FUTURE]) == 0


@pytest.mark.slow
def test_a_replay_of_the_past_says_when_it_was_really_stored(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    form = json.dumps({"income": 90_000})
    assert run(["score", "open", "--form", form, "--now", PAST, "--json"]) == 0
    rows = tables(home)
    [version] = [row for row in rows["leads"] if row["event_id"].startswith("form:")]
    assert (version["recorded_at"], rows["scores"][0]["scored_at"]) == (datetime.fromisoformat(PAST),) * 2
    assert min(version["stored_at"], rows["scores"][0]["stored_at"]) > STARTED


def test_a_dry_run_and_a_simulation_live_in_the_future(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["score", "open", "--dry-run", "--now", FUTURE]) == 0
    monkeypatch.setenv("LEADWERK_SIMULATION", "1")
    assert run(["picks", "take", "open", "--seller", "anna", "--now", FUTURE]) == 0

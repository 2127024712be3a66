"""Two leads of one person: shown with each other, counted once, offered for merging, and never merged."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.cli.application import run
from leadwerk.pipeline.desk.lead_detail import lead_events
from leadwerk.pipeline.desk.outcome_counts import outcome_counts
from leadwerk.pipeline.desk.same_person import persons_with_several_leads
from leadwerk.policy.load import load
from leadwerk.report.results.outcome_counts import Totals, totals
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.selling import DAY, NOW, lead, outcome, warehouse

ANNA, BEAT = "a" * 64, "b" * 64
FIRST, SECOND = NOW - 80 * DAY, NOW - 70 * DAY


@pytest.fixture
def home(tmp_path: Path) -> DuckDBWarehouse:
    """Anna's leads a1 and =a2, of which the first was won; Beat's lead b, and n, which names nobody."""
    persons = {"a1": (ANNA, FIRST), "=a2": (ANNA, SECOND), "b": (BEAT, FIRST), "n": (None, FIRST)}
    return warehouse(
        tmp_path,
        leads=[lead(name, person_key=key, created_at=came, recorded_at=came) for name, (key, came) in persons.items()],
        outcomes=[outcome("a1", FIRST + DAY, "won", "won"), outcome("=a2", SECOND + DAY, "lost", "lost")],
    )


def same_person(home: DuckDBWarehouse, lead_id: str, now: object = NOW) -> list[tuple[str | None, object]]:
    events = lead_events(home, lead_id, now=now)  # type: ignore[arg-type]
    return [(event.subject, event.happened_at) for event in events if event.kind == "same_person"]


def test_each_lead_of_a_person_names_the_others_from_when_both_were_known(home: DuckDBWarehouse) -> None:
    assert same_person(home, "a1") == [("=a2", SECOND)]
    assert same_person(home, "=a2") == [("a1", SECOND)]
    assert (
        same_person(home, "a1", SECOND - timedelta(seconds=1)) == same_person(home, "b") == same_person(home, "n") == []
    )


def test_a_person_counts_once_with_the_lead_that_converted(home: DuckDBWarehouse) -> None:
    policy = msgspec.structs.replace(load("b2b_swiss"), horizon_days=30)
    counted = totals(outcome_counts(home, policy, now=NOW, weeks=26, segment="none"))
    assert counted == Totals(leads=3, certain=1, won=1, hot=0)


def test_persons_are_listed_for_merging_and_stay_two_leads(
    home: DuckDBWarehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [anna] = persons_with_several_leads(home, NOW)
    assert (anna.first_lead_id, anna.other_lead_ids) == ("a1", ("=a2",))
    file = tmp_path / "merge.csv"
    arguments = ["--home", str(tmp_path), "--now", NOW.isoformat(), "leads", "persons", "--csv", str(file), "--json"]
    assert run(arguments) == 0
    assert json.loads(capsys.readouterr().out) == [{"lead_ids": ["a1", "=a2"]}]
    with file.open(encoding="utf-8", newline="") as source:
        assert list(csv.reader(source)) == [["first_lead_id", "other_lead_id"], ["a1", "'=a2"]]


@pytest.mark.parametrize("state", ["merged", "deleted"])
def test_a_lead_that_the_crm_merged_or_deleted_is_not_offered_again(home: DuckDBWarehouse, state: str) -> None:
    gone = {"event_id": "crm:gone", "recorded_at": NOW - DAY, "person_key": ANNA, "record_state": state}
    home.append("leads", [lead("=a2", created_at=SECOND, **gone)])
    assert len(persons_with_several_leads(home, NOW - 2 * DAY)) == 1
    assert persons_with_several_leads(home, NOW) == []


def test_the_history_says_it(home: DuckDBWarehouse, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--home", str(tmp_path), "--now", NOW.isoformat(), "history", "a1", "--output-language", "en"]
    assert run(arguments) == 0
    assert "another lead of the same person: =a2" in " ".join(capsys.readouterr().out.split())

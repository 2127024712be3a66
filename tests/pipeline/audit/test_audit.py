"""The audit trail: every table of acts is in it, and a change or a gap is seen."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from leadwerk.pipeline.audit.seal import seal, verify
from leadwerk.pipeline.audit.trail import Act, AuditFilter, read_trail, record_act
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy.erase import ErasurePlaces, erase
from leadwerk.pipeline.uploads import Uploads
from leadwerk.policy.load import load
from leadwerk.registry import FolderStore, open_registry
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import statement
from support.homes import home_warehouse
from support.person_rows import ANNA, BEAT, ERASED_AT, SECRET, fill

DAY = timedelta(days=1)
NO_ACT = {
    "activity_daily": "computed from the export",
    "activity_events": "computed from the export",
    "anonymous_counts": "part of an erasure",
    "audit_seals": "the seals themselves",
    "company_answers": "what registries and language models answered, below all that people entered",
    "cursors": "how far a source was read",
    "drift_checks": "figures of a night",
    "erased_ids": "part of an erasure",
    "extract_runs": "counts of a nightly run",
    "identities": "follows from forms and logins",
    "kpis_daily": "figures of a morning",
    "rejections": "what was not taken changes nothing",
    "touchpoints": "acts of the lead",
}


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    filled = home_warehouse(tmp_path)
    fill(filled, ANNA, BEAT)
    record_act(filled, Act(actor="Eva", action="export", object="backup"), ERASED_AT - DAY)
    return filled


def findings(warehouse: DuckDBWarehouse) -> list[str]:
    return [finding.problem for finding in verify(warehouse, load("mortgage"), SECRET, ERASED_AT)]


def tampered(tmp_path: Path, sql: str) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute(sql)


def test_each_table_is_in_the_trail_or_holds_no_act() -> None:
    trail = statement("audit/trail").text
    audited = {table.name for table in schema.own_tables() if f"FROM leadwerk.{table.name}\n" in trail}
    assert audited | set(NO_ACT) == {table.name for table in schema.own_tables()}
    assert not audited & set(NO_ACT)


def test_entries_are_found_by_lead_actor_and_action(warehouse: DuckDBWarehouse) -> None:
    of_lead = read_trail(warehouse, AuditFilter(until=ERASED_AT, lead_ids=(ANNA.lead,)))
    assert {entry.lead_id for entry in of_lead} == {ANNA.lead}
    assert {entry.source for entry in of_lead} >= {"overrides", "picks", "scores", "deliveries", "outcomes", "leads"}
    [export] = read_trail(warehouse, AuditFilter(until=ERASED_AT, actor="Eva"))
    assert (export.action, export.object) == ("export", "backup")
    assert {e.action for e in read_trail(warehouse, AuditFilter(until=ERASED_AT, action="override"))} == {
        "override_set"
    }


def test_what_is_sealed_once_is_not_sealed_again(warehouse: DuckDBWarehouse) -> None:
    entries = len(read_trail(warehouse, AuditFilter(until=ERASED_AT)))
    assert seal(warehouse, SECRET, ERASED_AT) == entries
    assert seal(warehouse, SECRET, ERASED_AT + DAY) == 0
    record_act(warehouse, Act(actor="Eva", action="rollback"), ERASED_AT + DAY)
    assert seal(warehouse, SECRET, ERASED_AT + DAY) == 1
    assert findings(warehouse) == ["entries were changed or deleted"]  # as of before the rollback
    assert verify(warehouse, load("mortgage"), SECRET, ERASED_AT + DAY) == []


@pytest.mark.parametrize(
    ("tampering", "problem"),
    [
        ("UPDATE leadwerk.overrides SET author = 'nobody'", "entries were changed or deleted"),
        ("DELETE FROM leadwerk.policy_changes", None),
        ("DELETE FROM leadwerk.audit_log", "entries were changed or deleted"),
        ("DELETE FROM leadwerk.audit_seals WHERE sequence = 2", "a seal before this one is gone"),
        ("UPDATE leadwerk.audit_seals SET sealed_at = sealed_at - INTERVAL 1 DAY", "the seal was changed"),
    ],
)
def test_tampering_is_seen(warehouse: DuckDBWarehouse, tmp_path: Path, tampering: str, problem: str | None) -> None:
    seal(warehouse, SECRET, ERASED_AT)
    assert findings(warehouse) == []
    tampered(tmp_path, tampering)
    assert set(findings(warehouse)) == ({problem} if problem else set())


def test_an_erasure_leaves_no_gap(warehouse: DuckDBWarehouse, tmp_path: Path) -> None:
    seal(warehouse, SECRET, ERASED_AT)
    picks = Picks(warehouse, load("mortgage"), FolderStore(tmp_path / "picks"))
    place = ErasurePlaces(
        warehouse,
        picks,
        open_registry(str(tmp_path / "models")),
        Uploads.of_home(tmp_path),
        DraftStore(FolderStore(tmp_path / "reports")),
        SECRET,
    )
    erase(place, ANNA.lead, by="Eva", reason="request 17", now=ERASED_AT)
    assert not read_trail(warehouse, AuditFilter(until=ERASED_AT, lead_ids=(ANNA.lead,)))
    assert findings(warehouse) == []
    erasure = read_trail(warehouse, AuditFilter(until=ERASED_AT, action="erasure"))
    assert [(entry.actor, entry.reason) for entry in erasure] == [("Eva", "request 17")] * 2

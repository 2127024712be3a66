"""A score that is faster than the CRM: it waits for its lead, and is sent as soon as ingestion has read the lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from leadwerk.crm.case_page import CasePage
from leadwerk.crm.delivery_attempts import UNKNOWN_LEAD_PATIENCE
from leadwerk.crm.port import LeadUpdate
from leadwerk.errors import CRMRejected, WarehouseBusy
from leadwerk.pipeline import deliver, ingest
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.numbered_scores import POLICY, score
from support.scripted_crm import ScriptedCRM, case

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
STATES = from_text("SELECT state, attempt FROM leadwerk.deliveries ORDER BY attempt, attempted_at")


@dataclass
class YoungCRM(ScriptedCRM):
    """A CRM that knows the leads that were created in it; it remembers what it refused under a key."""

    created: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def patch_lead(self, update: LeadUpdate) -> None:
        if update.lead_id not in self.created or update.key in self.refused:
            self.refused.add(update.key)
            raise CRMRejected(f"lead {update.lead_id} does not exist", status=404)
        super().patch_lead(update)

    def pull(self, cursor: str | None):  # type: ignore[no-untyped-def]
        start = int(cursor or 0)
        cases = tuple(case(number, lead_id) for number, lead_id in enumerate(self.created))[start:]
        yield CasePage(cases, (), str(len(self.created)))


@pytest.fixture
def scored_at(warehouse: DuckDBWarehouse) -> datetime:
    row = score("102938", 1)
    warehouse.append("scores", [row])
    moment: datetime = row["scored_at"]
    return moment


def sending(warehouse: DuckDBWarehouse, crm: YoungCRM, at: datetime) -> deliver.DeliverReport:
    return deliver.run(warehouse, POLICY, crm, now=at)


def reading(warehouse: DuckDBWarehouse, crm: YoungCRM, at: datetime) -> ingest.IngestReport:
    return ingest.run(warehouse, POLICY, crm, now=at, person_key="k")


def states(warehouse: DuckDBWarehouse) -> list[str]:
    return [row["state"] for row in warehouse.rows(STATES, {})]


def test_it_is_sent_by_the_next_run_after_ingestion(warehouse: DuckDBWarehouse, scored_at: datetime) -> None:
    crm, at = YoungCRM(), scored_at
    for _ in range(6):
        report = sending(warehouse, crm, at)
        assert (report.retry, report.dead_letter) == (1, 0)
        assert report.next_attempt_at is not None
        at = report.next_attempt_at
    crm.created = ["102938"]
    reading(warehouse, crm, at - 20 * MINUTE)
    assert sending(warehouse, crm, at - 15 * MINUTE).sent == 1
    assert crm.scores_shown == {"102938": "102938-1"}
    assert states(warehouse) == ["retry"] * 7 + ["sent"]


def test_it_is_sent_though_nothing_is_ingested_while_it_is_young(
    warehouse: DuckDBWarehouse, scored_at: datetime
) -> None:
    crm = YoungCRM()
    sending(warehouse, crm, scored_at)
    crm.created = ["102938"]
    assert sending(warehouse, crm, scored_at + MINUTE).sent == 1


@pytest.mark.parametrize("later", [DAY, 30 * DAY])
def test_a_dead_letter_of_an_unknown_lead_is_sent_once_the_lead_is_there(
    warehouse: DuckDBWarehouse, scored_at: datetime, later: timedelta
) -> None:
    crm, late = YoungCRM(), scored_at + UNKNOWN_LEAD_PATIENCE + MINUTE
    assert sending(warehouse, crm, late).dead_letter == 1
    assert sending(warehouse, crm, late + later).sent == 0
    crm.created = ["102938"]
    reading(warehouse, crm, late + later)
    assert sending(warehouse, crm, late + later).sent == 1


def test_an_attempt_during_the_ingestion_does_not_undo_it(warehouse: DuckDBWarehouse, scored_at: datetime) -> None:
    """The run of ingestion began before the attempt that failed, and read the lead after it."""
    crm = YoungCRM()
    sending(warehouse, crm, scored_at + DAY + 2 * MINUTE)
    crm.created = ["102938"]
    reading(warehouse, crm, scored_at + DAY + MINUTE)
    assert sending(warehouse, crm, scored_at + DAY + 3 * MINUTE).sent == 1


def test_to_read_the_lead_again_changes_nothing(warehouse: DuckDBWarehouse, scored_at: datetime) -> None:
    crm, late = YoungCRM(), scored_at + DAY + MINUTE
    sending(warehouse, crm, late)
    crm.created = ["102938"]
    for minutes in (1, 2, 3):
        ingest.run(
            warehouse,
            POLICY,
            crm,
            now=late + minutes * MINUTE,
            person_key="k",
            options=ingest.IngestOptions(from_start=True),
        )
    assert states(warehouse) == ["dead_letter", "retry"]
    sending(warehouse, crm, late + 4 * MINUTE)
    ingest.run(
        warehouse, POLICY, crm, now=late + 5 * MINUTE, person_key="k", options=ingest.IngestOptions(from_start=True)
    )
    assert sending(warehouse, crm, late + DAY).sent == 0
    assert states(warehouse) == ["dead_letter", "retry", "sent"]


def test_what_the_crm_refused_for_another_reason_stays_a_dead_letter(
    warehouse: DuckDBWarehouse, scored_at: datetime
) -> None:
    crm = YoungCRM(created=["102938"])

    def refuse(update: LeadUpdate) -> None:
        raise CRMRejected("no such field", status=422)

    crm.script = [refuse]
    assert sending(warehouse, crm, scored_at).dead_letter == 1
    reading(warehouse, crm, scored_at + MINUTE)
    assert sending(warehouse, crm, scored_at + DAY).sent == 0


def test_a_killed_ingestion_leaves_the_score_to_the_next_one(
    warehouse: DuckDBWarehouse, scored_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm = YoungCRM()
    sending(warehouse, crm, scored_at + DAY + MINUTE)
    crm.created = ["102938"]
    append = warehouse.append

    def dying(table: str, rows: object) -> int:
        if table == "deliveries":
            raise WarehouseBusy("killed")
        return append(table, rows)  # type: ignore[arg-type]

    monkeypatch.setattr(warehouse, "append", dying)
    with pytest.raises(WarehouseBusy):
        reading(warehouse, crm, scored_at + DAY + 2 * MINUTE)
    monkeypatch.undo()
    reading(warehouse, crm, scored_at + DAY + 3 * MINUTE)
    assert sending(warehouse, crm, scored_at + DAY + 4 * MINUTE).sent == 1

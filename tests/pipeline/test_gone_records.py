"""Leads that the CRM deleted or merged: not scored, listed or delivered; a merged one hands its history on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from leadwerk.crm.case_page import CasePage, GoneRecord, Touchpoint
from leadwerk.crm.port import Gone, LeadUpdate, PushResult, Taken, Unknown
from leadwerk.pipeline import ingest, score as scoring
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.pipeline.leads.stale_stages import find_stale_stages
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.numbered_scores import NOW, POLICY, run, score
from support.one_by_one import OneByOne
from support.scripted_crm import HOUR, PagedCRM, ScriptedCRM, case

DAY = timedelta(days=1)


def read(warehouse: DuckDBWarehouse, *pages: CasePage) -> None:
    ingest.run(warehouse, POLICY, PagedCRM([*pages]), now=NOW, person_key="secret")


def open_leads(warehouse: DuckDBWarehouse, at: datetime = NOW) -> list[str]:
    return read_open_leads(warehouse, created_since=NOW - 90 * DAY, as_of=at)


def of(warehouse: DuckDBWarehouse, table: str, lead: str, columns: str) -> list[dict[str, object]]:
    text = f"SELECT {columns} FROM leadwerk.{table} WHERE lead_id = '{lead}' ORDER BY {columns}"
    return warehouse.rows(from_text(text), {})


def test_a_deleted_lead_is_open_before_and_not_after_and_again_once_restored(warehouse: DuckDBWarehouse) -> None:
    a, b = case(1, "a"), case(2, "b")
    deleted_at = b.changed_at + HOUR
    read(warehouse, CasePage((a, b), (), "1"), CasePage((), (), "2", gone_records=(GoneRecord("a", deleted_at),)))
    assert open_leads(warehouse, deleted_at - HOUR / 2) == ["a", "b"]
    assert open_leads(warehouse) == ["b"]
    read(warehouse, CasePage((), (), "3", gone_records=(GoneRecord("a", deleted_at),)))
    assert len(of(warehouse, "leads", "a", "event_id")) == 2
    read(warehouse, CasePage((case(9, "a"),), (), "4"))
    assert open_leads(warehouse) == ["a", "b"]


@pytest.mark.parametrize("survivor", [None, "b"])
def test_who_is_gone_and_asked_for_is_closed_until_the_crm_restores_it(
    warehouse: DuckDBWarehouse, survivor: str | None
) -> None:
    def cluster_and_action(hour: int, **request: Any) -> tuple[str, str]:
        at = case(hour).changed_at
        context = scoring.ScoringRun(warehouse, POLICY, None, now=at, stored_at=at, person_key="secret")
        (scored,) = scoring.run(context, [ScoreRequest(lead_id="a", **request)]).scores
        return scored.score_cluster, scored.recommended_action

    read(warehouse, CasePage((case(1, "a"), case(2, "b")), (), "1"))
    assert cluster_and_action(3)[0] != "CLOSED"
    gone = GoneRecord("a", case(4).changed_at, survivor)
    read(warehouse, CasePage((), (), "2", gone_records=(gone,)))
    assert cluster_and_action(5) == cluster_and_action(6, form={"income": 180_000}) == ("CLOSED", "No_Action")
    assert len(of(warehouse, "scores", "a", "score_id")) == 1
    assert open_leads(warehouse) == ["b"]
    assert find_stale_stages(warehouse, POLICY, NOW, rescored=()).moved == []
    read(warehouse, CasePage((case(9, "a"),), (), "3"))
    assert open_leads(warehouse) == ["a", "b"]
    assert cluster_and_action(9)[0] != "CLOSED"


def test_a_deletion_of_the_future_is_rejected_and_one_of_a_stranger_is_nothing(warehouse: DuckDBWarehouse) -> None:
    gone_records = (GoneRecord("a", NOW + DAY), GoneRecord("stranger", NOW - DAY))
    read(warehouse, CasePage((case(1, "a"),), (), "1", gone_records=gone_records))
    assert open_leads(warehouse) == ["a"]
    assert of(warehouse, "leads", "stranger", "event_id") == []
    (rejection,) = warehouse.rows(from_text("SELECT `row`, field FROM leadwerk.rejections"), {})
    assert rejection == {"row": "a", "field": "changed_at"}


def test_a_deleted_lead_is_not_delivered(warehouse: DuckDBWarehouse) -> None:
    read(warehouse, CasePage((case(1, "a"), case(2, "b")), (), "1", gone_records=(GoneRecord("a"),)))
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    crm = ScriptedCRM()
    assert run(warehouse, crm).sent == 1
    assert crm.received == ["b-1"]


@pytest.mark.parametrize("loser_is_later", [True, False])
def test_a_merged_leads_history_belongs_to_the_survivor(warehouse: DuckDBWarehouse, loser_is_later: bool) -> None:
    late = 8 if loser_is_later else 2
    call = Touchpoint("t1", "call_answered", case(1).changed_at)
    loser = case(late, "a", "Abgelehnt", touchpoints=(call,))
    survivor = case(5, "b", "Neu")
    merged_at = case(9).changed_at
    page = CasePage((loser, survivor), (), "1", gone_records=(GoneRecord("a", merged_at, "b"),))
    read(warehouse, page)
    read(warehouse, page)
    assert open_leads(warehouse) == ["b"]
    assert of(warehouse, "touchpoints", "b", "kind, occurred_at, recorded_at") == [
        {"kind": "call_answered", "occurred_at": call.occurred_at, "recorded_at": merged_at}
    ]
    # The link to the web is known from the merge on: nothing of the past learns what it did not know.
    links = of(warehouse, "identities", "b", "visitor_id, linked_at")
    assert {"visitor_id": "a.1", "linked_at": merged_at} in links
    statuses = of(warehouse, "outcomes", "b", "occurred_at, status")
    assert {"occurred_at": loser.changed_at, "status": "Abgelehnt"} in statuses
    # The survivor's own status stands, whichever came last.
    assert statuses[-1]["status"] == "Neu"
    assert len(statuses) == (3 if loser_is_later else 2)


def test_who_is_merged_twice_hands_everything_on(warehouse: DuckDBWarehouse) -> None:
    call = Touchpoint("t1", "call_answered", case(1).changed_at)
    cases = (case(1, "a", touchpoints=(call,)), case(2, "b"), case(3, "c"))
    gone_records = (GoneRecord("b", case(9).changed_at, "c"), GoneRecord("a", case(8).changed_at, "b"))
    read(warehouse, CasePage(cases, (), "1", gone_records=gone_records))
    assert of(warehouse, "touchpoints", "c", "kind") == [{"kind": "call_answered"}]
    assert open_leads(warehouse) == ["c"]


class Answering(OneByOne):
    """A CRM that answers each push with what `answers` has for the record."""

    def __init__(self, answers: dict[str, PushResult]) -> None:
        self.answers = answers

    def _push_one(self, update: LeadUpdate) -> PushResult:
        return self.answers.get(update.target, Taken())


def test_what_a_delivery_finds_deleted_is_not_scored_again(warehouse: DuckDBWarehouse) -> None:
    read(warehouse, CasePage((case(1, "a"), case(2, "b")), (), "1"))
    warehouse.append("scores", [score("a", 1), score("b", 1)])
    assert run(warehouse, Answering({"a": Gone(text="deleted")})).dead_letter == 1
    assert open_leads(warehouse) == ["b"]


def test_what_the_crm_showed_and_no_longer_knows_was_deleted(warehouse: DuckDBWarehouse) -> None:
    read(warehouse, CasePage((case(1, "a"), case(2, "b")), (), "1"))
    warehouse.append("scores", [score("a", 1)])
    run(warehouse, Answering({}))
    warehouse.append("scores", [score("a", 2), score("b", 2)])
    report = run(warehouse, Answering({"a": Unknown("no such lead"), "b": Unknown("no such lead")}), minutes=5)
    # b was never there: it may still come.
    assert (report.dead_letter, report.retry) == (1, 1)
    assert open_leads(warehouse, NOW + DAY) == ["b"]


def test_a_crm_that_suddenly_knows_nobody_is_another_crm(warehouse: DuckDBWarehouse) -> None:
    """As with the address of a sandbox: nothing counts as deleted."""
    leads = [f"l{number:02}" for number in range(30)]
    read(warehouse, CasePage(tuple(case(1, lead, event_id=f"e-{lead}") for lead in leads), (), "1"))
    warehouse.append("scores", [score(lead, 1) for lead in leads])
    run(warehouse, Answering({}))
    warehouse.append("scores", [score(lead, 2) for lead in leads])
    report = run(warehouse, Answering(dict.fromkeys(leads, Unknown("no such lead"))), minutes=5)
    assert (report.dead_letter, report.pending) == (0, 30)
    assert "10 of the first 10" in (report.stopped or "")
    assert open_leads(warehouse, NOW + DAY) == leads


def test_a_merge_that_a_delivery_finds_hands_the_history_on(warehouse: DuckDBWarehouse) -> None:
    read(warehouse, CasePage((case(1, "a"), case(2, "b")), (), "1"))
    warehouse.append("scores", [score("a", 1)])
    run(warehouse, Answering({"a": Gone("b")}))
    assert open_leads(warehouse) == ["b"]


def test_a_converted_lead_stays_a_lead(warehouse: DuckDBWarehouse) -> None:
    read(warehouse, CasePage((case(1, "a"),), (), "1"))
    warehouse.append("scores", [score("a", 1)])
    assert run(warehouse, Answering({"a": Gone("contact-7")})).sent == 1
    assert open_leads(warehouse) == ["a"]

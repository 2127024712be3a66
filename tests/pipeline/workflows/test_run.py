"""Workflows: each change starts what the policy says, once, whatever fails and however often it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from leadwerk.crm.channels import connect
from leadwerk.pipeline.workflows import carry_out, stage as workflows
from leadwerk.pipeline.workflows.stage import WorkflowReport
from leadwerk.policy.model import Policy
from leadwerk.policy.people import Person
from leadwerk.policy.workflows import QuietHours, WorkflowAction
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.crm_subjects import SUBJECTS
from support.standins.frame import serving
from support.workflow_market import (
    EVENT,
    HOUR,
    MESSAGE,
    MINUTE,
    NOW,
    TASK,
    becomes_hot,
    lead,
    only,
    picked,
    policy,
    rule,
    score,
)
from support.workflow_receivers import PRIVATE, ReceiverStandIn, receivers, texts

DAY = timedelta(days=1)
Run = Callable[..., WorkflowReport]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    opened = DuckDBWarehouse(tmp_path)
    with opened.unit_of_work():
        yield opened


@pytest.fixture
def standin() -> Iterator[ReceiverStandIn]:
    with serving(ReceiverStandIn()) as served:
        assert isinstance(served, ReceiverStandIn)
        yield served


@pytest.fixture
def run(warehouse: DuckDBWarehouse, standin: ReceiverStandIn) -> Run:
    def at(of: Policy, minutes: int = 0) -> WorkflowReport:
        standin.now = NOW + minutes * MINUTE
        return workflows.run(warehouse, of, receivers(standin), now=standin.now)

    return at


HOT = policy(rule("hot", "became_hot"))


def test_a_lead_that_became_hot_is_told_once(run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    report = run(HOT, 5)
    assert (report.decided, report.sent, report.pending) == (1, 1, 0)
    for minutes in (6, 10, 65, 3000):
        assert run(HOT, minutes).decided == 0
    (text,) = texts(standin)
    assert text.splitlines() == [
        "*Lead L1 ist jetzt heiss (Score 88)*",
        "Score 88, heiss: Heute anrufen",
        "Kam wieder",
        "Für anna",
        "https://crm.example.ch/leads/L1",
    ]


def test_a_rescore_that_changes_no_cluster_starts_nothing(run: Run, warehouse: DuckDBWarehouse) -> None:
    becomes_hot(warehouse, "L1", NOW - HOUR)
    run(HOT)
    warehouse.append("scores", [score("L1", NOW + MINUTE, "HOT", 91, model_version="m2")])
    assert run(HOT, 5).decided == 0


def test_what_happened_before_a_workflow_was_in_force_starts_nothing(run: Run, warehouse: DuckDBWarehouse) -> None:
    becomes_hot(warehouse, "L1", NOW - MINUTE)
    assert run(HOT).decided == 0
    assert run(HOT, 5).decided == 0
    # A workflow that is added later begins then, not with the first one.
    becomes_hot(warehouse, "L2", NOW + 6 * MINUTE)
    both = policy(rule("hot", "became_hot"), rule("later", "became_hot"))
    assert run(both, 10).decided == 1


@pytest.mark.parametrize(
    ("created_at", "event_id", "starts"),
    [(NOW - HOUR, "", 1), (NOW - 40 * DAY, "", 0), (NOW - HOUR, "import.1", 0)],
    ids=["a new lead", "the CRM is coupled", "a file is imported"],
)
def test_a_first_score_is_a_change_of_a_new_lead_only(
    run: Run, warehouse: DuckDBWarehouse, created_at: object, event_id: str, starts: int
) -> None:
    run(HOT)
    warehouse.append("leads", [lead("L1", created_at, event_id)])  # type: ignore[arg-type]
    warehouse.append("scores", [score("L1", NOW + MINUTE, "HOT", 90)])
    assert run(HOT, 5).decided == starts


def test_each_kind_of_change_starts_its_workflow(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    stage = HOT.stages[1].name
    of_all = policy(
        rule("cold", "went_cold"),
        rule("eighty", "crossed_threshold", score=80),
        rule("stage", "stage_changed", EVENT, stages=(stage,)),
        rule("untouched", "untouched", hours=4),
    )
    run(of_all)
    warehouse.append("leads", [lead(name, NOW - 30 * DAY) for name in ("C", "T", "S", "U", "W")])
    warehouse.append(
        "scores",
        [score("C", NOW), score("C", NOW + MINUTE, "COLD", 20), score("T", NOW, value=79),
         score("T", NOW + MINUTE, value=80), score("S", NOW)],
    )  # fmt: skip
    warehouse.append(
        "stage_changes",
        [{"lead_id": "S", "day": NOW.date(), "changed_at": NOW + MINUTE, "from_stage": HOT.stages[0].name,
          "to_stage": stage, "direction": "forward", "reason": "", "score_id": score("S", NOW)["score_id"]}],
    )  # fmt: skip
    warehouse.append("picks", [picked("U", "anna", NOW + MINUTE), picked("W", "anna", NOW + MINUTE)])
    touched = {
        "event_id": "t", "lead_id": "W", "day": NOW.date(), "occurred_at": NOW + HOUR, "recorded_at": NOW + HOUR,
        "kind": "call",
    }  # fmt: skip
    warehouse.append("touchpoints", [touched])
    assert run(of_all, 5).decided == 3
    assert run(of_all, 239).decided == 0
    assert run(of_all, 245).decided == 1
    assert [text.splitlines()[0] for text in texts(standin)] == [
        "*Lead C ist abgekühlt (Score 20)*",
        "*Lead T hat den Score 80 erreicht*",
        "*anna hat Lead U vor 4 Stunden übernommen, seither ist nichts geschehen*",
    ]
    (event,) = standin.events.values()
    assert (event["type"], event["data"]["before"], event["data"]["after"]) == (
        "stage.changed", HOT.stages[0].name, stage,
    )  # fmt: skip


@pytest.mark.slow
def test_a_receiver_that_is_down_for_a_day_loses_nothing(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    both = policy(rule("hot", "became_hot", MESSAGE, EVENT))
    run(both)
    for number in range(12):
        becomes_hot(warehouse, f"L{number}", NOW + MINUTE)
    standin.status = 503
    for hours in range(24):
        run(both, 5 + hours * 60)
    assert run(both, 24 * 60).sent == 0
    standin.status = 200
    for hours in range(24, 31):
        run(both, 6 + hours * 60)
    assert len(standin.messages) == len(standin.events) == 12
    assert len({text.splitlines()[0] for text in texts(standin)}) == 12


def test_a_receiver_that_is_down_does_not_stand_in_the_way_of_another(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry_out, "FAILURES_IN_A_ROW", 1)
    both = policy(rule("hot", "became_hot", MESSAGE, EVENT))
    run(both)
    for number in range(5):
        becomes_hot(warehouse, f"L{number}", NOW + MINUTE)
    good = standin.handle
    standin.handle = lambda call: (
        good(call)
        if call.path == "/events"
        else SimpleNamespace(  # type: ignore[method-assign,assignment,return-value]
            status=500, body="down", headers={}
        )
    )
    report = run(both, 5)
    assert len(standin.events) == 5
    assert (report.sent, report.retry, report.pending) == (5, 1, 5)
    assert report.stopped == {"sales": "The receiver answered 500."}


def test_a_refusal_is_a_dead_letter_that_replay_sends(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    standin.status = 410
    assert run(HOT, 5).dead_letter == 1
    standin.status = 200
    assert run(HOT, 60).sent == 0
    report = workflows.replay(warehouse, HOT, receivers(standin), now=NOW + 2 * HOUR, target="partner")
    assert report.sent == 0
    report = workflows.replay(warehouse, HOT, receivers(standin), now=NOW + 2 * HOUR, target="sales")
    assert (report.sent, len(standin.messages)) == (1, 1)


def test_messages_wait_for_the_morning_and_tasks_are_due_in_working_time(
    warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    quiet = QuietHours(start="18:00", end="08:00", weekends=True, holidays=("2026-03-09",))
    friday_evening = NOW + 3 * DAY + 7 * HOUR + 45 * MINUTE  # 17:45 in Zurich
    of_hours = policy(rule("hot", "became_hot", MESSAGE, TASK), quiet=quiet)
    subject = SUBJECTS["hubspot"]()
    with serving(subject.standin):
        receiver = receivers(standin, subject.crm(), (Person(name="anna", roles=("seller",), crm_user="77"),))
        lead_id = subject.standin.add(1)
        workflows.run(warehouse, of_hours, receiver, now=friday_evening - HOUR)
        becomes_hot(warehouse, lead_id, friday_evening)
        report = workflows.run(warehouse, of_hours, receiver, now=friday_evening + HOUR)
        assert (report.decided, report.sent, report.pending) == (2, 1, 1)
        (task,) = subject.standin.tasks
    # A quarter of an hour is left on Friday, Monday is a holiday: the rest is Tuesday's, 45 minutes after 8 in Zurich.
    assert task["properties"]["hs_timestamp"] == "2026-03-10T07:45:00Z"
    assert task["properties"]["hubspot_owner_id"] == "77"
    assert task["properties"]["hs_task_subject"].startswith(f"Lead {lead_id} ist jetzt heiss (Score 88) (#")
    assert not standin.messages
    workflows.run(warehouse, of_hours, receivers(standin), now=friday_evening + 3 * DAY)
    assert not standin.messages
    workflows.run(warehouse, of_hours, receivers(standin), now=friday_evening + 3 * DAY + 14 * HOUR + 15 * MINUTE)
    assert len(standin.messages) == 1


def test_leads_go_to_who_serves_them_and_has_most_time(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    of_all = policy(rule("hot", "became_hot", EVENT))
    run(of_all)
    warehouse.append("picks", [picked(f"P{number}", "beat", NOW - HOUR) for number in range(2)])
    for number in range(6):
        becomes_hot(warehouse, f"L{number}", NOW + MINUTE)
    becomes_hot(warehouse, "F", NOW + 2 * MINUTE, language="fr")
    run(of_all, 5)
    owners = {event["data"]["lead_id"]: event["data"]["owner"] for event in standin.events.values()}
    assert owners.pop("F") == "beat"
    assert sorted(owners.values()) == ["anna", "anna", "anna", "anna", "beat", "beat"]


def test_a_lead_stays_with_who_owns_it_in_the_crm(warehouse: DuckDBWarehouse, standin: ReceiverStandIn) -> None:
    people = (
        Person(name="anna", roles=("seller",), crm_user="77"), Person(name="beat", roles=("seller",), crm_user="78"),
        Person(name="mona", roles=("manager",), crm_user="79"),
    )  # fmt: skip
    both = policy(rule("hot", "became_hot", EVENT))
    only_anna = policy(rule("hot", "became_hot", EVENT, owners=("anna",)))
    workflows.run(warehouse, both, receivers(standin, people=people), now=NOW)
    for number in range(4):
        becomes_hot(warehouse, f"L{number}", NOW + MINUTE, crm_owner="78")
    becomes_hot(warehouse, "M", NOW + 2 * MINUTE, crm_owner="79")  # a manager takes no leads
    standin.now = NOW + 5 * MINUTE
    workflows.run(warehouse, both, receivers(standin, people=people), now=standin.now)
    owners = {event["data"]["lead_id"]: event["data"]["owner"] for event in standin.events.values()}
    assert owners == {**{f"L{number}": "beat" for number in range(4)}, "M": "anna"}
    becomes_hot(warehouse, "N", NOW + 6 * MINUTE, crm_owner="78")
    standin.now = NOW + 9 * MINUTE
    workflows.run(warehouse, only_anna, receivers(standin, people=people), now=standin.now)
    assert {e["data"]["lead_id"]: e["data"]["owner"] for e in standin.events.values()}["N"] == "anna"


def test_only_leads_that_a_workflow_is_for_start_it(run: Run, warehouse: DuckDBWarehouse) -> None:
    narrow = policy(
        rule("zurich", "became_hot", only=only(regions=("CH-ZH",), languages=("de",))),
        rule("large", "became_hot", only=only(tiers=("Enterprise",))),
    )
    run(narrow)
    becomes_hot(warehouse, "A", NOW + MINUTE)
    becomes_hot(warehouse, "B", NOW + MINUTE, region="CH-GE")
    becomes_hot(warehouse, "C", NOW + MINUTE, region=None)
    assert run(narrow, 5).decided == 1


def test_a_person_who_objects_to_profiling_is_in_no_message(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    objection = {
        "event_id": "o", "lead_id": "L1", "set_at": NOW + 2 * MINUTE, "author": "eva", "is_withdrawn": False,
        "reason": "asked by telephone",
    }  # fmt: skip
    warehouse.append("objections", [objection])
    run(HOT, 5)
    assert not standin.messages


@pytest.mark.parametrize("unsubscribed", [True, False])
def test_who_unsubscribed_gets_no_tag_but_sellers_still_hear_of_the_lead(
    warehouse: DuckDBWarehouse, standin: ReceiverStandIn, unsubscribed: bool
) -> None:
    both = policy(rule("hot", "became_hot", MESSAGE, WorkflowAction(do="tag", name="hot lead")))
    subject = SUBJECTS["activecampaign"]()
    with serving(subject.standin):
        lead_id = subject.standin.add(1)
        receiver = receivers(standin, subject.crm())
        workflows.run(warehouse, both, receiver, now=NOW)
        becomes_hot(warehouse, lead_id, NOW + MINUTE)
        # A form of later says nothing of it: what the CRM stated last counts.
        versions = [(NOW - DAY, not unsubscribed), (NOW, unsubscribed), (NOW + 2 * MINUTE, None)]
        for at, state in versions:
            warehouse.append("leads", [lead(lead_id, at, event_id=f"v{at}", unsubscribed=state)])
        workflows.run(warehouse, both, receiver, now=NOW + 5 * MINUTE)
        assert subject.standin.enrolled == (set() if unsubscribed else {(lead_id, "hot lead")})
        assert len(standin.messages) == 1


def test_nothing_follows_for_a_lead_that_the_crm_deleted(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    warehouse.append("leads", [lead("L1", NOW + 2 * MINUTE, event_id="gone", record_state="deleted")])
    run(HOT, 5)
    assert not standin.messages


@pytest.mark.slow
def test_a_channel_that_fails_for_days_is_disabled_until_somebody_replays_it(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    standin.status = 500
    for hours in range(1, 5 * 24, 7):
        run(HOT, hours * 60)
        assert "disabled" not in caplog.text
    run(HOT, 6 * 24 * 60)
    calls = len(standin.calls)
    report = run(HOT, 7 * 24 * 60)
    assert len(standin.calls) == calls
    assert (report.pending, report.sent) == (1, 0)
    assert "`leadwerk workflow replay --channel sales`" in report.stopped["sales"]
    assert "channel_disabled" in {getattr(record, "fields", {}).get("event") for record in caplog.records}
    # Nothing was lost, the channel serves again, and later changes reach it without a hand.
    standin.status = 200
    assert workflows.replay(warehouse, HOT, receivers(standin), now=NOW + 8 * DAY, target="sales").sent == 1
    becomes_hot(warehouse, "L2", NOW + 8 * DAY + MINUTE)
    assert run(HOT, 8 * 24 * 60 + 5).sent == 1


def test_a_channel_that_is_gone_for_good_is_disabled_at_once(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    standin.status = 410
    assert run(HOT, 5).dead_letter == 1
    becomes_hot(warehouse, "L2", NOW + 6 * MINUTE)
    report = run(HOT, 10)
    assert len(standin.calls) == 1
    assert "410" in report.stopped["sales"]


def test_a_channel_without_an_address_stops_nothing_and_loses_nothing(
    run: Run, warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    run(HOT)
    becomes_hot(warehouse, "L1", NOW + MINUTE)
    missing = replace(receivers(standin), channel=lambda name: connect("slack", "", PRIVATE))
    report = workflows.run(warehouse, HOT, missing, now=NOW + 5 * MINUTE)
    assert (report.sent, report.pending) == (0, 1)
    assert "LEADWERK_CHANNELS" in report.stopped["sales"]
    assert run(HOT, 10).sent == 1


def test_a_tag_without_a_crm_that_has_tags_is_a_dead_letter_with_a_remedy(
    warehouse: DuckDBWarehouse, standin: ReceiverStandIn
) -> None:
    tagging = policy(rule("hot", "became_hot", WorkflowAction(do="tag", name="hot lead")))
    subject = SUBJECTS["boma"]()
    with serving(subject.standin):
        receiver = receivers(standin, subject.crm())
        workflows.run(warehouse, tagging, receiver, now=NOW)
        becomes_hot(warehouse, "L1", NOW + MINUTE)
        assert workflows.run(warehouse, tagging, receiver, now=NOW + 5 * MINUTE).dead_letter == 1
    rows = warehouse.rows(from_text("SELECT error FROM leadwerk.workflow_actions WHERE state = 'dead_letter'"), {})
    assert "Let the workflow create a task" in rows[0]["error"]

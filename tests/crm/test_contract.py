"""What every CRM adapter promises, held by each against a strict stand-in over real HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from leadwerk.crm.case_page import Activity, Case, GoneRecord
from leadwerk.crm.owners import check_owners
from leadwerk.crm.port import (
    CRM,
    Enrolment,
    Gone,
    Later,
    LeadUpdate,
    PushResult,
    Refused,
    Taken,
    Task,
    Unknown,
)  # fmt: skip
from leadwerk.errors import CRMRejected, CRMUnavailable, InputError
from leadwerk.policy.people import Person
from support.crm_subjects import SUBJECTS, Subject
from support.standins.frame import START, Call, Record, SellerActivity, serving
from support.standins.odoo import message

OWNER_FIELDS = ("hubspot_owner_id", "OwnerId", "owner_id", "user_id", "assignee")


@pytest.fixture(params=sorted(SUBJECTS))
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    crm_subject = SUBJECTS[request.param]()
    with serving(crm_subject.standin):
        crm_subject.create_fields()
        yield crm_subject


@pytest.fixture
def crm(subject: Subject) -> CRM:
    return subject.crm()


def push_all(crm: CRM, updates: list[LeadUpdate]) -> list[PushResult]:
    """As the deliverer does: never more at once than the CRM takes."""
    size = crm.capabilities.batch
    return [
        result for start in range(0, len(updates), size) for result in crm.push(updates[start : start + size])
    ]  # fmt: skip


def cases(crm: CRM, cursor: str | None = None) -> list[Case]:
    return [case for page in crm.pull(cursor) for case in page.cases]


def pulling(subject: Subject) -> Subject:
    if not subject.pulls:
        pytest.skip(f"{subject.name} tells nothing")
    return subject


def test_a_sent_score_is_shown_with_its_types(subject: Subject, crm: CRM) -> None:
    lead = subject.standin.add(1)
    assert push_all(crm, [subject.update(crm, lead)]) == [Taken()]
    assert subject.fields_shown(crm, lead) == {
        "predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately", "probability": 0.31,
        "score_reasons": ("Liest Zinsen", "Kam wieder"),
    }  # fmt: skip


def test_what_became_unknown_is_emptied(subject: Subject, crm: CRM) -> None:
    lead = subject.standin.add(1)
    push_all(crm, [subject.update(crm, lead), subject.update(crm, lead, predictive_score=None)][:1])
    push_all(crm, [subject.update(crm, lead, predictive_score=None, probability=None)])
    fields_shown = subject.fields_shown(crm, lead)
    assert (fields_shown["predictive_score"], fields_shown["probability"], fields_shown["score_cluster"]) == (
        None,
        None,
        "HOT",
    )


def test_each_update_has_its_own_result_in_order(subject: Subject, crm: CRM) -> None:
    """Number 37 of 100 is wrong: 99 arrive, and the result of the wrong one names its field."""
    leads = [subject.standin.add(number) for number in range(100)]
    updates = [
        subject.update(crm, lead, predictive_score=101 if number == 37 else number) for number, lead in enumerate(leads)
    ]
    results = push_all(crm, updates)
    assert [number for number, result in enumerate(results) if not isinstance(result, Taken)] == [37]
    refusal = results[37]
    assert isinstance(refusal, Refused)
    assert crm.field_name("predictive_score") in (refusal.field or refusal.text)
    scores_shown = [subject.fields_shown(crm, lead)["predictive_score"] for lead in leads]
    assert scores_shown == [None if number == 37 else number for number in range(100)]


def test_a_score_never_creates_a_lead(subject: Subject, crm: CRM) -> None:
    absent = subject.standin.lead_id(99)
    (result,) = push_all(crm, [subject.update(crm, absent)])
    assert isinstance(result, Unknown)
    assert subject.standin.records == {}


def test_a_deleted_lead_is_gone_and_stays_gone(subject: Subject, crm: CRM) -> None:
    lead, neighbour = subject.standin.add(1, deleted=True), subject.standin.add(2)
    result, other = push_all(crm, [subject.update(crm, lead), subject.update(crm, neighbour)])
    assert isinstance(result, Gone if "deletions" in crm.capabilities.reports else Unknown)
    assert other == Taken()
    assert subject.standin.records[lead].fields == {}


def gone_after(subject: Subject, crm: CRM, cursor: str | None, lead: str) -> list[GoneRecord]:
    """What the CRM says of a lead that is gone: in its changes, or when a webhook hints at the lead."""
    hint = f"person:{lead}" if subject.name == "pipedrive" else lead
    in_changes = [record for page in crm.pull(cursor) for record in page.gone_records]
    hinted = crm.reread([hint])
    assert [case.lead["lead_id"] for case in hinted.cases if case.lead["lead_id"] == lead] == []
    return in_changes + list(hinted.gone_records)


def test_a_deletion_is_told_with_its_time_and_only_of_the_deleted(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    lead, _ = standin.add(1), standin.add(2)
    cursor = list(crm.pull(None))[-1].cursor
    standin.end(lead)
    gone_records = gone_after(subject, crm, cursor, lead)
    assert {(record.lead_id, record.state) for record in gone_records} == {(lead, "deleted")}
    if "deletions" in crm.capabilities.reports:
        assert standin.records[lead].modified in [record.changed_at for record in gone_records]


def test_a_merge_is_told_with_its_survivor(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    lead, survivor = standin.add(1), standin.add(2)
    cursor = list(crm.pull(None))[-1].cursor
    standin.end(lead, merged_into=survivor)
    gone_records = gone_after(subject, crm, cursor, lead)
    winners = {record.merged_into for record in gone_records if record.lead_id == lead}
    # A CRM that does not tell merges tells the loser's deletion at least.
    assert winners == {survivor if "merges" in crm.capabilities.reports else None}
    assert {record.lead_id for record in gone_records} == {lead}


def test_a_restored_lead_comes_again(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    lead = standin.add(1, kind="won")
    cursor = list(crm.pull(None))[-1].cursor
    standin.end(lead)
    list(crm.pull(cursor))
    standin.touch(lead)
    standin.records[lead].deleted = False
    again = [case for page in crm.pull(cursor) for case in page.cases]
    assert lead in {case.lead["lead_id"] for case in again if case.changed_at == standin.records[lead].modified}


def test_the_stages_that_a_deal_passed_come_with_their_moments(subject: Subject, crm: CRM) -> None:
    """Lost, and reopened between two readings: the present state alone would show neither."""
    standin = pulling(subject).standin
    steps = [(START, "qualified", "open"), (START + timedelta(days=1), "lost_it", "lost")]
    lead = standin.add(1, kind="won", stage="signed", steps=[*steps], modified=START + timedelta(days=2))
    for read in (cases(crm), list(crm.reread([lead]).cases)):
        by_event = {case.event_id: case for case in read if case.is_past}
        past = [(case.changed_at, case.status, case.kind) for case in by_event.values()]
        if "past_stages" in crm.capabilities.reports:
            passed = [*steps, (START + timedelta(days=2), "signed", "won")]
            # Pipedrive states won and lost as the deal's status, beside its stage; Odoo archives what is lost.
            by_kind = {"pipedrive": ("open", "lost", "won"), "odoo": ("lost",)}.get(subject.name, ())
            expected = [(at, kind if kind in by_kind else stage, kind) for at, stage, kind in passed]
            assert past == expected
            assert {case.lead["lead_id"] for case in read} == {lead}
        else:
            assert past == []


def test_who_owns_a_lead_comes_with_it_where_the_crm_gives_each_lead_an_owner(subject: Subject, crm: CRM) -> None:
    lead, free = pulling(subject).standin.add(1, owner="77"), subject.standin.add(2)
    owners = {case.lead["lead_id"]: case.lead.get("crm_owner") for case in cases(crm) if not case.is_past}
    # BOMA has no users; ActiveCampaign's contacts have no owner, only its deals.
    has_owners = subject.name in ("hubspot", "salesforce", "pipedrive", "odoo")
    assert owners == {lead: "77" if has_owners else None, free: None}


def activities_of(crm: CRM, cursor: str | None = None) -> tuple[list[Activity], str | None]:
    """All activities behind a cursor, and the cursor behind them."""
    read: list[Activity] = []
    for page in crm.pull(cursor):
        read += page.activities
        cursor = page.cursor
    return read, cursor


def test_what_sellers_did_with_a_lead_comes_once_it_is_done(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    lead = standin.add(1)
    hour = timedelta(hours=1)
    kinds = ("call", "meeting", "email")
    standin.activities = [
        SellerActivity(str(number), lead, kind, START + number * hour, START + number * hour + timedelta(minutes=5))
        for number, kind in enumerate(kinds, 1)
    ]
    planned = SellerActivity("4", lead, "call", START + 9 * hour, START + 4 * hour, done=False)
    standin.activities.append(planned)
    read, cursor = activities_of(crm)
    if "touchpoints" not in crm.capabilities.reports or subject.name == "boma":  # there they come with their case
        assert read == []
        return
    # ActiveCampaign keeps no moment of completion but the last change.
    late = timedelta(minutes=5) if subject.name == "activecampaign" else timedelta()
    read_by_kind = {item.touchpoint.kind: (item.lead_id, item.touchpoint.occurred_at) for item in read}
    assert read_by_kind == {kind: (lead, START + (kinds.index(kind) + 1) * hour + late) for kind in kinds}
    assert all(item.changed_at >= item.touchpoint.occurred_at for item in read)
    planned.done, planned.modified = True, START + 10 * hour
    later, _ = activities_of(crm, cursor)
    ids = {item.touchpoint.event_id for item in read}
    known_at = planned.modified if subject.name == "activecampaign" else planned.occurred_at
    assert [item.touchpoint.occurred_at for item in later if item.touchpoint.event_id not in ids] == [known_at]


@pytest.mark.parametrize("name", ["salesforce", "odoo"])
def test_a_meeting_is_read_once_it_ended_whenever_it_was_entered(name: str) -> None:
    """Its stamp does not move when it takes place; it ends half an hour after it began."""
    subject, now = SUBJECTS[name](), [START]
    with serving(subject.standin):
        lead = subject.standin.add(1)
        crm = subject.connect(subject.standin.url, lambda _: None)
        crm._clock = lambda: now[0]  # type: ignore[attr-defined]
        week = timedelta(days=7)
        subject.standin.activities = [SellerActivity("1", lead, "meeting", START + week, START - week)]
        read, cursor = activities_of(crm)
        assert read == []
        now[0] = START + week + timedelta(minutes=30)
        read, cursor = activities_of(crm, cursor)
        assert {(item.touchpoint.occurred_at, item.changed_at) for item in read} == {(START + week, now[0])}
        # Entered long after it took place.
        entered = START + 3 * week
        subject.standin.activities.append(SellerActivity("2", lead, "meeting", START + timedelta(days=1), entered))
        now[0] = START + 4 * week
        read, _ = activities_of(crm, cursor)
        assert (START + timedelta(days=1), entered) in {(item.touchpoint.occurred_at, item.changed_at) for item in read}


def test_notes_of_colleagues_and_answers_of_customers_are_told_apart() -> None:
    subject = SUBJECTS["odoo"]()
    with serving(subject.standin):
        lead = int(subject.standin.add(1))
        subject.standin.messages = [  # type: ignore[attr-defined]
            message(1, lead, START, START),
            message(2, lead, START, START, partner_ids=[502]),
            message(3, lead, START, START, message_type="email", author_id=False),
            message(4, lead, START, START, message_type="email", partner_ids=[900]),
            message(5, lead, START, START, mail_activity_type_id=[3, "Meeting"]),
            message(6, lead, START, START, message_type="email_outgoing", partner_ids=[900]),
        ]
        read, _ = activities_of(subject.crm())
    kinds = {item.touchpoint.event_id: item.touchpoint.kind for item in read}
    assert kinds == {"message:3": "email_reply", "message:4": "email"}


WITHHELD: dict[tuple[str, str], Callable[[Call], bool]] = {
    ("hubspot", "emails"): lambda call: "/emails" in call.path,
    ("hubspot", "meetings"): lambda call: "/meetings" in call.path,
    ("hubspot", "stages of deals"): lambda call: "/pipelines/" in call.path,
    ("salesforce", "tasks"): lambda call: " FROM Task " in call.query.get("q", ""),
    ("salesforce", "events"): lambda call: " FROM Event " in call.query.get("q", ""),
    ("salesforce", "stages of opportunities"): lambda call: " FROM OpportunityStage" in call.query.get("q", ""),
    ("salesforce", "HasOptedOutOfEmail"): lambda call: "HasOptedOutOfEmail" in call.query.get("q", ""),
    ("pipedrive", "activities"): lambda call: call.path == "/api/v2/activities",
    ("pipedrive", "changes of deals"): lambda call: call.path.endswith("/changelog"),
    ("odoo", "messages"): lambda call: "/mail.activity.type/" in call.path,
    ("odoo", "meetings"): lambda call: "/calendar.event/" in call.path,
    ("odoo", "tracked changes"): lambda call: "/mail.tracking.value/" in call.path,
    ("activecampaign", "tasks"): lambda call: call.path.endswith("/dealTasks"),
}


@pytest.mark.parametrize(("name", "listed"), sorted(WITHHELD))
def test_what_the_credentials_may_not_read_costs_itself_and_is_named(name: str, listed: str) -> None:
    subject = SUBJECTS[name]()
    with serving(subject.standin) as standin:
        subject.create_fields()
        lead = standin.add(1, kind="won", steps=[(START, "qualified", "open")])
        kinds = ("call", "meeting", "email")
        standin.activities = [SellerActivity(str(at), lead, kind, START, START) for at, kind in enumerate(kinds, 1)]
        crm = subject.crm()
        everything = [item.touchpoint.event_id for page in crm.pull(None) for item in page.activities]
        standin.withheld, crm = WITHHELD[name, listed], subject.crm()
        pages = list(crm.pull(None))
        assert {case.lead["lead_id"] for page in pages for case in page.cases} == {lead}
        assert [unread.name for unread in pages[-1].unread] == [listed]
        assert all(unread.costs and unread.needs and unread.reason for unread in pages[-1].unread)
        if (name, listed) != ("pipedrive", "changes of deals"):  # these can be asked of a deal only
            problems = [check.problem for check in crm.check(subject.fields(crm)) if check.subject == "reading"]
            assert [f"{listed} cannot be read" in problem for problem in problems] == [True]
        # Once it is permitted, it comes from where it was left.
        standin.withheld = lambda _: False
        seen = {item.touchpoint.event_id for page in pages for item in page.activities}
        later = {item.touchpoint.event_id for page in crm.pull(pages[-1].cursor) for item in page.activities}
        assert seen | later == set(everything)


def test_who_unsubscribed_is_told(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    assert "unsubscribes" in crm.capabilities.reports
    reads, writes = standin.add(1), standin.add(2)
    cursor = list(crm.pull(None))[-1].cursor
    standin.records[writes].unsubscribed = True
    standin.touch(writes)
    present = [case for page in crm.pull(cursor) for case in page.cases if not case.is_past]
    opt_outs = {case.lead["lead_id"]: case.lead["unsubscribed"] for case in present}
    assert opt_outs[writes] in (True, "true")
    assert opt_outs.get(reads) in (False, "false", None)


def test_a_converted_lead_is_followed_to_what_it_became(subject: Subject, crm: CRM) -> None:
    if subject.name != "salesforce":
        pytest.skip("elsewhere a lead keeps its record")
    lead, contact = subject.standin.add(1), "003000001"
    subject.standin.records[contact] = Record()
    subject.standin.records[lead].converted_into = contact
    update = subject.update(crm, lead)
    (result,) = push_all(crm, [update])
    assert result == Gone(contact, "cannot reference converted lead")
    assert push_all(crm, [structs.replace(update, record_id=contact)]) == [Taken()]
    assert subject.fields_shown(crm, contact)["predictive_score"] == 85


def test_a_merged_lead_names_its_winner(subject: Subject, crm: CRM) -> None:
    winner = subject.standin.add(2)
    loser = subject.standin.add(1, deleted=True, merged_into=winner)
    (result,) = push_all(crm, [subject.update(crm, loser)])
    if "deletions" in crm.capabilities.reports:
        assert isinstance(result, Gone)
        assert result.merged_into == (winner if "merges" in crm.capabilities.reports else None)
    else:
        assert isinstance(result, Unknown)


def test_missing_fields_are_named_created_once_and_then_taken(subject: Subject, crm: CRM) -> None:
    if not subject.typed:
        pytest.skip(f"{subject.name} takes any field")
    fields = subject.fields(crm)
    subject.standin.fields.pop(crm.field_name("probability"))
    lead = subject.standin.add(1)
    (refusal,) = push_all(crm, [subject.update(crm, lead)])
    assert isinstance(refusal, Refused)
    plan = crm.ensure_fields(fields, dry_run=True)
    assert (plan.missing, plan.created) == ((crm.field_name("probability"),), ())
    assert any("missing" in check.problem for check in crm.check(fields))
    assert crm.ensure_fields(fields, dry_run=False).created == (crm.field_name("probability"),)
    assert crm.ensure_fields(fields, dry_run=False).missing == ()
    assert push_all(crm, [subject.update(crm, lead)]) == [Taken()]
    assert {check.problem for check in crm.check(fields)} == {""}


def test_a_field_of_another_type_is_reported_and_left_alone(subject: Subject, crm: CRM) -> None:
    if not subject.typed:
        pytest.skip(f"{subject.name} takes any field")
    name = crm.field_name("score_reasons")
    subject.standin.fields[name] = "number"
    assert crm.ensure_fields(subject.fields(crm), dry_run=False).wrong_type == (name,)
    assert subject.standin.fields[name] == "number"


@pytest.mark.parametrize("fault", ["error", "throttle", "drop", "drop_after_commit"])
def test_after_a_fault_the_same_call_succeeds(subject: Subject, crm: CRM, fault: str) -> None:
    lead = subject.standin.add(1)
    push_all(crm, [subject.update(crm, lead)])  # what an adapter reads once, it has read
    subject.standin.fail_next(fault)
    update = subject.update(crm, lead, predictive_score=44)
    with pytest.raises(CRMUnavailable):
        crm.push([update])
    fresh = subject.crm()
    assert push_all(fresh, [update]) == [Taken()]
    assert subject.fields_shown(crm, lead)["predictive_score"] == 44


def test_a_rate_limit_is_respected_before_the_next_call(subject: Subject) -> None:
    slept: list[float] = []
    crm = subject.crm(slept.append)
    lead = subject.standin.add(1)
    push_all(crm, [subject.update(crm, lead)])
    subject.standin.fail_next("throttle")
    with pytest.raises(CRMUnavailable) as caught:
        crm.push([subject.update(crm, lead, predictive_score=1)])
    if subject.name == "salesforce":
        # No Retry-After, and a limit of a whole day: no further call by any caller.
        calls = len(subject.standin.calls)
        with pytest.raises(CRMUnavailable):
            crm.push([subject.update(crm, lead, predictive_score=1)])
        assert len(subject.standin.calls) == calls
        return
    assert caught.value.retry_after == 1
    push_all(crm, [subject.update(crm, lead, predictive_score=1)])
    assert sum(slept) == pytest.approx(1, abs=0.3)


def test_nobody_without_credentials_gets_in(subject: Subject) -> None:
    if subject.name == "webhook":
        pytest.skip("the receiver checks signatures: see test_webhook")
    crm = subject.connect(subject.standin.url, lambda _: None)
    lead = subject.standin.add(1)
    subject.standin.authorised = lambda _: False  # type: ignore[method-assign]
    with pytest.raises(CRMRejected) as caught:
        push_all(crm, [subject.update(crm, lead)])
    assert caught.value.locked_out


def test_changes_come_in_order_with_status_kind_amount_and_reason(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    won = standin.add(1, kind="won", stage="Paid", amount=1250.5)
    lost = standin.add(2, kind="lost", stage="Dropped", reason="too expensive")
    by_lead = {case.lead["lead_id"]: case for case in cases(crm) if case.status_changed}
    assert (by_lead[won].kind or by_lead[won].status, float(by_lead[won].amount or 0)) == ("won", 1250.5)
    assert (by_lead[lost].kind or by_lead[lost].status) == "lost"
    if "lost_reason" in crm.capabilities.reports:
        assert by_lead[lost].reason == "too expensive"
    assert all(case.changed_at.utcoffset() is not None for case in by_lead.values())


def test_nothing_is_lost_or_doubled_between_pages_at_one_stamp(
    subject: Subject, crm: CRM, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a mass change leaves it: many more records than a page, all of one moment."""
    standin = pulling(subject).standin
    for module in ("boma", "hubspot_search", "salesforce_cases", "odoo_rpc", "pipedrive_cases", "activecampaign_cases"):
        monkeypatch.setattr(f"leadwerk.crm.{module}.PAGE_SIZE", 7)
    leads = [standin.add(number, kind="won", modified=START) for number in range(40)]
    read = [case for case in cases(crm) if case.status_changed]
    ids = {case.event_id for case in read}
    assert sorted({case.lead["lead_id"] for case in read}) == sorted(leads)
    assert len(ids) <= 2 * len(leads)
    pages = list(crm.pull(None))
    assert len(pages) > 3
    # From any page's cursor the rest comes, whatever was read before.
    rest = {case.lead["lead_id"] for case in cases(crm, pages[1].cursor)}
    seen = {case.lead["lead_id"] for page in pages[:2] for case in page.cases}
    assert rest | seen == set(leads)


def test_a_change_that_surfaces_late_is_read_within_the_overlap(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    standin.add(1, kind="won", modified=START + timedelta(hours=5))
    cursor = list(crm.pull(None))[-1].cursor
    overlap = crm.capabilities.overlap
    if not overlap:
        pytest.skip(f"{subject.name} has a stream of its own order")
    late = standin.add(2, kind="won", modified=START + timedelta(hours=5) - overlap / 2)
    assert late in {case.lead["lead_id"] for case in cases(crm, cursor)}
    later = list(crm.pull(cursor))[-1]
    assert later.complete_until is not None
    assert later.complete_until <= START + timedelta(hours=5) - overlap


def test_a_cursor_never_goes_back(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    standin.add(1, kind="won")
    cursor = list(crm.pull(None))[-1].cursor
    assert [page.cursor for page in crm.pull(cursor)][-1:] in ([cursor], [])


def test_reading_again_yields_the_same_changes(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    for number in range(5):
        standin.add(number, kind="lost")
    assert {case.event_id for case in cases(crm)} == {case.event_id for case in cases(subject.crm())}


def test_faults_between_pages_lose_nothing(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    leads = {standin.add(number, kind="won") for number in range(5)}
    standin.fail_next("error", "drop", "throttle" if subject.name != "salesforce" else "error")
    assert {case.lead["lead_id"] for case in cases(crm)} == leads


def test_a_reopened_deal_is_a_change(subject: Subject, crm: CRM) -> None:
    standin = pulling(subject).standin
    lead = standin.add(1, kind="lost")
    before = {case.event_id for case in cases(crm)}
    standin.records[lead].kind = "won"
    standin.records[lead].modified += timedelta(days=3)
    after = [case for case in cases(crm) if case.event_id not in before and case.status_changed]
    assert {case.kind or case.status for case in after} == {"won"}


def test_a_task_is_created_once_per_key(subject: Subject, crm: CRM) -> None:
    lead = subject.standin.add(1)
    task = Task("t-1", lead, "Call Anna", START + timedelta(days=1))
    if not subject.tasks:
        with pytest.raises(CRMRejected, match="no tasks"):
            crm.create_task(task)
        return
    for _ in range(2):
        assert crm.create_task(task)
    assert len(subject.standin.tasks) == 1
    # Hot again another time: the same title, and another task.
    crm.create_task(replace(task, key="t-2"))
    assert len(subject.standin.tasks) == 2


def test_a_task_goes_to_the_owner_that_the_workflow_names(subject: Subject, crm: CRM) -> None:
    if not subject.tasks:
        pytest.skip(f"{subject.name} has no tasks")
    crm.create_task(Task("t-1", subject.standin.add(1), "Call Anna", START, owner="77"))
    (created,) = subject.standin.tasks
    values = created.get("properties", created)
    assert {str(value) for name, value in values.items() if name in OWNER_FIELDS} == {"77"}


def test_owners_come_with_their_addresses_and_whether_they_left(subject: Subject, crm: CRM) -> None:
    owners = {owner.id: (owner.email, owner.is_active) for owner in crm.owners()}
    if "owners" not in crm.capabilities.reports:
        assert owners == {}
        return
    left = {} if subject.forgets_users else {"79": ("rolf@example.ch", False)}
    assert owners == {"77": ("anna@example.ch", True), "78": ("luca@example.ch", True), **left}
    people = (
        Person(name="anna", roles=("seller",), crm_user="77"), Person(name="rolf", roles=("seller",), crm_user="79"),
        Person(name="luca", roles=("seller",), email="Luca@example.ch"), Person(name="eva", roles=("manager",)),
        Person(name="mia", roles=("seller",), crm_user="80"),
    )  # fmt: skip
    check = check_owners(people, crm.owners())
    rolf = "who is no longer active in the CRM" if left else "whom the CRM does not have"
    assert check.problem == (
        f"rolf is '79', {rolf}; luca has no crm_user; it is '78' by the e-mail address; "
        "mia is '80', whom the CRM does not have"
    )
    assert check_owners(people[:1], crm.owners()).problem == ""


def test_a_lead_is_enrolled_once_or_the_crm_says_that_it_has_no_tags(subject: Subject, crm: CRM) -> None:
    lead = subject.standin.add(1)
    tags = {
        "activecampaign": "hot lead",
        "hubspot": "31",
        "odoo": "hot lead",
        "pipedrive": "hot lead",
        "salesforce": "hot lead",
    }
    for _ in range(2):
        if subject.name not in tags:
            with pytest.raises(CRMRejected, match="no tags"):
                crm.enrol(Enrolment(lead, "hot lead"))
        else:
            crm.enrol(Enrolment(lead, tags[subject.name]))
    assert subject.standin.enrolled == ({(lead, tags[subject.name])} if subject.name in tags else set())


def test_what_a_crm_does_not_have_enrols_nobody(subject: Subject, crm: CRM) -> None:
    lead = subject.standin.add(1)
    with pytest.raises(CRMRejected) as refused:
        crm.enrol(Enrolment(lead, "No Such", "automation"))
    assert refused.value.remedy
    if subject.name in ("salesforce", "hubspot", "pipedrive"):
        with pytest.raises(CRMRejected):
            crm.enrol(Enrolment(lead, "No Such"))
    assert not subject.standin.enrolled


def test_a_webhook_without_proof_is_refused(subject: Subject, crm: CRM) -> None:
    from leadwerk.crm.port import WebhookRequest

    with pytest.raises(InputError):
        crm.hints(WebhookRequest("POST", "https://example.ch/hook/guess", {}, b"[]"), START)


def test_what_is_left_of_a_budget_is_known_after_a_call(subject: Subject, crm: CRM) -> None:
    if not crm.capabilities.budget_floor:
        pytest.skip(f"{subject.name} states no budget")
    push_all(crm, [subject.update(crm, subject.standin.add(1))])
    assert crm.budget() == pytest.approx(0.5)


def test_a_later_record_is_tried_again(subject: Subject, crm: CRM) -> None:
    if subject.name != "salesforce":
        pytest.skip("only Salesforce locks single records")
    lead = subject.standin.add(1)
    from support.standins.salesforce import _failure

    subject.standin._write = lambda record: _failure("UNABLE_TO_LOCK_ROW", "busy")  # type: ignore[attr-defined]
    (result,) = push_all(crm, [subject.update(crm, lead)])
    assert isinstance(result, Later)

"""The plan of the outbox: what an answer means for a score, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from leadwerk.crm.outbox import (
    LONGEST_BACKOFF,
    UNKNOWN_LEAD_PATIENCE,
    Pending,
    UnknownLeadAttempt,
    backoff,
    failed,
    pending,
    postponed,
    repair,
    sent,
)
from leadwerk.crm.port import LeadUpdate
from leadwerk.errors import CRMRejected, CRMUnavailable
from leadwerk.warehouse import schema

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
UPDATE = LeadUpdate("s1", "s1", "102938", 85, "HOT", "Call_Immediately", 0.3)


def test_what_the_crm_took_is_sent() -> None:
    attempt = sent(Pending(UPDATE, NOW, 0, None), NOW)
    assert (attempt.state, attempt.next_attempt_at, attempt.row()["attempt"]) == ("sent", None, 1)


def test_what_says_later_is_retried_not_before_its_time() -> None:
    attempt = failed(Pending(UPDATE, NOW, 2, NOW), CRMUnavailable("down", status=503, retry_after=600), NOW)
    assert (attempt.state, attempt.http_status, attempt.row()["attempt"]) == ("retry", 503, 3)
    assert attempt.next_attempt_at == NOW + timedelta(minutes=10)


def test_a_refusal_is_a_dead_letter_with_its_reason() -> None:
    attempt = failed(Pending(UPDATE, NOW, 0, None), CRMRejected("no such field", status=422, remedy="Check it."), NOW)
    assert (attempt.state, attempt.next_attempt_at, attempt.error) == ("dead_letter", None, "no such field Check it.")


@pytest.mark.parametrize(
    ("age", "state", "wait"),
    [
        (timedelta(), "retry", timedelta(minutes=1)),
        (UNKNOWN_LEAD_PATIENCE, "retry", timedelta(minutes=1)),
        (UNKNOWN_LEAD_PATIENCE + timedelta(seconds=1), "dead_letter", None),
    ],
)
def test_a_lead_that_the_crm_does_not_know_is_waited_for_while_its_score_is_young(
    age: timedelta, state: str, wait: timedelta | None
) -> None:
    attempt = failed(Pending(UPDATE, NOW - age, 0, None), CRMRejected("no such lead", status=404), NOW)
    assert (attempt.state, attempt.http_status) == (state, 404)
    assert attempt.next_attempt_at == (None if wait is None else NOW + wait)


def test_a_score_is_due_from_ingestion_on_behind_the_attempt_that_it_follows() -> None:
    later = NOW + timedelta(minutes=1)  # another process tried while the page was read
    last = UnknownLeadAttempt(lead_id="1", score_id="s1", attempt=3, attempted_at=later, state="dead_letter")
    record = last.due(NOW)
    assert (record.state, record.attempt, record.next_attempt_at) == ("retry", 3, NOW)
    assert record.attempted_at > later
    assert last.due(NOW) == record
    assert replace(last, state="repair").due(NOW).state == "repair"


def test_the_same_attempt_is_one_row() -> None:
    item = Pending(UPDATE, NOW, 0, None)
    assert sent(item, NOW).row() == sent(item, NOW).row()
    ids = {
        sent(item, NOW).row()["delivery_id"],
        sent(Pending(UPDATE, NOW, 1, None), NOW).row()["delivery_id"],
        failed(item, CRMUnavailable("down"), NOW).row()["delivery_id"],
        sent(item, NOW + timedelta(seconds=1)).row()["delivery_id"],
    }
    assert len(ids) == 4


def test_rows_fit_the_table() -> None:
    rows = [
        sent(Pending(UPDATE, NOW, 0, None), NOW).row(),
        failed(Pending(UPDATE, NOW, 0, None), CRMUnavailable("x"), NOW).row(),
    ]
    assert len(schema.json_rows(schema.table("deliveries"), rows)) == 2


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1e9))
def test_waits_grow_and_stay_bounded(attempt: int, asked: float | None) -> None:
    assert backoff(attempt, asked) <= backoff(attempt + 1, asked) <= LONGEST_BACKOFF


def row(last_state: str | None, last_http_status: int | None = None) -> dict[str, Any]:
    return {
        "score_id": "s1", "lead_id": "1", "predictive_score": 3, "score_cluster": "COLD", "probability": 0.01,
        "recommended_action": "Nurture", "scored_at": NOW, "attempts": 1, "next_attempt_at": None, "reasons": [],
        "last_state": last_state, "last_http_status": last_http_status,
    }  # fmt: skip


@pytest.mark.parametrize("state", [None, "retry"])
def test_a_repeat_has_the_key_of_the_first_attempt(state: str | None) -> None:
    assert pending([row(state)])[0].update.key == "s1"


@pytest.mark.parametrize(("state", "status"), [("repair", None), ("dead_letter", 422), ("sent", 200), ("retry", 404)])
def test_what_has_to_take_effect_again_has_a_key_never_used(state: str, status: int | None) -> None:
    keys = {pending([row(state, status)])[0].update.key for _ in range(5)}
    assert len(keys) == 5
    assert all(key.startswith("s1.") for key in keys)


def test_a_repair_stays_one_until_it_is_sent() -> None:
    (item,) = pending([row("repair")])
    assert failed(item, CRMUnavailable("down"), NOW).state == "repair"
    assert postponed(repair(Pending(UPDATE, NOW, 0, None)), NOW).state == "repair"
    assert sent(item, NOW).state == "sent"


def test_what_became_unknown_of_a_standing_is_emptied() -> None:
    known = row(None) | {"points": 12.5, "matrix_cell": "C3", "tier": None, "stage": "known", "traffic_light": None}
    assert pending([known])[0].update.standing == {
        "points": 12.5, "lead_matrix_cell": "C3", "company_tier": None, "lead_stage": "known", "traffic_light": None,
    }  # fmt: skip


def test_without_points_and_stages_their_fields_never_reach_the_crm() -> None:
    nothing = dict.fromkeys(("points", "matrix_cell", "tier", "stage", "traffic_light"))
    assert pending([row(None) | nothing])[0].update.standing == {}


def test_reasons_are_sent_as_texts_strongest_first() -> None:
    row = {
        "score_id": "s1", "lead_id": "1", "predictive_score": 3, "score_cluster": "COLD", "probability": 0.01,
        "recommended_action": "Nurture", "scored_at": NOW, "attempts": 0, "next_attempt_at": None,
        "last_state": None, "last_http_status": None,
        "reasons": [{"text": text, "feature": "f", "contribution": 1.0} for text in ["a", None, *"bcdef"]],
    }  # fmt: skip
    assert pending([row])[0].update.reasons == ("a", "b", "c", "d", "e")

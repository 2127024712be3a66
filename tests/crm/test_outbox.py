"""The plan of the outbox: what an answer means for a score, and when it is tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from leadwerk.crm.delivery_attempts import (
    CANARY_PATIENCE,
    LONGEST_BACKOFF,
    UNKNOWN_LEAD_PATIENCE,
    RefusedAttempt,
    attempted,
    backoff,
    held_back,
    postponed,
    unavailable,
)
from leadwerk.crm.fields import field_mapping
from leadwerk.crm.outbox import OutboxRow, Pending, pending, repair
from leadwerk.crm.port import Gone, Later, LeadUpdate, Refused, Taken, Unknown
from leadwerk.errors import CRMUnavailable
from leadwerk.policy import load
from leadwerk.policy.crm import CRMFieldName, CRMSection
from leadwerk.warehouse.records import ScoreReason

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
UPDATE = LeadUpdate("s1", "s1", "102938", {"predictive_score": 85})
POLICY = load("mortgage")
MAPPING = field_mapping(POLICY, str)
REFUSED = Refused("no such field", "INVALID_FIELD", "score", 422)


def test_what_the_crm_took_is_sent() -> None:
    attempt = attempted(Pending(UPDATE, NOW, 0, None), Taken(), NOW)
    assert (attempt.state, attempt.next_attempt_at, attempt.row().attempt) == ("sent", None, 1)


def test_what_says_later_is_retried_not_before_its_time() -> None:
    attempt = unavailable(Pending(UPDATE, NOW, 2, NOW), CRMUnavailable("down", status=503, retry_after=600), NOW)
    assert (attempt.state, attempt.http_status, attempt.row().attempt) == ("retry", 503, 3)
    assert attempt.next_attempt_at is not None
    assert attempt.next_attempt_at == NOW + timedelta(minutes=10)


def test_a_refusal_is_a_dead_letter_with_its_reason() -> None:
    attempt = attempted(Pending(UPDATE, NOW, 0, None), REFUSED, NOW)
    assert (attempt.state, attempt.next_attempt_at, attempt.error) == ("dead_letter", None, "no such field")
    row = attempt.row()
    assert (row.crm_code, row.crm_field, row.http_status) == ("INVALID_FIELD", "score", 422)


def test_a_record_that_somebody_edits_is_tried_again() -> None:
    attempt = attempted(Pending(UPDATE, NOW, 0, None), Later(30, "UNABLE_TO_LOCK_ROW", "busy"), NOW)
    assert (attempt.state, attempt.row().crm_code) == ("retry", "UNABLE_TO_LOCK_ROW")


@pytest.mark.parametrize(("merged_into", "code"), [(None, "deleted"), ("7", "merged")])
def test_a_deleted_lead_is_a_dead_letter_with_a_code(merged_into: str | None, code: str) -> None:
    attempt = attempted(Pending(UPDATE, NOW, 0, None), Gone(merged_into), NOW)
    assert (attempt.state, attempt.row().crm_code) == ("dead_letter", code)


def test_a_refused_canary_is_tried_again_for_a_while() -> None:
    states = [
        held_back(attempted(Pending(UPDATE, NOW, number, None), REFUSED, NOW), NOW).state
        for number in range(CANARY_PATIENCE + 1)
    ]
    assert states == ["retry"] * (CANARY_PATIENCE - 1) + ["dead_letter"] * 2


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(), "retry"),
        (UNKNOWN_LEAD_PATIENCE, "retry"),
        (UNKNOWN_LEAD_PATIENCE + timedelta(seconds=1), "dead_letter"),
    ],
)
def test_a_lead_that_the_crm_does_not_know_is_waited_for_while_its_score_is_young(age: timedelta, state: str) -> None:
    attempt = attempted(Pending(UPDATE, NOW - age, 0, None), Unknown("no such lead"), NOW)
    assert (attempt.state, attempt.http_status) == (state, 404)
    assert (attempt.next_attempt_at is None) == (state == "dead_letter")


def test_a_score_is_due_from_ingestion_on_behind_the_attempt_that_it_follows() -> None:
    later = NOW + timedelta(minutes=1)  # another process tried while the page was read
    last = RefusedAttempt(
        lead_id="1", score_id="s1", attempt=3, attempted_at=later, state="dead_letter", http_status=404
    )
    record = last.due(NOW, "ingested", "the CRM has it")
    assert (record.state, record.attempt, record.next_attempt_at) == ("retry", 3, NOW)
    assert record.attempted_at > later
    assert last.due(NOW, "ingested", "the CRM has it") == record
    assert replace(last, state="repair").due(NOW, "ingested", "").state == "repair"


def test_the_same_attempt_is_one_row() -> None:
    item = Pending(UPDATE, NOW, 0, None)
    assert attempted(item, Taken(), NOW).row() == attempted(item, Taken(), NOW).row()
    ids = {
        attempted(item, Taken(), NOW).row().delivery_id,
        attempted(Pending(UPDATE, NOW, 1, None), Taken(), NOW).row().delivery_id,
        unavailable(item, CRMUnavailable("down"), NOW).row().delivery_id,
        attempted(item, Taken(), NOW + timedelta(seconds=1)).row().delivery_id,
    }
    assert len(ids) == 4


@given(st.integers(1, 10_000), st.none() | st.floats(0, 1e9))
def test_waits_grow_and_stay_bounded(attempt: int, requested: float | None) -> None:
    assert backoff(attempt, requested) <= backoff(attempt + 1, requested) <= LONGEST_BACKOFF


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_jitter_shortens_our_own_waits_only_and_by_a_fifth_at_most(attempt: int, draw: float) -> None:
    assert backoff(attempt) * 0.79 <= backoff(attempt, draw=draw) <= backoff(attempt)
    assert backoff(attempt, 60 * 60 * 6, draw) >= timedelta(hours=6)


def row(last_state: str | None = None, last_http_status: int | None = None, **other: Any) -> OutboxRow:
    columns = {
        "score_id": "s1", "lead_id": "1", "predictive_score": 3, "score_cluster": "COLD", "probability": 0.01,
        "recommended_action": "Nurture", "scored_at": NOW, "attempts": 1, "next_attempt_at": None, "reasons": [],
        "last_state": last_state, "last_http_status": last_http_status, "points": None, "matrix_cell": None,
        "tier": None, "stage": None, "traffic_light": None, "shown_hash": None, "record_id": None,
    }  # fmt: skip
    return OutboxRow(**columns | other)


def item(*arguments: Any, **other: Any) -> Pending:
    return pending([row(*arguments, **other)], MAPPING)[0]


@pytest.mark.parametrize("state", [None, "retry"])
def test_a_repeat_has_the_key_of_the_first_attempt(state: str | None) -> None:
    assert item(state).update.key == "s1"


@pytest.mark.parametrize(("state", "status"), [("repair", None), ("dead_letter", 422), ("sent", 200), ("retry", 404)])
def test_what_has_to_take_effect_again_has_a_key_never_used(state: str, status: int | None) -> None:
    keys = {item(state, status).update.key for _ in range(5)}
    assert len(keys) == 5
    assert all(key.startswith("s1.") for key in keys)


def test_a_repair_stays_one_until_it_is_sent() -> None:
    to_repair = item("repair")
    assert unavailable(to_repair, CRMUnavailable("down"), NOW).state == "repair"
    assert postponed(repair(Pending(UPDATE, NOW, 0, None)), NOW).state == "repair"
    assert attempted(to_repair, Taken(), NOW).state == "sent"


def test_what_became_unknown_of_a_rating_is_emptied() -> None:
    fields = item(points=12.5, matrix_cell="C3", stage="known").update.fields
    assert {name: fields[name] for name in ("points", "lead_matrix_cell", "company_tier", "lead_stage")} == {
        "points": 12.5, "lead_matrix_cell": "C3", "company_tier": None, "lead_stage": "known",
    }  # fmt: skip


def test_without_points_and_stages_their_fields_never_reach_the_crm() -> None:
    assert list(item().update.fields) == [
        "predictive_score", "score_cluster", "recommended_action", "probability", "score_reasons",
    ]  # fmt: skip


def test_reasons_are_sent_as_texts_strongest_first() -> None:
    reasons = tuple(ScoreReason(text=text) for text in ["a", None, *"bcdef"])
    assert item(reasons=reasons).update.fields["score_reasons"] == ("a", "b", "c", "d", "e")


def test_the_policy_names_the_fields_and_the_language_of_actions() -> None:
    section = CRMSection(
        fields=(
            CRMFieldName(shows="recommended_action", name="naechster_schritt", language="de"),
            CRMFieldName(shows="predictive_score"),
        )
    )
    mapping = field_mapping(replace(POLICY, crm=section), lambda shows: f"x_{shows}")
    fields = pending([row(recommended_action="Call_Immediately")], mapping)[0].update.fields
    label = next(action.labels["de"] for action in POLICY.actions if action.action == "Call_Immediately")
    assert fields == {"naechster_schritt": label, "x_predictive_score": 3}


def test_what_the_crm_shows_already_is_no_call_unless_it_is_a_repair() -> None:
    shown_hash = item().update.payload_hash
    assert item(shown_hash=shown_hash).is_shown()
    assert not item(shown_hash=shown_hash, predictive_score=4).is_shown()
    assert not item("repair", shown_hash=shown_hash).is_shown()
    assert not item(shown_hash=None).is_shown()

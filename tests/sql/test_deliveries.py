"""deliveries/outbox: the same rows on Google's reference evaluator and on DuckDB, and the right ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

OUTBOX, UNKNOWN_LEADS = statement("deliveries/outbox"), statement("deliveries/unknown_leads")
START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the night in which Zürich's clocks change
EVERYTHING = {
    "first_day": date(2026, 3, 1), "scored_since": date(2026, 3, 1), "as_of": START + timedelta(days=1),
    "every_lead": True, "lead_ids": [],
    "every_state": False, "retry_dead_letters": False, "dead_letter_code": "", "without": [], "most": 100,
}  # fmt: skip


def score(lead_id: str, score_id: str, at: datetime = START, **other: Any) -> dict[str, Any]:
    row = {
        "score_id": score_id, "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "policy_version": "p", "probability": 0.1, "predictive_score": 50,
        "score_cluster": "WARM", "recommended_action": "Send_Offer", "language": "de", "has_web_behaviour": True,
        "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Kam wieder"}],
    }  # fmt: skip
    return {**row, **other}


def delivery(
    lead_id: str, score_id: str, state: str, attempt: int = 1, at: datetime = START, http_status: int | None = None,
    **other: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "delivery_id": f"{score_id}-{attempt}-{state}", "score_id": score_id, "lead_id": lead_id, "day": at.date(),
        "attempted_at": at, "attempt": attempt, "state": state, "http_status": http_status,
        "next_attempt_at": at + timedelta(minutes=attempt) if state in ("retry", "repair") else None,
        **other,
    }  # fmt: skip


def test_the_statement_passes_googles_analyser() -> None:
    assert list(analyse(OUTBOX)) == [
        "lead_id", "score_id", "scored_at", "predictive_score", "score_cluster", "recommended_action", "probability",
        "points", "matrix_cell", "tier", "stage", "traffic_light", "reasons", "attempts", "last_state",
        "last_http_status", "next_attempt_at", "shown_hash", "record_id",
    ]  # fmt: skip


def test_what_is_pending_is_found_on_both_engines() -> None:
    later = START + timedelta(minutes=1)
    tables = {
        "scores": [
            score("sent", "s1"), score("retry", "r1"), score("dead_letter", "p1"), score("new", "n1"),
            score("new", "n2", later), score("none", "x1", basis="no_champion", predictive_score=None),
            score("old", "o1", day=date(2026, 2, 28)), score("newer", "w1"), score("newer", "w2", later),
        ],
        "deliveries": [
            delivery("sent", "s1", "retry"), delivery("sent", "s1", "sent", 2), delivery("retry", "r1", "retry"),
            delivery("dead_letter", "p1", "dead_letter"), delivery("newer", "w1", "sent"),
        ],
    }  # fmt: skip
    pending = assert_engines_agree(OUTBOX, EVERYTHING, tables)
    assert {(row["score_id"], row["attempts"]) for row in pending} == {("n2", 0), ("r1", 1), ("w2", 0)}
    every_delivery = assert_engines_agree(OUTBOX, {**EVERYTHING, "every_state": True}, tables)
    assert {row["score_id"] for row in every_delivery} == {"s1", "r1", "p1", "n2", "w2"}


MOMENTS = st.integers(0, 3).map(lambda minutes: START + timedelta(minutes=minutes))
TEXT = st.text("aä'\\")
LEADS = st.sampled_from(["a", "b", "c"])
SCORES = st.lists(
    st.builds(
        score,
        LEADS,
        st.sampled_from(["s1", "s2", "s3", "s4"]),
        MOMENTS,
        stored_at=MOMENTS,
        day=st.sampled_from([date(2026, 2, 28), date(2026, 3, 29)]),
        basis=st.sampled_from(["model", "points", "no_champion"]),
        points=st.none() | st.sampled_from([-3.5, 0.0, 62.25]),
        predictive_score=st.none() | st.integers(0, 100),
        probability=st.none() | st.floats(0, 1),
        reasons=st.lists(
            st.fixed_dictionaries(
                {
                    "feature": st.just("f"),
                    "contribution": st.none() | st.floats(-2, 2),
                    "text": st.none() | st.text("aä"),
                }
            ),
            max_size=2,
        ),
    ),
    max_size=8,
)
DELIVERIES = st.lists(
    st.builds(
        delivery, LEADS, st.sampled_from(["s1", "s2", "s3", "s4"]),
        st.sampled_from(["sent", "same", "retry", "repair", "dead_letter"]), st.integers(1, 3), MOMENTS,
        http_status=st.sampled_from([None, 200, 404, 500]),
        payload_hash=st.sampled_from([None, "h1", "h2"]),
        crm_code=st.sampled_from([None, "INVALID_FIELD"]),
        crm_record_id=st.sampled_from([None, "r1"]),
    ),
    max_size=8,
    unique_by=lambda row: row["delivery_id"],
)  # fmt: skip


@pytest.mark.slow
@examples(30)
@given(
    scores=SCORES,
    deliveries=DELIVERIES,
    flags=st.fixed_dictionaries({name: st.booleans() for name in ("every_lead", "every_state", "retry_dead_letters")}),
    lead_ids=st.lists(LEADS, max_size=2),
    code=st.sampled_from(["", "refused", "INVALID_FIELD"]),
)
def test_both_engines_agree_on_hostile_rows(
    scores: list[dict[str, Any]],
    deliveries: list[dict[str, Any]],
    flags: dict[str, bool],
    lead_ids: list[str],
    code: str,
) -> None:
    # Which of two rows that tie in everything is taken, no engine promises: a score's id is unique.
    unique = list({row["score_id"]: row for row in scores}.values())
    tables = {"scores": unique, "deliveries": deliveries}
    parameters = {**EVERYTHING, **flags, "lead_ids": lead_ids, "dead_letter_code": code}
    pending = assert_engines_agree(OUTBOX, parameters, tables)
    leads = [row["lead_id"] for row in pending]
    assert len(leads) == len(set(leads))
    assert flags["every_lead"] or set(leads) <= set(lead_ids)


def test_a_score_of_the_future_hides_none_of_today() -> None:
    tables = {"scores": [score("a", "a1"), score("a", "a2", START + timedelta(days=9))], "deliveries": []}
    assert [row["score_id"] for row in assert_engines_agree(OUTBOX, EVERYTHING, tables)] == ["a1"]
    later = {**EVERYTHING, "as_of": START + timedelta(days=9)}
    assert [row["score_id"] for row in assert_engines_agree(OUTBOX, later, tables)] == ["a2"]


LAST_SHOWN = statement("deliveries/last_shown")


@pytest.mark.slow
@given(scores=SCORES, deliveries=DELIVERIES)
def test_both_engines_agree_on_what_is_shown(scores: list[dict[str, Any]], deliveries: list[dict[str, Any]]) -> None:
    unique = list({row["score_id"]: row for row in scores}.values())
    parameters = {"lead_ids": ["a", "b"], "first_day": date(2026, 3, 1), "as_of": START + timedelta(minutes=2)}
    rows = assert_engines_agree(LAST_SHOWN, parameters, {"scores": unique, "deliveries": deliveries})
    assert {row["lead_id"] for row in rows} <= {"a", "b"}


@pytest.mark.slow
@given(scores=SCORES, score_ids=st.lists(st.sampled_from(["s1", "s2"]), max_size=2))
def test_both_engines_agree_on_what_was_overtaken(scores: list[dict[str, Any]], score_ids: list[str]) -> None:
    unique = list({row["score_id"]: row for row in scores}.values())
    parameters = {
        "lead_ids": ["a", "b"], "score_ids": score_ids, "scored_since": date(2026, 3, 1),
        "as_of": START + timedelta(hours=1),
    }  # fmt: skip
    rows = assert_engines_agree(statement("deliveries/overtaken"), parameters, {"scores": unique, "deliveries": []})
    assert {row["lead_id"] for row in rows} <= {"a", "b"}


OUTCOMES = st.lists(
    st.builds(
        lambda number, lead, status, amount, at: {
            "event_id": f"e{number}", "lead_id": lead, "day": at.date(), "occurred_at": at, "recorded_at": at,
            "status": status, "reason": None, "outcome": "open", "amount": amount,
        },
        st.integers(1, 6), LEADS, st.sampled_from(["Neu", "Prüfung"]), st.none() | st.just(5.5), MOMENTS,
    ),
    max_size=6,
    unique_by=lambda row: row["event_id"],
)  # fmt: skip


@given(outcomes=OUTCOMES)
def test_both_engines_agree_on_the_last_status(outcomes: list[dict[str, Any]]) -> None:
    parameters = {"lead_ids": ["a", "b"], "first_day": date(2026, 3, 1)}
    rows = assert_engines_agree(statement("outcomes/latest"), parameters, {"outcomes": outcomes})
    assert len({row["lead_id"] for row in rows}) == len(rows)


@pytest.mark.slow
@given(deliveries=DELIVERIES)
def test_both_engines_agree_on_dead_letters(deliveries: list[dict[str, Any]]) -> None:
    parameters = {"first_day": date(2026, 3, 1), "as_of": START + timedelta(minutes=2)}
    assert_engines_agree(statement("deliveries/dead_letters"), parameters, {"deliveries": deliveries})


def test_dead_letters_of_one_reason_are_found_on_both_engines() -> None:
    tables = {
        "deliveries": [
            delivery("a", "a1", "dead_letter", crm_code="INVALID", crm_field="Score"),
            delivery("b", "b1", "dead_letter", crm_code="INVALID", crm_field=None),
            delivery("c", "c1", "dead_letter", crm_code="INVALID", crm_field="Score"),
            delivery("c", "c2", "sent", at=START + timedelta(minutes=1)),
            delivery("d", "d1", "dead_letter"),
        ],
    }  # fmt: skip
    moment = {"first_day": date(2026, 3, 1), "as_of": START + timedelta(minutes=5)}
    rows_by_reason = {
        (code, field): assert_engines_agree(
            statement("deliveries/dead_letters_of_reason"), {**moment, "crm_code": code, "crm_field": field}, tables
        )
        for code, field in (("INVALID", "Score"), ("INVALID", ""), ("refused", ""))
    }
    leads = {reason: [row["lead_id"] for row in rows] for reason, rows in rows_by_reason.items()}
    assert leads == {("INVALID", "Score"): ["a"], ("INVALID", ""): ["b"], ("refused", ""): ["d"]}


UNKNOWN = {"lead_ids": ["a", "b", "c"], "first_day": date(2026, 3, 1), "now": START}


def test_the_leads_that_the_crm_did_not_know_are_found_on_both_engines() -> None:
    later = START + timedelta(minutes=1)
    tables = {
        "deliveries": [
            delivery("a", "a1", "retry", http_status=404), delivery("b", "b1", "dead_letter", http_status=404),
            delivery("b", "b0", "sent", at=START - timedelta(days=1), http_status=200),
            delivery("c", "c1", "retry", http_status=404), delivery("c", "c1", "sent", 2, later, http_status=200),
            delivery("other", "d1", "dead_letter", http_status=404),
        ],
    }  # fmt: skip
    unknown_leads = assert_engines_agree(UNKNOWN_LEADS, UNKNOWN, tables)
    assert {(row["lead_id"], row["score_id"], row["state"]) for row in unknown_leads} == {
        ("a", "a1", "retry"), ("b", "b1", "dead_letter"),
    }  # fmt: skip
    assert [row["lead_id"] for row in assert_engines_agree(UNKNOWN_LEADS, UNKNOWN | {"now": later}, tables)] == ["b"]


@examples(20)
@given(deliveries=DELIVERIES)
def test_both_engines_agree_on_unknown_leads(deliveries: list[dict[str, Any]]) -> None:
    assert_engines_agree(UNKNOWN_LEADS, UNKNOWN, {"deliveries": deliveries})


def test_the_limit_takes_untried_and_best_leads_first() -> None:
    tables = {
        "scores": [score("a", "a1", predictive_score=10), score("b", "b1", predictive_score=90), score("c", "c1")],
        "deliveries": [delivery("b", "b1", "retry")],
    }
    pending = assert_engines_agree(OUTBOX, {**EVERYTHING, "most": 2}, tables)
    assert sorted(row["lead_id"] for row in pending) == ["a", "c"]

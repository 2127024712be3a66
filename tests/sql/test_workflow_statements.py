"""Statements of workflows: the same rows on Google's reference evaluator and on DuckDB."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

NOW = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PERIOD = {"since": NOW, "first_day": (NOW - timedelta(days=30)).date(), "as_of": NOW + timedelta(days=1)}
OUTBOX = {
    "first_day": (NOW - timedelta(days=30)).date(), "as_of": NOW + timedelta(days=1), "dead_letters": False,
    "target": "", "most": 2,
}  # fmt: skip


def score(lead_id: str, minutes: int, cluster: str = "WARM", value: int | None = 50) -> dict[str, Any]:
    at = NOW + minutes * MINUTE
    return {
        "score_id": f"{lead_id}@{minutes}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "policy_version": "p", "predictive_score": value, "points": 12.5,
        "score_cluster": cluster, "recommended_action": "Call", "language": "de", "has_web_behaviour": True,
        "reasons": [],
    }  # fmt: skip


def lead(lead_id: str, event_id: str = "e") -> dict[str, Any]:
    return {
        "event_id": event_id, "lead_id": lead_id, "recorded_at": NOW, "created_at": NOW, "web_consent": True,
        "language": "fr", "region": "CH-GE",
    }  # fmt: skip


def pick(lead_id: str, sequence: int, kind: str, minutes: int) -> dict[str, Any]:
    at = NOW + minutes * MINUTE
    return {
        "event_id": f"{lead_id}-{sequence}", "lead_id": lead_id, "day": at.date(), "sequence": sequence, "kind": kind,
        "seller": "anna", "occurred_at": at, "recorded_at": at,
    }  # fmt: skip


def step(action_id: str, attempt: int, state: str, target: str | None = "sales", **other: Any) -> dict[str, Any]:
    at = NOW + attempt * MINUTE
    return {
        "action_id": action_id, "attempt": attempt, "lead_id": "a", "day": NOW.date(), "changed_at": NOW,
        "stepped_at": at, "state": state, "workflow": "hot", "policy_version": "p", "change": "became_hot",
        "action": "message", "target": target, "owner": "anna", "score_id": "a@0", "next_attempt_at": at, **other,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["score_changes", "stage_changes", "untouched_picks", "loads", "outbox", "of_lead"])
def test_the_statement_passes_googles_analyser(name: str) -> None:
    assert analyse(statement(f"workflow_actions/{name}"))


@pytest.mark.slow
@examples(15)
@given(
    st.lists(
        st.builds(
            score,
            st.sampled_from("ab"),
            st.integers(-2, 3),
            st.sampled_from(["HOT", "WARM"]),
            st.sampled_from([None, 10, 90]),
        ),
        max_size=6,
        unique_by=lambda row: row["score_id"],
    )
)
def test_each_new_score_comes_with_the_one_before_it(scores: list[dict[str, Any]]) -> None:
    rows = assert_engines_agree(
        statement("workflow_actions/score_changes"), PERIOD, {"scores": scores, "leads": [lead("a", "import.1")]}
    )
    assert len(rows) == sum(row["scored_at"] > NOW for row in scores)
    for row in rows:
        earlier = [s for s in scores if s["lead_id"] == row["lead_id"] and s["scored_at"] < row["scored_at"]]
        before = max(earlier, key=lambda s: s["scored_at"], default={"score_cluster": None})
        assert row["cluster_before"] == before["score_cluster"]
        assert row["is_imported"] is (row["lead_id"] == "a")


def test_picks_that_were_worked_on_or_given_back_are_not_untouched() -> None:
    at = NOW + 3 * MINUTE
    touch = {"event_id": "t", "lead_id": "b", "day": at.date(), "occurred_at": at, "recorded_at": at, "kind": "call"}
    rows = assert_engines_agree(
        statement("workflow_actions/untouched_picks"),
        PERIOD,
        {
            "picks": [pick("a", 1, "picked", 1), pick("b", 1, "picked", 1), pick("c", 1, "picked", 1),
                      pick("c", 2, "released", 2), pick("d", 1, "picked", 5)],
            "touchpoints": [touch, touch | {"event_id": "u", "lead_id": "d"}],
            "scores": [score("a", -5), score("a", -4)],
            "leads": [lead("a")], "outcomes": [],
        },
    )  # fmt: skip
    assert [(row["lead_id"], row["score_id"], row["region"]) for row in rows] == [
        ("a", "a@-4", "CH-GE"), ("d", None, None),
    ]  # fmt: skip


def test_nobody_is_reminded_of_a_picked_lead_that_is_closed_or_gone() -> None:
    names, before = ("open", "lost", "reopened", "merged"), NOW - 60 * MINUTE

    def status(lead_id: str, outcome: str, at: datetime) -> dict[str, Any]:
        event_id = f"{lead_id}:{outcome}"
        return {
            "event_id": event_id, "lead_id": lead_id, "day": at.date(), "occurred_at": at, "recorded_at": at,
            "status": outcome, "outcome": outcome,
        }  # fmt: skip

    tables = {
        "picks": [pick(name, 1, "picked", 1) for name in names],
        "leads": [*map(lead, names), lead("merged", "f") | {"record_state": "merged"}],
        "outcomes": [
            status("lost", "lost", before), status("reopened", "lost", before),
            status("reopened", "open", before + MINUTE),
        ],
        "touchpoints": [], "scores": [],
    }  # fmt: skip
    rows = assert_engines_agree(statement("workflow_actions/untouched_picks"), PERIOD, tables)
    assert [row["lead_id"] for row in rows] == ["open", "reopened"]


@pytest.mark.slow
def test_the_outbox_holds_the_last_step_of_each_open_action() -> None:
    tables = {
        "workflow_actions": [
            step("new", 0, "pending"), step("sent", 0, "pending"), step("sent", 1, "sent"), step("later", 0, "pending"),
            step("later", 1, "retry"), step("later", 1, "retry"), step("dead", 0, "pending"),
            step("dead", 1, "dead_letter", next_attempt_at=None), step("other", 0, "pending", "partner"),
            step("many", 0, "pending"), step("objects", 0, "pending", lead_id="o"), step("task", 0, "pending", None),
        ],
        "scores": [score("a", 0)],
        "objections": [
            {"event_id": "x", "lead_id": "o", "set_at": NOW, "author": "eva", "is_withdrawn": False, "reason": "asked"}
        ],
    }  # fmt: skip

    def open_actions(**parameters: Any) -> list[tuple[str, int]]:
        rows = assert_engines_agree(statement("workflow_actions/outbox"), OUTBOX | parameters, tables)
        return [(row["action_id"], row["attempt"]) for row in rows]

    # At most two of a receiver: those that wait longest.
    assert open_actions() == [("many", 0), ("new", 0), ("other", 0), ("task", 0)]
    assert open_actions(most=9) == [("many", 0), ("new", 0), ("other", 0), ("task", 0), ("later", 1)]
    assert ("dead", 1) in open_actions(most=9, dead_letters=True)
    assert open_actions(target="partner") == [("other", 0)]


def test_loads_count_each_lead_of_a_seller_once() -> None:
    rows = assert_engines_agree(
        statement("workflow_actions/loads"),
        {"since": NOW - timedelta(days=7), "as_of": NOW + timedelta(days=1)},
        {
            "workflow_actions": [step("x", 0, "pending"), step("x", 1, "sent"), step("y", 0, "pending")],
            "picks": [pick("a", 1, "picked", 1), pick("b", 1, "picked", 1)],
        },
    )
    assert rows == [{"seller": "anna", "leads": 2}]


def test_a_stage_change_comes_with_its_lead_and_score() -> None:
    at = NOW + MINUTE
    change = {
        "lead_id": "a", "day": at.date(), "changed_at": at, "from_stage": "lead", "to_stage": "mql",
        "direction": "forward", "reason": "", "score_id": "a@0",
    }  # fmt: skip
    rows = assert_engines_agree(
        statement("workflow_actions/stage_changes"),
        PERIOD,
        {"stage_changes": [change, change, change | {"lead_id": "b", "score_id": None}], "scores": [score("a", 0)],
         "leads": [lead("a")]},
    )  # fmt: skip
    assert [(row["lead_id"], row["to_stage"], row["language"]) for row in rows] == [
        ("a", "mql", "fr"), ("b", "mql", None),
    ]  # fmt: skip


def test_the_score_of_a_lead_is_the_latest() -> None:
    rows = assert_engines_agree(
        statement("workflow_actions/of_lead"),
        {"lead_id": "a", "first_day": PERIOD["first_day"], "as_of": PERIOD["as_of"]},
        {"scores": [score("a", 0), score("a", 2), score("b", 3)], "leads": [lead("a"), lead("b")]},
    )
    assert [(row["score_id"], row["language"]) for row in rows] == [("a@2", "fr")]

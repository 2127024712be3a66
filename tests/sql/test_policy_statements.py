"""Queries around changes of the policy: Google's evaluator and the embedded engine agree, over hostile rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement
from sql.reference import analyse, assert_engines_agree
from support.examples import examples

T0 = datetime(2026, 3, 28, 23, tzinfo=UTC)
NOW = T0 + timedelta(days=10)
few = examples(15, suppress_health_check=list(HealthCheck))
moments = st.sampled_from([T0 + timedelta(days=days) for days in (-3, 0, 0, 1, 2, 10, 11)])


@pytest.mark.parametrize("name", ["policy_changes/history", "suggestions/latest", "outcomes/changes", "audit/changes"])
def test_the_statement_passes_googles_analyser(name: str) -> None:
    assert analyse(statement(name))


def change(change_id: str, at: datetime, to: str) -> Row:
    note = {"author": "Ada", "reason": "because 'x'", "kind": "publish"}
    return {"change_id": change_id, "changed_at": at, "from_version": "a", "to_version": to, **note}


@few
@given(st.lists(st.builds(change, st.sampled_from(["1", "2", "3", "4"]), moments, st.sampled_from("ab")), max_size=8))
def test_the_history_has_each_change_once_the_newest_first(changes: list[Row]) -> None:
    rows = assert_engines_agree(
        statement("policy_changes/history"), {"now": NOW, "most": 3}, {"policy_changes": changes}
    )
    assert len({row["change_id"] for row in rows}) == len(rows) <= 3
    times = [row["changed_at"] for row in rows]
    assert times == sorted(times, reverse=True)
    assert all(at <= NOW for at in times)


def training(run_id: str, at: datetime, promoted: bool) -> Row:
    counts = {"row_count": 9, "positives": 1, "metrics": "{}", "model_version": run_id, "reason": "because"}
    return {"run_id": run_id, "trained_at": at, "promoted": promoted, **counts}


def act(entry_id: str, at: datetime, action: str) -> Row:
    return {"entry_id": entry_id, "day": at.date(), "occurred_at": at, "action": action, "actor": "Ada"}


@few
@given(
    st.lists(st.builds(training, st.sampled_from("12"), moments, st.booleans()), max_size=5),
    st.lists(
        st.builds(act, st.sampled_from("12"), moments, st.sampled_from(["promote", "rollback", "access"])), max_size=5
    ),
    st.lists(st.builds(change, st.sampled_from("12"), moments, st.sampled_from("ab")), max_size=5),
)
def test_changes_of_models_and_rules_of_a_period_are_read_once(
    runs: list[Row], acts: list[Row], changes: list[Row]
) -> None:
    tables = {"model_runs": runs, "audit_log": acts, "policy_changes": changes}
    rows = assert_engines_agree(statement("audit/changes"), {"since": T0 - timedelta(days=1), "as_of": NOW}, tables)
    acted = {"promote": "model", "rollback": "model_before"}
    happened = [
        *((run["trained_at"], "model") for run in runs if run["promoted"]),
        *((row["occurred_at"], acted[row["action"]]) for row in acts if row["action"] in acted),
        *((row["changed_at"], "rules") for row in changes),
    ]
    in_time = {(at, kind) for at, kind in happened if T0 - timedelta(days=1) < at <= NOW}
    assert [(row["changed_at"], row["kind"]) for row in rows] == sorted(in_time)


def entry(number: int, rule: str, state: str, at: datetime, version: str) -> Row:
    numbers = {"points_before": 1, "points_after": number, "evidence": "{}"}
    return {
        "entry_id": f"e{number}",
        "recorded_at": at,
        "policy_version": version,
        "rule": rule,
        "state": state,
        **numbers,
    }


@few
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["r", "s"]), st.sampled_from(["suggested", "declined"]), moments, st.sampled_from("vw")
        ),
        max_size=8,
    )
)
def test_of_each_rule_and_state_the_newest_entry_is_found(drawn: list[tuple[Any, ...]]) -> None:
    entries = [entry(number, *drawn_entry) for number, drawn_entry in enumerate(drawn)]
    rows = assert_engines_agree(
        statement("suggestions/latest"), {"policy_version": "v", "as_of": NOW}, {"suggestions": entries}
    )
    mine = [entry for entry in entries if entry["policy_version"] == "v" and entry["recorded_at"] <= NOW]
    assert {(row["rule"], row["state"]) for row in rows} == {(entry["rule"], entry["state"]) for entry in mine}
    for row in rows:
        same = [
            entry["recorded_at"] for entry in mine if (entry["rule"], entry["state"]) == (row["rule"], row["state"])
        ]
        assert row["recorded_at"] == max(same)


def outcome(number: int, lead: str, at: datetime, late: int) -> Row:
    recorded_at = at + timedelta(days=late)
    fields = {
        "status": f"S{number}",
        "outcome": "open",
        "day": at.date(),
        "occurred_at": at,
        "recorded_at": recorded_at,
    }
    return {"event_id": f"o{number}", "lead_id": lead, **fields}


@few
@given(st.lists(st.tuples(st.sampled_from(["1", "2"]), moments, st.integers(0, 9)), max_size=8))
def test_a_lead_has_one_status_at_a_time_and_none_from_the_future(drawn: list[tuple[Any, ...]]) -> None:
    outcomes = [outcome(number, *drawn_outcome) for number, drawn_outcome in enumerate(drawn)]
    arguments = {"first_day": T0.date(), "as_of": NOW}
    rows = assert_engines_agree(statement("outcomes/changes"), arguments, {"outcomes": outcomes})
    assert len({(row["lead_id"], row["occurred_at"]) for row in rows}) == len(rows)
    visible = [
        outcome_row
        for outcome_row in outcomes
        if max(outcome_row["recorded_at"], outcome_row["occurred_at"]) <= NOW and outcome_row["day"] >= T0.date()
    ]
    assert {(row["lead_id"], row["occurred_at"]) for row in rows} == {(o["lead_id"], o["occurred_at"]) for o in visible}

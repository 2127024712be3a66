"""Stays in stages, their scores and the funnel: Google's evaluator and the embedded engine agree, over hostile rows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline.leads.training_sample import hash_limit
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import statement
from sql.reference import assert_engines_agree
from support.examples import examples

T0 = datetime(2026, 3, 28, 23, tzinfo=UTC)
DAY = timedelta(days=1)
NOW = T0 + 60 * DAY
WAY = [
    {"stage": name, "place": place, "horizon_days": 10}
    for place, name in enumerate(["known", "mql", "sql", "customer"])
]
PARAMETERS: dict[str, Any] = {"first_day": date(2026, 3, 1), "as_of": NOW, "hash_below": hash_limit(1), "way": WAY}
few = examples(15, suppress_health_check=list(HealthCheck))


def change(lead_id: str, day: float, stage: str) -> Row:
    at = T0 + day * DAY
    row = {"lead_id": lead_id, "day": at.date(), "changed_at": at, "from_stage": None, "to_stage": stage}
    return row | {"direction": "forward", "reason": "", "score_id": None}


def score(lead_id: str, day: float, probability: float | None) -> Row:
    at = T0 + day * DAY
    times = {"day": at.date(), "scored_at": at, "stored_at": at, "score_origin": "rescore"}
    fields = {"basis": "model", "policy_version": "p", "score_cluster": "HOT", "recommended_action": "Call"}
    row = {"score_id": f"{lead_id} {day}", "lead_id": lead_id, "probability": probability, "reasons": []}
    return {**row, **times, **fields, "language": "de", "has_web_behaviour": True}


leads = st.sampled_from(["1", "2", "3"])
days = st.sampled_from([-40, -0.5, 0, 0.25, 3, 9, 10, 11, 40, 61])
stages = st.sampled_from(["known", "mql", "sql", "customer", "lost"])
changes = st.lists(st.builds(change, leads, days, stages), max_size=8)
scores = st.lists(
    st.builds(score, leads, days, st.sampled_from([None, 0.1, 0.9])), max_size=6, unique_by=lambda row: row["score_id"]
)


@pytest.mark.slow
@few
@given(changes, scores)
def test_both_engines_say_the_same(changes: list[Row], scores: list[Row]) -> None:
    tables = {"stage_changes": changes, "scores": scores}
    for name in ("stage_changes/stays", "stage_changes/leads", "scores/behaviour_history", "stage_changes/funnel"):
        assert_engines_agree(statement(name), PARAMETERS, tables)


def test_a_stay_ends_where_the_next_begins() -> None:
    tables = {"stage_changes": [change("1", 0, "known"), change("1", 3, "mql"), change("2", 1, "known")]}
    rows = assert_engines_agree(statement("stage_changes/stays"), PARAMETERS, tables)
    assert [(row["lead_id"], row["stage"], row["next_stage"], row["left_at"]) for row in rows] == [
        ("1", "known", "mql", T0 + 3 * DAY),
        ("1", "mql", None, None),
        ("2", "known", None, None),
    ]


def test_who_objects_teaches_nothing() -> None:
    objection = {
        "event_id": "x", "lead_id": "1", "set_at": T0, "author": "Eva", "reason": "asked", "is_withdrawn": False
    }  # fmt: skip
    tables = {
        "stage_changes": [change("1", 0, "known"), change("2", 0, "known")],
        "scores": [score("1", 0, 0.5), score("2", 0, 0.25), score("3", 0, 0.1)],
        "objections": [objection],
    }
    stays = assert_engines_agree(statement("stage_changes/stays"), PARAMETERS, tables)
    behaviour = assert_engines_agree(statement("scores/behaviour_history"), PARAMETERS, tables)
    assert [row["lead_id"] for row in stays] == ["2"]
    assert [(row["lead_id"], row["probability"]) for row in behaviour] == [("2", 0.25)]


@pytest.mark.parametrize(
    ("reached_on", "entered", "matured", "advanced"),
    [
        pytest.param(10, 1, 1, 1, id="on its last day"),
        pytest.param(10.5, 1, 1, 0, id="too late"),
        pytest.param(None, 1, 1, 0, id="never"),
    ],
)
def test_the_funnel_counts_who_reached_a_later_stage_in_time(
    reached_on: float | None, entered: int, matured: int, advanced: int
) -> None:
    rows = [change("1", 5, "mql"), change("1", 7, "known")]
    rows += [] if reached_on is None else [change("1", 5 + reached_on, "customer")]
    funnel = assert_engines_agree(statement("stage_changes/funnel"), PARAMETERS, {"stage_changes": rows})
    (mql,) = (row for row in funnel if row["stage"] == "mql")
    assert (mql["entered"], mql["matured"], mql["advanced"]) == (entered, matured, advanced)


def test_a_horizon_that_is_not_over_counts_for_nothing_and_lost_is_no_step() -> None:
    rows = [change("1", 55, "mql"), change("1", 56, "sql"), change("2", 2, "mql"), change("2", 3, "lost")]
    funnel = assert_engines_agree(statement("stage_changes/funnel"), PARAMETERS, {"stage_changes": rows})
    assert [(row["month"], row["stage"], row["entered"], row["matured"], row["advanced"]) for row in funnel] == [
        (date(2026, 3, 1), "mql", 1, 1, 0),
        (date(2026, 5, 1), "mql", 1, 0, 0),
        (date(2026, 5, 1), "sql", 1, 0, 0),
    ]

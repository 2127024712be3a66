"""Changes of stage recorded in SQL for a whole base are those that the pure function says of each lead."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, strategies as st

from leadwerk.pipeline import rescore
from leadwerk.pipeline.bulk import bulk_rescore
from leadwerk.policy.load import load
from leadwerk.policy.selling import Stage
from leadwerk.scoring.stage_change import FACTS, StageInputs, stage_change
from leadwerk.warehouse import schema
from leadwerk.warehouse.statement import from_text
from sql.reference import analyse, assert_engines_agree, googlesql_type
from support import example_leads
from support.example_leads import NOW
from support.examples import examples

HOUR = timedelta(hours=1)
STAGES = (
    Stage(name="anonymous"),
    Stage(name="known", known=True),
    Stage(name="warm", known=True, cluster="WARM"),
    Stage(name="rich", known=True, points=50, interest=5, grade="B"),
    Stage(name="talks", statuses=("Prüfung",)),
    Stage(name="customer", known=True, outcomes=("paid_out",)),
)
POLICY = msgspec.structs.replace(load("mortgage"), stages=STAGES)
NAMES = [*(stage.name for stage in STAGES), "abolished"]
points = st.integers(-20_000, 2_000_000).map(lambda hundredths: hundredths / 100) | st.sampled_from([0.0, 0.05, -0.5])


def score(lead_id: str, hours: int, stage: str | None, cluster: str, number: float | None) -> dict[str, Any]:
    at = NOW - hours * HOUR
    row = {"score_id": f"{lead_id}{hours}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at}
    fields = {"points": number, "interest": number, "grade": None if number is None else "B", "stage": stage}
    return row | fields | {
        "score_origin": "rescore", "basis": "points", "policy_version": "p", "score_cluster": cluster,
        "recommended_action": "Call", "language": "de", "has_web_behaviour": False, "reasons": [],
    }  # fmt: skip


def reported_status(lead_id: str, hours: int, status: str) -> dict[str, Any]:
    at = NOW - hours * HOUR
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    kind = {"Ausbezahlt": "paid_out", "Prüfung": "open"}[status]
    return {"event_id": f"{lead_id}{hours}", "lead_id": lead_id, **times, "status": status, "outcome": kind}


def change(lead_id: str, hours: int, stage: str) -> dict[str, Any]:
    at = NOW - hours * HOUR
    row = {"lead_id": lead_id, "day": at.date(), "changed_at": at, "from_stage": None, "to_stage": stage}
    return row | {"direction": "forward", "reason": "", "score_id": None}


clusters = st.sampled_from(["HOT", "COLD"])
leads, hours = st.sampled_from("123"), st.integers(-2, 90)
scores = st.lists(
    st.builds(score, leads, hours, st.sampled_from([*NAMES, None]), clusters, points | st.none()),
    max_size=6, unique_by=lambda row: row["score_id"],
)  # fmt: skip
news = st.lists(
    st.builds(reported_status, leads, hours, st.sampled_from(["Ausbezahlt", "Prüfung"])),
    max_size=4, unique_by=lambda row: row["event_id"],
)  # fmt: skip
record = st.lists(
    st.builds(change, leads, hours, st.sampled_from(NAMES)),
    max_size=4, unique_by=lambda row: (row["lead_id"], row["changed_at"]),
)  # fmt: skip


def newest(rows: list[dict[str, Any]], moment: str) -> dict[str, dict[str, Any]]:
    visible = sorted((row for row in rows if row[moment] <= NOW), key=lambda row: row[moment])
    return {row["lead_id"]: row for row in visible}


@pytest.mark.slow
@examples(25, suppress_health_check=list(HealthCheck))
@example([score("1", 5, "rich", "HOT", 12345.05)], [], [change("1", 9, "customer")])
@example([score("1", 5, "known", "COLD", None)], [], [])
@example([score("1", 5, "abolished", "COLD", 1.0)], [], [])
@given(scores, news, record)
def test_sql_records_the_changes_that_the_function_says(
    stored: list[dict[str, Any]], outcomes: list[dict[str, Any]], moved: list[dict[str, Any]]
) -> None:
    tables = {"scores": stored, "outcomes": outcomes, "stage_changes": moved}
    arguments = bulk_rescore.stages_parameters(POLICY, now=NOW)
    changes = assert_engines_agree(bulk_rescore.stages_statement(POLICY), arguments, tables)
    status, stages = newest(outcomes, "recorded_at"), newest(moved, "changed_at")
    expected = []
    for lead_id, row in newest(stored, "scored_at").items():
        latest_status = status.get(lead_id, {})
        inputs = StageInputs(
            stage=row["stage"], cluster=row["score_cluster"], grade=row["grade"], points=row["points"],
            interest=row["interest"], status=latest_status.get("status"), outcome=latest_status.get("outcome"),
        )  # fmt: skip
        before = stages.get(lead_id, {}).get("to_stage")
        expected.append(stage_change(lead_id, before, inputs, POLICY, at=NOW, score_id=row["score_id"]))
    by_lead = {row.lead_id: msgspec.structs.asdict(row) for row in expected if row is not None}
    assert {row["lead_id"]: row for row in changes} == by_lead


def test_the_rows_are_the_columns_of_stage_changes() -> None:
    column_types = {field.name: googlesql_type(field) for field in schema.table("stage_changes").fields}
    assert analyse(bulk_rescore.stages_statement(POLICY)) == column_types


def test_every_condition_of_a_stage_is_a_fact_that_a_reason_can_name() -> None:
    conditions = {field.name for field in msgspec.structs.fields(Stage)} - {"name", "labels", "known", "horizon_days"}
    assert {
        "status" if condition == "statuses" else "outcome" if condition == "outcomes" else condition
        for condition in conditions
    } == {*FACTS}


@pytest.fixture
def warehouse(tmp_path: Path) -> example_leads.DuckDBWarehouse:
    return example_leads.warehouse(tmp_path)


def changes(warehouse: example_leads.DuckDBWarehouse) -> list[dict[str, Any]]:
    return warehouse.rows(from_text("SELECT * FROM leadwerk.stage_changes ORDER BY lead_id, changed_at"), {})


def recorded_in_sql(warehouse: example_leads.DuckDBWarehouse, now: datetime, policy: Any = POLICY) -> int:
    rows = warehouse.rows(bulk_rescore.stages_statement(policy), bulk_rescore.stages_parameters(policy, now=now))
    return warehouse.append("stage_changes", rows)


def test_after_scores_that_came_without_stages_it_records_what_the_stage_would_have(
    warehouse: example_leads.DuckDBWarehouse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    policy = load("mortgage")
    rescore.run(warehouse, policy, None, now=NOW, stored_at=NOW)
    scored = warehouse.rows(from_text("SELECT * FROM leadwerk.scores"), {})
    alone = example_leads.warehouse(tmp_path_factory.mktemp("alone"))
    alone.append("scores", scored)
    assert recorded_in_sql(alone, NOW, policy) == 3
    assert changes(alone) == changes(warehouse)
    assert recorded_in_sql(alone, NOW + HOUR, policy) == 0
    assert rescore.run(alone, policy, None, now=NOW + HOUR, stored_at=NOW + HOUR).stage_changes == 0


def test_the_script_inserts_scores_and_then_stages_without_parameters() -> None:
    script = bulk_rescore.rescore_script(POLICY, now=NOW, stored_at=NOW)
    assert re.findall(r"INSERT INTO leadwerk\.(\w+)", script) == ["scores", "stage_changes"]
    assert not re.findall(r"@\w+", script)
    bare = msgspec.structs.replace(POLICY, stages=())
    assert "stage_changes" not in bulk_rescore.rescore_script(bare, now=NOW, stored_at=NOW).rpartition("INSERT")[2]

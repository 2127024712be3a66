"""Rescoring the whole base in SQL gives the leads and the scores that the stage rescore gives."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.pipeline import remote, rescore, whole_base
from leadwerk.pipeline.champion import Champions
from leadwerk.policy.load import load
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import from_text
from scoring import world
from scoring.world import NOW
from sql.reference import analyse, evaluate

POLICY = load("mortgage")
TABLES = ("leads", "identities", "activity_daily", "activity_events", "touchpoints", "outcomes", "scores")
CALLED = "leadwerk.score(TO_JSON_STRING(features))"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    world.warehouse(folder)
    world.champion(folder, POLICY)
    return folder


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = world.DuckDBWarehouse(home)
    return {name: warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {}) for name in TABLES}


def parameters() -> dict[str, Any]:
    return whole_base.rescore_parameters(POLICY, now=NOW, stored_at=NOW + timedelta(minutes=1))


def answered_by(replies: dict[str, str]) -> Statement:
    """The statement with what the remote function replies to each lead in place of the call."""
    whole = whole_base.rescore_statement(POLICY)
    cases = " ".join(f"WHEN {lead!r} THEN {json.dumps(reply)}" for lead, reply in replies.items())
    assert whole.text.count(CALLED) == 1
    return Statement(whole.name, whole.text.replace(CALLED, f"CASE features.lead_id {cases} END"), whole.parameters)


def called_with(home: Path) -> dict[str, str]:
    """The arguments that BigQuery would send: rows of features as Google's own TO_JSON_STRING writes them."""
    features = whole_base.features_of_open_leads(POLICY)
    asked = Statement(
        "sent", f"SELECT f.lead_id, TO_JSON_STRING(f) AS sent FROM ({features.text}) AS f", features.parameters
    )
    return {row["lead_id"]: row["sent"] for row in evaluate(asked, parameters(), tables(home))}


def rescored_in_sql(home: Path) -> list[dict[str, Any]]:
    scorer = Champions(world.open_registry(str(home / "models")), POLICY).scorer()
    sent = called_with(home)
    report = remote.run(scorer, POLICY, [[argument] for argument in sent.values()])
    replies = dict(zip(sent, report.replies, strict=True))
    return evaluate(answered_by(replies), parameters(), tables(home))


def test_the_rows_are_the_columns_of_scores() -> None:
    wanted = {f.name: schema.googlesql_type(f).replace("`", "") for f in schema.table("scores").fields}
    assert analyse(answered_by({"1": "{}"})) == wanted


def test_the_same_leads_get_the_same_scores_as_by_the_stage(home: Path) -> None:
    in_sql = {row["lead_id"]: row for row in rescored_in_sql(home)}
    scorer = Champions(world.open_registry(str(home / "models")), POLICY).scorer()
    rescore.run(world.DuckDBWarehouse(home), POLICY, scorer, now=NOW, stored_at=NOW + timedelta(minutes=1))
    by_stage = {row["lead_id"]: row for row in tables(home)["scores"]}
    assert in_sql.keys() == by_stage.keys() == {"1", "2", "3"}
    for lead, row in in_sql.items():
        assert {**row, "reasons": None, "probability": None} == {**by_stage[lead], "reasons": None, "probability": None}
        assert row["probability"] == pytest.approx(by_stage[lead]["probability"], rel=1e-6)
    assert rescored_in_sql(home) == []  # nothing new is left to say


def test_a_row_that_was_refused_is_no_score(home: Path) -> None:
    replies = dict.fromkeys("123", '{"error": "wrong"}')
    assert evaluate(answered_by(replies), parameters(), tables(home)) == []


def test_the_script_needs_no_parameters() -> None:
    script = whole_base.rescore_script(POLICY, now=NOW, stored_at=NOW)
    assert script.startswith("INSERT INTO leadwerk.scores (`score_id`, `lead_id`")
    assert CALLED in script
    assert not re.findall(r"@\w+", script)

"""Rescoring the whole base in SQL gives the leads and the scores that the stage rescore gives."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.pipeline import rescore
from leadwerk.pipeline.bulk import bulk_rescore, remote_scoring
from leadwerk.pipeline.desk.overrides import OverrideRequest, override, release
from leadwerk.pipeline.leads.features import rescore_remote_statement
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.pipeline.serving.champion_cache import ChampionCache
from leadwerk.policy.load import load
from leadwerk.policy.points import PointsModel
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import from_text
from sql.reference import analyse, evaluate, googlesql_type
from support import example_leads, example_models as models
from support.example_leads import NOW

POLICY = load("mortgage")
TABLES = ("leads", "identities", "activity_daily", "activity_events", "touchpoints", "outcomes", "scores", "overrides")
CALLED = "leadwerk.score(TO_JSON_STRING(features))"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    example_leads.warehouse(folder)
    example_leads.champion(folder, POLICY, model_files=models.segmented_files(POLICY))
    return folder


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = example_leads.DuckDBWarehouse(home)
    return {name: warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {}) for name in TABLES}


def parameters() -> dict[str, Any]:
    return bulk_rescore.rescore_parameters(POLICY, now=NOW, stored_at=NOW + timedelta(minutes=1))


def answered_by(replies: dict[str, str]) -> Statement:
    """The statement with what the remote function replies to each lead in place of the call."""
    whole = rescore_remote_statement(POLICY)
    cases = " ".join(f"WHEN {lead!r} THEN {json.dumps(reply)}" for lead, reply in replies.items())
    assert whole.text.count(CALLED) == 1
    return Statement(whole.name, whole.text.replace(CALLED, f"CASE features.lead_id {cases} END"), whole.parameters)


def called_with(home: Path) -> dict[str, str]:
    """The arguments that BigQuery would send: rows of features as Google's own TO_JSON_STRING writes them."""
    whole = rescore_remote_statement(POLICY)
    front, _, _ = whole.text.rpartition(",\n\n-- The latest score of each lead")
    sent = "SELECT lead_id, TO_JSON_STRING(features) AS sent FROM features"
    query = Statement("sent", f"{front}\n{sent}", whole.parameters)
    return {row["lead_id"]: row["sent"] for row in evaluate(query, parameters(), tables(home))}


def rescored_in_sql(home: Path) -> list[dict[str, Any]]:
    scorer = ChampionCache(example_leads.open_registry(str(home / "models")), POLICY).scorer()
    sent = called_with(home)
    report = remote_scoring.run(scorer, POLICY, [[argument] for argument in sent.values()])
    replies = dict(zip(sent, report.replies, strict=True))
    return evaluate(answered_by(replies), parameters(), tables(home))


@pytest.mark.slow
def test_the_rows_are_the_columns_of_scores() -> None:
    column_types = {f.name: googlesql_type(f).replace("`", "") for f in schema.table("scores").fields}
    assert analyse(answered_by({"1": "{}"})) == column_types


@pytest.mark.slow
def test_the_same_leads_get_the_same_scores_as_by_the_stage(home: Path) -> None:
    in_sql = {row["lead_id"]: row for row in rescored_in_sql(home)}
    scorer = ChampionCache(example_leads.open_registry(str(home / "models")), POLICY).scorer()
    rescore.run(example_leads.DuckDBWarehouse(home), POLICY, scorer, now=NOW, stored_at=NOW + timedelta(minutes=1))
    by_stage = {row["lead_id"]: row for row in tables(home)["scores"]}
    assert in_sql.keys() == by_stage.keys() == {"1", "2", "3"}
    for lead, row in in_sql.items():
        explained = {"reasons": None, "ledger": None, "probability": None}
        assert {**row, **explained} == {**by_stage[lead], **explained}
        assert row["points"] is not None and row["stage"] is not None
        assert row["segment"] == ("mobile" if lead == "1" else None)  # 2 is rich, but French
        assert row["probability"] == pytest.approx(by_stage[lead]["probability"], rel=1e-6)
    assert rescored_in_sql(home) == []  # nothing new is left to say


@pytest.mark.slow
def test_what_persons_say_holds_in_sql_as_by_the_stage(tmp_path: Path) -> None:
    warehouse = example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, POLICY)
    scorer = ChampionCache(example_leads.open_registry(str(tmp_path / "models")), POLICY).scorer()
    earlier = NOW - timedelta(hours=30)
    rescore.run(warehouse, POLICY, scorer, now=earlier, stored_at=earlier)
    for lead, cluster, at in (("1", "COLD", earlier), ("2", "HOT", NOW), ("3", "DISQUALIFIED", earlier)):
        request = OverrideRequest(cluster=cluster, by="Zoë", reason='it\'s "so"', days=1)
        override(warehouse, POLICY, lead, request, at + timedelta(hours=-1 if at == NOW else 1))
    release(warehouse, POLICY, "3", by="Urs", now=NOW - timedelta(hours=2))
    in_sql = {row["lead_id"]: row for row in rescored_in_sql(tmp_path)}
    rescore.run(warehouse, POLICY, scorer, now=NOW, stored_at=NOW + timedelta(minutes=1))
    # The last score of a closed lead is made by the nightly stage alone: BigQuery rescores open leads.
    new = [row for row in tables(tmp_path)["scores"] if row["scored_at"] == NOW and row["score_origin"] != "outcome"]
    by_stage = {row["lead_id"]: row for row in new}
    explained = {"reasons": None, "ledger": None, "probability": None}
    assert in_sql.keys() == by_stage.keys() >= {"1", "2"}
    assert [row | explained for row in in_sql.values()] == [by_stage[lead] | explained for lead in in_sql]
    assert {lead: (row["score_cluster"], row["decided_by"]) for lead, row in in_sql.items() if lead in "12"} == {
        "1": ("COLD", "Zoë"), "2": ("HOT", "Zoë"),
    }  # fmt: skip
    assert rescored_in_sql(tmp_path) == []


@pytest.mark.slow
def test_without_a_model_the_same_leads_get_the_same_points(home: Path) -> None:
    sent = called_with(home)
    replies = dict(
        zip(sent, remote_scoring.run(None, POLICY, [[argument] for argument in sent.values()]).replies, strict=True)
    )
    alone = {**tables(home), "scores": []}
    in_sql = {row["lead_id"]: row for row in evaluate(answered_by(replies), parameters(), alone)}
    states, _, _, ratings = points_input_of_leads(example_leads.DuckDBWarehouse(home), POLICY, ["1", "2", "3"], NOW)
    for state, rating in zip(states, ratings, strict=True):
        sql_row = in_sql[state.lead_id]
        assert (sql_row["basis"], sql_row["predictive_score"]) == ("points", None)
        assert (sql_row["points"], sql_row["matrix_cell"], sql_row["phase"]) == (
            rating.points,
            rating.matrix_cell,
            rating.phase,
        )


@pytest.mark.slow
def test_points_are_news_where_they_rank_and_none_where_the_model_does(home: Path) -> None:
    scorer = ChampionCache(example_leads.open_registry(str(home / "models")), POLICY).scorer()
    rescore.run(example_leads.DuckDBWarehouse(home), POLICY, scorer, now=NOW, stored_at=NOW + timedelta(minutes=1))
    sent = called_with(home)
    [score] = [row for row in tables(home)["scores"] if row["lead_id"] == "1"]
    [reply] = remote_scoring.run(scorer, POLICY, [[sent["1"]]]).replies
    changed_tables = {**tables(home), "scores": [{**score, "points": score["points"] + 5}]}
    for ranked, new in ((False, []), (True, ["1"])):
        rescored = evaluate(answered_by({"1": reply}), {**parameters(), "points_rank": ranked}, changed_tables)
        assert [row["lead_id"] for row in rescored if row["lead_id"] == "1"] == new


def test_without_rules_nothing_is_asked_of_occurrences(home: Path) -> None:
    bare = msgspec.structs.replace(POLICY, points=PointsModel(), stages=())
    whole = rescore_remote_statement(bare)
    assert "signals" not in whole.parameters
    assert whole.text.count("open_leads AS (") == 1


@pytest.mark.slow
def test_a_row_that_was_refused_is_no_score(home: Path) -> None:
    replies = dict.fromkeys("123", '{"error": "wrong"}')
    assert evaluate(answered_by(replies), parameters(), tables(home)) == []


def test_the_script_needs_no_parameters() -> None:
    script = bulk_rescore.rescore_script(POLICY, now=NOW, stored_at=NOW)
    assert script.startswith("INSERT INTO leadwerk.scores (`score_id`, `lead_id`")
    assert CALLED in script
    assert len(script) < 1_000_000, "BigQuery takes no longer statement"
    assert not re.findall(r"@\w+", script)

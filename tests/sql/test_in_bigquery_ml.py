"""Scoring by the model imported into BigQuery ML: its columns, its judgements, and the whole statement.

BigQuery ML itself is not here. In its place the XGBoost that it documents predicts, from the exported file, over the
columns that Google's own evaluator made.
"""

from __future__ import annotations

import dataclasses
import math
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import older_xgboost
from leadwerk.errors import ContractMismatch, RegistryError
from leadwerk.features.calibration import SMALLEST, Calibration
from leadwerk.features.contract import contract
from leadwerk.features.encode import Encoded, Encoder
from leadwerk.learning.for_bigquery import UNKNOWN, Input
from leadwerk.pipeline import in_bigquery_ml, rescore
from leadwerk.pipeline.champion import Champions
from leadwerk.pipeline.in_bigquery_ml import InBigQuery
from leadwerk.pipeline.lead_features import features_statement, scoring_parameters
from leadwerk.pipeline.whole_base import body, features_of_open_leads
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.scoring.assess import assess
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.record import score_id
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import from_text
from scoring import models, world
from sql import hostile, lead_rows
from sql.imported_model import analyse, created
from sql.reference import Refused, assert_engines_agree, evaluate, on_duckdb

POLICY = load("mortgage")
NOW = world.NOW
TABLES = ("leads", "identities", "activity_daily", "activity_events", "touchpoints", "outcomes", "scores")
few = settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))


@cache
def in_bigquery() -> InBigQuery:
    return InBigQuery.of(models.files(POLICY), POLICY)


def every_column(encoder: Encoder) -> tuple[Input, ...]:
    """Both columns of each number and all of each category."""
    numbers = [Input(f, unknown=sign * UNKNOWN) for f in encoder.features if f.kind == "number" for sign in (-1, 1)]
    categories = [Input(f, level=n) for f in encoder.features if f.kind == "category" for n in range(f.width)]
    return (*numbers, *categories)


def columns_of(encoder: Encoder, inputs: tuple[Input, ...], rows: list[dict[str, Any]]) -> np.ndarray:
    """What the inputs are by Encoder.matrix."""
    matrix = encoder.matrix_of_rows(rows)
    starts = dict(zip(encoder.features, np.cumsum([0, *(f.width for f in encoder.features)]), strict=False))
    found = [matrix[:, starts[column.feature] + (column.level or 0)] for column in inputs]
    unknown = [np.float32(np.nan if column.unknown is None else column.unknown) for column in inputs]
    return np.column_stack([np.where(np.isnan(x), u, x) for x, u in zip(found, unknown, strict=True)])


def as_matrix(rows: list[dict[str, Any]], inputs: tuple[Input, ...]) -> np.ndarray:
    assert all(row[column.name] is not None for row in rows for column in inputs)
    return np.array([[row[column.name] for column in inputs] for row in rows], np.float64).astype(np.float32)


# --- the encoding -----------------------------------------------------------------------------------------------------

# Columns of the table `leads` as features: 12 and 0 employees, levels with everything that must be escaped.
LEVELS = ("CH-ZH", "", 'l\'été "x" \\n \\', "a\nb", "(other)", "Zürich 🏔", "@slope", "--")
ENCODER = Encoder(
    (
        Encoded("income", "number"),
        Encoded("employees", "number"),
        Encoded("region", "category", LEVELS),
        Encoded("country", "category"),
    )
)
numbers = st.sampled_from(
    [0.0, -0.0, 0.1, 5e-324, 1e38, -1e38, 3.4028234663852886e38, 3.4028235677973362e38, 3.4028235677973366e38, 1e300]
) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.sampled_from([*LEVELS, "ch-zh", "CH-ZH ", "unseen", "\\", "'"])


def lead_row(number: int, values: dict[str, Any]) -> dict[str, Any]:
    known = {"event_id": f"e{number}", "lead_id": f"{number}", "web_consent": False, "attributes": []}
    return {**known, "recorded_at": NOW, "created_at": NOW, **values}


leads = st.lists(
    st.fixed_dictionaries(
        {
            "income": st.none() | numbers,
            "employees": st.none() | st.sampled_from([0, -1, 2**62, -(2**63), 2**63 - 1, 16_777_217]),
            "region": st.none() | texts,
            "country": st.none() | texts,
        }
    ),
    min_size=1,
    max_size=8,
).map(lambda rows: [lead_row(n, row) for n, row in enumerate(rows)])


@few
@given(leads)
def test_the_encoding_is_that_of_the_encoder_on_both_engines(held: list[dict[str, Any]]) -> None:
    inputs = every_column(ENCODER)
    encoding, levels = in_bigquery_ml.encoding(inputs, "lead_id", source="leadwerk.leads")
    found = sorted(assert_engines_agree(encoding, levels, {"leads": held}), key=lambda row: int(row["lead_id"]))
    np.testing.assert_array_equal(as_matrix(found, inputs), columns_of(ENCODER, inputs, held))


@pytest.mark.parametrize("written", ["nan", "inf", "-inf"])
def test_what_is_no_finite_number_counts_as_missing_on_both_engines(written: str) -> None:
    inputs = every_column(Encoder(ENCODER.features[:1]))
    source = f"(SELECT CAST('{written}' AS FLOAT64) AS income)"
    encoding, levels = in_bigquery_ml.encoding(inputs, source=source)
    for engine in (evaluate, on_duckdb):
        assert engine(encoding, levels, {}) == [{"income__low": -UNKNOWN, "income__high": UNKNOWN}]


@settings(deadline=None, max_examples=5, suppress_health_check=list(HealthCheck))
@given(lead_rows.tables())
def test_rows_of_lead_features_are_encoded_as_scoring_encodes_them(held: dict[str, list[Any]]) -> None:
    policy = hostile.POLICY
    features = features_statement(policy)
    parameters = scoring_parameters(policy, ["L1", "L2", "unknown"], ["v1", "nobody"], lead_rows.AS_OF)
    rows = sorted(on_duckdb(features, parameters, held), key=lambda row: row["lead_id"])
    levels_of = {"number": (), "category": ("de", "CH-ZH", "mobile", "a")}
    encoder = Encoder(tuple(Encoded(f.name, f.kind, levels_of[f.kind]) for f in contract(policy)))
    inputs = every_column(encoder)
    encoding, levels = in_bigquery_ml.encoding(inputs, "lead_id", source=f"(\n{body(features)}\n)")
    whole = Statement("encoded", encoding.text, {**features.parameters, **encoding.parameters})
    found = sorted(assert_engines_agree(whole, {**parameters, **levels}, held), key=lambda row: row["lead_id"])
    np.testing.assert_array_equal(as_matrix(found, inputs), columns_of(encoder, inputs, rows))


# --- the judgement ----------------------------------------------------------------------------------------------------


class Says:
    """An estimator that gives these log-odds."""

    def __init__(self, margins: list[float]) -> None:
        self.margins = margins

    def margin(self, matrix: Any) -> Any:
        return np.array(self.margins)

    def contributions(self, matrix: Any) -> Any:
        raise AssertionError


@few
@given(
    st.lists(st.floats(-60, 60) | st.sampled_from([0.0, -1e4, 1e4, 708.5, -708.5]), min_size=1, max_size=8),
    st.lists(st.sampled_from([None, "de", "fr", "en", "rm", ""]), min_size=8, max_size=8),
    st.builds(Calibration, st.floats(0.05, 3), st.floats(-5, 5)),
    st.floats(0.001, 0.9),
)
def test_log_odds_are_judged_as_the_stage_judges_them_on_both_engines(
    margins: list[float], languages: list[str | None], calibration: Calibration, base_rate: float
) -> None:
    model = dataclasses.replace(in_bigquery(), calibration=calibration, base_rate=base_rate)
    rows = [
        {"lead_id": f"{n}", "language": language, "has_behaviour": n % 2}
        for n, (_, language) in enumerate(zip(margins, languages, strict=False))
    ]
    scorer = Scorer(model.version, base_rate, (), Encoder(()), calibration, Says(margins))
    wanted = assess(scorer, POLICY, rows, explained=False)
    held = [
        lead_row(n, {"language": row["language"], "employees": row["has_behaviour"], "income": margin})
        for n, (row, margin) in enumerate(zip(rows, margins, strict=True))
    ]
    judged = in_bigquery_ml.judged(
        "SELECT lead_id, language, employees AS has_behaviour, income AS log_odds FROM leadwerk.leads"
    )
    parameters = in_bigquery_ml.judgement_parameters(model, POLICY, NOW)
    found = sorted(assert_engines_agree(judged, parameters, {"leads": held}), key=lambda row: int(row["lead_id"]))
    for row, judgement in zip(found, wanted, strict=True):
        assert row["probability"] == pytest.approx(judgement.probability, rel=1e-12)
        if not near_a_half(judgement.probability, base_rate):
            same = ("predictive_score", "score_cluster", "recommended_action")
            assert {name: row[name] for name in same} == {name: getattr(judgement, name) for name in same}
        same = ("basis", "language", "behaviour", "model_version", "policy_version")
        assert {name: row[name] for name in same} == {name: getattr(judgement, name) for name in same}
        assert row["score_id"] == score_id(row["lead_id"], NOW, judgement)


def near_a_half(probability: float | None, base_rate: float) -> bool:
    """Whether the last digit of the probability decides to which side the score is rounded."""
    assert probability is not None
    odds = probability * (1 - base_rate)
    return abs(math.modf(100 * odds / (odds + (1 - probability) * base_rate))[0] - 0.5) < 1e-9


def test_no_probability_is_certain() -> None:
    held = [lead_row(n, {"income": margin}) for n, margin in enumerate((-1e5, 1e5))]
    judged = in_bigquery_ml.judged(
        "SELECT lead_id, language, 1 AS has_behaviour, income AS log_odds FROM leadwerk.leads"
    )
    parameters = in_bigquery_ml.judgement_parameters(in_bigquery(), POLICY, NOW)
    found = assert_engines_agree(judged, parameters, {"leads": held})
    assert sorted(row["probability"] for row in found) == [SMALLEST, 1 - SMALLEST]


def test_the_moment_of_a_score_id_is_utc_with_its_microseconds() -> None:
    here = datetime(2026, 5, 4, 11, 30, 0, 250_000, tzinfo=UTC).astimezone()
    parameters = in_bigquery_ml.judgement_parameters(in_bigquery(), POLICY, here)
    assert parameters["moment"] == "2026-05-04T11:30:00.250000+00:00"


# --- the model and the whole statement --------------------------------------------------------------------------------


def test_google_understands_create_model_and_finds_our_columns() -> None:
    model = in_bigquery()
    found = created(in_bigquery_ml.create_statement(model, "gs://bucket/folder/*"))
    assert ".".join(found.name) == model.name
    assert found.inputs == tuple((column.name, "FLOAT64") for column in model.imported.inputs)
    assert found.outputs == (("log_odds", "FLOAT64"),)
    assert found.options == {"MODEL_TYPE": "XGBOOST", "MODEL_PATH": "gs://bucket/folder/*"}


def test_google_takes_the_whole_statement_and_it_yields_the_columns_of_scores() -> None:
    model = in_bigquery()
    known = created(in_bigquery_ml.create_statement(model, "gs://bucket/folder/*"))
    wanted = {f.name: schema.googlesql_type(f).replace("`", "") for f in schema.table("scores").fields}
    assert analyse(in_bigquery_ml.rescore_statement(model, POLICY), known) == wanted


def test_a_statement_meets_no_other_versions_trees() -> None:
    other = dataclasses.replace(in_bigquery(), version="20260201T000000Z-0123456789ab")
    known = created(in_bigquery_ml.create_statement(other, "gs://bucket/folder/*"))
    with pytest.raises(Refused, match=r"Model not found: \w+\.champion_20260101T000000Z_test"):
        analyse(in_bigquery_ml.rescore_statement(in_bigquery(), POLICY), known)


def test_a_column_that_the_model_wants_may_not_be_missing() -> None:
    known = created(in_bigquery_ml.create_statement(in_bigquery(), "gs://bucket/folder/*"))
    demanding = dataclasses.replace(known, inputs=(*known.inputs, ("credit_history", "FLOAT64")))
    with pytest.raises(Refused, match='Required column "credit_history" not found'):
        analyse(in_bigquery_ml.rescore_statement(in_bigquery(), POLICY), demanding)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    world.warehouse(folder)
    world.champion(folder, POLICY)
    return folder


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = world.DuckDBWarehouse(home)
    return {name: warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {}) for name in TABLES}


def champion(home: Path) -> InBigQuery:
    return InBigQuery.of(world.open_registry(str(home / "models")).champion_files(), POLICY)


def parameters(model: InBigQuery) -> dict[str, Any]:
    return in_bigquery_ml.rescore_parameters(model, POLICY, now=NOW, stored_at=NOW + timedelta(minutes=1))


def call(model: InBigQuery, statement: Statement) -> tuple[int, int]:
    """Where the call of ML.PREDICT stands in the statement."""
    start = statement.text.index(f"ML.PREDICT(MODEL {model.name}, (")
    end, depth = statement.text.index("(", start) + 1, 1
    while depth:
        depth += {"(": 1, ")": -1}.get(statement.text[end], 0)
        end += 1
    return start, end


def predicted(home: Path, model: InBigQuery) -> dict[str, float]:
    """What the XGBoost of BigQuery ML says of the rows that Google's evaluator hands to ML.PREDICT."""
    whole = in_bigquery_ml.rescore_statement(model, POLICY)
    start, end = call(model, whole)
    asked = whole.text[start:end].removeprefix(f"ML.PREDICT(MODEL {model.name}, (").removesuffix("))")
    features = features_of_open_leads(POLICY)
    text = f"WITH features AS (\n{features.text}\n)\n{asked}"
    rows = evaluate(Statement("asked", text, whole.parameters), parameters(model), tables(home))
    said = older_xgboost.predicted(model.imported.file, as_matrix(rows, model.imported.inputs))
    return dict(zip((row["lead_id"] for row in rows), map(float, said), strict=True))


def rescored(home: Path) -> list[dict[str, Any]]:
    """The new rows, with a table of predictions in the place of ML.PREDICT."""
    model = champion(home)
    whole = in_bigquery_ml.rescore_statement(model, POLICY)
    start, end = call(model, whole)
    cases = " ".join(f"WHEN {lead!r} THEN {said!r}" for lead, said in predicted(home, model).items())
    table = f"(SELECT lead_id, language, has_behaviour, CASE lead_id {cases} END AS log_odds FROM features)"
    statement = Statement(whole.name, whole.text[:start] + table + whole.text[end:], whole.parameters)
    return evaluate(statement, parameters(model), tables(home))


def test_the_same_leads_get_the_same_scores_as_by_the_stage(home: Path) -> None:
    in_sql = {row["lead_id"]: row for row in rescored(home)}
    scorer = Champions(world.open_registry(str(home / "models")), POLICY).scorer()
    rescore.run(world.DuckDBWarehouse(home), POLICY, scorer, now=NOW, stored_at=NOW + timedelta(minutes=1))
    by_stage = {row["lead_id"]: row for row in tables(home)["scores"]}
    assert in_sql.keys() == by_stage.keys() == {"1", "2", "3"}
    for lead, row in in_sql.items():
        assert {**row, "reasons": None, "probability": None} == {**by_stage[lead], "reasons": None, "probability": None}
        assert row["probability"] == pytest.approx(by_stage[lead]["probability"], rel=1e-6)
    assert rescored(home) == []  # nothing new is left to say


def test_the_script_needs_no_parameters() -> None:
    script = in_bigquery_ml.rescore_script(in_bigquery(), POLICY, now=NOW, stored_at=NOW)
    assert script.startswith("INSERT INTO leadwerk.scores (`score_id`, `lead_id`")
    assert f"ML.PREDICT(MODEL {in_bigquery().name}" in script
    assert "leadwerk.score(" not in script
    assert not re.findall(r"@\w+", script)


def test_the_script_stays_below_what_bigquery_takes_as_one_statement() -> None:
    wide = [Encoded(f"category_{n}", "category", tuple(f"level {k} of it" for k in range(40))) for n in range(20)]
    inputs = every_column(Encoder(tuple(wide)))
    model = dataclasses.replace(in_bigquery(), imported=dataclasses.replace(in_bigquery().imported, inputs=inputs))
    assert len(in_bigquery_ml.rescore_script(model, POLICY, now=NOW, stored_at=NOW)) < 1_000_000


def other_features() -> Policy:
    return load("b2b_swiss")


def test_a_policy_with_other_features_is_refused() -> None:
    with pytest.raises(ContractMismatch, match="retrain"):
        InBigQuery.of(models.files(POLICY), other_features())


def test_a_regression_is_refused() -> None:
    with pytest.raises(RegistryError, match="trees"):
        InBigQuery.of(models.linear_files(POLICY), POLICY)

"""Scoring by the model imported into BigQuery ML: its columns, its judgements, and the whole statement.

BigQuery ML itself is not here. In its place the XGBoost that it documents predicts, from the exported file, over the
columns that Google's own evaluator made.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import re
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import older_xgboost
from leadwerk.errors import ConfigurationError, ContractMismatch, RegistryError
from leadwerk.features.calibration import SMALLEST, Calibration, predictive_score
from leadwerk.features.contract import contract
from leadwerk.features.encode import Encoded, Encoder
from leadwerk.learning.for_bigquery import UNKNOWN, Input
from leadwerk.pipeline import rescore
from leadwerk.pipeline.desk.override import Said, override
from leadwerk.pipeline.in_bigquery import imported_model as in_bigquery_ml, threshold_sql
from leadwerk.pipeline.in_bigquery.imported_model import InBigQuery
from leadwerk.pipeline.in_bigquery.whole_base import body, features_of_open_leads
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.serving.champion import Champions
from leadwerk.points.standing import Standing
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PointsModel
from leadwerk.policy.sales import Capacity, Combination, Seller
from leadwerk.scoring.assess import language_of
from leadwerk.scoring.capacity import HotThresholds
from leadwerk.scoring.decide import action_for, decide
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Statement
from leadwerk.warehouse.statement import from_text
from scoring import models, world
from sql import hostile, lead_rows
from sql.imported_model import analyse, created
from sql.reference import Refused, assert_engines_agree, evaluate, on_duckdb

POLICY = load("mortgage")
BARE = msgspec.structs.replace(POLICY, points=PointsModel(), stages=())  # neither rules nor stages
SELLERS = (
    Seller(name="anna", hours_per_week=20, languages=("de", "en"), regions=("CH-ZH", "DE")),
    Seller(name="luc", hours_per_week=32, languages=("fr",)),
    Seller(name="zoe", hours_per_week=8, regions=("CH-ZH", "CH-GE")),
)
STAFFED = msgspec.structs.replace(POLICY, capacity=Capacity(sellers=SELLERS))
NOW = world.NOW
LATER = NOW + timedelta(hours=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TABLES = ("leads", "identities", "activity_daily", "activity_events", "touchpoints", "outcomes", "scores", "overrides")
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


# Columns of the table `leads` stand for what ML.PREDICT and the newest score say.
GIVEN = """
    SELECT
      lead_id, language, region, employees AS has_behaviour, income AS log_odds, web_consent AS disqualified,
      loan_amount AS fit, property_value AS interest, instalment AS points, channel AS grade,
      CAST(revenue AS INT64) AS icp, industry AS tier, postcode AS traffic_light, job_title AS phase,
      email_domain_kind AS stage, country AS override_cluster, person_key AS override_author
    FROM leadwerk.leads"""


def judgements(
    margins: list[float], hot: HotThresholds, model: InBigQuery, **columns: list[Any]
) -> list[dict[str, Any]]:
    """What both engines say of these log-odds, in the order of the log-odds."""
    kept = {"loan_amount": 20.0, "property_value": 22.5, "instalment": 42.5, "channel": "B2", "revenue": 80.0}
    held = [
        lead_row(
            n, {**kept, "income": margin, "employees": n % 2, **{name: values[n] for name, values in columns.items()}}
        )
        for n, margin in enumerate(margins)
    ]
    judged = in_bigquery_ml.judged(GIVEN, threshold_sql.hot_threshold(hot.policy, hot, "model"))
    parameters = in_bigquery_ml.judgement_parameters(model, hot.policy, NOW)
    return sorted(assert_engines_agree(judged, parameters, {"leads": held}), key=lambda row: int(row["lead_id"]))


thresholds = st.dictionaries(
    st.tuples(st.sampled_from(["model", "points"]), st.sampled_from(["", "anna", "anna+zoe", "luc", "luc+zoe", "zoe"])),
    st.integers(40, 95),
)


@few
@given(
    st.lists(st.floats(-60, 60) | st.sampled_from([0.0, -1e4, 1e4, 708.5, -708.5]), min_size=1, max_size=8),
    st.lists(st.sampled_from([None, "de", "fr", "en", "rm", ""]), min_size=8, max_size=8),
    st.lists(st.sampled_from([None, "CH-ZH", "CH-ZHX", "DE-BY", "CH-GE", ""]), min_size=8, max_size=8),
    st.lists(st.booleans(), min_size=8, max_size=8),
    st.builds(HotThresholds, st.sampled_from([POLICY, STAFFED]), thresholds, thresholds),
    st.builds(Calibration, st.floats(0.05, 3), st.floats(-5, 5)),
    st.floats(0.001, 0.9),
)
def test_log_odds_are_judged_as_the_stage_judges_them_on_both_engines(
    margins: list[float],
    languages: list[str | None],
    regions: list[str | None],
    disqualified: list[bool],
    hot: HotThresholds,
    calibration: Calibration,
    base_rate: float,
) -> None:
    model = dataclasses.replace(in_bigquery(), calibration=calibration, base_rate=base_rate)
    found = judgements(margins, hot, model, language=languages, region=regions, web_consent=disqualified)
    probabilities = calibration.probability(np.array(margins))
    scores = np.floor(predictive_score(probabilities, base_rate) + 0.5)
    for n, row in enumerate(found):
        language = language_of({"language": languages[n]}, POLICY)
        assert (row["language"], row["behaviour"], row["basis"]) == (language, n % 2 == 1, "model")
        assert row["probability"] == pytest.approx(probabilities[n], rel=1e-12)
        if not near_a_half(probabilities[n], base_rate):
            stands = standing(disqualified[n])
            wanted = decide(int(scores[n]), hot.policy, stands, hot=hot, language=language, region=regions[n])
            assert row["predictive_score"] == scores[n]
            decided = (row["score_cluster"], row["recommended_action"], row["hot_threshold"])
            assert decided == (wanted.cluster, wanted.action, wanted.hot_threshold)


def test_points_are_kept_as_they_were_counted_last() -> None:
    [row] = judgements([0.5], HotThresholds(POLICY), in_bigquery(), email_domain_kind=["mql"])
    assert (row["fit"], row["interest"], row["points"], row["grade"]) == (20.0, 22.5, 42.5, "B2")
    assert (row["icp"], row["stage"], row["tier"]) == (80, "mql", None)


def test_a_score_has_the_id_that_the_stage_would_give() -> None:
    rows = judgements([0.5, -0.5], HotThresholds(POLICY), in_bigquery())
    version, policy_version = in_bigquery().version, POLICY.version
    said = ["\n".join((f"{n}", NOW.isoformat(), version, policy_version)) for n in range(2)]
    assert [row["score_id"] for row in rows] == [hashlib.sha256(text.encode()).hexdigest()[:32] for text in said]


def test_whom_the_points_disqualify_is_ranked_where_the_policy_says_so() -> None:
    lenient = msgspec.structs.replace(POLICY, decision=Combination(points_disqualify=False))
    for policy, cluster in ((POLICY, "DISQUALIFIED"), (lenient, "HOT")):
        [row] = judgements([9.0], HotThresholds(policy), in_bigquery(), web_consent=[True])
        assert row["score_cluster"] == cluster


@pytest.mark.parametrize("disqualified", [True, False])
def test_a_persons_word_stands_above_model_and_points(disqualified: bool) -> None:
    said = {"country": ["HOT", "COLD", "DISQUALIFIED", None], "person_key": ["Eva", "Zoë", "Eva", None]}
    margins = [-9.0, 0.0, 8.0, 9.0]
    rows = judgements(margins, HotThresholds(POLICY), in_bigquery(), web_consent=[disqualified] * 4, **said)
    own = judgements(margins, HotThresholds(POLICY), in_bigquery(), web_consent=[disqualified] * 4)
    assert [row["score_cluster"] for row in rows] == [*said["country"][:3], own[3]["score_cluster"]]
    assert [row["decided_by"] for row in rows] == said["person_key"]
    assert [row["recommended_action"] for row in rows] == [action_for(row["score_cluster"], POLICY) for row in rows]
    for row, mine in zip(rows, own, strict=True):
        text = "\n".join((row["lead_id"], NOW.isoformat(), row["model_version"], row["policy_version"]))
        text += f"\n{row['decided_by']}\n{row['score_cluster']}" if row["decided_by"] else ""
        assert row["score_id"] == hashlib.sha256(text.encode()).hexdigest()[:32]
        kept = ("probability", "predictive_score", "hot_threshold", "points", "stage")
        assert {name: row[name] for name in kept} == {name: mine[name] for name in kept}


def standing(disqualified: bool) -> Standing:
    told = {"traffic_light": None, "tier": None, "phase": None, "disqualified": disqualified}
    return Standing(fit=20.0, interest=22.5, points=42.5, grade="B", level=2, cell="B2", icp=80, **told)


def near_a_half(probability: float | None, base_rate: float) -> bool:
    """Whether the last digit of the probability decides to which side the score is rounded."""
    assert probability is not None
    odds = probability * (1 - base_rate)
    return abs(math.modf(100 * odds / (odds + (1 - probability) * base_rate))[0] - 0.5) < 1e-9


def test_no_probability_is_certain() -> None:
    found = judgements([-1e5, 1e5], HotThresholds(POLICY), in_bigquery())
    assert [row["probability"] for row in found] == [SMALLEST, 1 - SMALLEST]


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


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = world.DuckDBWarehouse(home)
    return {name: warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {}) for name in TABLES}


def by_stage(home: Path, policy: Policy, now: datetime) -> dict[str, dict[str, Any]]:
    """The scores that the stage rescore stores, by lead."""
    scorer = Champions(world.open_registry(str(home / "models")), policy).scorer()
    rescore.run(world.DuckDBWarehouse(home), policy, scorer, now=now, stored_at=now + timedelta(minutes=1))
    return {row["lead_id"]: row for row in tables(home)["scores"] if row["scored_at"] == now}


def call(model: InBigQuery, statement: Statement) -> tuple[int, int]:
    """Where the call of ML.PREDICT stands in the statement."""
    start = statement.text.index(f"ML.PREDICT(MODEL {model.name}, (")
    end, depth = statement.text.index("(", start) + 1, 1
    while depth:
        depth += {"(": 1, ")": -1}.get(statement.text[end], 0)
        end += 1
    return start, end


def predicted(
    whole: Statement, values: dict[str, Any], model: InBigQuery, policy: Policy, held: dict[str, list[Any]]
) -> dict[str, float]:
    """What the XGBoost of BigQuery ML says of the rows that Google's evaluator hands to ML.PREDICT."""
    start, end = call(model, whole)
    asked = whole.text[start:end].removeprefix(f"ML.PREDICT(MODEL {model.name}, (").removesuffix("))")
    text = f"WITH features AS (\n{features_of_open_leads(policy).text}\n)\n{asked}"
    rows = evaluate(Statement("asked", text, whole.parameters), values, held)
    said = older_xgboost.predicted(model.imported.file, as_matrix(rows, model.imported.inputs))
    return dict(zip((row["lead_id"] for row in rows), map(float, said), strict=True))


def in_sql(home: Path, policy: Policy, now: datetime) -> dict[str, dict[str, Any]]:
    """The new rows by lead, with a table of predictions in the place of ML.PREDICT."""
    model = InBigQuery.of(world.open_registry(str(home / "models")).champion_files(), policy)
    whole, held = in_bigquery_ml.rescore_statement(model, policy), tables(home)
    values = in_bigquery_ml.rescore_parameters(model, policy, now=now, stored_at=now + timedelta(minutes=1))
    start, end = call(model, whole)
    said = predicted(whole, values, model, policy, held)
    cases = " ".join(f"WHEN {lead!r} THEN {log_odds!r}" for lead, log_odds in said.items())
    table = f"(SELECT lead_id, language, region, has_behaviour, CASE lead_id {cases} END AS log_odds FROM features)"
    text = whole.text[:start] + table + whole.text[end:]
    return {row["lead_id"]: row for row in evaluate(Statement(whole.name, text, whole.parameters), values, held)}


def assert_same_scores(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> None:
    """Equal but for the reasons, which SQL does not give; probabilities to a millionth."""
    assert one.keys() == other.keys()
    left_out = {"reasons": None, "ledger": None, "probability": None}
    for lead, row in one.items():
        assert row | left_out == other[lead] | left_out
        assert row["probability"] == pytest.approx(other[lead]["probability"], rel=1e-6)


def test_without_rules_the_same_leads_get_the_same_scores_as_by_the_stage(tmp_path: Path) -> None:
    world.warehouse(tmp_path)
    world.champion(tmp_path, BARE)
    found = in_sql(tmp_path, BARE, NOW)
    assert found.keys() == {"1", "2", "3"}
    assert_same_scores(found, by_stage(tmp_path, BARE, NOW))
    assert in_sql(tmp_path, BARE, NOW) == {}  # nothing new is left to say


def test_with_rules_a_new_champion_scores_whom_the_stage_has_counted(tmp_path: Path) -> None:
    warehouse = world.warehouse(tmp_path)
    world.champion(tmp_path, POLICY)
    assert in_sql(tmp_path, POLICY, NOW) == {}  # nobody's points are counted yet
    counted = by_stage(tmp_path, POLICY, NOW)
    assert counted.keys() == {"1", "2", "3"}
    world.champion(tmp_path, POLICY, seed=4)
    warehouse.append("leads", [world.lead("4"), world.lead("5")])
    unpointed = {"lead_id": "5", "score_id": "before there were rules", "points": None}
    warehouse.append("scores", [counted["1"] | unpointed])
    found = in_sql(tmp_path, POLICY, LATER)
    assert found.keys() == {"1", "2", "3"}
    assert {lead: row["stage"] for lead, row in found.items()} == {lead: row["stage"] for lead, row in counted.items()}
    stage = by_stage(tmp_path, POLICY, LATER)
    # A stage moves with the stage rescore, which records the change.
    unmoved = {lead: row | {"stage": found[lead]["stage"]} for lead, row in stage.items() if lead in found}
    assert_same_scores(found, unmoved)


@pytest.mark.parametrize("policy", [POLICY, BARE])
def test_what_persons_say_holds_as_by_the_stage_from_its_beginning_to_its_end(tmp_path: Path, policy: Policy) -> None:
    warehouse = world.warehouse(tmp_path)
    world.champion(tmp_path, policy)
    by_stage(tmp_path, policy, NOW - DAY)
    for lead, cluster in (("1", "COLD"), ("2", "DISQUALIFIED"), ("3", "HOT")):
        override(warehouse, policy, lead, Said(cluster=cluster, by="Zoë", reason="so", days=1), NOW - HOUR)
    begun = in_sql(tmp_path, policy, NOW)
    assert {lead: (row["score_cluster"], row["decided_by"]) for lead, row in begun.items()} == {
        "1": ("COLD", "Zoë"), "2": ("DISQUALIFIED", "Zoë"), "3": ("HOT", "Zoë"),
    }  # fmt: skip
    assert decided(begun) == decided(by_stage(tmp_path, policy, NOW))
    ended = in_sql(tmp_path, policy, NOW + 3 * DAY)
    assert {row["decided_by"] for row in ended.values()} == {None}
    assert decided(ended) == decided(by_stage(tmp_path, policy, NOW + 3 * DAY))


def decided(rows: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """What a decision says of each lead; points stay as counted last, and with them what follows from points."""
    names = ("score_id", "score_cluster", "recommended_action", "decided_by", "predictive_score", "hot_threshold")
    return {lead: [row[name] for name in names] for lead, row in rows.items()}


def test_whether_points_disqualify_is_not_asked_of_a_score_that_a_person_decided(tmp_path: Path) -> None:
    warehouse = world.warehouse(tmp_path)
    world.champion(tmp_path, POLICY)
    first = by_stage(tmp_path, POLICY, NOW - DAY)
    worse = {"score_id": "own", "score_cluster": "DISQUALIFIED", "scored_at": NOW - HOUR, "day": NOW.date()}
    later = {
        "score_id": "word",
        "score_cluster": "HOT",
        "decided_by": "Eva",
        "scored_at": NOW - HOUR / 2,
        "day": NOW.date(),
    }
    warehouse.append("scores", [first["1"] | worse, first["1"] | later])
    alone = {"score_id": "alone", "lead_id": "7", "decided_by": "Eva", "score_cluster": "HOT", "day": NOW.date()}
    warehouse.append("leads", [world.lead("7")])
    warehouse.append("scores", [first["1"] | alone])
    found = in_sql(tmp_path, POLICY, NOW)
    assert (found["1"]["score_cluster"], found["1"]["decided_by"]) == ("DISQUALIFIED", None)
    assert "7" not in found  # nobody but the person has judged it yet: the stage rescore comes first


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


def test_a_policy_with_other_features_is_refused() -> None:
    with pytest.raises(ContractMismatch, match="retrain"):
        InBigQuery.of(models.files(POLICY), load("b2b_swiss"))


def test_a_regression_is_refused() -> None:
    with pytest.raises(RegistryError, match="trees"):
        InBigQuery.of(models.linear_files(POLICY), POLICY)


@pytest.mark.parametrize("rank_by", ["points", "both"])
def test_a_policy_that_ranks_by_points_is_refused(rank_by: str) -> None:
    policy = msgspec.structs.replace(POLICY, decision=Combination(rank_by=rank_by))
    with pytest.raises(ConfigurationError, match=f"ranks leads by {rank_by}"):
        InBigQuery.of(models.files(POLICY), policy)

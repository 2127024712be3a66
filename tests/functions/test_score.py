"""The function `score` in its own functions-framework process, over HTTP, on DuckDB."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from leadwerk import policy as defaults
from leadwerk.policy.load import load
from support import boma_fake, example_leads
from support.example_leads import NOW
from support.score_function import AT, Function, running

MORTGAGE = load("mortgage")
FORM = {"created_at": NOW.isoformat(), "loan_amount": "CHF 450'000.–", "property_value": 700_000, "web_consent": True}


@pytest.fixture(scope="module")
def function(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Function]:
    home = tmp_path_factory.mktemp("home")
    example_leads.warehouse(home)
    example_leads.champion(home, MORTGAGE)
    with running(home) as running_function:
        yield running_function


def test_one_lead_is_scored_with_reasons_and_stored(function):
    [scored] = function.scores({"lead_id": "1", "deliver": False})
    assert 0 < scored["probability"] < 1
    assert 0 <= scored["predictive_score"] <= 100
    assert scored["score_cluster"] in {"HOT", "WARM", "COLD"}
    assert scored["recommended_action"]
    assert scored["reasons"][0]["text"]
    assert (scored["basis"], scored["has_web_behaviour"], scored["stored"], scored["delivery"]) == (
        "model",
        True,
        True,
        "none",
    )
    assert scored["score_id"] in {row["score_id"] for row in function.tables()[2]}


def test_a_visitor_is_scored_by_client_id(function):
    [scored] = function.scores({"ga_client_id": "V1", "dry_run": True})
    assert scored["lead_id"] == "1"


@pytest.mark.slow
def test_a_form_is_scored_at_once_and_again_without_a_trace(function):
    request = {"lead_id": 4711, "ga_client_id": "V4", "form": FORM, "deliver": False}
    [first] = function.scores(request)
    before = function.tables()
    assert first["has_web_behaviour"] and first["stored"]
    assert function.scores(request) == [first]
    assert function.tables() == before


def test_a_form_says_the_id_of_its_lead_as_text_or_number(function):
    ids = [
        function.scores({"form": {**FORM, "lead_id": lead_id}, "dry_run": True})[0]["lead_id"]
        for lead_id in (71, 71.0, " 71 ")
    ]
    assert ids == ["71", "71", "71"]


def test_one_impossible_id_does_not_spoil_a_batch(function):
    leads = [{"lead_id": "1"}, {"lead_id": "a\0b"}, {"form": {**FORM, "lead_id": []}}, {"lead_id": "c\0", "form": FORM}]
    status, answer, _ = function.post({**AT, "leads": leads, "dry_run": True})
    assert (status, answer["scored"]) == (200, 1)
    assert [(error["index"], error["status"]) for error in answer["errors"]] == [(1, 404), (2, 422), (3, 422)]


def test_a_batch_reports_errors_beside_scores(function):
    leads = [{"lead_id": "1"}, {"lead_id": "nobody"}, {"ga_client_id": "V4"}, {"form": {}}]
    status, answer, _ = function.post({**AT, "leads": leads, "dry_run": True})
    assert status == 200
    assert [scored["index"] for scored in answer["scores"]] == [0, 2]
    unknown, unnamed = answer["errors"]
    assert (unknown["index"], unknown["lead_id"], unknown["status"], unknown["field"]) == (1, "nobody", 404, "lead_id")
    assert unknown["remedy"]
    assert (unnamed["index"], unnamed["status"]) == (3, 422)


def test_a_thousand_leads_are_taken_and_one_more_is_not(function):
    leads = [{"lead_id": "1"}] * 1000
    status, answer, _ = function.post({**AT, "leads": leads, "dry_run": True})
    assert (status, len(answer["scores"])) == (200, 1000)
    status, answer, _ = function.post({**AT, "leads": [*leads, {"lead_id": "1"}]})
    assert status == 422
    assert "1000" in answer["detail"]
    assert answer["field"].endswith("leads")


def test_the_shape_of_one_lead_costs_that_lead(function):
    fine = {"lead_id": 77, "form": json.dumps(FORM)}
    wrong = [None, {"lead_id": True}, {"lead_id": "1", "from": 3}, {"lead_id": ""}, {"lead_id": "1", "form": "words"}]
    late = {"lead_id": "1", "form": {**FORM, "created_at": "32.13.2026"}}
    status, answer, _ = function.post({**AT, "dry_run": "true", "leads": [*wrong, fine, late, {"lead_id": "2"}]})
    assert (status, [score["index"] for score in answer["scores"]]) == (200, [5, 7])
    assert [error["index"] for error in answer["errors"]] == [0, 1, 2, 3, 4, 6]
    fields = ["leads[0]", "leads[1].lead_id", "leads[2]", "lead_id", "leads[4].form", "form.created_at"]
    assert [error["field"] for error in answer["errors"]] == fields


def test_what_json_does_not_know_costs_the_field_of_the_form(function):
    raw = json.dumps({**AT, "lead_id": "1", "dry_run": 1, "form": FORM}).replace(
        '"web_consent"', '"income": NaN, "job_title": "CEO \\ud83d", "web_consent"'
    )
    status, answer, _ = function.post(raw.encode())
    assert status == 200, answer
    (scored,) = answer["scores"]
    income, job_title = sorted(scored["ignored_fields"])
    assert "income is no number" in income
    assert "job_title holds half a character" in job_title


def test_a_dry_run_stores_nothing(function):
    before = function.tables()
    [scored] = function.scores({"lead_id": "5000", "form": FORM, "dry_run": True})
    assert scored["probability"] is not None
    assert not scored["stored"]
    assert function.tables() == before


def test_rescoring_reports_what_it_did(function):
    status, answer, _ = function.post({**AT, "rescore": True})
    assert status == 200
    assert answer["leads"] >= 3
    assert function.post({**AT, "rescore": True})[1]["stored"] == 0
    closed = function.post({**AT, "rescore": "closed"})[1]
    assert (closed["leads"], closed["closed"], closed["stage_changes"]) == (0, 0, 0)
    assert function.post({**AT, "rescore": "open"})[0] == 422


@pytest.mark.parametrize(
    ("body", "status", "field", "detail"),
    [
        (b'{"lead_id": ', 400, "body", "not JSON"),
        (b"\xff\xfe{", 400, "Content-Type", "not utf-16"),
        ({"lead_id": ["1", "2"]}, 422, "lead_id", "Expected"),
        ({"lead_id": "1", "dry_run": "maybe"}, 422, "dry_run", "Expected `bool`"),
        ({"leads": []}, 422, "lead_id", "no lead to score"),
        ({}, 422, "lead_id", "no lead to score"),
        ({"lead_id": "nobody"}, 404, "lead_id", "nobody"),
        ({"lead_id": "no\0body"}, 404, "lead_id", "not known"),
        ({"lead_id": " ", "ga_client_id": "V5"}, 404, "ga_client_id", "V5"),
        ({"form": {**FORM, "lead_id": {}}}, 422, "lead_id", "not an id"),
        ({"form": {**FORM, "lead_id": True}}, 422, "lead_id", "not an id"),
        ({"lead_id": "1", "leads": [{"lead_id": "2"}]}, 422, "lead_id", "cannot be combined with leads"),
        ({"rescore": True, "leads": [{"lead_id": "2"}]}, 422, "leads", "cannot be combined with rescore"),
        ({"rescore": True, "form": {}}, 422, "form", "cannot be combined with rescore"),
        ({"rescore": True, "dry_run": True}, 422, "dry_run", "cannot be combined with rescore"),
        ({"ga_client_id": "V5"}, 404, "ga_client_id", "V5"),
        ({"lead_id": "1", "now": "1926-01-01T00:00:00Z"}, 422, "now", "past"),
        (
            {"lead_id": "6", "form": FORM | {"created_at": (NOW + timedelta(days=2)).isoformat()}, **AT},
            422,
            "form.created_at",
            "future",
        ),
    ],
    ids=str,
)
def test_bad_input_is_a_problem_that_says_where_and_what_to_do(function, body, status, field, detail):
    before = function.tables()
    status_sent, problem, content_type = function.post(body)
    assert (status_sent, content_type) == (status, "application/problem+json")
    assert problem["status"] == status
    assert detail in problem["detail"]
    assert field in problem["field"]
    assert problem["remedy"]
    assert "Traceback" not in json.dumps(problem)
    assert function.tables() == before


@pytest.mark.parametrize(
    ("body", "remedy"),
    [
        (gzip.compress(b'{"lead_id": "5000"}'), "Content-Encoding: gzip"),
        ('{"lead_id": "5000", "form": {"city": "Zürich"}}'.encode("latin-1"), "charset"),
        (b"lead_id=5000&dry_run=true", "JSON object instead of a web form's fields"),
        (b"{'lead_id': '5000'}", "Send a JSON object."),
    ],
    ids=["packed", "latin-1", "web form", "Python"],
)
def test_a_body_that_is_no_json_is_refused_with_what_to_do_about_it(function, body, remedy):
    status, problem, _ = function.post(body)
    assert (status, problem["field"]) == (400, "body")
    assert remedy in problem["remedy"]


def test_ten_megabytes_are_refused_with_an_answer(function):
    status, problem, _ = function.post(b'{"lead_id": "' + b"1" * 10_000_000 + b'"}')
    assert (status, problem["field"]) == (413, "body")


def test_a_crm_that_is_not_there_leaves_the_score_pending_and_says_so(function):
    request = {"lead_id": "4712", "form": FORM}
    status, answer, _ = function.post({**AT, **request})
    assert status == 200
    assert answer["scores"][0]["delivery"] == "pending"
    assert answer["scores"][0]["stored"]
    assert "token" in answer["delivery_problem"]


@pytest.mark.slow
def test_the_first_requests_may_come_at_once(tmp_path):
    example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, MORTGAGE)
    leads = [{"lead_id": str(lead), "form": FORM, "deliver": False} for lead in range(100, 108)]
    with running(tmp_path) as function, ThreadPoolExecutor(len(leads)) as pool:
        answers = list(pool.map(function.scores, leads))
    assert [scored["lead_id"] for [scored] in answers] == [request["lead_id"] for request in leads]
    assert {row["lead_id"] for row in function.tables()[2]} == {request["lead_id"] for request in leads}


@pytest.mark.slow
def test_before_the_first_champion_points_decide_and_are_delivered(tmp_path):
    example_leads.warehouse(tmp_path)
    with (
        boma_fake.serving(boma_fake.FakeBoma()) as boma,
        running(tmp_path, LEADWERK_CRM_URL=boma.url, LEADWERK_CRM_TOKEN=boma_fake.TOKEN) as function,
    ):
        [scored] = function.scores({"lead_id": "1"})
        delivered = boma.leads["1"]
    assert (scored["basis"], scored["probability"], scored["predictive_score"]) == ("points", None, None)
    assert scored["delivery"] == "sent"
    assert scored["points"] == round(sum(entry["points"] for entry in scored["ledger"]), 2)
    assert (delivered["points"], delivered["lead_matrix_cell"], delivered["lead_stage"]) == (
        scored["points"], scored["matrix_cell"], scored["stage"],
    )  # fmt: skip
    assert (delivered["predictive_score"], delivered["score_cluster"]) == (None, scored["score_cluster"])


@pytest.mark.slow
def test_before_the_first_champion_and_without_rules_nothing_is_invented(tmp_path):
    example_leads.warehouse(tmp_path)
    with running(tmp_path, LEADWERK_POLICY=str(without_rules(tmp_path))) as function:
        [scored] = function.scores({"lead_id": "1"})
    assert (scored["basis"], scored["score_cluster"], scored["probability"]) == ("no_champion", "UNSCORED", None)
    assert (scored["recommended_action"], scored["delivery"]) == ("Review_Manually", "none")


def without_rules(folder: Path) -> Path:
    """The shipped policy without all that gives points."""
    shipped = yaml.safe_load((Path(defaults.__file__).parent / "defaults" / "mortgage.yaml").read_text("utf-8"))
    for section in ("points", "tiers", "stages", "decision"):
        shipped.pop(section, None)
    file = folder / "plain.yaml"
    file.write_text(yaml.safe_dump(shipped, allow_unicode=True), encoding="utf-8")
    return file


@pytest.mark.slow
def test_a_flipped_byte_in_the_model_is_503_and_a_rollback_heals_it(tmp_path):
    example_leads.warehouse(tmp_path)
    registry, _ = example_leads.champion(tmp_path, MORTGAGE, seed=4)
    _, champion = example_leads.champion(tmp_path, MORTGAGE)
    file = tmp_path / "models" / champion.version / "model.ubj"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with running(tmp_path) as function:
        status, answer, _ = function.post({**AT, "lead_id": "1"})
        assert (status, answer["title"]) == (503, "Corrupt model")
        assert "model.ubj" in answer["detail"]
        assert "rollback" in answer["remedy"]
        registry.rollback(at=NOW)
        assert function.scores({"lead_id": "1", "deliver": False})[0]["basis"] == "model"


@pytest.mark.slow
def test_a_champion_of_another_policy_does_not_score_and_the_answer_says_so(tmp_path):
    example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, load("b2b_swiss"))
    with running(tmp_path) as function:
        status, answer, _ = function.post({**AT, "lead_id": "1", "deliver": False})
    assert (status, answer["model_version"], answer["scores"][0]["basis"]) == (200, None, "points")
    assert "retrain" in answer["model_problem"]


@pytest.mark.slow
def test_without_rules_a_champion_of_another_policy_is_503(tmp_path):
    example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, load("b2b_swiss"))
    with running(tmp_path, LEADWERK_POLICY=str(without_rules(tmp_path))) as function:
        status, answer, _ = function.post({**AT, "lead_id": "1"})
    assert (status, answer["title"]) == (503, "Contract mismatch")
    assert "retrain" in answer["remedy"]


@pytest.mark.slow
def test_a_stored_score_reaches_the_crm(tmp_path):
    example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, MORTGAGE)
    with (
        boma_fake.serving(boma_fake.FakeBoma()) as boma,
        running(tmp_path, LEADWERK_CRM_URL=boma.url, LEADWERK_CRM_TOKEN=boma_fake.TOKEN) as function,
    ):
        [scored] = function.scores({"lead_id": "1"})
        assert scored["delivery"] == "sent"
        [(lead_id, key, fields)] = boma.received
        assert (lead_id, key) == ("1", scored["score_id"])
        assert fields["predictive_score"] == scored["predictive_score"]
        assert fields["recommended_action"] == scored["recommended_action"]
        assert function.scores({"lead_id": "1"})[0]["delivery"] == "sent"
        assert len(boma.received) == 1

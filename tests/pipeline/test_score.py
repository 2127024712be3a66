"""Scoring on demand: every kind of lead gets an honest answer, and asking twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from leadwerk.errors import InputError, RecordFailure, UnknownLead
from leadwerk.pipeline import score
from leadwerk.pipeline.serving import named_requests
from leadwerk.pipeline.serving.messages import ScoredLead, ScoreReport, ScoreRequest, deliverable, with_deliveries
from leadwerk.policy.load import load
from leadwerk.policy.points import PointsModel
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from leadwerk.web.problem_document import status_of
from support import example_leads, example_models as models
from support.example_leads import NOW
from support.homes import home_warehouse

MORTGAGE = load("mortgage")
FORM = {"created_at": "2026-05-04T09:29:00Z", "loan_amount": "450'000", "property_value": 700000, "web_consent": True}
Ask = Callable[..., ScoreReport]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load(models.files(MORTGAGE), MORTGAGE, threads=1)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return example_leads.warehouse(tmp_path)


@pytest.fixture
def ask(warehouse: DuckDBWarehouse, scorer: Scorer) -> Ask:
    def run_score(*requests: ScoreRequest, now=NOW, by: Scorer | None = scorer, **options: Any) -> ScoreReport:
        context = score.ScoringRun(warehouse, MORTGAGE, by, now=now, stored_at=now, person_key="secret", **options)
        return score.run(context, requests)

    return run_score


def only_score(report: ScoreReport) -> ScoredLead:
    assert report.refusals == []
    [scored] = report.scores
    return scored


def table(warehouse: DuckDBWarehouse, name: str) -> list[dict[str, Any]]:
    return warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name} ORDER BY lead_id"), {})


def tables(warehouse: DuckDBWarehouse) -> list[list[dict[str, Any]]]:
    return [table(warehouse, name) for name in ("leads", "identities", "scores")]


def test_a_lead_is_scored_with_reasons_in_its_language_and_stored(ask, warehouse, scorer):
    scored = only_score(ask(ScoreRequest(lead_id="1")))
    assert scored.basis == "model"
    assert scored.has_web_behaviour
    assert scored.language == "de"
    assert scored.reasons
    [row] = table(warehouse, "scores")
    assert (row["score_id"], row["lead_id"], row["score_origin"]) == (scored.score_id, "1", "request")
    assert (row["probability"], row["predictive_score"]) == (scored.probability, scored.predictive_score)
    assert [reason["text"] for reason in row["reasons"]] == [reason.text for reason in scored.reasons]
    assert (row["scored_at"], row["model_version"]) == (NOW, scorer.version)


def test_a_number_is_as_good_a_lead_id_as_a_text(ask):
    assert only_score(ask(ScoreRequest(lead_id=1))).lead_id == "1"


def test_without_behaviour_a_lead_is_scored_all_the_same(ask):
    scored = only_score(ask(ScoreRequest(lead_id="3")))
    assert not scored.has_web_behaviour
    assert scored.probability is not None


def test_without_consent_behaviour_is_not_used(ask):
    scored = only_score(ask(ScoreRequest(lead_id="2")))
    assert not scored.has_web_behaviour
    assert scored.language == "fr"


def test_a_client_id_of_a_lead_scores_that_lead(ask):
    assert only_score(ask(ScoreRequest(ga_client_id="V1"))).lead_id == "1"
    assert not only_score(ask(ScoreRequest(ga_client_id="V2"))).has_web_behaviour


def test_a_visitor_who_is_no_lead_is_scored_but_not_stored(ask, warehouse):
    scored = only_score(ask(ScoreRequest(ga_client_id="V4")))
    assert scored.lead_id is None
    assert scored.has_web_behaviour
    assert scored.probability is not None
    assert not scored.stored
    assert table(warehouse, "scores") == []
    assert deliverable([scored]) == []


@pytest.mark.parametrize(
    ("request_", "field"),
    [(ScoreRequest(lead_id="nobody"), "lead_id"), (ScoreRequest(ga_client_id="V5"), "ga_client_id")],
)
def test_the_unknown_are_refused_with_a_remedy(ask, request_, field):
    [refusal] = ask(request_).refusals
    assert isinstance(refusal.error, UnknownLead)
    assert refusal.error.field == field
    assert refusal.error.remedy


def test_without_a_champion_points_decide_and_are_for_delivery(ask, warehouse):
    scored = only_score(ask(ScoreRequest(lead_id="1"), by=None))
    assert (scored.basis, scored.probability, scored.predictive_score) == ("points", None, None)
    assert scored.score_cluster != "UNSCORED"
    assert round(sum(entry.points for entry in scored.ledger), 2) == scored.points
    assert scored.reasons
    assert table(warehouse, "scores")[0]["basis"] == "points"
    assert deliverable([scored]) == ["1"]


def test_without_champion_and_rules_the_answer_says_so_and_is_not_for_delivery(ask, warehouse):
    bare = msgspec.structs.replace(MORTGAGE, points=PointsModel(), stages=())
    report = score.run(score.ScoringRun(warehouse, bare, None, now=NOW, stored_at=NOW), [ScoreRequest(lead_id="1")])
    scored = only_score(report)
    assert (scored.basis, scored.score_cluster, scored.probability) == ("no_champion", "UNSCORED", None)
    assert table(warehouse, "scores")[0]["basis"] == "no_champion"
    assert deliverable([scored]) == []


def test_a_batch_answers_each_request_once_and_in_order(ask):
    report = ask(*(ScoreRequest(lead_id=lead) for lead in ("1", "nobody", "3", "1")), ScoreRequest(ga_client_id="V4"))
    assert [(scored.index, scored.lead_id) for scored in report.scores] == [(0, "1"), (2, "3"), (3, "1"), (4, None)]
    assert [(refusal.index, refusal.lead_id) for refusal in report.refusals] == [(1, "nobody")]


def test_a_request_that_names_nobody_is_refused(ask):
    [refusal] = ask(ScoreRequest(form={"loan_amount": 1})).refusals
    assert isinstance(refusal.error, InputError)
    assert refusal.error.field == "lead_id"


def test_a_form_with_a_time_beyond_a_floats_digits_is_refused_the_others_are_scored(ask):
    forms = [ScoreRequest(lead_id=lead, form=FORM | {"created_at": at}) for lead, at in (("77", 10**310), ("78", None))]
    report = ask(*forms)
    assert [(refusal.index, refusal.error.field) for refusal in report.refusals] == [(0, "form.created_at")]
    assert [scored.lead_id for scored in report.scores] == ["78"]


@pytest.mark.parametrize(
    ("module", "step"),
    [(named_requests, "parse_visitor"), (named_requests, "read_submitted_form"), (score, "form_rows")],
)
def test_a_request_at_which_our_own_code_fails_costs_only_itself(ask, monkeypatch, caplog, module, step):
    monkeypatch.setattr(module, step, _failing_once(getattr(module, step)))
    forms = [ScoreRequest(lead_id=lead, ga_client_id="V4", form=FORM) for lead in ("77", "78")]
    report = ask(*forms, store=False)
    [refusal] = report.refusals
    assert (refusal.index, type(refusal.error), status_of(refusal.error)) == (0, RecordFailure, 500)
    assert "ZeroDivisionError at test_score.py:" in refusal.error.message
    assert "secret" not in refusal.error.message + caplog.text
    assert [scored.lead_id for scored in report.scores] == ["78"]


def _failing_once(function: Callable[..., Any]) -> Callable[..., Any]:
    failures = [ZeroDivisionError("secret")]

    def call(*positional: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return function(*positional, **named)

    return call


def test_an_empty_warehouse_knows_nobody(tmp_path, scorer):
    empty = home_warehouse(tmp_path / "empty")
    report = score.run(score.ScoringRun(empty, MORTGAGE, scorer, now=NOW, stored_at=NOW), [ScoreRequest(lead_id="1")])
    assert isinstance(report.refusals[0].error, UnknownLead)


def test_a_dry_run_answers_the_same_and_stores_nothing(ask, warehouse):
    before = tables(warehouse)
    dry = only_score(ask(ScoreRequest(lead_id="1"), store=False))
    assert tables(warehouse) == before
    assert not dry.stored
    wet = only_score(ask(ScoreRequest(lead_id="1")))
    assert (dry.probability, dry.reasons) == (wet.probability, wet.reasons)


def test_without_reasons_the_answer_is_the_same_in_all_else(ask):
    points = ScoreRequest(lead_id="77", ga_client_id="V4", form=FORM)
    for scorer in ({}, {"by": None}):
        explained = ask(ScoreRequest(lead_id="1"), points, store=False, **scorer)
        bare = ask(ScoreRequest(lead_id="1"), points, store=False, explained=False, **scorer)
        assert all(scored.reasons for scored in explained.scores)
        assert [msgspec.structs.replace(scored, reasons=(), ledger=()) for scored in explained.scores] == bare.scores


class TestASecondDelivery:
    def test_of_the_same_request_leaves_the_same_tables(self, ask, warehouse):
        requests = [ScoreRequest(lead_id="1"), ScoreRequest(lead_id="77", ga_client_id="V4", form=FORM)]
        first = ask(*requests)
        before = tables(warehouse)
        second = ask(*requests)
        assert tables(warehouse) == before
        assert [s.score_id for s in second.scores] == [s.score_id for s in first.scores]

    def test_a_moment_later_leaves_them_too_as_nothing_changed(self, ask, warehouse):
        form = {name: value for name, value in FORM.items() if name != "created_at"}
        request = ScoreRequest(lead_id="77", ga_client_id="V4", form=form)
        only_score(ask(request))
        before = tables(warehouse)
        again = only_score(ask(request, now=NOW + timedelta(seconds=2)))
        assert tables(warehouse) == before
        assert again.stored
        assert again.score_id == before[2][0]["score_id"]


class TestAForm:
    def test_makes_a_lead_that_was_not_known(self, ask, warehouse):
        scored = only_score(ask(ScoreRequest(lead_id="77", ga_client_id="V4", form=FORM)))
        assert scored.has_web_behaviour
        assert scored.stored
        [lead] = [row for row in table(warehouse, "leads") if row["lead_id"] == "77"]
        assert (lead["loan_amount"], lead["recorded_at"]) == (450_000.0, NOW)
        assert ("V4", "77") in {(row["visitor_id"], row["lead_id"]) for row in table(warehouse, "identities")}

    def test_without_consent_links_no_visitor(self, ask, warehouse):
        form = FORM | {"web_consent": False}
        scored = only_score(ask(ScoreRequest(lead_id="77", ga_client_id="V4", form=form)))
        assert not scored.has_web_behaviour
        assert "77" not in {row["lead_id"] for row in table(warehouse, "identities")}

    def test_adds_to_what_is_known_and_forgets_nothing(self, ask, warehouse):
        only_score(ask(ScoreRequest(lead_id="1", form={"loan_amount": 700_000})))
        versions = [row for row in table(warehouse, "leads") if row["lead_id"] == "1"]
        newest = max(versions, key=lambda row: row["recorded_at"])
        assert (newest["loan_amount"], newest["income"], newest["language"]) == (700_000.0, 150_000.0, "de")
        assert newest["created_at"] == example_leads.CREATED

    def test_back_and_forth_is_three_versions(self, ask, warehouse):
        for step, amount in enumerate((1.0, 2.0, 1.0)):
            only_score(ask(ScoreRequest(lead_id="1", form={"loan_amount": amount}), now=NOW + timedelta(minutes=step)))
        versions = [row for row in table(warehouse, "leads") if row["lead_id"] == "1"]
        assert [row["loan_amount"] for row in sorted(versions, key=lambda row: row["recorded_at"])][1:] == [
            1.0,
            2.0,
            1.0,
        ]

    def test_field_that_cannot_be_read_is_named_and_the_rest_is_scored(self, ask):
        scored = only_score(ask(ScoreRequest(lead_id="77", form=FORM | {"loan_amount": "much"})))
        assert scored.probability is not None
        [ignored_fields] = scored.ignored_fields
        assert ignored_fields.startswith("loan_amount: ")

    def test_a_misspelt_field_is_named_with_what_was_meant_and_without_its_value(self, ask):
        wrong = FORM | {"loan_amout": 450_000, "Vorname": "Anna"}
        alone = only_score(ask(ScoreRequest(lead_id="77", form=wrong), store=False))
        report = ask(ScoreRequest(lead_id="77", form=wrong), ScoreRequest(lead_id="78", form=FORM), store=False)
        for scored in (alone, report.scores[0]):
            misspelt, other = scored.ignored_fields
            assert misspelt.startswith("loan_amout: no field of a lead")
            assert misspelt.endswith("did you mean `loan_amount`?")
            assert other.startswith("Vorname: ")
            assert "Anna" not in other
        assert report.scores[1].ignored_fields == ()

    def test_from_the_future_is_refused(self, ask, warehouse):
        before = tables(warehouse)
        form = FORM | {"created_at": (NOW + timedelta(days=1)).isoformat()}
        [refusal] = ask(ScoreRequest(lead_id="77", form=form)).refusals
        assert isinstance(refusal.error, InputError)
        assert refusal.error.field == "form.created_at"
        assert "future" in refusal.error.message
        assert tables(warehouse) == before

    def test_sent_twice_for_a_lead_in_one_request_is_refused(self, ask):
        report = ask(ScoreRequest(lead_id="77", form=FORM), ScoreRequest(lead_id="77", form=FORM))
        assert [refusal.error.field for refusal in report.refusals] == ["lead_id", "lead_id"]

    def test_that_says_nothing_of_an_unknown_lead_does_not_make_one(self, ask, warehouse):
        before = tables(warehouse)
        [refusal] = ask(ScoreRequest(lead_id="nobody", ga_client_id="V4")).refusals
        assert isinstance(refusal.error, UnknownLead)
        assert tables(warehouse) == before

    def test_links_a_visitor_to_a_known_lead(self, ask, warehouse):
        assert only_score(ask(ScoreRequest(lead_id="3", ga_client_id="V4"))).has_web_behaviour
        assert ("V4", "3") in {(row["visitor_id"], row["lead_id"]) for row in table(warehouse, "identities")}


@pytest.mark.parametrize(
    ("lead", "visitor"),
    [("77", None), ("77", "V4"), ("77", "V5"), ("1", None), ("1", "V1"), ("1", "V4"), ("3", None), ("3", "V4")],
)
@pytest.mark.parametrize(
    "form",
    [
        FORM,
        FORM | {"web_consent": False, "language": "fr"},
        {"web_consent": True, "yearly_income": 90_000, "monthly_instalment": 2_000, "email": "a@gmail.com"},
        {"loan_amount": 100, "postcode": "3011", "country": "CH"},
    ],
)
def test_a_form_in_a_request_gives_what_it_gives_once_it_is_stored(ask, lead, visitor, form):
    request = ScoreRequest(lead_id=lead, ga_client_id=visitor, form=form)
    dry, wet = only_score(ask(request, store=False)), only_score(ask(request))
    stored = only_score(ask(ScoreRequest(lead_id=lead)))
    facts = ("probability", "predictive_score", "reasons", "has_web_behaviour", "language")
    for field in (*facts, "points", "matrix_cell", "phase", "stage", "ledger", "score_cluster"):
        assert getattr(dry, field) == getattr(wet, field) == getattr(stored, field), field


def test_a_form_is_scored_and_stored_though_its_rows_are_not_read_yet(tmp_path, scorer, monkeypatch):
    """As on BigQuery, where streamed rows are seen late."""
    warehouse = example_leads.warehouse(tmp_path)
    written: list[str] = []
    monkeypatch.setattr(warehouse, "append", lambda table, rows: written.append(table) or len(rows))
    context = score.ScoringRun(warehouse, MORTGAGE, scorer, now=NOW, stored_at=NOW, person_key="secret")
    for _ in range(2):
        scored = only_score(score.run(context, [ScoreRequest(lead_id="77", ga_client_id="V4", form=FORM)]))
        assert (scored.stored, scored.has_web_behaviour) == (True, True)
    assert written == ["leads", "identities", "scores", "stage_changes"] * 2


def test_what_the_outbox_says_becomes_the_delivery(ask):
    report = ask(ScoreRequest(lead_id="1"), ScoreRequest(lead_id="3"), ScoreRequest(ga_client_id="V4"))
    first, second, _ = (scored.score_id for scored in report.scores)
    for states, expected in (
        ({}, ["pending", "pending", "none"]),
        ({first: "retry", second: "sent"}, ["pending", "sent", "none"]),
        ({first: "repair", second: "dead_letter", "1": "sent"}, ["pending", "dead_letter", "none"]),
    ):
        assert [scored.delivery for scored in with_deliveries(report.scores, states)] == expected

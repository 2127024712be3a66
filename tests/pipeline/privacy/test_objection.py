"""Objection to profiling: the person's leads have no score, no call by the product, and no row in training."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.errors import InputError, UnknownPerson
from leadwerk.pipeline import score as stage
from leadwerk.pipeline.privacy.objection import Objection, record_objection
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.load import load
from leadwerk.scoring.score_leads import LeadScore
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text, statement
from support import example_leads
from support.example_leads import NOW

HOUR = timedelta(hours=1)
SECRET = "a secret of the tests"


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return example_leads.warehouse(tmp_path)


def objection(warehouse: DuckDBWarehouse, person: str, *, at: timedelta = HOUR, is_withdrawn: bool = False) -> None:
    request = Objection("Eva", "request 18", is_withdrawn)
    record_objection(warehouse, person, request, secret=SECRET, now=NOW + at)


def score(warehouse: DuckDBWarehouse, lead_id: str, at: timedelta, form: dict[str, object] | None = None) -> LeadScore:
    run = stage.ScoringRun(warehouse, load("mortgage"), None, now=NOW + at, stored_at=NOW + at, person_key=SECRET)
    [scored] = stage.run(run, [ScoreRequest(lead_id=lead_id, form=form)]).scores
    return scored


def test_a_lead_is_without_a_score_from_its_objection_to_its_withdrawal(warehouse: DuckDBWarehouse) -> None:
    assert score(warehouse, "1", 0 * HOUR).points is not None
    objection(warehouse, "1")
    without = score(warehouse, "1", 2 * HOUR)
    assert (without.score_cluster, without.basis, without.recommended_action) == (
        "UNSCORED",
        "objection",
        "Review_Manually",
    )
    assert (without.points, without.predictive_score, without.fit, without.ledger, without.reasons) == (
        None, None, None, (), (),
    )  # fmt: skip
    objection(warehouse, "1", at=3 * HOUR, is_withdrawn=True)
    assert score(warehouse, "1", 4 * HOUR).points is not None


def test_the_objection_of_one_lead_is_no_objection_of_another(warehouse: DuckDBWarehouse) -> None:
    objection(warehouse, "1")
    assert score(warehouse, "3", 2 * HOUR).points is not None


def test_an_objecting_lead_trains_no_model(warehouse: DuckDBWarehouse) -> None:
    parameters = {
        "landmark_days": [0], "first_as_of": NOW - timedelta(days=99), "last_as_of": NOW, "horizon_days": 1,
        "positive": ["converted"], "as_of": NOW + timedelta(days=30),
    }  # fmt: skip
    labels = warehouse.rows(statement("labels/select"), parameters)
    assert [row["lead_id"] for row in labels] == ["9"]
    objection(warehouse, "9")
    assert warehouse.rows(statement("labels/select"), parameters) == []


def test_nobody_objects_by_an_unknown_id(warehouse: DuckDBWarehouse) -> None:
    with pytest.raises(UnknownPerson):
        objection(warehouse, "nobody")


@pytest.mark.parametrize(("author", "reason", "field"), [(" ", "request 18", "by"), ("Eva", "", "reason")])
def test_an_objection_needs_an_author_and_a_reason(
    warehouse: DuckDBWarehouse, author: str, reason: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        record_objection(warehouse, "1", Objection(author, reason), secret=SECRET, now=NOW + HOUR)
    assert refused.value.field == field
    assert warehouse.rows(from_text("SELECT event_id FROM leadwerk.objections"), {}) == []
    assert score(warehouse, "1", 2 * HOUR).points is not None


def test_an_objection_holds_for_a_form_that_the_person_sends_later(warehouse: DuckDBWarehouse) -> None:
    form: dict[str, object] = {"email": "anna@example.ch", "loan_amount": 500_000, "income": 150_000}
    objection(warehouse, "Anna@Example.ch")
    assert score(warehouse, "new", 2 * HOUR, form).basis == "objection"
    # Stored by now, it is found by its row.
    assert score(warehouse, "new", 3 * HOUR).basis == "objection"
    other = score(warehouse, "other", 3 * HOUR, {**form, "email": "beat@example.ch"})
    assert (other.basis, other.points is None) == ("points", False)
    objection(warehouse, "anna@example.ch", at=4 * HOUR, is_withdrawn=True)
    assert score(warehouse, "new", 5 * HOUR).points is not None

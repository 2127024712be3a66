"""Stages that a deal passed between two readings: each is an outcome of its own moment, none a version of the lead."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.pipeline import ingest
from leadwerk.policy import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.crm_subjects import SUBJECTS, Subject
from support.homes import home_warehouse
from support.standins.frame import START, serving

POLICY = load("b2b_swiss")
DAY = timedelta(days=1)
OUTCOMES = from_text("SELECT outcome, occurred_at AS at, amount FROM leadwerk.outcomes ORDER BY occurred_at")
FIRST_VERSION = from_text("SELECT MIN(recorded_at) AS at FROM leadwerk.leads")


@pytest.fixture(params=["hubspot", "salesforce"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    subject = SUBJECTS[request.param]()
    with serving(subject.standin):
        subject.create_fields()
        yield subject


def outcomes(warehouse: DuckDBWarehouse, subject: Subject) -> list[tuple[object, ...]]:
    ingest.run(warehouse, POLICY, subject.crm(), now=START + 30 * DAY, person_key="k")
    return [(row["outcome"], row["at"], row["amount"]) for row in warehouse.rows(OUTCOMES, {})]


def test_what_was_lost_and_reopened_between_two_readings_is_known(subject: Subject, tmp_path: Path) -> None:
    warehouse, standin = home_warehouse(tmp_path), subject.standin
    lead = standin.add(1, kind="lost", stage="Dropped", reason="price", modified=START + DAY)
    with warehouse.unit_of_work():
        before = outcomes(warehouse, subject)
        assert [outcome for outcome, _, _ in before] == ["lost"]
        # Reopened and won before anybody reads again.
        record = standin.records[lead]
        standin.stages_of(record).append((START + 3 * DAY, "Talks", "open"))
        record.kind, record.stage, record.amount, record.reason = "won", "Paid", 900.0, None
        record.modified = START + 5 * DAY
        after = outcomes(warehouse, subject)
        assert [at for _, at, _ in after] == [START + DAY, START + 3 * DAY, START + 5 * DAY]
        assert [after[0][0], after[2][0], after[2][2]] == ["lost", "won", 900.0]
        assert outcomes(warehouse, subject) == after
        # Fields of today are not known at a step of then.
        [first] = warehouse.rows(FIRST_VERSION, {})
        assert first["at"] == START + DAY

"""The loop guard: our own writes move the CRM's stamps and are ignored; what a person changes is not."""

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
from support.standins.frame import serving

POLICY = load("b2b_swiss")
STATUSES = from_text("SELECT lead_id, outcome FROM leadwerk.outcomes ORDER BY occurred_at")


@pytest.fixture(params=["salesforce", "odoo", "hubspot", "pipedrive", "activecampaign"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    subject = SUBJECTS[request.param]()
    with serving(subject.standin):
        subject.create_fields()
        yield subject


def read(warehouse: DuckDBWarehouse, subject: Subject) -> list[str]:
    now = subject.standin.now + timedelta(days=9)
    ingest.run(warehouse, POLICY, subject.crm(), now=now, person_key="k")
    return [row["outcome"] for row in warehouse.rows(STATUSES, {})]


def test_our_own_writes_are_no_change_of_status(subject: Subject, tmp_path: Path) -> None:
    warehouse, crm = home_warehouse(tmp_path), subject.crm()
    lead = subject.standin.add(1, kind="won", stage="Paid", amount=10.0)
    with warehouse.unit_of_work():
        first = read(warehouse, subject)
        for number in range(3):
            crm.push([subject.update(crm, lead, predictive_score=number)])
            assert read(warehouse, subject) == first
        assert set(first) == {"won"}
        # A person's change is one, and so is the way back.
        for kind, stage in (("lost", "Dropped"), ("won", "Paid")):
            subject.standin.records[lead].kind, subject.standin.records[lead].stage = kind, stage
            subject.standin.now += timedelta(days=3)
            subject.standin.touch(lead)
            assert read(warehouse, subject)[-1] == kind

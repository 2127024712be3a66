"""What sellers do in the CRM is a touchpoint here, stored once, and ends the wait for the first contact."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from leadwerk.pipeline import ingest
from leadwerk.pipeline.desk.handling_times import handling_times
from leadwerk.policy import load
from leadwerk.warehouse.statement import from_text
from support.crm_subjects import SUBJECTS
from support.homes import home_warehouse
from support.standins.frame import START, SellerActivity, serving

POLICY = load("b2b_swiss")
HOUR = timedelta(hours=1)
TOUCHPOINTS = from_text("SELECT lead_id, kind, occurred_at, recorded_at FROM leadwerk.touchpoints")
REJECTED = from_text("SELECT field, row FROM leadwerk.rejections")


@pytest.mark.parametrize("name", ["hubspot", "odoo", "pipedrive", "salesforce"])
def test_a_call_in_the_crm_ends_the_wait_for_the_first_contact(tmp_path: Path, name: str) -> None:
    subject, warehouse = SUBJECTS[name](), home_warehouse(tmp_path)
    with serving(subject.standin):
        lead = subject.standin.add(1)
        called_at = START + 30 * HOUR
        subject.standin.activities = [SellerActivity("7", lead, "call", called_at, called_at + HOUR)]
        now = called_at + 2 * HOUR
        for run in range(2):
            report = ingest.run(warehouse, POLICY, subject.crm(), now=now + run * HOUR, person_key="secret")
            assert report.touchpoints == (1 if run == 0 else 0)
    [row] = warehouse.rows(TOUCHPOINTS, {})
    assert row == {"lead_id": lead, "kind": "call", "occurred_at": called_at, "recorded_at": called_at + HOUR}
    everyone = handling_times(warehouse, POLICY, now=now, weeks=4)[0]
    assert (everyone.leads, everyone.contacted, everyone.hours_to_contact) == (1, 1, 30.0)


def test_an_activity_of_a_wrong_time_is_refused_by_name(tmp_path: Path) -> None:
    subject, warehouse = SUBJECTS["hubspot"](), home_warehouse(tmp_path)
    with serving(subject.standin):
        lead = subject.standin.add(1)
        subject.standin.activities = [SellerActivity("7", lead, "call", START + 90 * HOUR, START + HOUR)]
        report = ingest.run(warehouse, POLICY, subject.crm(), now=START + 2 * HOUR, person_key="secret")
    assert (report.touchpoints, report.rejected) == (0, 1)
    assert warehouse.rows(REJECTED, {}) == [{"field": "touchpoints.occurred_at", "row": f"calls:7:{lead}"}]


def test_an_earlier_cursor_goes_on_and_reads_all_activities(tmp_path: Path) -> None:
    subject = SUBJECTS["pipedrive"]()
    with serving(subject.standin):
        lead = subject.standin.add(1)
        subject.standin.activities = [SellerActivity("7", lead, "call", START, START + HOUR)]
        place = f"{(START + 9 * HOUR).isoformat()}|{lead}"
        pages = list(subject.crm().pull(f"{place}&{place}"))
    assert [case for page in pages for case in page.cases] == []
    assert [entry.lead_id for page in pages for entry in page.activities] == [lead]

"""A night's loop on ten thousand leads: of what is rescored, only the leads that changed reach the CRM."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.crm.fields import field_mapping
from leadwerk.crm.hubspot import HubSpot
from leadwerk.pipeline import deliver, rescore
from leadwerk.policy import load
from leadwerk.warehouse.statement import from_text
from support.example_leads import NOW, lead
from support.homes import home_warehouse
from support.standins.frame import TOKEN, serving
from support.standins.hubspot import CONTACTS, HubSpotStandIn

POLICY = load("b2b_swiss")
LEADS, CHANGED = 10_000, 300
LATEST = from_text("SELECT * FROM leadwerk.scores")
NIGHT = timedelta(days=1)


def records_written(standin: HubSpotStandIn) -> list[str]:
    """Ids of the records that the CRM was asked to write, a record that comes twice twice."""
    writes = [call for call in standin.calls if call.path == f"{CONTACTS}/batch/update"]
    return [entry["id"] for call in writes for entry in call.body["inputs"]]


def call_answered(lead_id: str) -> dict[str, Any]:
    at = NOW + timedelta(hours=5)
    times = {"day": at.date(), "occurred_at": at, "recorded_at": at}
    return {"event_id": f"call-{lead_id}", "lead_id": lead_id, **times, "kind": "call_answered"}


@pytest.mark.slow
def test_a_night_in_which_three_per_cent_changed_sends_three_per_cent(tmp_path: Path) -> None:
    standin, warehouse = HubSpotStandIn(), home_warehouse(tmp_path)
    lead_ids = [standin.add(number) for number in range(LEADS)]
    warehouse.append("leads", [lead(lead_id, employees=20 + number % 500) for number, lead_id in enumerate(lead_ids)])
    with serving(standin):
        crm = HubSpot(standin.url, TOKEN, per_second=10_000, sleep=lambda _: None)
        crm.ensure_fields(field_mapping(POLICY, crm.field_name).fields, dry_run=False)

        first = rescore.run(warehouse, POLICY, None, now=NOW, stored_at=NOW)
        assert (first.leads, first.stored) == (LEADS, LEADS)
        assert deliver.run(warehouse, POLICY, crm, now=NOW).sent == LEADS
        assert sorted(records_written(standin)) == sorted(lead_ids)

        standin.calls.clear()
        changed = lead_ids[:: LEADS // CHANGED][:CHANGED]
        warehouse.append("touchpoints", [call_answered(lead_id) for lead_id in changed])
        second = rescore.run(warehouse, POLICY, None, now=NOW + NIGHT, stored_at=NOW + NIGHT)
        assert second.leads == LEADS
        report = deliver.run(warehouse, POLICY, crm, now=NOW + NIGHT)
        assert (report.sent, report.pending) == (CHANGED, 0)
        assert sorted(records_written(standin)) == sorted(changed)
        # Ten of them as the canary, the others a hundred a call.
        assert len(standin.calls) == 1 + -(-(CHANGED - 10) // crm.capabilities.batch)


@pytest.mark.slow
def test_a_night_whose_scores_are_all_stored_anew_sends_what_shows_differently(tmp_path: Path) -> None:
    """Another policy version or model stores each score again; the CRM hears of the leads whose fields differ."""
    standin, warehouse = HubSpotStandIn(), home_warehouse(tmp_path)
    lead_ids = [standin.add(number) for number in range(1_000)]
    warehouse.append("leads", [lead(lead_id, employees=200) for lead_id in lead_ids])
    with serving(standin):
        crm = HubSpot(standin.url, TOKEN, per_second=10_000, sleep=lambda _: None)
        crm.ensure_fields(field_mapping(POLICY, crm.field_name).fields, dry_run=False)
        rescore.run(warehouse, POLICY, None, now=NOW, stored_at=NOW)
        deliver.run(warehouse, POLICY, crm, now=NOW)
        standin.calls.clear()
        warehouse.append("touchpoints", [call_answered(lead_id) for lead_id in lead_ids[:30]])
        stored = warehouse.rows(LATEST, {})
        at = NOW + NIGHT / 2
        dates = {"day": at.date(), "scored_at": at, "stored_at": at}
        again = [{**row, "score_id": f"{row['score_id']}-2", **dates} for row in stored]
        warehouse.append("scores", again)
        report = deliver.run(warehouse, POLICY, crm, now=NOW + NIGHT / 2)
        assert (report.same, report.sent) == (1_000, 0)
        assert standin.calls == []
        rescore.run(warehouse, POLICY, None, now=NOW + NIGHT, stored_at=NOW + NIGHT)
        assert deliver.run(warehouse, POLICY, crm, now=NOW + NIGHT).sent == 30
        assert sorted(records_written(standin)) == sorted(lead_ids[:30])

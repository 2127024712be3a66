"""BottleCRM, as its makers release it, takes BOMA's very body under another path: what it does with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk.crm.boma import Boma, Paths
from leadwerk.crm.port import LeadUpdate, Refused, Taken, Unknown
from leadwerk.errors import CRMRejected
from leadwerk.simulation.crm_faults import FaultSwitch
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.real_crm_chaos import deliver_in_chaos
from support.real_crm_processes import RealCRM, bottlecrm, fault_proxy, running

PATHS = Paths(lead="/api/leads/{id}/", cases="/api/leads/")
FIELDS = {
    "predictive_score": "number", "score_cluster": "text", "recommended_action": "text", "probability": "number",
    "score_reasons": "textarea",
}  # fmt: skip


class Office:
    """What a seller does in BottleCRM, by its own API."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token

    def call(self, method: str, path: str, body: Any = None, *, expect: tuple[int, ...] = (200, 201)) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.url}/api/{path}", json=body, headers=headers, timeout=20)
        assert answer.status_code in expect, (answer.status_code, answer.text[:500])
        return answer.json() if answer.content else None

    def set_up(self) -> None:
        for key, kind in FIELDS.items():
            body = {"target_model": "Lead", "key": key, "label": key, "field_type": kind}
            self.call("POST", "custom-fields/", body)

    def create(self, number: int) -> list[str]:
        for at in range(number):
            person = {"first_name": "Anna", "last_name": f"Muster {at}", "email": f"anna{at}@example.ch"}
            self.call("POST", "leads/", {**person, "title": f"Loan {at}", "status": "assigned"})
        listed = self.call("GET", f"leads/?limit={number}")
        leads = listed["open_leads"]["open_leads"] if "open_leads" in listed else listed["results"]
        return [str(lead["id"]) for lead in leads]

    def fields_shown(self, lead_id: str) -> dict[str, Any]:
        response = self.call("GET", f"leads/{lead_id}/")
        lead = response.get("lead_obj", response)
        return dict(lead["custom_fields"])


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RealCRM, Office]]:
    crm, token = bottlecrm(tmp_path_factory.mktemp("bottlecrm"))
    with running(crm):
        office = Office(crm.url, token)
        office.set_up()
        yield crm, office


@pytest.fixture(scope="module")
def leads(office: tuple[RealCRM, Office]) -> list[str]:
    return office[1].create(10)


@pytest.fixture
def crm(office: tuple[RealCRM, Office]) -> Boma:
    return Boma(office[0].url, office[1].token, per_second=1000, paths=PATHS)


def update(lead_id: str, **values: Any) -> LeadUpdate:
    fields = {"predictive_score": 85, "score_cluster": "HOT", "probability": 0.12} | values
    return LeadUpdate(lead_id, lead_id, lead_id, fields)


def test_bomas_body_is_taken_and_shown(crm: Boma, office: tuple[RealCRM, Office], leads: list[str]) -> None:
    assert crm.push([update(leads[0])]) == [Taken()]
    assert office[1].fields_shown(leads[0]) == {"predictive_score": 85, "score_cluster": "HOT", "probability": 0.12}


def test_a_wrong_value_is_refused_and_a_lead_never_created(crm: Boma, leads: list[str]) -> None:
    (refusal,) = crm.push([update(leads[0], predictive_score="many")])
    assert isinstance(refusal, Refused)
    (unknown,) = crm.push([update("00000000-0000-4000-8000-000000000000")])
    assert isinstance(unknown, Unknown)


def test_a_deleted_lead_stays_deleted(crm: Boma, office: tuple[RealCRM, Office], leads: list[str]) -> None:
    office[1].call("DELETE", f"leads/{leads[9]}/", expect=(200, 204))
    (result,) = crm.push([update(leads[9])])
    assert isinstance(result, Unknown)


def test_a_wrong_token_is_a_closed_door(office: tuple[RealCRM, Office], leads: list[str]) -> None:
    with pytest.raises(CRMRejected) as caught:
        Boma(office[0].url, "stolen", paths=PATHS).push([update(leads[0])])
    assert caught.value.locked_out


def test_deliveries_survive_faults_and_kills(office: tuple[RealCRM, Office], leads: list[str], tmp_path: Path) -> None:
    server, seller = office
    faults = FaultSwitch()
    with fault_proxy(server.url, faults) as url:
        crm = Boma(url, seller.token, per_second=1000, paths=PATHS, sleep=lambda _: None)

        def kill_and_restart(hour: int) -> None:
            if hour in (2, 4):
                server.kill()
                server.start()

        newest = deliver_in_chaos(DuckDBWarehouse(tmp_path), lambda: crm, faults, leads[:8], 1, kill_and_restart)
    assert {lead: seller.fields_shown(lead)["predictive_score"] for lead in newest} == newest

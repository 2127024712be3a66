"""Tryton, as its makers release it: what it takes, refuses and tells, and deliveries while it fails and is killed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk.crm.fields import SHOWN
from leadwerk.crm.port import CRMField, LeadUpdate, Refused, Taken, Unknown
from leadwerk.crm.tryton import Tryton
from leadwerk.crm.tryton_history import read_steps
from leadwerk.crm.tryton_rpc import TrytonSession
from leadwerk.errors import CRMRejected
from leadwerk.simulation.crm_faults import FaultSwitch
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.real_crm_chaos import deliver_in_chaos
from support.real_crm_processes import RealCRM, fault_proxy, running, tryton, tryton_seed

CREDENTIALS = "admin:admin"
LEADS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCRM]:
    folder = tmp_path_factory.mktemp("tryton")
    with running(tryton(folder, tryton_seed(tmp_path_factory.mktemp("seed")))) as crm:
        Opportunities(crm.url).set_up()
        yield crm


class Opportunities:
    """What a seller does in Tryton's client, by its own API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = TrytonSession(url, "crm", "admin", "admin")

    def call(self, model: str, method: str, *parameters: Any) -> Any:
        body = {"id": 1, "method": f"model.{model}.{method}", "params": [*parameters, {"company": 1}]}
        answer = requests.post(f"{self.url}/crm/rpc/", json=body, headers=self.session.headers(), timeout=10).json()
        assert "error" not in answer, answer
        return answer["result"]

    def set_up(self) -> None:
        day = {"__class__": "date", "year": 2020, "month": 1, "day": 1}
        rate = {"rate": {"__class__": "Decimal", "decimal": "1"}, "date": day}
        currency = {"name": "Franc", "code": "CHF", "symbol": "CHF", "digits": 2, "rates": [["create", [rate]]]}
        self.call("currency.currency", "create", [currency])
        self.call("party.party", "create", [{"name": "Us"}, {"name": "Anna"}])
        self.call("company.company", "create", [{"party": 1, "currency": 1}])
        self.call("res.user", "write", [1], {"companies": [["add", [1]]], "company": 1})

    def create(self, number: int = 1) -> list[str]:
        amount = {"__class__": "Decimal", "decimal": "1250.50"}
        lead = {"description": "loan", "party": 2, "company": 1, "amount": amount}
        return [str(key) for key in self.call("sale.opportunity", "create", [lead] * number)]

    def fields_shown(self, lead_id: str) -> dict[str, Any]:
        columns = ["predictive_score", "score_cluster", "calibrated_probability", "score_reasons"]
        (row,) = self.call("sale.opportunity", "read", [int(lead_id)], columns)
        return dict(row)


@pytest.fixture
def seller(server: RealCRM) -> Opportunities:
    return Opportunities(server.url)


@pytest.fixture
def crm(server: RealCRM) -> Tryton:
    return Tryton(server.url, CREDENTIALS, database="crm", per_second=1000)


def update(crm: Tryton, lead_id: str, **values: Any) -> LeadUpdate:
    values = {"predictive_score": 85, "score_cluster": "HOT", "probability": 0.31, "score_reasons": ("a", "b")} | values
    return LeadUpdate(lead_id, lead_id, lead_id, {crm.field_name(name): value for name, value in values.items()})


def test_a_sent_score_is_shown(crm: Tryton, seller: Opportunities) -> None:
    (lead,) = seller.create()
    assert crm.push([update(crm, lead)]) == [Taken()]
    values = seller.fields_shown(lead)
    assert (values["predictive_score"], values["score_cluster"], values["calibrated_probability"]) == (85, "HOT", 0.31)
    assert values["score_reasons"] == "a\nb"
    assert crm.push([update(crm, lead, predictive_score=None)]) == [Taken()]
    assert seller.fields_shown(lead)["predictive_score"] is None


def test_one_bad_record_of_a_hundred_costs_only_itself(crm: Tryton, seller: Opportunities) -> None:
    """Tryton fails them all, with status 200; the adapter bisects."""
    leads = seller.create(100)
    results = crm.push([update(crm, lead, predictive_score=101 if at == 37 else at) for at, lead in enumerate(leads)])
    assert [at for at, result in enumerate(results) if result != Taken()] == [37]
    refusal = results[37]
    assert isinstance(refusal, Refused)
    assert (refusal.field, "101" in refusal.text) == ("predictive_score", True)
    assert [seller.fields_shown(lead)["predictive_score"] for lead in leads[:3]] == [0, 1, 2]


def test_a_score_never_creates_a_lead(crm: Tryton, seller: Opportunities) -> None:
    (lead,) = seller.create()
    absent = str(int(lead) + 1000)
    results = crm.push([update(crm, absent), update(crm, lead), update(crm, "not-a-number")])
    assert [type(result) for result in results] == [Unknown, Taken, Unknown]


def test_fields_are_compared_with_the_modules(crm: Tryton) -> None:
    fields = [
        CRMField(crm.field_name(shows), shows, SHOWN[shows][1]) for shows in ("predictive_score", "score_cluster")
    ]
    assert crm.ensure_fields(fields, dry_run=True).missing == ()
    assert crm.ensure_fields([CRMField("nope", "points", "number")], dry_run=True).missing == ("nope",)
    assert crm.ensure_fields([CRMField("score_cluster", "points", "number")], dry_run=True).wrong_type


def test_what_became_of_leads_is_read_with_amount_and_reason(
    crm: Tryton, seller: Opportunities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadwerk.crm.tryton.PAGE_SIZE", 7)
    leads = seller.create(20)  # all at one stamp, and three pages of them
    seller.call("sale.opportunity", "write", [int(leads[0])], {"lost_reason": "Unzureichendes Einkommen"})
    seller.call("sale.opportunity", "lost", [int(leads[0])])
    pages = list(crm.pull(None))
    latest = {case.lead["lead_id"]: case for page in pages for case in page.cases}
    assert set(leads) <= set(latest)
    lost = latest[leads[0]]
    assert (lost.kind, lost.reason, lost.amount) == ("lost", "Unzureichendes Einkommen", "1250.50")
    assert latest[leads[1]].kind == "open"
    (newcomer,) = seller.create()
    assert newcomer in {case.lead["lead_id"] for page in crm.pull(pages[-1].cursor) for case in page.cases}


def test_each_state_comes_with_its_moment_and_our_own_writes_are_none(crm: Tryton, seller: Opportunities) -> None:
    """Lost, reopened, and scored in between: the present state alone would show neither."""
    (lead,) = seller.create()
    for state in ("lost", "lead"):
        assert crm.push([update(crm, lead)]) == [Taken()]
        seller.call("sale.opportunity", state, [int(lead)])
    assert crm.push([update(crm, lead, predictive_score=20)]) == [Taken()]
    cases = [case for case in crm.reread([lead]).cases if case.is_past]
    assert [(case.status, case.kind) for case in cases] == [("lead", "open"), ("lost", "lost"), ("lead", "open")]
    assert [case.changed_at for case in cases] == sorted({case.changed_at for case in cases})
    pages = list(crm.pull(None))
    in_changes = [case for page in pages for case in page.cases if case.is_past and case.lead["lead_id"] == lead]
    assert in_changes == cases
    # What was read already comes again within the overlap only, and with the same ids.
    again = [case for page in crm.pull(pages[-1].cursor) for case in page.cases if case.lead["lead_id"] == lead]
    assert {case.event_id for case in again if case.is_past} <= {case.event_id for case in cases}


def test_of_a_later_reading_only_the_new_states_come(crm: Tryton, seller: Opportunities) -> None:
    (lead,) = seller.create()
    seller.call("sale.opportunity", "lost", [int(lead)])
    lost = next(case for case in crm.reread([lead]).cases if not case.is_past)
    seller.call("sale.opportunity", "lead", [int(lead)])
    assert crm.push([update(crm, lead)]) == [Taken()]
    steps = read_steps(crm._rpc, [int(lead)], lost.changed_at + timedelta(microseconds=1))
    assert [step.stage for step in steps[int(lead)]] == ["lead"]


def test_an_opportunity_with_an_owner_is_open_until_it_is_won(crm: Tryton, seller: Opportunities) -> None:
    (lead,) = seller.create()
    (employee,) = seller.call("company.employee", "create", [{"party": 2, "company": 1}])
    seller.call("sale.opportunity", "write", [int(lead)], {"employee": employee})
    seller.call("sale.opportunity", "opportunity", [int(lead)])
    seller.call("sale.opportunity", "convert", [int(lead)])
    (case,) = (case for case in crm.reread([lead]).cases if not case.is_past)
    assert (case.status, case.kind, case.lead["crm_owner"]) == ("converted", "open", str(employee))


def test_owners_are_employees_with_their_addresses_and_whether_they_left(crm: Tryton, seller: Opportunities) -> None:
    mail = {"contact_mechanisms": [["create", [{"type": "email", "value": "luca@example.ch"}]]]}
    luca, rolf = seller.call("party.party", "create", [{"name": "Luca", **mail}, {"name": "Rolf"}])
    ended = {"__class__": "date", "year": 2020, "month": 12, "day": 31}
    records = [{"party": luca, "company": 1}, {"party": rolf, "company": 1, "end_date": ended}]
    seller.call("company.employee", "create", records)
    owners = {owner.name: (owner.email, owner.is_active) for owner in crm.owners()}
    assert owners["Luca"] == ("luca@example.ch", True)
    assert owners["Rolf"] == (None, False)
    assert [check.problem for check in crm.check([]) if check.subject == "reading"] == [""]


def test_a_wrong_password_is_a_closed_door(server: RealCRM) -> None:
    with pytest.raises(CRMRejected) as caught:
        Tryton(server.url, "admin:wrong", database="crm").push([])  # no call yet
        Tryton(server.url, "admin:wrong", database="crm").check([])
    assert caught.value.locked_out


def test_deliveries_survive_faults_and_kills(server: RealCRM, seller: Opportunities, tmp_path: Path) -> None:
    leads = seller.create(LEADS)
    faults = FaultSwitch()
    with fault_proxy(server.url, faults) as url:
        crm = Tryton(url, CREDENTIALS, database="crm", per_second=1000, sleep=lambda _: None)

        def kill_and_restart(hour: int) -> None:
            if hour in (2, 4):
                server.kill()
                server.start()

        newest = deliver_in_chaos(DuckDBWarehouse(tmp_path), lambda: crm, faults, leads, 1, kill_and_restart)
    scores = {lead: Opportunities(server.url).fields_shown(lead)["predictive_score"] for lead in newest}
    assert scores == newest

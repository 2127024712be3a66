"""What client and BOMA agreed on, held by the scripted fake and by the simulation's server alike."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from msgspec import structs

from leadwerk import simulation
from leadwerk.crm.boma import Boma
from leadwerk.crm.port import LeadUpdate, Refused, Unknown
from leadwerk.errors import CRMRejected, CRMUnavailable
from leadwerk.simulation.crm_server import CrmServer
from support.boma_fake import TOKEN, FakeBoma, Fault, serving

LEAD = "100001"  # the market's first
SCRIPTED = {
    "none": None,
    "error": Fault(status=500),
    "throttle": Fault(status=429, retry_after="3"),
    "slow": Fault(wait=0.6),
    "drop": Fault(drop=True),
    "drop_after_commit": Fault(drop=True, after_commit=True),
}
FIELDS = {
    "predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately", "probability": 0.31,
    "score_reasons": ("Liest Zinsen",),
}  # fmt: skip
UPDATE = LeadUpdate("score-1", "score-1", LEAD, FIELDS)


@dataclass
class Fake:
    boma: FakeBoma

    @property
    def url(self) -> str:
        return self.boma.url

    def next_faults(self, names: Sequence[str]) -> None:
        self.boma.faults.extend(SCRIPTED[name] for name in names)


@dataclass
class Market:
    url: str

    def next_faults(self, names: Sequence[str]) -> None:
        body = {"queue": list(names), "retry_after": 3.0, "slow_seconds": 0.6}
        headers = {"Authorization": f"Bearer {TOKEN}"}
        requests.post(f"{self.url}/admin/faults", json=body, headers=headers, timeout=5).raise_for_status()


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("market")
    simulation.simulate(home, days=20, leads=150, seed=3)
    return home


@pytest.fixture
def fresh(simulated: Path, tmp_path: Path) -> Path:
    """The simulated CRM, as if nobody had patched it yet."""
    return Path(shutil.copytree(simulated, tmp_path / "home"))


@pytest.fixture(params=["fake", "market"])
def crm(request: pytest.FixtureRequest, fresh: Path) -> Iterator[Fake | Market]:
    if request.param == "market":
        with CrmServer(fresh, TOKEN) as server:
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            yield Market(server.url)
            server.shutdown()
        return
    lead = {"lead_id": LEAD, "created_at": "2026-01-05T08:00:00Z"}
    cases: list[Any] = [
        {"event_id": f"e{n}", "changed_at": "2026-01-05T09:00:00Z", "lead": lead, "status": "Neu"} for n in range(7)
    ]
    with serving(FakeBoma(leads={LEAD: {}}, cases=cases, every_lead_is_known=False)) as boma:
        yield Fake(boma)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(crm: Fake | Market, slept: list[float]) -> Boma:
    return Boma(crm.url, TOKEN, per_second=1000, sleep=slept.append)


def fields_shown(crm: Fake | Market, lead_id: str = LEAD) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.get(f"{crm.url}/api/v1/leads/{lead_id}", headers=headers, timeout=5)
    fields: dict[str, Any] = answer.json()["custom_fields"]
    return fields


def test_a_sent_score_is_shown(crm: Fake | Market, client: Boma) -> None:
    client.push([UPDATE])
    assert fields_shown(crm) == {
        "predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately",
        "probability": 0.31, "score_reasons": ["Liest Zinsen"],
    }  # fmt: skip


def test_before_a_model_points_and_what_follows_from_them_are_shown(crm: Fake | Market, client: Boma) -> None:
    sent_fields = {
        "points": 62.5,
        "lead_matrix_cell": "B2",
        "company_tier": None,
        "lead_stage": "sql",
        "traffic_light": "green",
    }
    unscored = {"predictive_score": None, "probability": None, "score_cluster": "HOT"}
    client.push([LeadUpdate("p-1", "p-1", LEAD, unscored | sent_fields)])
    fields = fields_shown(crm)
    assert {name: fields[name] for name in sent_fields} == sent_fields
    assert (fields["predictive_score"], fields["probability"], fields["score_cluster"]) == (None, None, "HOT")


def test_the_same_score_twice_is_harmless(crm: Fake | Market, client: Boma) -> None:
    client.push([UPDATE])
    client.push([UPDATE])
    assert fields_shown(crm)["predictive_score"] == 85


def test_a_key_that_was_seen_does_nothing_again_and_a_new_key_does(crm: Fake | Market, client: Boma) -> None:
    """Where an older score may have come after it, the outbox sends a score again: under a new key."""
    older = LeadUpdate("score-0", "score-0", LEAD, {**FIELDS, "predictive_score": 40})
    for update, expected in (
        (UPDATE, 85),
        (older, 40),
        (UPDATE, 40),
        (structs.replace(UPDATE, key="score-1.repair"), 85),
    ):
        client.push([update])
        assert fields_shown(crm)["predictive_score"] == expected


def test_a_refusal_says_why(client: Boma) -> None:
    assert isinstance(client.push([LeadUpdate("s", "s", "nobody", FIELDS)])[0], Unknown)
    (result,) = client.push([LeadUpdate("s", "s", LEAD, {**FIELDS, "predictive_score": 101})])
    assert isinstance(result, Refused)
    assert result.status == 422


def test_nobody_without_the_token_gets_in(crm: Fake | Market) -> None:
    stranger = Boma(crm.url, "stolen")
    with pytest.raises(CRMRejected, match="LEADWERK_CRM_TOKEN"):
        stranger.push([UPDATE])
    with pytest.raises(CRMRejected, match="LEADWERK_CRM_TOKEN"):
        list(stranger.pull(None))


@pytest.mark.parametrize("fault", ["error", "throttle", "slow", "drop", "drop_after_commit"])
def test_after_a_fault_the_same_call_succeeds(
    crm: Fake | Market, client: Boma, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadwerk.crm.bounded_exchange.TIMEOUT", (0.3, 0.3))
    crm.next_faults([fault])
    with pytest.raises(CRMUnavailable) as caught:
        client.push([UPDATE])
    assert caught.value.retry_after == (3 if fault == "throttle" else None)
    monkeypatch.undo()
    client.push([UPDATE])
    assert fields_shown(crm)["predictive_score"] == 85


def test_all_cases_come_page_by_page_and_from_any_cursor(client: Boma, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [case.event_id for page in client.pull(None) for case in page.cases]
    monkeypatch.setattr("leadwerk.crm.boma.PAGE_SIZE", 3)
    pages = list(client.pull(None))
    assert [case.event_id for page in pages for case in page.cases] == whole
    assert [len(page.bad) for page in pages] == [0] * len(pages)
    rest = [case.event_id for page in client.pull(pages[0].cursor) for case in page.cases]
    assert rest == whole[3:]
    assert next(client.pull(pages[-1].cursor)).cases == ()


def test_faults_between_pages_lose_and_double_nothing(
    crm: Fake | Market, client: Boma, monkeypatch: pytest.MonkeyPatch, slept: list[float]
) -> None:
    whole = [case.event_id for page in client.pull(None) for case in page.cases]
    monkeypatch.setattr("leadwerk.crm.boma.PAGE_SIZE", max(1, len(whole) // 4))
    crm.next_faults(["error", "none", "drop", "throttle", "none", "drop_after_commit", "error"])
    assert [case.event_id for page in client.pull(None) for case in page.cases] == whole
    assert sum(slept) > 3

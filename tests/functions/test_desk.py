"""The sellers' API in real processes over HTTP: picks under real concurrency on both engines, and after kill -9."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

from leadwerk.serve import serving
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import from_text
from support.desk_servers import AT, SIMULATED, desks, get, pick
from support.selling import DAY, NOW, lead, outcome, score, touch, warehouse

pytestmark = pytest.mark.filterwarnings("ignore")  # Google's client warns about itself
STEPS = from_text("SELECT DISTINCT event_id, lead_id, kind, seller, sequence FROM leadwerk.picks ORDER BY sequence")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    names = [*(f"l{number}" for number in range(20)), "with/slash", "Zürich 7"]
    warehouse(
        home,
        leads=[lead(name, account_id=f"a{n % 4}.ch", employees=60 * (n % 4)) for n, name in enumerate(names)],
        scores=[score(name, predictive_score=n) for n, name in enumerate(names)],
        touchpoints=[touch(1, "l0", "webinar_attended", NOW - DAY)],
        outcomes=[outcome("l0", NOW - 2 * DAY, "appointmentscheduled", "open")],
    )
    return home


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with desks(home) as [url]:
        yield url


@pytest.mark.slow
def test_the_list_comes_page_by_page(url: str) -> None:
    lead_ids, cursor = [], None
    for _ in range(9):
        page = get(url, "/leads", limit=7, cursor=cursor).json()
        lead_ids += [lead["lead_id"] for lead in page["leads"]]
        cursor = page.get("next")
        if cursor is None:
            break
    assert len(lead_ids) == len(set(lead_ids)) == 22
    assert lead_ids[:2] == ["Zürich 7", "with/slash"]


@pytest.mark.parametrize("lead_id", ["with/slash", "Zürich 7"])
def test_an_id_may_hold_any_sign(url: str, lead_id: str) -> None:
    first_pick = pick(url, lead_id, "anna").json()
    assert (first_pick["lead_id"], first_pick["seller"]) == (lead_id, "anna")
    assert get(url, f"/leads/{quote(lead_id, safe='')}/history").json()["held_by"] == "anna"
    assert pick(url, lead_id, "anna", "release").json() == {"lead_id": lead_id, "seller": None}


def test_a_lead_that_is_held_is_a_conflict_that_says_who_and_until_when(url: str) -> None:
    first_pick = pick(url, "l1", "anna").json()
    assert pick(url, "l1", "anna").json() == first_pick
    for deed in ("pick", "release"):
        refused = pick(url, "l1", "beat", deed)
        assert (refused.status_code, refused.headers["Content-Type"]) == (409, "application/problem+json")
        problem = refused.json()
        assert (problem["seller"], problem["until"], problem["field"]) == ("anna", first_pick["expires_at"], "lead_id")
        assert "anna" in problem["detail"] and problem["remedy"]
    assert [lead["lead_id"] for lead in get(url, "/leads", seller="anna").json()["leads"]] == ["l1"]


@pytest.mark.slow
def test_history_and_ledger_of_a_lead(url: str) -> None:
    history = get(url, "/leads/l0/history", output_language="it").json()
    assert [event["kind"] for event in history["timeline"]] == ["status", "score"]
    assert history["timeline"][0]["text"] == "stato nel CRM: appointmentscheduled"
    ledger = get(url, "/leads/l0/history", at=AT).json()
    assert ledger["sum"] == ledger["rating"]["points"]
    assert {entry["kind"] for entry in ledger["entries"]} >= {"event"}


def test_accounts_and_one_of_them(url: str) -> None:
    page = get(url, "/accounts", limit=2).json()
    assert (len(page["accounts"]), bool(page["next"])) == (2, True)
    detail = get(url, f"/accounts/{page['accounts'][0]['account_id']}").json()
    assert detail["account"]["company"]["employees"] == page["accounts"][0]["company"]["employees"]
    assert len(detail["contacts"]) == detail["account"]["contacts"]


@pytest.mark.parametrize(
    ("path", "status", "field", "detail"),
    [
        ("/leads?sort=size", 422, "sort", "score"),
        ("/leads?limit=0", 422, "limit", "1"),
        ("/leads?limit=many", 422, "limit", "int"),
        ("/leads?colour=red", 422, "colour", "cluster"),
        ("/leads?tier=Huge", 422, "tier", "Enterprise"),
        ("/leads?grade=Z", 422, "grade", "'Z'"),
        ("/leads?matrix_cell=Z", 422, "matrix_cell", "A-D"),
        ("/leads?cursor=x", 422, "cursor", "start again"),
        ("/leads?sort=score&sort=tier", 422, "sort", "once"),
        ("/leads?now=2999-01-01", 422, "now", "RFC3339"),
        ("/leads/nobody/history", 404, "lead_id", "nobody"),
        ("/leads/l0/history?at=1999-01-01T00:00:00Z", 422, "at", "past"),
        ("/leads/l0/history?days=0", 422, "days", "1"),
        ("/accounts?sort=size", 422, "sort", "icp"),
        ("/accounts/nobody.ch", 404, "account_id", "nobody.ch"),
    ],
)
def test_what_cannot_be_asked_is_a_problem_with_field_and_remedy(
    url: str, path: str, status: int, field: str, detail: str
) -> None:
    answer = requests.get(url + path, timeout=30)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (problem["field"], bool(problem["remedy"])) == (field, True)
    assert detail in problem["detail"] + problem["remedy"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, "body"),
        (b"{}", 422, "seller"),
        (b'{"seller": ""}', 422, "seller"),
        (b'{"seller": 7}', 422, "$.seller"),
        (b'{"seller": "anna", "force": true}', 422, "body"),
        (b'{"seller": " "}', 422, "seller"),
    ],
)
def test_a_pick_without_a_seller_is_a_problem(url: str, body: bytes, status: int, field: str) -> None:
    answer = requests.post(f"{url}/leads/l2/pick", data=body, timeout=30)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert answer.json()["remedy"]


def test_methods_and_paths_that_are_none(url: str) -> None:
    refused = requests.get(f"{url}/leads/l2/pick", timeout=10)
    assert (refused.status_code, refused.headers["Allow"]) == (405, "POST")
    assert requests.post(f"{url}/leads", timeout=10).headers["Allow"] == "GET"
    assert requests.get(f"{url}/lead", timeout=10).status_code == 404
    assert pick(url, "nobody", "anna").status_code == 404


def race(urls: Sequence[str], leads: Sequence[str], sellers: int) -> dict[str, list[requests.Response]]:
    """All sellers at once after each lead, over all processes."""
    attempts = [(lead_id, number) for lead_id in leads for number in range(sellers)]
    doors = itertools.cycle(urls)
    attempts = [(lead_id, number, next(doors)) for lead_id, number in attempts]
    with ThreadPoolExecutor(len(attempts)) as pool:
        answers = list(pool.map(lambda attempt: pick(attempt[2], attempt[0], f"seller {attempt[1]}"), attempts))
    return {
        lead_id: [answer for answer, attempt in zip(answers, attempts, strict=True) if attempt[0] == lead_id]
        for lead_id in leads
    }


def check(answers: dict[str, list[requests.Response]], desk: Warehouse) -> None:
    """One winner a lead: all losers name that seller, and so does the table."""
    steps = desk.rows(STEPS, {})
    for lead_id, responses in answers.items():
        assert sorted({answer.status_code for answer in responses}) == [200, 409], [
            answer.text for answer in responses
        ][:3]
        [winner] = [answer.json() for answer in responses if answer.status_code == 200]
        losers = [answer.json() for answer in responses if answer.status_code == 409]
        assert {(loser["seller"], loser["until"]) for loser in losers} == {(winner["seller"], winner["expires_at"])}
        assert [(loser["kind"], loser["seller"]) for loser in steps if loser["lead_id"] == lead_id] == [
            ("picked", winner["seller"])
        ]


@pytest.mark.slow
def test_of_sellers_at_several_processes_exactly_one_gets_each_lead(tmp_path: Path) -> None:
    leads = [f"l{number}" for number in range(5)]
    desk = warehouse(tmp_path, leads=[lead(name) for name in leads])
    with desks(tmp_path, 3) as urls:
        check(race(urls, leads, sellers=9), desk)


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [1, 7, 15])
def test_after_kill_9_in_the_middle_a_retry_leaves_one_pick(tmp_path: Path, swapped: int) -> None:
    leads = [f"l{number}" for number in range(24)]
    desk = warehouse(tmp_path, leads=[lead(name) for name in leads])
    first = serving(tmp_path, names=["desk"], crm=False, environment=SIMULATED)
    with first as servers, ThreadPoolExecutor(len(leads)) as pool:
        answers = [pool.submit(pick, servers.url("desk"), name, "anna") for name in leads]
        until = time.monotonic() + 30
        while len(list(tmp_path.glob("picks/leads/*/*.json"))) < swapped and time.monotonic() < until:
            time.sleep(0.001)
        servers.running["desk"].kill()
        done = [future.result().json()["lead_id"] for future in answers if future.exception() is None]
    assert len(done) < len(leads), "nothing was in the middle"
    with desks(tmp_path) as [url]:
        for name in leads:
            assert pick(url, name, "anna").status_code == 200
            assert pick(url, name, "beat").status_code == 409
    steps = desk.rows(STEPS, {})
    assert sorted((future["lead_id"], future["kind"], future["seller"]) for future in steps) == sorted(
        (name, "picked", "anna") for name in leads
    )


@pytest.mark.slow
def test_in_the_cloud_exactly_one_gets_each_lead(cloud: Any, tmp_path: Path) -> None:
    environment, bucket, desk = cloud
    leads = ["l0", "l1", "l2"]
    with desks(tmp_path, 2, **environment) as urls:
        answers = race(urls, leads, sellers=8)
        check(answers, desk)
        listed = {lead["lead_id"]: lead.get("held_by") for lead in get(urls[0], "/leads").json()["leads"]}
    winners = {lead_id: next(a.json()["seller"] for a in responses if a.ok) for lead_id, responses in answers.items()}
    assert {lead_id: listed[lead_id] for lead_id in leads} == winners
    assert bucket.refused > 0, "no seller came too late: there was no race"
    assert len(bucket.objects) == 3


@pytest.mark.slow
def test_in_the_cloud_a_release_and_a_takeover_after_the_end_are_audited(cloud: Any, tmp_path: Path) -> None:
    environment, _, desk = cloud
    later = (NOW + 3 * DAY).isoformat()
    with desks(tmp_path, 1, **environment) as [url]:
        first_pick = pick(url, "l5", "anna").json()
        assert datetime.fromisoformat(first_pick["expires_at"]) == NOW + 2 * DAY
        released = pick(url, "l5", "anna", "release")
        assert released.ok, released.text
        assert pick(url, "l5", "beat").ok
        assert pick(url, "l5", "carla", now=later).ok
        history = requests.get(
            f"{url}/leads/l5/history", params={"now": later, "output_language": "en"}, timeout=60
        ).json()
    steps = [f"{step['kind']} {step['seller']}" for step in desk.rows(STEPS, {}) if step["lead_id"] == "l5"]
    assert steps == ["picked anna", "released anna", "picked beat", "expired beat", "picked carla"]
    assert history["held_by"] == "carla"
    assert "the pick of beat has lapsed" in [event["text"] for event in history["timeline"]]


@pytest.mark.slow
@pytest.mark.parametrize("place", ["laptop", "cloud"])
def test_the_day_begins_with_the_picks_that_lapsed(place: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    environment, desk = {}, warehouse(tmp_path, leads=[lead("l6")], scores=[score("l6")])
    if place == "cloud":
        environment, _, desk = request.getfixturevalue("cloud")
    morning = {"threshold": True, "now": (NOW + 3 * DAY).isoformat()}
    with desks(tmp_path, 1, **environment) as [url]:
        assert pick(url, "l6", "anna").ok
        before = desk.rows(STEPS, {})  # in the cloud tests before this one picked, too
        first, second = (requests.post(url, json=morning, timeout=60).json() for _ in range(2))
    noted = [step for step in desk.rows(STEPS, {}) if step not in before]
    assert {step["kind"] for step in noted} == {"expired"}
    assert (first["lapsed_picks"], second["lapsed_picks"]) == (len(noted), 0)
    assert [step["seller"] for step in noted if step["lead_id"] == "l6"] == ["anna"]


@pytest.mark.slow
def test_in_the_cloud_after_kill_9_a_retry_leaves_one_pick(cloud: Any, tmp_path: Path) -> None:
    environment, bucket, desk = cloud
    first = serving(tmp_path, names=["desk"], crm=False, environment=SIMULATED | environment)
    with first as servers, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(pick, servers.url("desk"), "l7", "anna")
        until, before = time.monotonic() + 30, len(bucket.objects)
        while len(bucket.objects) == before and time.monotonic() < until:
            time.sleep(0.001)
        servers.running["desk"].kill()  # swapped, and not yet in the table
        assert answer.exception() is not None
    assert [step for step in desk.rows(STEPS, {}) if step["lead_id"] == "l7"] == []
    with desks(tmp_path, 1, **environment) as [url]:
        assert pick(url, "l7", "beat").json()["seller"] == "anna"
        assert pick(url, "l7", "anna").ok
    assert [step["kind"] for step in desk.rows(STEPS, {}) if step["lead_id"] == "l7"] == ["picked"]


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_a_page_of_another_site_picks_nothing(url: str, headers: dict[str, str]) -> None:
    body = '{"seller": "beat"}'
    for path in ("/leads/l3/pick", "/leads/l3/override", "/"):
        answer = requests.post(url + path, data=body, headers=headers | {"Content-Type": "text/plain"}, timeout=30)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:leadwerk:problem:CrossSiteRequest")
    assert get(url, "/leads/l3/history").json().get("held_by") is None

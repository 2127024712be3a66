"""The desk's pages over HTTP in the cloud: behind identity-aware proxy, on BigQuery (emulated)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

import leadwerk
from support.desk_servers import desks
from support.identity_proxy import AUDIENCE, Proxy
from support.selling import DAY, HOUR, lead, score

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
PEOPLE = """
- {email: anna@example.ch, name: anna, roles: [seller], language: en, crm_user: "77"}
- {email: eva@example.ch, name: eva, roles: [manager, operator, privacy], language: en}
"""
PAGES = {
    "/calls": "Calls",
    "/calls?list=all&sort=newest": "Calls",
    "/calls/live": "live",
    "/companies": "Companies",
    "/results": "Results",
    "/review?month=2026-05": "Review of 2026-05",
    "/thresholds": "Thresholds",
    "/rules": "Rules",
    "/operations": "Operations",
    "/privacy?days=400": "Privacy",
    "/start": "Start",
    "/settings": "Settings",
}


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    proxy = Proxy()
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def url(cloud: Any, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environment, _, warehouse = cloud
    clock = datetime.now(UTC)  # a desk in the cloud has no clock of its own
    warehouse.append("leads", [lead("live", created_at=clock - DAY, recorded_at=clock - DAY, crm_owner="77")])
    warehouse.append("scores", [score("live", clock - HOUR, score_cluster="HOT", predictive_score=90)])
    home: Path = tmp_path_factory.mktemp("desk")
    people = home / "people.yaml"
    people.write_text(PEOPLE, "utf-8")
    policy = home / "policy.yaml"
    policy.write_text((Path(leadwerk.__file__).parent / "policy/defaults/b2b_swiss.yaml").read_text("utf-8"), "utf-8")
    door = {
        "LEADWERK_ACCESS": "iap",
        "LEADWERK_IAP_AUDIENCE": AUDIENCE,
        "LEADWERK_IAP_KEYS_URL": proxy.url,
        "LEADWERK_PEOPLE": str(people),
        "LEADWERK_POLICY": str(policy),
        "LEADWERK_PERSON_KEY": "k" * 32,
    }
    with desks(home, 1, **environment, **door) as [url]:
        yield url


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_answered_on_bigquery(url: str, proxy: Proxy, path: str) -> None:
    answer = requests.get(url + path, headers=proxy.headers("eva@example.ch"), timeout=120)
    assert answer.status_code == 200, answer.text
    [title] = re.findall("<h1[^>]*>(.*?)</h1>", answer.text, re.DOTALL)
    assert PAGES[path] in title
    assert len(answer.content) <= 60_000


def test_a_seller_takes_a_lead_and_says_how_it_went(url: str, proxy: Proxy, cloud: Any) -> None:
    from leadwerk.warehouse.statement import from_text

    headers = proxy.headers("anna@example.ch") | {"Sec-Fetch-Site": "same-origin"}
    pick_answer = requests.post(f"{url}/calls/live/take", headers=headers, timeout=120, allow_redirects=False)
    assert pick_answer.status_code == 303, pick_answer.text
    verdict_answer = requests.post(
        f"{url}/calls/live/verdict",
        data={"reached": "yes", "verdict": "good"},
        headers=headers,
        timeout=120,
        allow_redirects=False,
    )
    assert verdict_answer.status_code == 303, verdict_answer.text
    _, _, warehouse = cloud
    for table, seller in (("picks", "anna"), ("verdicts", "anna")):
        rows = warehouse.rows(from_text(f"SELECT seller FROM leadwerk.{table} WHERE lead_id = 'live'"), {})
        assert [row["seller"] for row in rows] == [seller]


def test_the_page_of_a_lead_names_who_owns_it_in_the_crm(url: str, proxy: Proxy) -> None:
    page = requests.get(f"{url}/calls/live", headers=proxy.headers("eva@example.ch"), timeout=120).text
    assert re.search(r"Owner in the CRM</dt>\s*<dd[^>]*>anna</dd>", page), page


def test_who_opened_a_lead_is_stored_once_a_day(url: str, proxy: Proxy, cloud: Any) -> None:
    from leadwerk.warehouse.statement import from_text

    _, _, warehouse = cloud
    for _ in range(2):
        opened = requests.get(f"{url}/calls/live", headers=proxy.headers("anna@example.ch"), timeout=120)
        assert opened.status_code == 200, opened.text
    assert requests.get(f"{url}/calls/nobody", headers=proxy.headers("anna@example.ch"), timeout=60).status_code == 404
    rows = warehouse.rows(from_text("SELECT lead_id FROM leadwerk.lead_reads WHERE reader = 'anna'"), {})
    assert [row["lead_id"] for row in rows] == ["live"]


def test_who_is_not_of_this_desk_sees_nothing(url: str, proxy: Proxy) -> None:
    stranger = requests.get(f"{url}/calls", headers=proxy.headers("mallory@example.ch"), timeout=60)
    assert (stranger.status_code, "live" in stranger.text) == (403, False)
    assert requests.get(f"{url}/calls", timeout=60).status_code == 401
    assert requests.get(f"{url}/privacy", headers=proxy.headers("anna@example.ch"), timeout=60).status_code == 403


def test_the_cloud_brings_no_files_and_erases_nobody_at_the_desk(url: str, proxy: Proxy) -> None:
    headers = proxy.headers("eva@example.ch") | {"Sec-Fetch-Site": "same-origin"}
    for path, data in (("/start/train", {}), ("/privacy/person", {"person": "live"}),
                       ("/privacy/erasure", {"person": "live", "reason": "x", "confirmation": "live"})):  # fmt: skip
        assert requests.post(url + path, data=data, headers=headers, timeout=60).status_code == 404

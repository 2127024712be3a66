"""Real function processes, a CRM that misbehaves, kill -9 in the middle: a rerun loses and doubles nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk import settings, simulation
from leadwerk.pipeline import ingest, wiring
from leadwerk.serve import FunctionServers, serving, start
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text

NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
FAULTS = {
    "error": 0.1, "throttle": 0.1, "drop": 0.05, "drop_after_commit": 0.1, "duplicates": 0.2, "out_of_order": 1.0,
    "retry_after": 0.05, "seed": 5,
}  # fmt: skip
TABLES = ("leads", "identities", "touchpoints", "outcomes")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    simulation.simulate(tmp_path, days=26, leads=700, seed=11)
    return tmp_path


@pytest.fixture
def servers(home: Path) -> Iterator[FunctionServers]:
    slow = {"LEADWERK_CRM_PER_SECOND": "60"}  # slow enough to be killed in the middle
    names = ("ingest_feedback", "deliver_scores")
    with serving(home, names=names, simulation=True, environment=slow) as running:
        admin(running, "now", {"now": NOW.isoformat()})
        yield running


def admin(servers: FunctionServers, what: str, body: dict[str, Any] | None = None) -> Any:
    headers = {"Authorization": f"Bearer {servers.environment['LEADWERK_CRM_TOKEN']}"}
    method = "GET" if body is None else "POST"
    answer = requests.request(method, f"{servers.url('crm')}/admin/{what}", json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def call(servers: FunctionServers, name: str, minutes: int = 0) -> dict[str, Any]:
    body = {"now": (NOW + timedelta(minutes=minutes)).isoformat()}
    answer = requests.post(servers.url(name), json=body, timeout=120)
    response_body: dict[str, Any] = answer.json()
    return response_body


def killed_in_the_middle(servers: FunctionServers, home: Path, name: str, in_the_middle: Callable[[], bool]) -> None:
    """Call a function, kill -9 it with its workers once `in_the_middle`, and start it anew on the same port."""

    def doomed() -> None:
        with pytest.raises(requests.RequestException):
            call(servers, name)

    caller = threading.Thread(target=doomed)
    caller.start()
    until = time.monotonic() + 60
    while not in_the_middle():
        assert time.monotonic() < until, "it was never in the middle"
        assert caller.is_alive(), "it was done before it could be killed"
    old = servers.running[name]
    old.kill()
    caller.join()
    port = int(old.url.rpartition(":")[2])
    servers.running[name] = start(name, port, home, servers.environment)
    while not answers(servers.url(name)):
        time.sleep(0.05)


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).ok
    except requests.ConnectionError:
        return False


def table(warehouse: DuckDBWarehouse, name: str) -> list[Row]:
    """All rows without the moment of writing, which differs between runs."""
    stored_rows = warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {})
    rows = [{column: value for column, value in row.items() if column != schema.STORED_AT} for row in stored_rows]
    return sorted(rows, key=lambda row: [str(row[part]) for part in schema.table(name).key])


def store_scores(warehouse: DuckDBWarehouse, lead_ids: list[str], number: int) -> None:
    at = NOW - timedelta(minutes=10 - number)
    warehouse.append(
        "scores",
        [
            {
                "score_id": f"{lead_id}-{number}", "lead_id": lead_id, "day": at.date(), "scored_at": at,
                "stored_at": at, "score_origin": "rescore", "basis": "model", "model_version": "m1",
                "policy_version": "p1", "probability": number / 10, "predictive_score": int(lead_id) * 7 % 90 + number,
                "score_cluster": "WARM", "recommended_action": "Send_Offer", "language": "de",
                "has_web_behaviour": True, "reasons": [],
            }
            for lead_id in lead_ids
        ],
    )  # fmt: skip


@pytest.mark.slow
def test_a_killed_delivery_ends_with_the_newest_score_in_the_crm(servers: FunctionServers, home: Path) -> None:
    warehouse = DuckDBWarehouse(home)
    lead_ids = [str(100_001 + number) for number in range(300)]
    store_scores(warehouse, lead_ids, 1)
    store_scores(warehouse, lead_ids[:150], 2)
    admin(servers, "faults", FAULTS)
    killed_in_the_middle(servers, home, "deliver_scores", lambda: 40 <= admin(servers, "stats")["patched_leads"] < 300)
    minutes = 0
    for minutes in range(0, 2000, 60):
        # Two at once, as when a schedule fires while the last run still goes on.
        rivals = [threading.Thread(target=call, args=(servers, "deliver_scores", minutes)) for _ in range(2)]
        for rival in rivals:
            rival.start()
        if minutes == 0:
            store_scores(warehouse, lead_ids[:50], 3)
        for rival in rivals:
            rival.join()
        if minutes > 0 and call(servers, "deliver_scores", minutes)["pending"] == 0:
            break
    admin(servers, "faults", {})
    last = call(servers, "deliver_scores", minutes + 60)
    assert (last["sent"], last["dead_letter"], last["pending"]) == (0, 0, 0)
    assert mismatches(servers, warehouse) == []


def mismatches(servers: FunctionServers, warehouse: DuckDBWarehouse) -> list[str]:
    """Leads whose score in the CRM is not the newest stored one."""
    newest = {row["lead_id"]: row for row in sorted(table(warehouse, "scores"), key=lambda row: row["scored_at"])}
    headers = {"Authorization": f"Bearer {servers.environment['LEADWERK_CRM_TOKEN']}"}
    with requests.Session() as session:
        fields_by_lead = {
            lead_id: session.get(f"{servers.url('crm')}/api/v1/leads/{lead_id}", headers=headers, timeout=10).json()
            for lead_id in newest
        }
    return [
        lead_id
        for lead_id, row in newest.items()
        if fields_by_lead[lead_id]["custom_fields"].get("predictive_score") != row["predictive_score"]
    ]


@pytest.mark.slow
def test_a_killed_ingest_ends_with_the_same_tables(
    servers: FunctionServers, home: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = DuckDBWarehouse(tmp_path_factory.mktemp("plain"))
    deployment_settings = settings.read({**os.environ, **servers.environment})
    whole = ingest.run(
        plain,
        wiring.policy(deployment_settings),
        wiring.crm(deployment_settings),
        now=NOW,
        person_key=wiring.person_key(deployment_settings),
    )
    admin(servers, "faults", FAULTS)
    warehouse = DuckDBWarehouse(home)
    killed_in_the_middle(servers, home, "ingest_feedback", lambda: 0 < len(table(warehouse, "cursors")) < whole.pages)
    for minutes in (0, 5):
        assert call(servers, "ingest_feedback", minutes)["cursor"] == whole.cursor
    assert [table(warehouse, name) for name in TABLES] == [table(plain, name) for name in TABLES]

"""Bursts of pushed events while the consumer is killed at random: each event is applied once.

50,000 events: PUSHED_EVENTS=50000 pytest tests/faults/test_pushed_bursts.py
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from leadwerk.serve import FunctionServers, serving, start
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.push_sender import Google, environment, pushed

EVENTS = int(os.environ.get("PUSHED_EVENTS", "1500"))
A_MESSAGE, LEADS, KILLS, SENDERS = 50, 40, 4, 4
START = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def google() -> Iterator[Google]:
    running = Google()
    yield running
    running.close()


@pytest.fixture
def servers(tmp_path: Path, google: Google) -> Iterator[FunctionServers]:
    with serving(tmp_path, names=("ingest_feedback",), crm=False, environment=environment(google)) as running:
        yield running


def messages() -> list[bytes]:
    """All events, in messages; a tenth of the messages comes twice, and all are shuffled."""
    draw = random.Random(7)
    events = [
        {
            "event_id": f"e{number}", "lead_id": f"L{number % LEADS}", "kind": "email_click",
            "occurred_at": (START + timedelta(seconds=number)).isoformat(),
        }
        for number in range(EVENTS)
    ]  # fmt: skip
    bodies = [pushed(events[at : at + A_MESSAGE], f"m{at}") for at in range(0, EVENTS, A_MESSAGE)]
    bodies += draw.sample(bodies, len(bodies) // 10)
    draw.shuffle(bodies)
    return bodies


@pytest.mark.slow
def test_killed_consumers_apply_each_event_once(servers: FunctionServers, google: Google, tmp_path: Path) -> None:
    lead = {"recorded_at": START, "created_at": START, "web_consent": True}
    warehouse = DuckDBWarehouse(tmp_path)
    warehouse.append("leads", [{"event_id": f"e{n}", "lead_id": f"L{n}", **lead} for n in range(LEADS)])
    bodies, headers = messages(), google.headers()
    url = servers.url("ingest_feedback") + "/pubsub"
    delivered = [0]

    def push(body: bytes) -> None:
        """As Pub/Sub: until the answer is 2xx."""
        while True:
            try:
                if requests.post(url, data=body, headers=headers, timeout=60).ok:
                    delivered[0] += 1
                    return
            except requests.RequestException:
                pass
            time.sleep(0.1)

    with ThreadPoolExecutor(SENDERS) as senders:
        sent = [senders.submit(push, body) for body in bodies]
        for kill in range(1, KILLS + 1):
            while delivered[0] < len(bodies) * kill / (KILLS + 2):
                time.sleep(0.01)
            old = servers.running["ingest_feedback"]
            old.kill()
            port = int(old.url.rpartition(":")[2])
            servers.running["ingest_feedback"] = start("ingest_feedback", port, tmp_path, servers.environment)
        for future in sent:
            future.result()
    query = from_text("SELECT COUNT(*) AS n, COUNT(DISTINCT event_id) AS events FROM leadwerk.touchpoints")
    assert warehouse.rows(query, {}) == [{"n": EVENTS, "events": EVENTS}]

"""Two hundred connections at once: those that send nothing stop nobody, and those that ask are all answered."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from leadwerk.serve import FunctionServers, serving
from support.selling import NOW, lead, warehouse

pytestmark = pytest.mark.slow
CONNECTIONS = 200
MOST_MEMORY_KB = 1_000_000  # what Terraform gives the function score


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionServers]:
    home: Path = tmp_path_factory.mktemp("home")
    warehouse(home, leads=[lead(f"l{number}") for number in range(20)])
    with serving(home, names=["score"], crm=False, simulation=True) as running:
        yield running


@pytest.mark.parametrize(
    "beginning",
    [b"", b"POST / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"],
    ids=["nothing", "half a header", "half a body"],
)
def test_connections_that_send_no_whole_request_stop_nobody(servers: FunctionServers, beginning: bytes) -> None:
    address = urlsplit(servers.url("score"))
    with ExitStack() as stack:
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=5))
            connection.sendall(beginning)
        assert requests.get(f"{servers.url('score')}/health", timeout=10).status_code == 200


def test_all_who_ask_at_once_are_answered_within_the_memory(servers: FunctionServers) -> None:
    def score(number: int) -> requests.Response:
        body = {"lead_id": f"l{number % 20}", "now": NOW.isoformat(), "dry_run": True}
        return requests.post(servers.url("score"), json=body, timeout=120)

    with ThreadPoolExecutor(CONNECTIONS) as callers:
        answers = list(callers.map(score, range(CONNECTIONS)))
    assert {answer.status_code for answer in answers} == {200}
    assert {len(answer.json()["scores"]) for answer in answers} == {1}
    status = Path(f"/proc/{servers.running['score'].process.pid}/status").read_text("ascii")
    [peak] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    assert peak < MOST_MEMORY_KB

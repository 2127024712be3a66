"""Requests that are too long: refused early, with memory flat, and never repeated at length in the answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from leadwerk.local_function import LONGEST_REQUEST_LINE
from leadwerk.serve import FunctionServers, serving
from support.selling import lead, warehouse

pytestmark = pytest.mark.slow
MEGABYTES = 100
MOST_GROWTH_KB = 20_000
MOST_ANSWER = 4_000


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionServers]:
    home: Path = tmp_path_factory.mktemp("home")
    warehouse(home, leads=[lead("1")])
    with serving(home, names=["desk"], crm=False, simulation=True) as running:
        yield running


def peak_kb(servers: FunctionServers) -> int:
    """The most memory that a process of the function ever had."""
    group = servers.running["desk"].process.pid
    children = Path(f"/proc/{group}/task/{group}/children").read_text("ascii").split()
    statuses = [Path(f"/proc/{pid}/status").read_text("ascii") for pid in [str(group), *children]]
    return max(int(line.split()[1]) for text in statuses for line in text.splitlines() if line.startswith("VmHWM"))


@pytest.mark.parametrize("beginning", [b"GET /", b"", b"GET / HTTP/1.1\r\nX-Long: "], ids=["path", "method", "header"])
def test_a_hundred_megabytes_without_an_end_are_refused(servers: FunctionServers, beginning: bytes) -> None:
    before = peak_kb(servers)
    address = urlsplit(servers.url("desk"))
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(beginning)
        with pytest.raises((ConnectionError, BrokenPipeError)):
            for _ in range(MEGABYTES):
                connection.sendall(b"a" * 1_000_000)
    assert peak_kb(servers) - before < MOST_GROWTH_KB
    assert requests.get(f"{servers.url('desk')}/health", timeout=10).status_code == 200


@pytest.mark.parametrize(
    "path", ["/{}", "/leads/{}/history", "/leads/{}/pick", "/accounts/{}", "/calls/{}", "/assets/{}"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_long_path_is_not_repeated(servers: FunctionServers, method: str, path: str) -> None:
    url = servers.url("desk") + path.format("x" * 20_000)
    answer = requests.request(method, url, json={"seller": "anna"} if method == "POST" else None, timeout=30)
    assert answer.status_code in (401, 403, 404, 405, 422)
    assert len(answer.content) < MOST_ANSWER, answer.text[:500]


def test_a_request_line_as_long_as_the_clouds_is_answered(servers: FunctionServers) -> None:
    url = f"{servers.url('desk')}/health?{'a' * (LONGEST_REQUEST_LINE - 100)}"
    assert requests.get(url, timeout=30).status_code == 200


def test_a_long_value_is_not_repeated(servers: FunctionServers) -> None:
    for body in ({"seller": "y" * 200_000}, {"seller": ["y" * 200_000]}, {"z" * 200_000: 1}):
        answer = requests.post(f"{servers.url('desk')}/leads/1/pick", json=body, timeout=30)
        assert answer.status_code == 422, answer.text[:300]
        assert len(answer.content) < MOST_ANSWER, answer.text[:500]

"""Each function in its own process, over real HTTP: what it does, and what it says to bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk import simulation
from leadwerk.errors import ConfigurationError
from leadwerk.serve import FunctionServers, free_ports, serving, source_of

NAMES = ("extract_features", "ingest_feedback", "retrain", "deliver_scores", "desk", "privacy")
NOW = "2026-01-20T02:00:00Z"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionServers]:
    home = tmp_path_factory.mktemp("home")
    simulation.simulate(home, days=14, leads=80, seed=5)
    with serving(home, names=NAMES, simulation=True) as running:
        headers = {"Authorization": f"Bearer {running.environment['LEADWERK_CRM_TOKEN']}"}
        requests.post(f"{running.url('crm')}/admin/now", json={"now": NOW}, headers=headers, timeout=10)
        yield running


def post(servers: FunctionServers, name: str, body: Any = None, raw: bytes | None = None) -> requests.Response:
    return requests.post(servers.url(name), data=raw if raw is not None else json.dumps(body or {}), timeout=60)


@pytest.mark.parametrize("name", NAMES)
def test_health_says_who_answers(servers: FunctionServers, name: str) -> None:
    answer = requests.get(f"{servers.url(name)}/health", timeout=5)
    assert answer.json() == {"status": "ok", "function": name}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b'{"now"', 400),
        (b'{"no_such_field": 1}', 422),
        (b'{"now": "tomorrow"}', 422),
        (b'{"now": "1999-01-01T00:00:00Z"}', 422),
        (b"[1]", 422),
        (b" " * 10_000_000, 413),
    ],
)
def test_bad_input_is_a_problem_with_a_remedy(servers: FunctionServers, name: str, raw: bytes, status: int) -> None:
    answer = post(servers, name, raw=raw)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert {"type", "title", "status", "detail", "remedy", "field"} <= set(answer.json())


@pytest.mark.parametrize("name", NAMES)
def test_another_method_is_refused(servers: FunctionServers, name: str) -> None:
    answer = requests.put(servers.url(name), timeout=5)
    assert (answer.status_code, "Allow" in answer.headers) == (405, True)


@pytest.mark.slow
def test_ingest_reads_the_crm_and_a_second_call_finds_nothing_new(servers: FunctionServers) -> None:
    first = post(servers, "ingest_feedback", {"now": NOW}).json()
    assert first["leads"] >= 80
    assert first["outcomes"] > 0
    second = post(servers, "ingest_feedback", {"now": NOW}).json()
    assert (second["leads"], second["outcomes"], second["cursor"]) == (0, 0, first["cursor"])
    again = post(servers, "ingest_feedback", {"now": NOW, "from_start": True}).json()
    assert (again["cases"], again["leads"], again["outcomes"]) == (first["cases"], 0, 0)


def test_touchpoints_are_stored_once_and_each_that_cannot_be_used_is_named(servers: FunctionServers) -> None:
    assert post(servers, "ingest_feedback", {"now": NOW}).status_code == 200
    click = {"lead_id": "100001", "kind": "email_click", "occurred_at": NOW}
    body = {"now": NOW, "touchpoints": [click, {"lead_id": "nobody", "kind": "chat"}, None]}
    answer = post(servers, "ingest_feedback", body).json()
    assert (answer["stored"], answer["already_stored"]) == (1, 0)
    assert [(refusal["index"], refusal["field"]) for refusal in answer["refused"]] == [
        (1, "lead_id"),
        (2, "touchpoint"),
    ]
    assert post(servers, "ingest_feedback", body).json()["already_stored"] == 1


def test_deliver_with_nothing_to_send_says_so(servers: FunctionServers) -> None:
    answer = post(servers, "deliver_scores", {"now": NOW, "lead_ids": ["100001"]})
    assert answer.status_code == 200
    assert [answer.json()[what] for what in ("sent", "retry", "dead_letter", "pending")] == [0, 0, 0, 0]


def test_extract_without_an_export_says_what_is_missing(servers: FunctionServers) -> None:
    answer = post(servers, "extract_features", {"now": NOW})
    assert (answer.status_code, answer.json()["title"]) == (500, "Missing table")
    assert "GA4" in answer.json()["remedy"]


@pytest.mark.slow
def test_retrain_with_too_little_promotes_nothing_and_says_why(servers: FunctionServers) -> None:
    answer = post(servers, "retrain", {"now": NOW})
    assert answer.status_code == 200
    assert (answer.json()["promoted"], bool(answer.json()["reason"])) == (False, True)


def test_desk_shows_the_report_once_it_is_written(servers: FunctionServers) -> None:
    before = requests.get(servers.url("desk"), timeout=10)
    assert (before.status_code, "leadwerk report" in before.json()["remedy"]) == (404, True)
    assert post(servers, "desk", {"now": NOW}).status_code == 200
    for path in ("/", "/report"):
        page = requests.get(servers.url("desk") + path, timeout=10)
        assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert page.text.lstrip().lower().startswith("<!doctype html>")
    assert requests.get(servers.url("desk") + "/nonsense", timeout=10).status_code == 404


def test_desk_decides_the_thresholds_of_the_day(servers: FunctionServers) -> None:
    answer = post(servers, "desk", {"threshold": True, "now": NOW})
    assert (answer.status_code, answer.json()["stored"]) == (200, 0)  # the shipped policy names no sellers
    assert answer.json()["day"] == NOW[:10]
    assert post(servers, "desk", {"threshold": "perhaps"}).status_code == 422


def test_the_log_of_a_process_is_one_json_object_a_line(servers: FunctionServers) -> None:
    post(servers, "deliver_scores", {"now": NOW})
    lines = [json.loads(line) for line in servers.running["deliver_scores"].log.read_text("utf-8").splitlines()]
    assert lines[-1]["event"] == "stage_finished"
    assert {"seconds", "sent", "dead_letter", "pending"} <= set(lines[-1])


@pytest.mark.slow
def test_a_missing_setting_is_named(tmp_path: Path) -> None:
    with serving(tmp_path, names=["deliver_scores"], crm=False, environment={"LEADWERK_CRM_TOKEN": ""}) as running:
        answer = post(running, "deliver_scores")
        assert (answer.status_code, "LEADWERK_CRM_TOKEN" in answer.json()["remedy"]) == (500, True)


def test_a_function_that_does_not_start_shows_its_log(tmp_path: Path) -> None:
    wrong = {"PYTHONPATH": str(tmp_path)}
    (tmp_path / "functions_framework.py").write_text("raise SystemExit('no such library')", "utf-8")
    with (
        pytest.raises(ConfigurationError, match="no such library"),
        serving(tmp_path, names=["desk"], crm=False, environment=wrong),
    ):
        pass


@pytest.mark.slow
def test_a_taken_port_is_named_and_nothing_keeps_running(servers: FunctionServers, tmp_path: Path) -> None:
    used_port = int(servers.url("desk").rpartition(":")[2])
    (other,) = free_ports(1)
    ports = {"retrain": other, "desk": used_port}
    with (
        pytest.raises(ConfigurationError, match=str(used_port)),
        serving(tmp_path, names=["retrain", "desk"], crm=False, ports=ports),
    ):
        pass
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{other}/health", timeout=5)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_whoever_is_stopped_stops_all_it_started(tmp_path: Path, how: signal.Signals) -> None:
    (port,) = free_ports(1)
    script = (
        "import signal\n"
        "from pathlib import Path\n"
        "from leadwerk.serve import serving\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored where the suite runs in the background
        f"with serving(Path({str(tmp_path)!r}), names=['desk'], crm=False, ports={{'desk': {port}}}) as servers:\n"
        "    print('up', flush=True)\n"
        "    servers.wait()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.send_signal(how)
        try:
            process.wait(20)
        finally:
            process.kill()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{port}/health", timeout=5)


def test_there_is_no_other_function() -> None:
    with pytest.raises(ConfigurationError, match="no_such"):
        source_of("no_such")

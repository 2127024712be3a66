"""The simulated CRM over real HTTP: its contract, its faults, and that nothing is lost or doubled."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import datetime

import pytest
import requests

from leadwerk.simulation.crm_server import CrmServer

TOKEN = "secret"
LEAD = "/api/v1/leads/100001"
SCORE = {"predictive_score": 85, "score_cluster": "HOT", "recommended_action": "Call_Immediately"}


@contextmanager
def served(home):
    server = CrmServer(home, TOKEN)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Client(requests.Session):
    def __init__(self, url):
        super().__init__()
        self.url, self.headers["Authorization"] = url, f"Bearer {TOKEN}"

    def request(self, method, path, **arguments):
        return super().request(method, self.url + path, timeout=5, **arguments)

    def all_cases(self, limit=400):
        cases, cursor, more = [], None, True
        while more:
            page = self.get("/api/v1/cases", params={"limit": limit, **({"cursor": cursor} if cursor else {})}).json()
            cases, cursor, more = cases + page["cases"], page["next_cursor"], page["more"]
        return cases, cursor


@pytest.fixture(scope="module")
def data(simulated, tmp_path_factory):
    home = tmp_path_factory.mktemp("crm")
    shutil.copytree(simulated[0] / "market", home / "market")
    return home


@pytest.fixture
def client(data):
    with served(data) as url, Client(url) as session:
        session.post("/admin/now", json={"now": "2026-12-01T00:00:00Z"})
        yield session


@pytest.mark.parametrize(
    ("method", "path"), [("GET", LEAD), ("PATCH", LEAD), ("GET", "/api/v1/cases"), ("POST", "/admin/now")]
)
def test_nothing_is_told_without_the_token(client, method, path):
    for header in ({}, {"Authorization": "Bearer wrong"}):
        assert requests.request(method, client.url + path, headers=header, json={}, timeout=5).status_code == 401


def test_whether_it_is_up_is_told_to_anybody(client):
    assert requests.get(client.url + "/health", timeout=5).json() == {"status": "ok"}


def test_a_patch_sets_the_fields_it_names_and_leaves_the_others(client):
    client.patch(LEAD, json={"lead_id": "100001", "custom_fields": {"note": "asks for SARON", **SCORE}})
    answer = client.patch(LEAD, json={"lead_id": "100001", "custom_fields": {"predictive_score": 40}})
    assert answer.status_code == 200
    assert client.get(LEAD).json()["custom_fields"] == {"note": "asks for SARON", **SCORE, "predictive_score": 40}


def test_the_same_key_patches_once(client):
    def patch(score):
        body = {"lead_id": "100001", "custom_fields": {"predictive_score": score}}
        return client.patch(LEAD, json=body, headers={"Idempotency-Key": "score-1"}).status_code

    before = client.get("/admin/stats").json()["patches"]
    assert (patch(10), patch(10)) == (200, 200)
    client.patch(LEAD, json={"custom_fields": {"predictive_score": 90}})
    assert patch(10) == 200
    assert client.get(LEAD).json()["custom_fields"]["predictive_score"] == 90
    assert patch(11) == 422
    assert client.get("/admin/stats").json()["patches"] == before + 1


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/api/v1/leads/nobody", {"custom_fields": {}}, 404),
        (LEAD, {"lead_id": "100002", "custom_fields": {}}, 422),
        (LEAD, {"lead_id": "100001"}, 422),
        (LEAD, {"custom_fields": {"predictive_score": 101}}, 422),
        (LEAD, {"custom_fields": {"predictive_score": "high"}}, 422),
        (LEAD, {"custom_fields": {"score_cluster": ""}}, 422),
        (LEAD, ["custom_fields"], 422),
    ],
)
def test_a_wrong_patch_is_refused_with_a_reason(client, path, body, status):
    answer = client.patch(path, json=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_body_that_is_no_json_or_too_large_is_refused(client):
    assert client.patch(LEAD, data=b"{").status_code == 400
    assert client.patch(LEAD, data=b"x" * 1_000_001).status_code == 413
    assert client.get("/api/v1/nothing").status_code == 404


def test_cases_come_in_order_of_time_whatever_the_page_size(client):
    few, cursor = client.all_cases(limit=37)
    many, _ = client.all_cases(limit=1000)
    assert [case["event_id"] for case in few] == [case["event_id"] for case in many]
    times = [datetime.fromisoformat(case["changed_at"]) for case in many]
    assert times == sorted(times)
    assert client.get("/api/v1/cases", params={"cursor": cursor}).json() == {
        "cases": [], "next_cursor": cursor, "more": False,
    }  # fmt: skip


def test_a_case_begins_new_and_ends_once(client):
    cases, _ = client.all_cases()
    by_lead = {}
    for case in cases:
        by_lead.setdefault(case["lead"]["lead_id"], []).append(case)
    endings = {"Ausbezahlt", "Abgelehnt", "Verloren", "Zurückgezogen"}
    for history in by_lead.values():
        assert history[0]["status"] == "Neu" and history[0]["changed_at"] == history[0]["lead"]["created_at"]
        assert not any(case["status"] in endings for case in history[:-1])
    statuses = {case["status"] for case in cases}
    assert statuses == endings | {"Neu", "Kontaktiert", "Prüfung", "Genehmigung"}


def test_reasons_and_amounts_belong_to_the_ends_they_explain(client):
    cases, _ = client.all_cases()
    assert {case["reason"] for case in cases if case["status"] == "Abgelehnt"} >= {
        "Unzureichendes Einkommen", "Belehnung zu hoch",
    }  # fmt: skip
    assert all((case["amount"] is not None) == (case["status"] == "Ausbezahlt") for case in cases)


def test_touchpoints_come_with_the_status_they_met(client):
    cases, _ = client.all_cases()
    touched = [case for case in cases if not case["status_changed"]]
    assert {case["touchpoints"][0]["kind"] for case in touched} == {"call_answered", "email_click"}
    assert all(len(case["touchpoints"]) == 1 for case in touched)
    assert not any(case["touchpoints"] for case in cases if case["status_changed"])


def test_what_lies_after_the_clock_is_not_visible(client):
    client.post("/admin/now", json={"now": "2026-01-10T00:00:00Z"})
    early, cursor = client.all_cases()
    assert max(case["changed_at"] for case in early) <= "2026-01-10"
    assert client.get("/api/v1/leads/100900").status_code == 404
    client.post("/admin/now", json={"now": "2026-12-01T00:00:00Z"})
    later = client.get("/api/v1/cases", params={"cursor": cursor, "limit": 10}).json()["cases"]
    assert min(case["changed_at"] for case in later) >= "2026-01-10"
    assert client.get("/api/v1/leads/100900").status_code == 200


@pytest.mark.parametrize("query", ["cursor=nonsense", "limit=0", "limit=5000", "limit=all"])
def test_a_wrong_cursor_or_limit_is_refused(client, query):
    assert client.get(f"/api/v1/cases?{query}").status_code == 422


def test_a_new_lead_is_taken_and_appears_behind_what_was_read(client):
    client.post("/admin/now", json={"now": "2026-02-01T00:00:00Z"})
    before, cursor = client.all_cases()
    created = client.post("/api/v1/leads", json={"email": "a@b.example", "loan_amount": "450'000"})
    assert created.status_code == 201
    lead_id = created.json()["lead_id"]
    news = client.get("/api/v1/cases", params={"cursor": cursor}).json()["cases"]
    assert [(case["lead"]["lead_id"], case["status"]) for case in news] == [(lead_id, "Neu")]
    assert client.post("/api/v1/leads", json={"lead_id": lead_id}).status_code == 422
    client.post("/admin/now", json={"now": "2026-02-02T00:00:00Z"})
    assert len(client.all_cases()[0]) > len(before) + 1


def test_faults_come_one_by_one_when_queued(client):
    client.post("/admin/faults", json={"queue": ["error", "throttle", "drop", "none"], "retry_after": 0.5})
    assert client.get(LEAD).status_code == 500
    throttled = client.get(LEAD)
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "0.5")
    with pytest.raises(requests.ConnectionError):
        client.get(LEAD)
    assert client.get(LEAD).status_code == 200


def test_dropped_after_commit_means_done_but_unanswered(client):
    client.post("/admin/faults", json={"queue": ["drop_after_commit"]})
    body = {"lead_id": "100002", "custom_fields": {"predictive_score": 61}}
    with pytest.raises(requests.ConnectionError):
        client.patch("/api/v1/leads/100002", json=body, headers={"Idempotency-Key": "dropped"})
    assert client.get("/api/v1/leads/100002").json()["custom_fields"]["predictive_score"] == 61


def test_a_slow_answer_runs_into_the_clients_time_out(client):
    client.post("/admin/faults", json={"queue": ["slow"], "slow_seconds": 1.0})
    with pytest.raises(requests.ReadTimeout):
        requests.get(client.url + LEAD, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=0.1)
    assert client.get(LEAD).status_code == 200


def test_duplicates_and_disorder_lose_nothing(client):
    plain, _ = client.all_cases()
    client.post("/admin/faults", json={"duplicates": 0.3, "out_of_order": 1.0})
    disturbed, _ = client.all_cases()
    assert len(disturbed) > len(plain)
    times = [case["changed_at"] for case in disturbed]
    assert times != sorted(times)
    assert {case["event_id"] for case in disturbed} == {case["event_id"] for case in plain}


def test_more_requests_than_allowed_are_throttled(client):
    client.post("/admin/faults", json={"requests_per_second": 2})
    assert {client.get(LEAD).status_code for _ in range(10)} == {200, 429}
    assert client.post("/admin/faults", json={}).status_code == 200
    assert client.get(LEAD).status_code == 200


def test_an_unknown_fault_is_refused(client):
    assert client.post("/admin/faults", json={"earthquake": 1.0}).status_code == 422
    assert client.post("/admin/faults", json={"error": 2.0}).status_code == 422


def test_the_page_ranks_leads_and_escapes_what_people_wrote(client):
    for lead_id, score in (("100003", 97), ("100004", 96)):
        reasons = [{"text": "<script>alert(1)</script>"}]
        body = {"custom_fields": {"predictive_score": score, "score_cluster": "HOT", "score_reasons": reasons}}
        client.patch(f"/api/v1/leads/{lead_id}", json=body)
    page = requests.get(client.url + "/", timeout=5).text
    assert page.index("100003") < page.index("100004")
    assert "<script>" not in page and "&lt;script&gt;" in page


@pytest.mark.slow
def test_what_was_patched_and_the_clock_survive_a_restart_of_the_process(data):
    def run(work):
        command = [sys.executable, "-m", "leadwerk.simulation.crm_server", "--data", str(data), "--port", "0"]
        with subprocess.Popen([*command, "--token", TOKEN], stdout=subprocess.PIPE, text=True) as process:
            try:
                with Client(process.stdout.readline().strip()) as session:
                    return work(session)
            finally:
                process.kill()

    run(lambda client: client.post("/admin/now", json={"now": "2026-01-20T00:00:00Z"}))
    run(lambda client: client.patch(LEAD, json={"custom_fields": {"predictive_score": 12}}))
    stats, lead = run(lambda client: (client.get("/admin/stats").json(), client.get(LEAD).json()))
    assert stats["now"] == "2026-01-20T00:00:00Z"
    assert lead["custom_fields"]["predictive_score"] == 12


def test_an_empty_folder_is_a_crm_without_leads(tmp_path):
    with served(tmp_path) as url, Client(url) as client:
        assert client.get("/api/v1/cases").json()["cases"] == []
        assert client.post("/api/v1/leads", json={"language": "de"}).json()["lead_id"] == "1"
        assert json.loads(client.get("/admin/stats").content)["leads"] == 1


def test_it_does_not_start_without_a_token(tmp_path):
    command = [sys.executable, "-m", "leadwerk.simulation.crm_server", "--data", str(tmp_path)]
    failed = subprocess.run(command, capture_output=True, text=True, env={"PATH": ""}, check=False, timeout=60)
    assert failed.returncode == 2 and "LEADWERK_CRM_TOKEN" in failed.stderr

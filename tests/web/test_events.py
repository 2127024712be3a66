"""Events as they happen: only who can prove it gets in, and what comes twice is stored once."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.push_sender import Google, environment, pushed
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from leadwerk.web import events
from support.standins.frame import TOKEN, serving
from support.standins.hubspot import HubSpotStandIn
from support.standins.pipedrive import PipedriveStandIn

EVENT = {"lead_id": "1001", "kind": "call", "occurred_at": "2026-02-01T08:00:00Z"}


@dataclass
class Posted:
    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    query_string: bytes = b""

    @property
    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.body)


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    running = Google()
    yield running
    running.close()


@pytest.fixture
def home(tmp_path: Path, google: Google, monkeypatch: pytest.MonkeyPatch) -> Path:
    variables = environment(google) | {"LEADWERK_HOME": str(tmp_path), "LEADWERK_PERSON_KEY": "key"}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    created_at = datetime(2026, 1, 1, tzinfo=UTC)
    lead = {
        "event_id": "e", "lead_id": "1001", "recorded_at": created_at, "created_at": created_at, "web_consent": True,
    }  # fmt: skip
    DuckDBWarehouse(tmp_path).append("leads", [lead])
    return tmp_path


def post(path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, Any]:
    raw, status, _ = events.receive(Posted(path, body, headers))
    return status, json.loads(raw)


def rows(home: Path, sql: str) -> list[Any]:
    return [tuple(row.values()) for row in DuckDBWarehouse(home).rows(from_text(sql), {})]


def test_a_pushed_event_is_stored_once_however_often_it_comes(home: Path, google: Google) -> None:
    body = pushed(EVENT)
    assert post("/pubsub", body, google.headers()) == (200, {"stored": 1, "already_stored": 0})
    assert post("/pubsub", body, google.headers()) == (200, {"stored": 0, "already_stored": 1})
    assert rows(home, "SELECT COUNT(*) AS n FROM leadwerk.touchpoints") == [(1,)]


def test_an_event_without_id_and_time_has_those_of_its_message(home: Path, google: Google) -> None:
    for _ in range(2):
        body = pushed([{"lead_id": "1001", "kind": "chat"}] * 2, "m7")
        assert post("/pubsub", body, google.headers())[0] == 200
    stored = rows(home, "SELECT event_id, occurred_at FROM leadwerk.touchpoints ORDER BY event_id")
    moment = datetime(2026, 2, 1, 8, 0, 0, 123_000, tzinfo=UTC)
    assert stored == [("pubsub.m7.0", moment), ("pubsub.m7.1", moment)]


@pytest.mark.parametrize(
    "claims",
    [{"aud": "https://other.example"}, {"email": "eva@example.ch"}, {"email_verified": False}, {"exp": 1, "iat": 0},
     {"iss": "https://evil.example"}],
)  # fmt: skip
def test_a_token_for_something_else_stores_nothing(home: Path, google: Google, claims: dict[str, Any]) -> None:
    assert post("/pubsub", pushed(EVENT), google.headers(**claims))[0] == 401
    assert rows(home, "SELECT COUNT(*) AS n FROM leadwerk.touchpoints") == [(0,)]


def test_a_forged_token_or_none_stores_nothing(home: Path, google: Google) -> None:
    forged = google.headers(google.new_key("one", published=False))
    for headers in (forged, {}, {"Authorization": "Bearer x.y.z"}, {"Authorization": "Basic YTpi"}):
        assert post("/pubsub", pushed(EVENT), headers)[0] == 401


def test_without_an_audience_nobody_gets_in(home: Path, google: Google, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADWERK_PUSH_AUDIENCE", "")
    assert post("/pubsub", pushed(EVENT), google.headers())[0] == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [(b"", "message.data"), (b"{}", "message.data"), (b'{"message": {"data": "!"}}', "message.data"),
     (b"\xff\x00", "message.data"), ('{"message": {"data": "é"}}'.encode(), "message.data"),
     (pushed([]), "message.data"), (pushed([EVENT] * 1001), "message.data"),
     (pushed("text"), "touchpoint"), (pushed({**EVENT, "lead_id": "unknown"}), "lead_id"),
     (pushed({**EVENT, "occurred_at": "soon"}), "occurred_at")],
)  # fmt: skip
def test_what_cannot_be_stored_is_refused_so_that_it_becomes_a_dead_letter(
    home: Path, google: Google, body: bytes, field: str
) -> None:
    status, problem = post("/pubsub", body, google.headers())
    assert 400 <= status < 500
    assert (problem["field"] == field or field == "touchpoint", bool(problem["remedy"])) == (True, True)


def test_a_get_and_a_body_that_is_too_long_are_refused(google: Google) -> None:
    _, status, headers = events.receive(Posted("/pubsub", b"", google.headers(), method="GET"))
    assert (status, headers["Allow"]) == (405, "POST")
    assert events.receive(Posted("/pubsub", b"x" * (events.LARGEST + 1), google.headers()))[1] == 413


def signed(standin: HubSpotStandIn, body: bytes, at: datetime, url: str, secret: str = "hook") -> dict[str, str]:
    import base64
    import hashlib
    import hmac

    stamp = str(int(at.timestamp() * 1000))
    mac = hmac.new(secret.encode(), b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256).digest()
    return {"X-HubSpot-Signature-v3": base64.b64encode(mac).decode(), "X-HubSpot-Request-Timestamp": stamp}


@pytest.fixture
def hubspot(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HubSpotStandIn]:
    with serving(HubSpotStandIn()) as served:
        assert isinstance(served, HubSpotStandIn)
        variables = {
            "CRM": "hubspot", "CRM_URL": served.url, "CRM_TOKEN": TOKEN, "CRM_WEBHOOK_SECRET": "hook",
            "WEBHOOK_URL": "https://hooks.example.ch/crm", "CRM_PER_SECOND": "10000", "POLICY": "b2b_swiss",
        }  # fmt: skip
        for name, value in variables.items():
            monkeypatch.setenv(f"LEADWERK_{name}", value)
        yield served


URL = "https://hooks.example.ch/crm"


def test_a_webhook_is_a_hint_what_to_read_again(home: Path, hubspot: HubSpotStandIn) -> None:
    record = hubspot.add(5)
    # What the body claims of the record is not believed.
    body = json.dumps([{"objectId": int(record), "propertyName": "email", "propertyValue": "evil@example.ch"}]).encode()
    headers = signed(hubspot, body, datetime.now(UTC), URL)
    status, report = post("/crm", body, headers)
    assert (status, report["records"], report["leads"] > 0) == (200, 1, True)
    again = post("/crm", body, headers)
    assert (again[0], again[1]["leads"]) == (200, 0)
    assert rows(home, "SELECT COUNT(*) AS n FROM leadwerk.cursors") == [(0,)]


def test_a_webhook_that_is_forged_old_or_for_another_address_reads_nothing(home: Path, hubspot: HubSpotStandIn) -> None:
    record = hubspot.add(5)
    body, now = json.dumps([{"objectId": int(record)}]).encode(), datetime.now(UTC)
    for headers in (
        signed(hubspot, body, now, URL, "wrong"),
        signed(hubspot, body + b" ", now, URL),
        signed(hubspot, body, now, "https://other.example/crm"),
        signed(hubspot, body, now - timedelta(minutes=6), URL),
        signed(hubspot, body, now + timedelta(minutes=6), URL),
        {},
    ):
        assert post("/crm", body, headers)[0] in (400, 422)
    assert not hubspot.calls


def test_a_crm_that_signs_nothing_proves_itself_by_basic(
    home: Path, hubspot: HubSpotStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(PipedriveStandIn()) as pipedrive:
        for name, value in {"CRM": "pipedrive", "CRM_URL": pipedrive.url, "CRM_WEBHOOK_SECRET": "user:word"}.items():
            monkeypatch.setenv(f"LEADWERK_{name}", value)
        deal = pipedrive.add(1, kind="won")
        body = json.dumps({"meta": {"entity": "deal", "entity_id": deal}}).encode()
        assert post("/crm", body, {"Authorization": "Basic dXNlcjpndWVzcw=="})[0] in (400, 422)
        assert post("/crm", body, {"Authorization": "Basic dXNlcjp3b3Jk"})[1]["outcomes"] == 1
        assert post("/crm", body, {"Authorization": "Basic dXNlcjp3b3Jk"})[1]["outcomes"] == 0

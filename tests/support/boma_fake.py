"""A small BOMA over real HTTP whose faults are scripted request by request; held to the same contract tests as the
market's server, which draws its faults at random."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "boma-test-token"


@dataclass(frozen=True)
class Fault:
    """What one request meets: a status or `raw` bytes instead of its answer, a wait before it, a dropped connection.

    `raw` are sent one by one with `pause` seconds between; `promised` is how many bytes the header says.
    """

    status: int | None = None
    raw: bytes | None = None
    promised: int | None = None
    pause: float = 0.0
    retry_after: str | None = None
    wait: float = 0.0
    drop: bool = False
    after_commit: bool = False


def _takes(score: Any) -> bool:
    return score is None or 0 <= score <= 100


@dataclass
class FakeBoma:
    """`leads` are what the CRM shows by lead id; `received` all PATCHes that were committed, in order."""

    leads: dict[str, dict[str, Any]] = field(default_factory=dict)
    cases: list[Any] = field(default_factory=list)
    faults: deque[Fault | None] = field(default_factory=deque)
    received: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)
    every_lead_is_known: bool = True
    url: str = ""

    def patch(self, lead_id: str, key: str, body: dict[str, Any]) -> tuple[int, Any]:
        if lead_id not in self.leads and not self.every_lead_is_known:
            return 404, {"detail": f"lead {lead_id} does not exist"}
        fields = body.get("custom_fields", {})
        if body.get("lead_id") != lead_id or not _takes(fields.get("predictive_score", -1)):
            return 422, {"detail": "predictive_score has to lie between 0 and 100"}
        if key not in self.keys:  # as real ones do: a key that was seen is answered, but nothing is done again
            self.keys.add(key)
            self.received.append((lead_id, key, fields))
            self.leads[lead_id] = {**self.leads.get(lead_id, {}), **fields}
        return 200, {"lead_id": lead_id, "custom_fields": self.leads[lead_id]}

    def get_lead(self, lead_id: str) -> tuple[int, Any]:
        if lead_id not in self.leads:
            return 404, {"detail": f"lead {lead_id} does not exist"}
        return 200, {"lead_id": lead_id, "custom_fields": self.leads[lead_id]}

    def page(self, cursor: str | None, limit: int) -> tuple[int, Any]:
        start = int(cursor or 0)
        end = min(start + limit, len(self.cases))
        return 200, {"cases": self.cases[start:end], "next_cursor": str(end), "more": end < len(self.cases)}


class _Handler(BaseHTTPRequestHandler):
    boma: FakeBoma

    def do_PATCH(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.boma.requests.append(f"{self.command} {self.path}")
        fault = (self.boma.faults.popleft() if self.boma.faults else None) or Fault()
        time.sleep(fault.wait)
        committed = self._answer(body) if fault.after_commit or not (fault.status or fault.drop) else (0, None)
        if fault.drop:
            self.close_connection = True
            return
        with suppress(BrokenPipeError, ConnectionResetError):  # who was kept waiting may have gone
            if fault.raw is not None:
                self._trickle(fault.raw, fault)
            elif fault.status:
                self._send(fault.status, {"detail": "on purpose"}, fault.retry_after)
            else:
                self._send(*committed)

    def _answer(self, body: bytes) -> tuple[int, Any]:
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return 401, {"detail": "who are you?"}
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        lead_id = unquote(parts.path.removeprefix("/api/v1/leads/"))
        if parts.path == "/api/v1/cases":
            return self.boma.page(query.get("cursor"), int(query["limit"]))
        if self.command == "PATCH":
            return self.boma.patch(lead_id, self.headers["Idempotency-Key"], json.loads(body))
        return self.boma.get_lead(lead_id)

    def _send(self, status: int, body: Any, retry_after: str | None = None) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.end_headers()
        self.wfile.write(raw)

    def _trickle(self, raw: bytes, fault: Fault) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(fault.promised or len(raw)))
        self.end_headers()
        for place in range(len(raw)) if fault.pause else ():
            self.wfile.write(raw[place : place + 1])
            time.sleep(fault.pause)
        if not fault.pause:
            self.wfile.write(raw)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(boma: FakeBoma) -> Iterator[FakeBoma]:
    """Serve on a free port until the block ends."""
    handler = type("Handler", (_Handler,), {"boma": boma})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    boma.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield boma
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""What all stand-ins of CRMs share: records, typed fields, faults, and a server over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from leadwerk.simulation.crm_faults import Faults, FaultSwitch

TOKEN = "stand-in-token-of-24-bytes-or-more"
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


@dataclass
class Record:
    """A lead: `fields` are the CRM's raw values; `deal` what became of it."""

    fields: dict[str, Any] = field(default_factory=dict)
    modified: datetime = START
    deleted: bool = False
    merged_into: str | None = None
    kind: str = "open"
    stage: str = "New"
    amount: float | None = None
    reason: str | None = None
    unsubscribed: bool = False
    owner: str | None = None
    converted_into: str | None = None
    steps: list[tuple[datetime, str, str]] = field(default_factory=list)
    """Moments, stages and kinds that the deal has passed; see `StandIn.stages_of`."""


@dataclass
class SellerActivity:
    """What a seller did with a lead, or plans to do; `kind`: call, meeting or email."""

    activity_id: str
    lead: str
    kind: str
    occurred_at: datetime
    modified: datetime
    done: bool = True


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw or b"null")


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value == ""


@dataclass
class StandIn:
    """`fields`: name → number, text or list; a write of another name or a text into a number is refused."""

    records: dict[str, Record] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    tasks: list[Any] = field(default_factory=list)
    activities: list[SellerActivity] = field(default_factory=list)
    enrolled: set[tuple[str, str]] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)
    faults: FaultSwitch = field(default_factory=FaultSwitch)
    lock: threading.Lock = field(default_factory=threading.Lock)
    now: datetime = START + timedelta(days=1)
    withheld: Callable[[Call], bool] = lambda _: False
    """Whether the credentials may not do what a call asks."""
    url: str = ""

    def lead_id(self, number: int) -> str:
        return str(1000 + number)

    def add(self, number: int, **other: Any) -> str:
        record_id = self.lead_id(number)
        self.records[record_id] = Record(**{"modified": START + timedelta(minutes=number)} | other)
        return record_id

    def stages_of(self, record: Record) -> list[tuple[datetime, str, str]]:
        """Moments, stages and kinds of a deal, the present one last; a write that leaves the stage adds none."""
        if not record.steps or record.steps[-1][1] != record.stage:
            record.steps.append((record.modified, record.stage, record.kind))
        return record.steps

    def touch(self, record_id: str) -> None:
        """A write moves the record's stamp, ours as everybody's."""
        self.now += timedelta(seconds=1)
        self.records[record_id].modified = self.now

    def end(self, record_id: str, merged_into: str | None = None) -> None:
        """Delete a record, or merge it into another, which a merge modifies as well."""
        self.touch(record_id)
        self.records[record_id].deleted, self.records[record_id].merged_into = True, merged_into
        if merged_into:
            self.touch(merged_into)

    def gone_records(self) -> list[tuple[str, Record]]:
        """Deleted and merged records in the order of stamp and id."""
        gone_records = [(key, record) for key, record in self.records.items() if record.deleted]
        return sorted(gone_records, key=lambda pair: (pair[1].modified, pair[0]))

    def wrong(self, values: Mapping[str, Any]) -> tuple[str, str] | None:
        """The first field that cannot be written, and why: unknown or invalid."""
        for name, value in values.items():
            if name not in self.fields:
                return name, "unknown"
            if self.fields[name] == "number" and not self._is_number(value):
                return name, "invalid"
        return None

    def _is_number(self, value: Any) -> bool:
        with suppress(TypeError, ValueError):
            return _is_empty(value) or 0 <= float(value) <= 100
        return False

    def value(self, record_id: str, name: str) -> Any:
        """What the CRM shows, as Leadwerk means it."""
        raw = self.records[record_id].fields.get(name)
        if _is_empty(raw):
            return None
        kind = self.fields[name]
        return float(raw) if kind == "number" else tuple(str(raw).split("\n")) if kind == "list" else raw

    def changed(self, after: datetime | None = None) -> list[tuple[str, Record]]:
        """Living records in the order of stamp and id."""
        living = [(key, record) for key, record in self.records.items() if not record.deleted]
        return sorted(
            (pair for pair in living if after is None or pair[1].modified >= after),
            key=lambda pair: (pair[1].modified, pair[0]),
        )

    def authorised(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Bearer {TOKEN}"

    def refusal(self) -> Reply:
        """The answer to credentials that lack a permission."""
        return Reply(403, {"message": "You may not read this."})

    def throttled(self) -> Reply:
        return Reply(429, {"message": "too many requests"}, {"Retry-After": "1"})

    def handle(self, call: Call) -> Reply:
        raise NotImplementedError

    def answer(self, call: Call) -> Reply | None:
        """The reply, or None where the connection is to be dropped."""
        fault = self.faults.next()
        with self.lock:
            self.calls.append(call)
            if fault == "drop":
                return None
            if fault == "error":
                return Reply(500, "oops")
            if fault == "throttle":
                return self.throttled()
            if not self.authorised(call):
                return Reply(401, {"message": "who are you?"})
            reply = self.refusal() if self.withheld(call) else self.handle(call)
        return None if fault == "drop_after_commit" else reply

    def fail_next(self, *names: str) -> None:
        self.faults.set(Faults(queue=names))  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True
    standin: StandIn

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        reply = self.standin.answer(Call(self.command, parts.path, query, headers, raw))
        if reply is None:
            self.close_connection = True
            return
        body = json.dumps(reply.body).encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(reply.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(standin: StandIn) -> Iterator[StandIn]:
    handler = type("Handler", (_Handler,), {"standin": standin})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    standin.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield standin
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

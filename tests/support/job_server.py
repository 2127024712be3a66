"""Jobs of BigQuery as its REST API shows them: an id is taken once, and a job may fail, or never end."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BACKEND_ERROR = {
    "reason": "backendError",
    "message": "Error encountered during execution. Retrying may solve the problem.",
}
NEVER_ENDS = {"reason": "still running"}
TAKES_LONGER = {"reason": "ends after the first answer"}
ROWS = {"schema": {"fields": [{"name": "n", "type": "INT64"}]}, "rows": [{"f": [{"v": "1"}]}], "totalRows": "1"}
NO_COLUMNS = {"reason": "hidden"}
SILENT = {"reason": "no answer in time"}
SILENT_SECONDS = 0.5
JOB = re.compile(r"/bigquery/v2/projects/[^/]+/(jobs|queries)/([^/?]+)(/cancel)?")


@dataclass
class JobServer:
    """`loads` and `queries` say what becomes of the next jobs of each kind, in order: None for success."""

    url: str
    loads: list[dict[str, str] | None] = field(default_factory=list)
    queries: list[dict[str, str] | None] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    cancelled: list[str] = field(default_factory=list)
    uploads: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=lambda: ROWS)

    def ids(self, kind: str) -> list[str]:
        """Ids of the jobs of a kind (load, query), as they came."""
        return [job_id for job_id, job in self.jobs.items() if kind in job["configuration"]]

    def insert(self, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """jobs.insert; 409 where the id is taken, whatever became of that job."""
        job_id = sent["jobReference"]["jobId"]
        if job_id in self.jobs:
            return 409, {"error": {"code": 409, "message": "Already Exists", "errors": [{"reason": "duplicate"}]}}
        outcomes = self.loads if "load" in sent["configuration"] else self.queries
        outcome = outcomes.pop(0) if outcomes else None
        status: dict[str, Any] = {"state": "RUNNING" if outcome is NEVER_ENDS else "DONE"}
        if outcome and outcome is not NEVER_ENDS:
            status |= {"errorResult": outcome, "errors": [outcome]}
        job = {**sent, "kind": "bigquery#job", "id": job_id, "status": status, "statistics": {}}
        return 200, self.jobs.setdefault(job_id, job)

    def query(self, sent: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """jobs.query: the row n = 1 at once; a failure is the request's, and what takes longer becomes a job."""
        self.bodies.append(sent)
        outcome = self.queries.pop(0) if self.queries else None
        if outcome is SILENT:
            time.sleep(SILENT_SECONDS)
            outcome = None
        if outcome is None:
            return 200, {"queryId": "q", "jobComplete": True, **self.answer}
        if outcome is NO_COLUMNS:
            return 200, {"queryId": "q", "jobComplete": True, "errors": [outcome]}
        if outcome not in (NEVER_ENDS, TAKES_LONGER):
            return _failed(outcome)
        job_id = f"of-{sent['requestId']}"
        self.queries.insert(0, outcome if outcome is NEVER_ENDS else None)
        reference = {"projectId": "p", "jobId": job_id, "location": sent["location"]}
        self.insert({"jobReference": reference, "configuration": {"query": {"query": sent["query"]}}})
        return 200, {"jobReference": reference, "jobComplete": False}

    def get(self, job_id: str) -> tuple[int, dict[str, Any]]:
        """jobs.get."""
        return 200, self.jobs[job_id]

    def results(self, job_id: str) -> tuple[int, dict[str, Any]]:
        """jobs.getQueryResults: one row, n = 1; a job's failure is the request's."""
        job = self.jobs[job_id]
        error = job["status"].get("errorResult")
        if error:
            return _failed(error)
        done = job["status"]["state"] == "DONE"
        return 200, {"jobReference": job["jobReference"], "jobComplete": done, **(ROWS if done else {})}


def _failed(error: dict[str, str]) -> tuple[int, dict[str, Any]]:
    code = 400 if error["reason"] in ("invalid", "bytesBilledLimitExceeded") else 503
    return code, {"error": {"code": code, "message": error["message"], "errors": [error]}}


@contextmanager
def job_server() -> Iterator[JobServer]:
    """A running server; it ends with the block."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.jobs = JobServer(f"http://127.0.0.1:{http.server_port}")  # type: ignore[attr-defined]
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield http.jobs  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def jobs(self) -> JobServer:
        return self.server.jobs  # type: ignore[attr-defined,no-any-return]

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._note()
        job_match = JOB.match(self.path)
        assert job_match, self.path
        self._answer(*(self.jobs.results if job_match[1] == "queries" else self.jobs.get)(job_match[2]))

    def _note(self) -> None:
        self.jobs.requests.append(f"{self.command} {self.path.partition('?')[0]}")

    def do_POST(self) -> None:
        self._note()
        body = self._body()
        if "uploadType=resumable" in self.path:
            self.jobs.uploads.append(json.loads(body))
            place = f"{self.jobs.url}/upload/{len(self.jobs.uploads) - 1}"
            self._answer(200, {}, Location=place)
        elif (job_match := JOB.match(self.path)) and job_match[3]:
            self.jobs.cancelled.append(job_match[2])
            self._answer(200, {"job": self.jobs.jobs[job_match[2]]})
        elif self.path.partition("?")[0].endswith("/queries"):
            self._answer(*self.jobs.query(json.loads(body)))
        elif self.path.partition("?")[0].endswith("/insertAll"):
            self._answer(200, {})
        else:
            self._answer(*self.jobs.insert(json.loads(body)))

    def do_PUT(self) -> None:
        self._body()
        self._answer(*self.jobs.insert(self.jobs.uploads[int(self.path.rsplit("/", 1)[1])]))

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _answer(self, status: int, body: dict[str, Any], **headers: str) -> None:
        payload = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(payload)), **headers}.items():
            self.send_header(name, value)
        with suppress(BrokenPipeError):  # of a client that waits no longer
            self.end_headers()
            self.wfile.write(payload)

"""What Google's IAM would say, between a function and the emulators, which let everybody do everything.

A guard stands for one account: it passes on what the account's roles allow, and answers 403 to the rest as Google does.
It knows the verbs that we use: rows streamed, loaded, inserted and deleted in tables, reads of datasets, objects read
and written in buckets.
"""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from terraform.checks import EDITS, VIEWS

READS_OBJECTS = {"roles/storage.objectViewer", "roles/storage.objectUser"}
WRITES_OBJECTS = {"roles/storage.objectUser"}
STREAMED = re.compile(r"/datasets/\w+/tables/(\w+)/insertAll")
LOADED = re.compile(rb'"destinationTable":\s*\{[^}]*"tableId":\s*"(\w+)"')
CHANGED = re.compile(rb"\b(?:INSERT INTO|DELETE FROM|UPDATE|MERGE INTO|MERGE|TRUNCATE TABLE)\s+`[\w-]+\.\w+\.(\w+)`")
READ = re.compile(rb"`[\w-]+\.(\w+)\.[\w*]+`")
BUCKET = re.compile(r"/b/([\w-]+)")


class Guard:
    """`grants` are (place, role) of one account (checks.grants); `refused` and `used` is what it was asked for."""

    def __init__(self, grants: set[tuple[str, str]], upstream: str) -> None:
        self.grants = grants
        self.upstream = urlsplit(upstream)
        self.refused: list[str] = []
        self.used: set[str] = set()

    def missing(self, method: str, path: str, body: bytes) -> list[str]:
        """The rights that this request takes and the account lacks."""
        needed = list(self._needed(method, path, body))
        self.used |= {place for place, _ in needed}
        return [place for place, roles in needed if not any((place, role) in self.grants for role in roles)]

    def _needed(self, method: str, path: str, body: bytes) -> Iterator[tuple[str, set[str]]]:
        if "/storage/" in path:
            for bucket in BUCKET.findall(path):
                yield f"bucket {bucket.rsplit('-', 1)[1]}", READS_OBJECTS if method == "GET" else WRITES_OBJECTS
        elif method != "GET":
            for table in {*STREAMED.findall(path), *(name.decode() for name in LOADED.findall(body))}:
                yield f"table {table}", {EDITS}
            for table in {name.decode() for name in CHANGED.findall(body)}:
                yield f"table {table}", {EDITS}
            for dataset in {name.decode() for name in READ.findall(body)}:
                yield f"dataset {dataset}", {VIEWS}

    @contextmanager
    def running(self) -> Iterator[str]:
        """URL under which the upstream is reached past this guard."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


def _handler(guard: Guard) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if lacking := guard.missing(self.command, self.path, body):
                guard.refused += lacking
                refusal = {
                    "error": {"code": 403, "message": f"Access Denied: {lacking}", "status": "PERMISSION_DENIED"}
                }
                self._answer(403, {"Content-Type": "application/json"}, json.dumps(refusal).encode())
                return
            connection = http.client.HTTPConnection(guard.upstream.hostname or "", guard.upstream.port, timeout=300)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                headers = {name: value for name, value in answer.getheaders() if name.lower() not in OWN_HEADERS}
                self._answer(answer.status, headers, answer.read())
            finally:
                connection.close()

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  the server asks for these names

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            """Nothing."""

    return Handler


OWN_HEADERS = ("content-length", "transfer-encoding", "connection", "date", "server")

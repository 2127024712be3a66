"""Cloud Storage over HTTP as far as our client speaks to it, with preconditions held as strictly as the real one does.

gcp-storage-emulator ignores ifGenerationMatch, which is all that matters where two writers race.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Bucket:
    """Objects by name: bytes and generation. A generation is never used twice."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, int]] = {}
        self.refused = 0
        self.requests: list[str] = []
        self._lock = threading.Lock()
        self._generations = itertools.count(1_700_000_000_000_000)

    def write(self, name: str, data: bytes, expected: int | None) -> int | None:
        """The new generation; None if the object is not of the expected one (0: not there)."""
        with self._lock:
            present = self.objects.get(name, (b"", 0))[1]
            if expected is not None and expected != present:
                self.refused += 1
                return None
            self.objects[name] = (data, next(self._generations))
            return self.objects[name][1]


@contextmanager
def strict_storage() -> Iterator[tuple[str, Bucket]]:
    """URL of a server that has one bucket, whatever its name, and the bucket."""
    bucket = Bucket()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bucket": bucket}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bucket
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    bucket: Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.bucket.requests.append(self.path)
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        _, _, name = path.partition("/o/")
        if not name:
            prefix = query.get("prefix", [""])[0]
            items = [
                self._described(object_name)
                for object_name in sorted(self.bucket.objects)
                if object_name.startswith(prefix)
            ]
            return self._answer(200, {"kind": "storage#objects", "items": items})
        name = unquote(name)
        if name not in self.bucket.objects:
            return self._answer(404, {"error": {"code": 404, "message": "No such object"}})
        if query.get("alt") != ["media"]:
            return self._answer(200, self._described(name))
        data, generation = self.bucket.objects[name]
        if query.get("generation", [str(generation)]) != [str(generation)]:
            return self._answer(404, {"error": {"code": 404, "message": "No such generation"}})
        return self._send(200, data, "application/octet-stream", **{"X-Goog-Generation": str(generation)})

    def do_POST(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        parts = message_from_bytes(f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode() + body)
        described, media = parts.get_payload()
        name = json.loads(described.get_payload())["name"]
        expected = query.get("ifGenerationMatch")
        data = media.get_payload(decode=True)
        if self.bucket.write(name, data, int(expected[0]) if expected else None) is None:
            return self._answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})
        return self._answer(200, self._described(name))

    def _described(self, name: str) -> dict[str, Any]:
        data, generation = self.bucket.objects[name]
        return {"name": name, "bucket": "b", "generation": str(generation), "size": str(len(data))}

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str, **more: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass

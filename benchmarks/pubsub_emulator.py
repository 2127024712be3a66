"""Google's Pub/Sub emulator as a process of its own, with a proxy that adds to its pushes the token they lack."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from leadwerk.serve import free_ports

JARS = Path("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib")
PROJECT = "projects/leadwerk-test"
START_SECONDS = 60.0
PUBLISHED_AT_ONCE = 100


def emulator_jar() -> Path | None:
    """The emulator's program, where it and Java are installed (apt: google-cloud-cli-pubsub-emulator)."""
    return next(iter(sorted(JARS.glob("*.jar"))), None) if shutil.which("java") else None


Headers = Callable[[], Mapping[str, str]]


class PushProxy(ThreadingHTTPServer):
    """Takes the emulator's pushes, adds a token, passes them on, and answers as the function does.

    Each push gets a token of its own from `headers`: a token ends after an hour, and a slow machine pushes for longer.
    `acknowledged`: ids of the messages that the function has taken, after so many `pushes`.
    """

    def __init__(self, target: str, headers: Headers) -> None:
        super().__init__(("127.0.0.1", 0), _Pushed)
        self.target, self.headers = target, headers
        self.acknowledged: set[str] = set()
        self.pushes = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_port}/pubsub"

    def passed_on(self, body: bytes) -> int:
        """The function's status, 502 without an answer."""
        self.pushes += 1
        try:
            status = requests.post(self.target, data=body, headers=dict(self.headers()), timeout=60).status_code
        except requests.RequestException:
            return 502
        if status < 300:
            self.acknowledged.add(json.loads(body)["message"]["messageId"])
        return status

    def close(self) -> None:
        """Take no more pushes."""
        self.shutdown()
        self.server_close()


class _Pushed(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: PushProxy

    def do_POST(self) -> None:
        self.send_response(self.server.passed_on(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: thousands of requests."""


class Topic:
    """A topic of the emulator at `url`, whose one subscription pushes to an address."""

    def __init__(self, url: str, push_url: str) -> None:
        self.topic = f"{url}/v1/{PROJECT}/topics/touchpoints"
        self._put(self.topic, {})
        subscription = {
            "topic": f"{PROJECT}/topics/touchpoints",
            "ackDeadlineSeconds": 60,
            "pushConfig": {"pushEndpoint": push_url},
        }
        self._put(f"{url}/v1/{PROJECT}/subscriptions/touchpoints", subscription)

    def publish(self, data: Sequence[str]) -> list[str]:
        """Publish messages of base64 texts; return their ids."""
        ids: list[str] = []
        for at in range(0, len(data), PUBLISHED_AT_ONCE):
            body = {"messages": [{"data": text} for text in data[at : at + PUBLISHED_AT_ONCE]]}
            answer = requests.post(f"{self.topic}:publish", json=body, timeout=60)
            answer.raise_for_status()
            ids += answer.json()["messageIds"]
        return ids

    def _put(self, url: str, body: Mapping[str, object]) -> None:
        requests.put(url, json=body, timeout=60).raise_for_status()


@contextmanager
def emulated(jar: Path, log: Path) -> Iterator[str]:
    """URL of a running emulator; its output goes to `log`."""
    [port] = free_ports(1)
    command = ["java", "-Xmx256m", "-jar", str(jar), "--host=127.0.0.1", f"--port={port}"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)  # noqa: S603  an installed program
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(requests.RequestException):
            requests.get(url, timeout=5)
            return
        time.sleep(0.2)
    raise RuntimeError(f"The emulator did not start; its log is {log}.")

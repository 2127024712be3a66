"""Bursts of pushed events while the consumer is killed at random: each event is applied once.

50,000 events: python -m benchmarks bursts
"""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
import requests

from benchmarks.bursts import play
from benchmarks.pubsub_emulator import PushProxy, emulator_jar

EVENTS = 2000


@pytest.mark.slow
@pytest.mark.parametrize("pushed_by", ["own driver", "emulator"])
def test_killed_consumers_apply_each_event_once(tmp_path: Path, pushed_by: str) -> None:
    jar = emulator_jar() if pushed_by == "emulator" else None
    if pushed_by == "emulator" and jar is None:
        pytest.skip("Google's Pub/Sub emulator is not installed (apt: google-cloud-cli-pubsub-emulator)")
    result = play(tmp_path, EVENTS, jar=jar)
    assert (result.rows, result.events) == (EVENTS, EVENTS)
    assert result.pushed_by == pushed_by
    assert result.kills >= 4


class _Function(BaseHTTPRequestHandler):
    """Takes a push whose token is not the first one: that one has expired."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(401 if self.headers["Authorization"] == "Bearer 0" else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_each_push_has_a_token_of_its_own() -> None:
    """A token is valid for an hour: with one for all, a slow machine's pushes are refused for ever."""
    tokens = count()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Function) as function:
        Thread(target=function.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{function.server_port}"
        proxy = PushProxy(url, lambda: {"Authorization": f"Bearer {next(tokens)}"})
        body = b'{"message": {"messageId": "m1"}}'
        assert [requests.post(proxy.url, data=body, timeout=10).status_code for _ in range(2)] == [401, 204]
        assert (proxy.acknowledged, proxy.pushes) == ({"m1"}, 2)
        proxy.close()
        function.shutdown()

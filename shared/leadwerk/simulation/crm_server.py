"""Serve the simulated CRM: `python -m leadwerk.simulation.crm_server --port 8090 --data HOME --token SECRET`.

What is patched in survives a restart, because it lies in HOME/market/cases.sqlite. Only for this machine: it listens
on the loopback address and speaks plain HTTP.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from leadwerk import settings
from leadwerk.simulation.crm_api import Api, CrmAnswer, CrmRequest
from leadwerk.simulation.crm_store import CaseStore
from leadwerk.simulation.storage import FOLDER

HOST, PORT = "127.0.0.1", 8090
LARGEST_BODY = 1_000_000
LARGEST_DRAINED = 16 * LARGEST_BODY
IDLE_SECONDS = 60.0


class CrmServer(ThreadingHTTPServer):
    """An HTTP server in front of an Api; `port` 0 takes any free one, see `url`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, home: Path, token: str, port: int = 0) -> None:
        super().__init__((HOST, port), _Handler)
        self.api = Api(CaseStore(Path(home) / FOLDER), token)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up waiting is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS
    # One write an answer, sent at once: two small ones would wait for each other's acknowledgement.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def _respond(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._send(CrmAnswer(413, headers={"Connection": "close"}))
            self.wfile.flush()
            # Bytes left unread at the close would reset the connection, and lose the answer.
            self.rfile.read(min(int(length), LARGEST_DRAINED) if length.isdigit() else 0)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(length))
        answer = cast(CrmServer, self.server).api.answer(CrmRequest(self.command, self.path, headers, body))
        time.sleep(answer.delay)
        if answer.drop:
            self.close_connection = True
        else:
            self._send(answer)

    do_GET = do_PATCH = do_POST = _respond  # noqa: N815

    def _send(self, answer: CrmAnswer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of single requests."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted; prints the address when ready."""
    parser = argparse.ArgumentParser(prog="leadwerk.simulation.crm_server", description="The simulated CRM.")
    parser.add_argument("--data", type=Path, required=True, help="folder in which `leadwerk simulate` simulated")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes any free one")
    parser.add_argument("--token", default=settings.read().crm_token, help="bearer token of clients")
    chosen = parser.parse_args(arguments)
    if not chosen.token:
        parser.error("No token: give --token or set LEADWERK_CRM_TOKEN.")
    with CrmServer(chosen.data, chosen.token, chosen.port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            server.server_close()


if __name__ == "__main__":
    main()

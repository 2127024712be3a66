"""What the stages of a play talk to, and what fails: a CRM that is killed, a receiver that drops connections."""

from __future__ import annotations

import multiprocessing
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import msgspec
import requests

from benchmarks.killed_stage import TOKEN
from leadwerk.simulation.crm_faults import Faults
from leadwerk.simulation.crm_server import CrmServer

PROCESSES = multiprocessing.get_context("forkserver")


@dataclass
class Receiver:
    """Takes signed events, each id once, and drops some connections after it took one."""

    draw: random.Random
    drop_rate: float = 0.0
    url: str = ""
    events: set[str] = field(default_factory=set)

    @contextmanager
    def serving(self) -> Iterator[Receiver]:
        """Listen until the block ends."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                receiver.events.add(self.headers["webhook-id"])
                if receiver.draw.random() < receiver.drop_rate:
                    self.close_connection = True
                    return
                self.send_response(204)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: thousands of requests."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            self.url = f"http://127.0.0.1:{server.server_port}/events {TOKEN}"
            yield self
            server.shutdown()


@dataclass
class CRMProcess:
    """The simulated CRM as a process of its own, on one port however often it is killed."""

    home: Path
    port: int = 0
    process: BaseProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        reader, writer = PROCESSES.Pipe(duplex=False)
        self.process = PROCESSES.Process(target=_serve_crm, args=(self.home, self.port, writer), daemon=True)
        self.process.start()
        if not reader.poll(60):
            raise RuntimeError("The CRM did not start.")
        self.port = reader.recv()

    def kill(self) -> None:
        """SIGKILL; what it acknowledged is on the disk."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def set_faults(self, faults: Faults) -> None:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        body = msgspec.to_builtins(faults)
        requests.post(f"{self.url}/admin/faults", json=body, headers=headers, timeout=10).raise_for_status()


def _serve_crm(home: Path, port: int, writer: Connection) -> None:
    server = CrmServer(home, TOKEN, port)
    writer.send(server.server_address[1])
    server.serve_forever()

"""Two real CRMs as processes of their own, and a proxy before them that fails on demand."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from leadwerk.simulation.crm_faults import FaultSwitch

ROOM = Path(__file__).parents[1] / "crm" / "real"
INSTALLED = ROOM.parents[2] / ".venv-crm"
SECRET_KEY = "only-for-tests-" + "0" * 40


def installed(name: str) -> Path:
    """The virtual environment of a CRM; skips the test, and says why, where it is not installed."""
    if os.environ.get("LEADWERK_CRM_REAL") != "1":
        pytest.skip("real CRMs run in a stage of their own: make test-crm")
    python = INSTALLED / name / "bin" / "python"
    if not python.exists():
        pytest.skip(f"{name} is not installed: make .venv-crm/{name} (BottleCRM needs Python 3.13)")
    return python.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class RealCRM:
    """A CRM's process: `command` takes the port; `kill` is kill -9, and `start` starts it again on the same data."""

    command: Callable[[int], list[str]]
    environment: dict[str, str]
    folder: Path
    answers: Callable[[str], bool]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(self.port), cwd=self.folder, env=self.environment, stdout=log, stderr=log
            )
        until = time.monotonic() + 60
        while not self.is_up():
            assert self.process.poll() is None, (self.folder / "log.txt").read_text()[-2000:]
            assert time.monotonic() < until, "it does not come up"
            time.sleep(0.05)

    def is_up(self) -> bool:
        with suppress(requests.RequestException):
            return self.answers(self.url)
        return False

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running(crm: RealCRM) -> Iterator[RealCRM]:
    crm.start()
    try:
        yield crm
    finally:
        crm.kill()


def tryton(folder: Path, seed: Path) -> RealCRM:
    """Tryton on a copy of the database `seed`."""
    bin_folder = installed("tryton")
    shutil.copy(seed, folder / "crm.sqlite")
    return RealCRM(
        command=lambda port: [str(bin_folder / "trytond"), "-c", str(_tryton_settings(folder, port)), "-d", "crm"],
        environment={**os.environ, "PYTHONPATH": ""},
        folder=folder,
        answers=lambda url: requests.get(url, timeout=5).status_code < 500,
    )


def _tryton_settings(folder: Path, port: int) -> Path:
    file = folder / "trytond.conf"
    file.write_text(f"[database]\nuri = sqlite://\npath = {folder}\n[web]\nlisten = 127.0.0.1:{port}\n")
    return file


def tryton_seed(folder: Path) -> Path:
    """A database with Leadwerk's fields, made once per machine: it takes half a minute."""
    bin_folder = installed("tryton")
    seed = INSTALLED / "tryton-seed.sqlite"
    if not seed.exists():
        (folder / "seed.sqlite").touch()
        (folder / "password").write_text("admin\n")
        subprocess.run(
            [
                str(bin_folder / "trytond-admin"), "-c", str(_tryton_settings(folder, 1)), "-d", "seed", "-u",
                "leadwerk_crm", "--activate-dependencies", "--email", "admin@example.com",
            ],
            env={**os.environ, "PYTHONPATH": "", "TRYTONPASSFILE": str(folder / "password")},
            check=True,
            capture_output=True,
            timeout=300,
        )  # fmt: skip
        shutil.copy(folder / "seed.sqlite", seed)
    return seed


def bottlecrm(folder: Path) -> tuple[RealCRM, str]:
    """BottleCRM with a new database, and the token of its administrator."""
    bin_folder = installed("bottlecrm")
    environment = {
        **os.environ, "PYTHONPATH": str(ROOM / "bottlecrm"), "DJANGO_SETTINGS_MODULE": "leadwerk_crm_settings",
        "SECRET_KEY": SECRET_KEY, "LEADWERK_CRM_DATABASE_FILE": str(folder / "crm.sqlite"),
    }  # fmt: skip

    def python(*arguments: str) -> str:
        command = [str(bin_folder / "python"), *arguments]
        done = subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True, timeout=120)
        return done.stdout.decode().strip()

    python("-m", "django", "migrate", "--run-syncdb", "-v0")
    token = python(str(ROOM / "bottlecrm" / "leadwerk_crm_seed.py")).splitlines()[-1]
    server = [str(bin_folder / "uvicorn"), "crm.asgi:application", "--host", "127.0.0.1", "--log-level", "warning"]
    crm = RealCRM(
        command=lambda port: [*server, "--port", str(port)],
        environment=environment,
        folder=folder,
        answers=lambda url: requests.get(f"{url}/healthz/", timeout=5).status_code < 500,
    )
    return crm, token


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    faults: FaultSwitch

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.faults.next()
        if fault == "drop":
            self.close_connection = True
        elif fault == "error":
            self._send(500, b"{}", {})
        elif fault == "throttle":
            self._send(429, b"{}", {"Retry-After": "0.05"})
        else:
            self._forward(body, is_answered=fault != "drop_after_commit")

    def _forward(self, body: bytes, *, is_answered: bool) -> None:
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        try:
            answer = requests.request(self.command, self.target + self.path, data=body, headers=headers, timeout=30)
        except requests.RequestException:
            self.close_connection = True  # as the network does when the CRM is killed
            return
        if is_answered:
            self._send(answer.status_code, answer.content, {"Content-Type": answer.headers.get("Content-Type", "")})
        else:
            self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def fault_proxy(target: str, faults: FaultSwitch) -> Iterator[str]:
    """An address that forwards to `target`, and fails as `faults` say."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Proxy", (_Proxy,), {"target": target, "faults": faults}))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()

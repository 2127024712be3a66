"""Local serving: runs each function in its own functions-framework process, as in the cloud, and the local CRM.

    with serving(home) as servers:
        requests.post(servers.url("score"), json={"lead_id": "102938"})

Ports are free ones unless given. The output of a process goes to HOME/logs/<name>.log.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import leadwerk
from leadwerk.errors import ConfigurationError
from leadwerk.pipeline.uploads import KEPT, Uploads
from leadwerk.private_files import private_folder
from leadwerk.settings import link_key
from leadwerk.texts.message import Message

FUNCTIONS = ("extract_features", "ingest_feedback", "retrain", "score", "deliver_scores", "desk", "privacy")
CRM = "crm"
# Offset of each process from the first port.
PLACES: Mapping[str, int] = {
    "desk": 0,
    "score": 1,
    "deliver_scores": 2,
    "ingest_feedback": 3,
    "extract_features": 4,
    "retrain": 5,
    "privacy": 6,
    CRM: 10,
}
START_SECONDS = 60.0
# A process gets so long to finish its work before it is killed.
STOP_SECONDS = 5.0
# The workers of a killed process take so long to release its port.
RELEASE_SECONDS = 2.0
# The local CRM needs no rate limit.
LOCAL_CRM_PER_SECOND = "500"
LOCAL_THREADS = "256"
# The end of a log names the cause when a process did not start.
LAST_LINES = 15


def fixed_ports(first: int) -> dict[str, int]:
    """The port of each process, always the same for the same `first`.

    >>> fixed_ports(8080)["score"], fixed_ports(9000)["crm"]
    (8081, 9010)
    """
    return {name: first + place for name, place in PLACES.items()}


@dataclass(frozen=True)
class FunctionServer:
    """A running process and its URL."""

    name: str
    url: str
    log: Path
    process: subprocess.Popen[bytes]

    def see_ended(self) -> None:
        """Wait until the process has ended; kill it after STOP_SECONDS."""
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """Kill the process and its workers at once, as a crash would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class FunctionServers:
    """Running processes by name; `environment`: variables that the functions get besides this process's own."""

    running: dict[str, FunctionServer] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def desk_link(self) -> str:
        """The one-time link that opens the desk in a browser; empty without a local desk."""
        key = self.environment.get("LEADWERK_DESK_KEY")
        return f"{self.url('desk')}/enter?key={link_key(key)}" if key and "desk" in self.running else ""

    def url(self, name: str) -> str:
        """Base URL of a function, or of the CRM (`crm`)."""
        return self.running[name].url

    def wait(self) -> str:
        """Block until one of the processes ends; return its name."""
        while True:
            for name, server in self.running.items():
                if server.process.poll() is not None:
                    return name
            time.sleep(0.2)


@contextmanager
def serving(
    home: Path,
    *,
    names: Sequence[str] = FUNCTIONS,
    crm: bool = True,
    simulation: bool = False,
    ports: Mapping[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[FunctionServers]:
    """Start the functions `names` and, if `crm`, the local CRM over HOME/market; stop all when the block ends.

    `simulation` lets `now` replace the clock also in requests that store rows. `environment` overrides all variables
    (`desk_environment`: people may open the desk in a browser).

    Raises:
        ConfigurationError: this is no clone, a port is in use, or a process did not start; names its log.
    """
    started = ([CRM] if crm else []) + list(names)
    chosen = dict(zip(started, free_ports(len(started)), strict=True)) | dict(ports or {})
    servers = FunctionServers(
        environment=_environment(home, chosen, crm=crm, simulation=simulation) | dict(environment or {})
    )
    # A file that nobody imported; in a running desk it goes when newer ones come.
    Uploads.of_home(home).delete_until(datetime.now(UTC) - KEPT)
    previous = _exit_on_sigterm()
    try:
        for name in started:
            servers.running[name] = start(name, chosen[name], home, servers.environment)
        for server in servers.running.values():
            _await_health(server)
        yield servers
    finally:
        for server in servers.running.values():
            # Terminated together, so that they finish their work in parallel.
            server.process.terminate()
        for server in servers.running.values():
            server.see_ended()
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


def start(name: str, port: int, home: Path, environment: Mapping[str, str]) -> FunctionServer:
    """Start one process, without waiting until it answers."""
    _check_free(name, port)
    log = home / "logs" / f"{name}.log"
    private_folder(log.parent)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  our own programs
            _command(name, port, home),
            env={**os.environ, "XDG_RUNTIME_DIR": _sockets_folder(port), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches this process alone, which ends the others in order.
            start_new_session=True,
        )
    return FunctionServer(name, f"http://127.0.0.1:{port}", log, process)


def _sockets_folder(port: int) -> str:
    """A folder of the process's own: gunicorn puts its control socket there, and two in one folder disturb each other.

    Under the temporary folder, since the path of a socket has at most 107 characters.
    """
    folder = Path(tempfile.gettempdir()) / f"leadwerk-{os.getuid()}-{port}"
    return str(private_folder(folder))


def _exit_on_sigterm() -> Any:
    """Let SIGTERM end this process through every `finally`; return the former handler, None outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return None
    return signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def free_ports(count: int) -> list[int]:
    """`count` different ports that are free at this moment."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()


def source_of(name: str) -> Path:
    """The main.py of a function.

    Raises:
        ConfigurationError: this is not a clone of Leadwerk's repository.
    """
    file = Path(leadwerk.__file__).parents[2] / "functions" / name / "main.py"
    if not file.is_file():
        raise ConfigurationError(Message("refusal.function", name=repr(name), file=file))
    return file


def _command(name: str, port: int, home: Path) -> list[str]:
    if name == CRM:
        # The token comes from the environment: arguments of a process are visible to all users of the machine.
        return [sys.executable, "-m", "leadwerk.simulation.crm_server", "--port", str(port), "--data", str(home)]
    function = [sys.executable, "-m", "leadwerk.local_function", "--target", name, "--source", str(source_of(name))]
    return [*function, "--port", str(port)]


def _environment(home: Path, ports: Mapping[str, int], *, crm: bool, simulation: bool) -> dict[str, str]:
    package = str(Path(leadwerk.__file__).parents[1])
    environment = {"LEADWERK_HOME": str(home), "PYTHONPATH": package, "PYTHONUNBUFFERED": "1"}
    # The server gives each connection a thread of its own, also one that sends nothing (a browser's spare ones). In the
    # cloud the front end holds those back; here some eight of them would stop a function.
    environment["THREADS"] = os.environ.get("THREADS") or LOCAL_THREADS
    if simulation:
        environment |= {"LEADWERK_SIMULATION": "1"}
    if crm:
        environment |= {
            "LEADWERK_CRM_URL": f"http://127.0.0.1:{ports[CRM]}",
            # A token of this start, so that no other program on the machine can write into its CRM.
            "LEADWERK_CRM_TOKEN": os.environ.get("LEADWERK_CRM_TOKEN") or secrets.token_urlsafe(16),
            "LEADWERK_CRM_PER_SECOND": LOCAL_CRM_PER_SECOND,
        }
    return environment


def desk_environment(first_moment: datetime) -> dict[str, str]:
    """Variables of a desk for people: keys of this start alone; its clock starts at `first_moment` (aware)."""
    offset = round((first_moment - datetime.now(UTC)).total_seconds())
    return {
        "LEADWERK_ACCESS": "local",
        "LEADWERK_DESK_KEY": secrets.token_urlsafe(32),
        "LEADWERK_DESK_TOKEN": os.environ.get("LEADWERK_DESK_TOKEN") or secrets.token_urlsafe(16),
        "LEADWERK_CLOCK_OFFSET": str(offset if abs(offset) > 1 else 0),
    }


def _check_free(name: str, port: int) -> None:
    until = time.monotonic() + RELEASE_SECONDS
    while not _is_free(port):
        if time.monotonic() > until:
            raise ConfigurationError(Message("refusal.port", port=port, name=name))
        time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _await_health(server: FunctionServer) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            break
        if _answers(server):
            return
        time.sleep(0.05)
    last_lines = server.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
    raise ConfigurationError(Message("refusal.start", name=server.name, lines="\n".join(last_lines), log=server.log))


def _answers(server: FunctionServer) -> bool:
    try:
        with urllib.request.urlopen(f"{server.url}/health", timeout=2):  # noqa: S310  our own process
            return True
    except urllib.error.HTTPError:
        # The CRM has no /health: any answer means that it runs.
        return server.name == CRM
    except OSError:
        return False

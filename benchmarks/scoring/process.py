"""Fresh environments, and functions as processes of their own that are asked over HTTP."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".leadwerk" / "benchmarks"
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.002
REQUIREMENTS = ROOT / "functions" / "score" / "requirements.txt"
# Only the embedded engine needs these; the deployed function does without.
EMBEDDED = ("duckdb==1.5.5", "pytz==2026.6")
NAIVE = ("pandas==3.1.1", "scikit-learn==1.9.1")


def environment(extra: Sequence[str] = ()) -> Path:
    """A virtual environment with the function's requirements and `extra`, bytecode compiled; made once."""
    requirements = REQUIREMENTS.read_text("utf-8") + "\n".join((*EMBEDDED, *extra))
    folder = FOLDER / f"venv-{hashlib.sha256(requirements.encode()).hexdigest()[:12]}"
    if not (folder / "ready").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _run(sys.executable, "-m", "venv", str(folder))
        # By uv: pip before 24 refuses requirements with hashes that name an extra of another package.
        uv = str(Path(sys.executable).with_name("uv"))
        install = (uv, "pip", "install", "--quiet", "--python", f"{folder}/bin/python")
        _run(*install, "--requirement", str(REQUIREMENTS))
        # Apart: beside requirements with hashes none without is taken.
        _run(*install, *EMBEDDED, *extra)
        _compile(folder / "lib", folder)
        (folder / "ready").touch()
    return folder


def deployed(function: Path, python: Path) -> Path:
    """The function's folder as it is deployed: main.py beside the package leadwerk, bytecode compiled."""
    folder = FOLDER / "deployed" / function.name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(function, folder)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "shared" / "leadwerk", folder / "leadwerk", ignore=ignored)
    _compile(folder, python)
    return folder


@contextmanager
def served(venv: Path, folder: Path, target: str, settings: Mapping[str, str]) -> Iterator[int]:
    """The function `target` of `folder` in its own functions-framework process; yields its port."""
    port = _free_port()
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LEADWERK_"))}
    command = [f"{venv}/bin/functions-framework", "--source", f"{folder}/main.py", "--target", target]
    with (FOLDER / "log.txt").open("a") as log:
        process = subprocess.Popen(  # noqa: S603
            [*command, "--host", "127.0.0.1", "--port", str(port)], env={**plain, **settings}, stdout=log, stderr=log
        )
        try:
            yield port
        finally:
            process.terminate()
            process.wait()


def ask(port: int, body: Any, connection: http.client.HTTPConnection | None = None) -> dict[str, Any]:
    """POST `body`, as soon as somebody listens; the JSON of the answer."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        line = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            line.request("POST", "/", json.dumps(body), {"Content-Type": "application/json"})
            answer = line.getresponse()
            content = answer.read()
        except ConnectionError:
            if time.monotonic() > until:
                raise
            time.sleep(POLL_SECONDS)
            continue
        if answer.status != http.client.OK:
            raise RuntimeError(f"{answer.status}: {content.decode()}")
        response: dict[str, Any] = json.loads(content)
        return response


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _compile(folder: Path, venv: Path) -> None:
    # Some packages carry test files in newer syntax than this Python's, which does not concern us.
    command = [f"{venv}/bin/python", "-m", "compileall", "-q", str(folder)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)  # noqa: S603


def _run(*command: str) -> None:
    subprocess.run(command, check=True)  # noqa: S603

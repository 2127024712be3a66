"""bqemulator as a process of its own, reached over HTTP."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

import leadwerk
from leadwerk.serve import free_ports

START_SECONDS = 90


@contextmanager
def emulated(home: Path, program: Sequence[str] = ("-m", "bqemulator")) -> Iterator[str]:
    """URL of an emulator that keeps its data under `home`; `program` is what Python runs to start one."""
    _lay_out_spatial(home)
    port, other = free_ports(2)
    command = [sys.executable, *program, "start", "--rest-port", str(port), "--grpc-port", str(other)]
    package = str(Path(leadwerk.__file__).parents[1])
    with (home / "log").open("wb") as log:
        environment = {**os.environ, "HOME": str(home), "PYTHONPATH": package}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(url, process, home / "log")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _lay_out_spatial(home: Path) -> None:
    """The emulator loads DuckDB's spatial extension; PyPI carries it, and no network is needed."""
    import duckdb

    spec = importlib.util.find_spec("duckdb_extension_spatial")
    if spec is None or not spec.submodule_search_locations or importlib.util.find_spec("bqemulator") is None:
        pytest.skip("bqemulator with duckdb-extension-spatial is not installed")
    source = next(Path(spec.submodule_search_locations[0]).rglob("spatial.duckdb_extension"))
    [platform] = duckdb.sql("PRAGMA platform").fetchone() or ("linux_amd64",)
    target = home / ".duckdb" / "extensions" / source.parent.name / platform
    target.mkdir(parents=True)
    shutil.copy(source, target)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/bigquery/v2/projects/test/datasets", timeout=2).close()
            return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    pytest.fail(f"the emulator did not start: {log.read_text()[-500:]}")

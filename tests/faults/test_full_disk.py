"""A full disk: a command ends with an error that names it, nothing is half stored, and a rerun completes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

pytestmark = pytest.mark.slow
LEADS = 20_000
MAIN = "import sys; from leadwerk.cli import main; sys.argv[0] = 'leadwerk'; main()"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Leads whose channel tells won from lost a little."""
    path = tmp_path_factory.mktemp("file") / "leads.csv"
    channels, states = ("web", "fair", "referral"), ("won", "lost", "lost", "lost", "won")
    rows = (f"{number},{channels[number % 3]},{100_000 + number % 900},{states[number % 5]}" for number in range(LEADS))
    path.write_text("\n".join(["id,channel,loan_amount,status", *rows]), "utf-8")
    return path


def leadwerk(home: Path, *arguments: str, most_bytes: int = resource.RLIM_INFINITY) -> subprocess.CompletedProcess[str]:
    """A command in a process whose files may not grow beyond `most_bytes`, as on a disk that is full then."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

    return subprocess.run(
        [sys.executable, "-c", MAIN, "--home", str(home), *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def import_file(home: Path, file: Path, most_bytes: int = resource.RLIM_INFINITY) -> subprocess.CompletedProcess[str]:
    """`leadwerk import` of the file, as `leadwerk` runs it."""
    return leadwerk(home, "import", str(file), "--id", "id", "--outcome", "status", most_bytes=most_bytes)


@pytest.mark.parametrize("most_bytes", [4_096, 300_000, 1_200_000])
def test_a_disk_that_is_full_in_the_middle_costs_nothing_but_time(file: Path, tmp_path: Path, most_bytes: int) -> None:
    full = import_file(tmp_path, file, most_bytes)
    assert full.returncode != 0
    assert "Traceback" not in full.stderr and "Free some space" in " ".join(full.stderr.split()), full.stderr
    again = import_file(tmp_path, file)
    assert again.returncode == 0, again.stderr
    [stored] = DuckDBWarehouse(tmp_path).rows(from_text("SELECT COUNT(DISTINCT lead_id) AS n FROM leadwerk.leads"), {})
    assert stored["n"] == LEADS


def test_an_erasure_on_a_full_disk_is_open_until_a_sweep_ends_it(file: Path, tmp_path: Path) -> None:
    import_file(tmp_path, file)
    order = ("privacy", "erase", "1234", "--by", "Eva", "--reason", "request 17")
    full = leadwerk(tmp_path, *order, most_bytes=(tmp_path / "warehouse.duckdb").stat().st_size // 2)
    assert full.returncode != 0
    assert "Traceback" not in full.stderr and "Free some space" in " ".join(full.stderr.split()), full.stderr
    assert [*(tmp_path / "appending").iterdir()] == []
    assert "privacy sweep" in leadwerk(tmp_path, "doctor").stdout
    assert leadwerk(tmp_path, "privacy", "sweep").returncode == 0
    states = from_text("SELECT state FROM leadwerk.erasures ORDER BY state")
    assert DuckDBWarehouse(tmp_path).rows(states, {}) == [{"state": "begun"}, {"state": "completed"}]
    assert "Erased already" in leadwerk(tmp_path, *order).stdout

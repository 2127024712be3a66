"""kill -9 at random moments of extract, rescore and retrain: a rerun ends as a run that was not disturbed."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

import leadwerk
from leadwerk import settings, simulation
from leadwerk.pipeline import ingest, wiring
from leadwerk.serve import serving
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

pytestmark = pytest.mark.slow
NOW = "2026-01-20T02:00:00+00:00"
LEADS, KILLS = 900, 3
SHARED = str(Path(leadwerk.__file__).parents[1])
RUN = "import sys; from leadwerk.cli import main; sys.argv[0] = 'leadwerk'; main()"
EXTRACT = ("extract", "--from", "2026-01-05", "--to", "2026-01-19", "--now", NOW)
RESCORE = ("rescore", "--now", NOW)
RETRAIN = ("retrain", "--now", "2026-06-01T12:00:00Z")


def process(home: Path, arguments: tuple[str, ...]) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEADWERK_")}
    environment = {**inherited, "PYTHONPATH": SHARED, "LEADWERK_HOME": str(home), "LEADWERK_PERSON_KEY": "k"}
    command = [sys.executable, "-c", RUN, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(home: Path, arguments: tuple[str, ...]) -> float:
    """Run a command to its end; returns the seconds it took."""
    began = time.monotonic()
    running = process(home, arguments)
    output, _ = running.communicate(timeout=300)
    assert running.returncode == 0, output[-2000:]
    return time.monotonic() - began


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an export of web behaviour, and the CRM's leads ingested."""
    home = tmp_path_factory.mktemp("simulated")
    simulation.simulate(home, days=14, leads=200, seed=5)
    simulation.publish(home, datetime.fromisoformat(NOW))
    with serving(home, names=(), crm=True, simulation=True) as servers:
        deployment = settings.read({**os.environ, **servers.environment, "LEADWERK_POLICY": "mortgage"})
        key = wiring.person_key(deployment)
        ingest.run(
            wiring.warehouse(deployment),
            wiring.policy(deployment),
            wiring.crm(deployment),
            now=datetime.fromisoformat(NOW),
            person_key=key,
        )
    return home


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of an imported file, from which a model can be learned."""
    home, draw = tmp_path_factory.mktemp("imported"), random.Random(7)
    lines = ["nr,created,visits,source,won"]
    for number in range(LEADS):
        visits, day = draw.randrange(12), 1 + number * 100 // LEADS
        won = "yes" if draw.random() < 0.05 + visits / 20 else "no"
        created = f"2025-{1 + day // 28:02}-{1 + day % 28:02}"
        lines.append(f"{number},{created},{visits},{draw.choice(('ads', 'search', 'mail'))},{won}")
    file = home / "leads.csv"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    run(home, ("import", str(file), "--id", "nr", "--outcome", "won", "--now", "2026-06-01T11:00:00Z"))
    return home


def state(home: Path) -> Mapping[str, object]:
    """Every table without the moment of writing, and the hash of each file of the models."""
    warehouse = DuckDBWarehouse(home)
    tables: dict[str, object] = {}
    for table in schema.own_tables():
        stored_rows = warehouse.rows(from_text(f"SELECT * FROM leadwerk.{table.name}"), {})
        rows = [{name: value for name, value in row.items() if name != schema.STORED_AT} for row in stored_rows]
        tables[table.name] = sorted(rows, key=lambda row: [str(row[name]) for name in table.key])
    models = home / "models"
    hashes = {
        str(path.relative_to(models)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(models.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }
    return {**tables, "files of models": hashes}


@pytest.mark.parametrize("name", ["extract", "rescore", "retrain"])
def test_a_rerun_after_kills_ends_as_a_run_without_them(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    home = request.getfixturevalue("imported" if name == "retrain" else "simulated")
    arguments = {"extract": EXTRACT, "rescore": RESCORE, "retrain": RETRAIN}[name]
    calm, disturbed = (Path(shutil.copytree(home, tmp_path / place)) for place in ("calm", "disturbed"))
    before = state(calm)
    seconds = run(calm, arguments)
    expected = state(calm)
    assert expected != before, "a run that changes nothing proves nothing"
    draw, kills = random.Random(name), 0
    for _ in range(KILLS):
        running = process(disturbed, arguments)
        try:
            # From when it has loaded its modules to when it would be done.
            running.communicate(timeout=seconds * draw.uniform(0.3, 0.95))
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
            kills += 1
    assert kills >= 1
    run(disturbed, arguments)
    ending = state(disturbed)
    assert [table for table in expected if ending[table] != expected[table]] == []

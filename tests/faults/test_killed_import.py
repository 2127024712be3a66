"""kill -9 in the middle of `leadwerk import`: the same command again leaves the tables of a run that was not killed."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import leadwerk
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text

LEADS = 15_000
TABLES = ("leads", "outcomes", "identities")
SHARED = str(Path(leadwerk.__file__).parents[1])
IMPORT = "import sys; from leadwerk.cli import main; sys.argv[0] = 'leadwerk'; main()"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    chance = random.Random(7)
    lines = ["nr,mail,visits,client,won"]
    for n in range(LEADS):
        won = "yes" if chance.random() < 0.2 else "no"
        lines.append(f"{n},lead{n}@example.org,{chance.randrange(12)},{n}.{chance.randrange(10**9)},{won}")
    path = tmp_path / "leads.csv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def importing(file: Path, home: Path) -> subprocess.Popen[str]:
    options = ["--id", "nr", "--outcome", "won", "--now", "2026-03-01T12:00:00Z", "--json"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEADWERK_")}
    environment = {**inherited, "PYTHONPATH": SHARED, "LEADWERK_HOME": str(home), "LEADWERK_PERSON_KEY": "k"}
    command = [sys.executable, "-c", IMPORT, "import", str(file), *options]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def done(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    summary: dict[str, Any] = json.loads(output)
    return summary


def killed_in_the_middle(process: subprocess.Popen[str], home: Path) -> None:
    """Kill an import that has begun to write, and not ended."""
    until = time.monotonic() + 120
    while not (home / "policy.yaml.prepared").exists():
        assert process.poll() is None, "it was done before it could be killed"
        assert time.monotonic() < until, "it never began to write"
        time.sleep(0.001)
    process.kill()
    process.communicate()


def tables(home: Path) -> dict[str, list[Row]]:
    warehouse = DuckDBWarehouse(home)
    return {name: in_order(name, warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {})) for name in TABLES}


def in_order(name: str, stored: list[Row]) -> list[Row]:
    """The rows without the moment of writing, which differs between runs."""
    rows = [{column: value for column, value in row.items() if column != schema.STORED_AT} for row in stored]
    return sorted(rows, key=lambda row: [str(row[part]) for part in schema.table(name).key])


@pytest.mark.slow
def test_a_killed_import_changed_nothing_and_its_repeat_ends_with_the_same_tables(file: Path, tmp_path: Path) -> None:
    whole_home = tmp_path / "whole"
    whole_home.mkdir(mode=0o755)
    whole = done(importing(file, whole_home))
    # In a folder that others may read, no file of ours is for them.
    assert [path for path in whole_home.rglob("*") if path.stat().st_mode & 0o077] == []
    expected = tables(whole_home)
    assert (whole["new_leads"], len(expected["leads"]), len(expected["outcomes"])) == (LEADS, LEADS, LEADS)

    home = tmp_path / "killed"
    killed_in_the_middle(importing(file, home), home)
    assert not any(tables(home).values()), "it was killed after the end"
    assert not (home / "policy.yaml").exists()

    again = done(importing(file, home))
    assert (again["new_leads"], again["new_outcomes"]) == (LEADS, LEADS)
    assert tables(home) == expected
    assert done(importing(file, home))["new_leads"] == 0

"""Many landmarks: peak memory of `retrain` on millions of leads with 40 fields, of which it reads a sample.

A file of 100,000 leads is imported, and its leads then stand in the warehouse as often as it takes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from benchmarks.figure import Figure
from benchmarks.files import COLUMNS, leadwerk, write_leads

ROWS = 100_000
COPIES = tuple(int(number) for number in os.environ.get("LANDMARK_COPIES", "10 50").split())
FIELDS = 40
MULTIPLIED = """
INSERT INTO leadwerk.leads SELECT * EXCLUDE (copy) REPLACE (event_id || copy AS event_id, lead_id || copy AS lead_id)
FROM leadwerk.leads, range({first}, {end}) AS copies(copy);
INSERT INTO leadwerk.outcomes SELECT * EXCLUDE (copy) REPLACE (event_id || copy AS event_id, lead_id || copy AS lead_id)
FROM leadwerk.outcomes, range({first}, {end}) AS copies(copy);
"""


def run() -> Iterator[Figure]:
    """Figures of one run, for each number of copies a warehouse of its own."""
    for copies in COPIES:
        with tempfile.TemporaryDirectory(prefix="leadwerk-many-") as name:
            home = Path(name) / "home"
            leadwerk("import", str(_write_fields(Path(name) / "leads.csv")), *COLUMNS, "--home", str(home))
            _multiply(home / "warehouse.duckdb", copies)
            trained = leadwerk("retrain", "--home", str(home))
        what = f"retrain, {ROWS * copies:,} leads of {FIELDS} fields"
        yield Figure.of(f"{what}, memory", [trained.megabytes], unit="MB", target="≤ 1,200")
        yield Figure.of(what, [trained.seconds], unit="s", target="")


def _write_fields(path: Path) -> Path:
    write_leads(path, ROWS)
    leads, random = pd.read_csv(path), np.random.default_rng(3)
    # Without id, time and outcome.
    more = FIELDS - (len(leads.columns) - 3)
    fields = pd.DataFrame({f"Field {number}": random.normal(size=ROWS).round(3) for number in range(more)})
    pd.concat([leads, fields], axis=1).to_csv(path, index=False)
    return path


def _multiply(file: Path, copies: int) -> None:
    with duckdb.connect(str(file)) as connection:
        connection.execute("SET memory_limit = '3GB'; SET preserve_insertion_order = false")
        connection.execute(MULTIPLIED.format(first=1, end=copies))

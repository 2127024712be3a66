"""One lead with exact reasons over HTTP, features looked up in DuckDB, from a warm process."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.figure import Figure
from benchmarks.scoring import home, process
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text

WARM_UP = 20
REQUESTS = 200
REPEATS = 3
QUANTILES = (0.5, 0.99)
OPERATIONS: tuple[tuple[str, dict[str, bool], bool], ...] = (
    ("looked up", {"dry_run": True}, False),
    ("looked up and stored", {"deliver": False}, True),
)
"""What a request does, by which options, and whether it stores a score."""


def run() -> Iterable[Figure]:
    """p50 and p99 in milliseconds of REPEATS × REQUESTS requests for one lead each; the spread is over the repeats.

    Each repeat asks for leads of its own: a score that says nothing new is not stored again.
    """
    folder = process.FOLDER / "home"
    ids = home.make(folder)
    venv = process.environment()
    source = process.deployed(process.ROOT / "functions" / "score", venv)
    settings = {"LEADWERK_HOME": str(folder), "LEADWERK_POLICY": "mortgage"}
    with process.served(venv, source, "score", settings) as port:
        # One connection for all requests: opening one costs more than a score.
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=process.PATIENCE_SECONDS)
        # Not measured: the first request loads model and policy.
        process.ask(port, {"lead_id": ids[0], "dry_run": True})
        for label, options, stores in OPERATIONS:

            def ask(lead_id: str, options: Mapping[str, bool] = options) -> None:
                process.ask(port, {"lead_id": lead_id, **options}, connection)

            rounds = []
            for repeat in islice(batches(ids, WARM_UP + REQUESTS), REPEATS):
                # Counted before and after: a benchmark that stores nothing by mistake would look fast.
                before = stored_scores(folder)
                rounds.append(milliseconds(ask, repeat))
                check_stored(label, stored_scores(folder) - before, len(repeat) if stores else 0)
            for share in QUANTILES:
                yield Figure.of(
                    f"one lead over HTTP, {label}, p{share * 100:.0f}", [at(r, share) for r in rounds], unit="ms"
                )


def milliseconds(ask: Callable[[str], None], ids: Sequence[str]) -> list[float]:
    """Duration of each request after the first WARM_UP, shortest first."""
    durations = []
    for lead_id in ids:
        started = time.perf_counter()
        ask(lead_id)
        durations.append((time.perf_counter() - started) * 1000)
    return sorted(durations[WARM_UP:])


def stored_scores(folder: Path) -> int:
    """How many scores the warehouse holds."""
    [row] = DuckDBWarehouse(folder).rows(from_text("SELECT COUNT(*) AS scores FROM leadwerk.scores"), {})
    return int(row["scores"])


def check_stored(label: str, stored: int, expected: int) -> None:
    """Refuse a figure of requests that did other work than it says."""
    if stored != expected:
        raise AssertionError(f"{label}: {stored} scores were stored, {expected} expected.")


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ordered values lie.

    >>> at([1.0, 2.0, 3.0], 0.5)
    2.0
    """
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

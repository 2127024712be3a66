"""One lead with exact reasons over HTTP, features looked up in DuckDB, from a warm process."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterable, Sequence

from benchmarks.figure import Figure
from benchmarks.scoring import home, process

WARM_UP = 20
REQUESTS = 200
REPEATS = 3
QUANTILES = (0.5, 0.99)


def run() -> Iterable[Figure]:
    """p50 and p99 in milliseconds of REPEATS × REQUESTS requests for one lead each; the spread is over the repeats."""
    folder = process.FOLDER / "home"
    ids = home.make(folder)
    venv = process.environment()
    source = process.deployed(process.ROOT / "functions" / "score", venv)
    settings = {"LEADWERK_HOME": str(folder), "LEADWERK_POLICY": "mortgage"}
    with process.served(venv, source, "score", settings) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=process.PATIENCE_SECONDS)
        process.ask(port, {"lead_id": ids[0], "dry_run": True})
        for label, options in (("looked up", {"dry_run": True}), ("looked up and stored", {"deliver": False})):

            def ask(lead_id: str, options: dict[str, bool] = options) -> None:
                process.ask(port, {"lead_id": lead_id, **options}, connection)

            rounds = [milliseconds(ask, ids) for _ in range(REPEATS)]
            for share in QUANTILES:
                yield Figure.of(
                    f"one lead over HTTP, {label}, p{share * 100:.0f}", [at(r, share) for r in rounds], unit="ms"
                )


def milliseconds(ask: Callable[[str], None], ids: Sequence[str]) -> list[float]:
    taken = []
    for lead_id in ids[: WARM_UP + REQUESTS]:
        started = time.perf_counter()
        ask(lead_id)
        taken.append((time.perf_counter() - started) * 1000)
    return sorted(taken[WARM_UP:])


def at(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` of the ordered values lie.

    >>> at([1.0, 2.0, 3.0], 0.5)
    2.0
    """
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]

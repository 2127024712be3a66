"""Scoring in SQL: rows a second of one instance, by rows a request, over HTTP as BigQuery sends them.

One functions-framework process in an environment of only its requirements serves what Terraform deploys for a CPU; the
rows are rows of `lead_features` for the mortgage policy, written as TO_JSON_STRING writes them, a fifth of the values
unknown. The client that sends them runs on the same machine and is not counted apart.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np

from benchmarks.figure import Figure
from benchmarks.scoring import home, process
from leadwerk.features.contract import contract
from leadwerk.policy.load import load

SIZES = (10, 100, 1_000, 10_000)
ROUNDS = 7
SECONDS_A_ROUND = 2.0
MISSING = 0.2
SEED = 5


def run() -> Iterable[Figure]:
    """Rows a second for each size of request, and the bytes of a row; the spread is over ROUNDS rounds."""
    folder = process.FOLDER / "home"
    home.make(folder)
    venv = process.environment()
    source = process.deployed(process.ROOT / "functions" / "score", venv)
    rows = arguments(max(SIZES))
    yield Figure.of("scoring in SQL, bytes of a row", [len(row) for row in rows[:100]], unit="B")
    settings = {"LEADWERK_HOME": str(folder), "LEADWERK_POLICY": "mortgage"}
    with process.served(venv, source, "score", settings) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=process.PATIENCE_SECONDS)
        # Not measured: the first request loads the model.
        process.ask(port, {"calls": [[rows[0]]]})
        for size in SIZES:
            body = {"requestId": "1", "calls": [[row] for row in rows[:size]]}
            # The first round warms up and is left out.
            rates = [rate(port, body, connection) for _ in range(ROUNDS + 1)][1:]
            yield Figure.of(f"scoring in SQL, {size:,} rows a request", rates, unit="rows/s")


def rate(port: int, body: dict[str, Any], connection: http.client.HTTPConnection) -> float:
    """Rows a second of one caller who sends the same request again and again for SECONDS_A_ROUND."""
    started, scored = time.perf_counter(), 0
    while time.perf_counter() < started + SECONDS_A_ROUND:
        replies = process.ask(port, body, connection)["replies"]
        # Refusals are faster than scores and must not be counted as scores.
        if any(reply.startswith('{"error"') for reply in replies):
            raise RuntimeError(replies[0])
        scored += len(replies)
    return scored / (time.perf_counter() - started)


def arguments(count: int) -> list[str]:
    """JSON of so many rows of features."""
    random = np.random.default_rng(SEED)
    features = contract(load("mortgage"))
    moment = datetime(2026, 5, 4, 9, 30, tzinfo=UTC).isoformat()
    is_present = random.random((count, len(features))) >= MISSING
    numbers = random.gamma(1.0, 8.0, (count, len(features))).round(3)
    return [
        json.dumps(
            {"lead_id": str(i), "as_of": moment, "created_at": moment}
            | {f.name: value(f.kind, numbers[i, j]) if is_present[i, j] else None for j, f in enumerate(features)}
        )
        for i in range(count)
    ]


def value(kind: str, number: float) -> float | str:
    return float(number) if kind == "number" else ("de", "fr", "google", "mobile")[int(number) % 4]

"""Delivery of 100,000 scores to a CRM that takes 100 calls a second, 100 scores each, and answers after 50 ms."""

from __future__ import annotations

import gc
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from leadwerk.crm.adapter import Adapter
from leadwerk.crm.port import Capabilities, LeadUpdate, PushResult, Taken
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.pipeline import deliver
from leadwerk.pipeline.deliver import OutboxSelection
from leadwerk.policy import load
from leadwerk.warehouse.duckdb import DuckDBWarehouse

LEADS, CALLS_PER_SECOND, BATCH = 100_000, 100.0, 100
ANSWER_SECONDS = 0.05
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


class LimitedCRM(Adapter):
    """Sleeps as the limit and the network make a client wait."""

    capabilities = Capabilities(batch=BATCH, calls_at_once=8)

    def __init__(self) -> None:
        self.pace = RateLimiter(CALLS_PER_SECOND)
        self.calls = 0

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        self.pace.wait()
        time.sleep(ANSWER_SECONDS)
        self.calls += 1
        return [Taken()] * len(updates)


def run() -> list[Figure]:
    """Seconds as a multiple of what the limit alone takes, CPU seconds, and how far memory grows."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse, policy = DuckDBWarehouse(Path(folder)), load("mortgage")
        _store_scores(warehouse)
        # The rows of the set-up are gone before memory is measured.
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # A process has translated its statements and imported what it needs by its first delivery.
        deliver.run(warehouse, policy, LimitedCRM(), now=NOW, selection=OutboxSelection(lead_ids=["nobody"]))
        crm = LimitedCRM()
        start, cpu_start = time.monotonic(), time.process_time()
        report = deliver.run(warehouse, policy, crm, now=NOW)
        seconds, cpu = time.monotonic() - start, time.process_time() - cpu_start
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    if report.sent != LEADS:
        raise RuntimeError(f"{report.sent} of {LEADS} were sent: {report.stopped}")
    # Against the limit, not in seconds: the machine's speed is not what is measured.
    limit = crm.calls / CALLS_PER_SECOND
    ratio, memory = seconds / limit, grown
    return [
        Figure("100,000 scores: time / the CRM's own limit", ratio, "×", "≤ 1.1", 1, (ratio, ratio)),
        # What a busy machine cannot stretch far: below the limit's ten seconds, the CRM is what is waited for.
        Figure("100,000 scores: CPU", cpu, "s", "≤ 5", 1, (cpu, cpu)),
        Figure("100,000 scores: memory grown", memory, "MB", "flat", 1, (memory, memory)),
    ]


def _store_scores(warehouse: DuckDBWarehouse) -> None:
    at = NOW - timedelta(hours=1)
    # In parts, so that the set-up itself does not set the peak of memory.
    for first in range(0, LEADS, 20_000):
        warehouse.append("scores", [_score(number, at) for number in range(first, first + 20_000)])


def _score(number: int, at: datetime) -> dict[str, object]:
    return {
        "score_id": f"s{number}", "lead_id": str(number), "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "model_version": "m1", "policy_version": "p1",
        "probability": 0.1, "predictive_score": number % 101, "score_cluster": "WARM",
        "recommended_action": "Send_Offer", "language": "de", "has_web_behaviour": True,
        "reasons": [{"feature": "visits", "contribution": 0.4, "text": "Kam wieder"}],
    }  # fmt: skip

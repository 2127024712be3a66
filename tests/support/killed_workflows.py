"""A run in a process of its own that is killed (SIGKILL) at a boundary: before or after a write or a call."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import datetime
from pathlib import Path

from benchmarks.killed_calls import kill_at_boundary
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.hubspot import HubSpot
from leadwerk.pipeline.workflows import stage as workflows
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.standins.hubspot import HubSpotStandIn
from support.workflow_market import EVENT, MESSAGE, TASK, policy, rule
from support.workflow_receivers import ReceiverStandIn, receivers

ALL_ACTIONS = policy(rule("hot", "became_hot", MESSAGE, EVENT, TASK))
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def run_in_a_process(home: Path, urls: tuple[str, str], now: datetime, kill_at: int) -> bool:
    """Run workflows once; `kill_at` 0 lets it end. Returns whether it ended by itself."""
    process = PROCESSES.Process(target=_run, args=(home, urls, now, kill_at))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
    return process.exitcode == 0


def _run(home: Path, urls: tuple[str, str], now: datetime, kill_at: int) -> None:
    kill_at_boundary(kill_at, ((DuckDBWarehouse, "append"), (GuardedHttp, "post"), (HttpClient, "call")))
    chat, crm = ReceiverStandIn(url=urls[0]), HubSpotStandIn(url=urls[1])
    connected = HubSpot(crm.url, "stand-in-token-of-24-bytes-or-more", per_second=10_000, sleep=lambda _: None)
    workflows.run(DuckDBWarehouse(home), ALL_ACTIONS, receivers(chat, connected), now=now)

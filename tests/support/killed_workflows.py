"""A run in a process of its own that is killed (SIGKILL) at a boundary: before or after a write or a call."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

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
    left = [kill_at]
    for owner, name in ((DuckDBWarehouse, "append"), (GuardedHttp, "post"), (HttpClient, "call")):
        setattr(owner, name, _with_boundaries(getattr(owner, name), left))
    chat, crm = ReceiverStandIn(url=urls[0]), HubSpotStandIn(url=urls[1])
    connected = HubSpot(crm.url, "stand-in-token-of-24-bytes-or-more", per_second=10_000, sleep=lambda _: None)
    workflows.run(DuckDBWarehouse(home), ALL_ACTIONS, receivers(chat, connected), now=now)


def _with_boundaries(function: Callable[..., Any], left: list[int]) -> Callable[..., Any]:
    def wrapped(*arguments: Any, **options: Any) -> Any:
        _pass(left)
        answer = function(*arguments, **options)
        _pass(left)
        return answer

    return wrapped


def _pass(left: list[int]) -> None:
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)

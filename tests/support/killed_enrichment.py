"""An enrichment run in a process of its own that is killed (SIGKILL) before or after a write or a call."""

from __future__ import annotations

import multiprocessing
import signal
from pathlib import Path

from benchmarks.killed_calls import kill_at_boundary
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.pipeline.enrichment.providers import connect
from leadwerk.pipeline.enrichment.stage import run
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.company_providers import GEMINI, CompanyProviders, environment, hurried, policy
from support.selling import NOW

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def killed_at(kill_at: int, home: Path, url: str) -> bool:
    """Run once; die at the boundary of this number. Returns whether it died there."""
    process = PROCESSES.Process(target=_run, args=(home, url, kill_at))
    process.start()
    process.join(60)
    return process.exitcode == -signal.SIGKILL


def _run(home: Path, url: str, kill_at: int) -> None:
    kill_at_boundary(kill_at, ((DuckDBWarehouse, "append"), (GuardedHttp, "request")))
    standin = CompanyProviders(url=url)
    rules = policy(GEMINI)
    run(DuckDBWarehouse(home), rules, connect(environment(standin), rules, hurried), now=NOW)

"""An enrichment run in a process of its own that is killed (SIGKILL) before or after a write or a call."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def _run(home: Path, url: str, kill_at: int) -> None:
    left = [kill_at]
    for owner, name in ((DuckDBWarehouse, "append"), (GuardedHttp, "request")):
        setattr(owner, name, _with_boundaries(getattr(owner, name), left))
    standin = CompanyProviders(url=url)
    rules = policy(GEMINI)
    run(DuckDBWarehouse(home), rules, connect(environment(standin), rules, hurried), now=NOW)

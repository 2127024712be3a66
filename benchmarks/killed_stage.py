"""A stage in a process of its own that may be killed (SIGKILL) at a boundary: before or after a write or a call."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.killed_calls import kill_at_boundary
from leadwerk.crm.boma import Boma
from leadwerk.crm.channels import connect
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.http_client import HttpClient
from leadwerk.errors import LeadwerkError
from leadwerk.pipeline import deliver, ingest
from leadwerk.pipeline.workflows import stage as workflows
from leadwerk.pipeline.workflows.carry_out import Receivers
from leadwerk.policy import load
from leadwerk.policy.workflows import Channel, Workflow, WorkflowAction, Workflows, WorkflowTrigger
from leadwerk.warehouse.duckdb import DuckDBWarehouse

TOKEN = "chaos-token-of-24-bytes-or-more"  # noqa: S105  of a CRM on this machine
Stage = Literal["ingest", "deliver", "workflows"]
STAGES: tuple[Stage, ...] = ("ingest", "deliver", "workflows")
HOT_EVENT = Workflow(
    name="hot", when=WorkflowTrigger(change="became_hot"), actions=(WorkflowAction(do="event", channel="partner"),)
)
POLICY = msgspec.structs.replace(
    load("mortgage"), workflows=Workflows(channels=(Channel(name="partner", kind="webhook"),), rules=(HOT_EVENT,))
)
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload([__name__])


def run_stage(name: Stage, home: Path, urls: tuple[str, str], now: datetime, kill_at: int) -> bool:
    """Run a stage in a process of its own, killed at boundary `kill_at` (0: never); whether it ended by itself."""
    process = PROCESSES.Process(target=_run_stage, args=(name, home, urls, now, kill_at))
    process.start()
    process.join(120)
    if process.exitcode not in (0, -signal.SIGKILL):
        raise RuntimeError(f"{name} ended with {process.exitcode}.")
    return process.exitcode == 0


def _run_stage(name: Stage, home: Path, urls: tuple[str, str], now: datetime, kill_at: int) -> None:
    kill_at_boundary(kill_at, ((DuckDBWarehouse, "append"), (HttpClient, "_once"), (GuardedHttp, "post")))
    warehouse = DuckDBWarehouse(home)
    crm = Boma(urls[0], TOKEN, per_second=10_000, sleep=lambda _: None)
    # A CRM that fails ends a run with an error; the next one goes on where this one stopped.
    try:
        match name:
            case "ingest":
                ingest.run(warehouse, POLICY, crm, now=now, person_key="secret")
            case "deliver":
                deliver.run(warehouse, POLICY, crm, now=now)
            case "workflows":
                http = GuardedHttp(allow_private=True)
                receivers = Receivers(lambda _: connect("webhook", urls[1], http), lambda: crm)
                workflows.run(warehouse, POLICY, receivers, now=now)
    except LeadwerkError:
        return

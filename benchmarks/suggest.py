"""Points beside the model: what share of its lead over chance they reach, as shipped and as suggested, out of time."""

from __future__ import annotations

import secrets
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from benchmarks.figure import Figure
from leadwerk import settings, simulation
from leadwerk.learning.suggestion_evaluation import Effect
from leadwerk.pipeline import extract, ingest, wiring
from leadwerk.pipeline.policies import suggest
from leadwerk.simulation.crm_server import CrmServer
from leadwerk.simulation.generate import START
from leadwerk.warehouse.protocol import Warehouse

DAYS, LEADS = 180, 12_000
SEEDS = (7, 8, 9)
LIMITS = {"present": "≥ 0.70", "suggested": "≥ 0.85"}


@contextmanager
def filled(home: Path, *, days: int, leads: int, seed: int) -> Iterator[tuple[Warehouse, datetime]]:
    """A simulated market of which everything was extracted and ingested, and the moment after its last day."""
    simulation.simulate(home, days=days, leads=leads, seed=seed)
    now = datetime.combine(START + timedelta(days=days), time(4), UTC)
    simulation.publish(home, now)
    token = secrets.token_urlsafe(8)
    # A real CRM over HTTP: outcomes arrive as in a deployment.
    server = CrmServer(home, token)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = {"HOME": str(home), "CRM_URL": server.url, "CRM_TOKEN": token, "CRM_PER_SECOND": "2000"}
    deployment_settings = settings.read({f"LEADWERK_{name}": value for name, value in variables.items()})
    warehouse, policy, key = (
        wiring.warehouse(deployment_settings),
        wiring.policy(deployment_settings),
        wiring.person_key(deployment_settings),
    )
    try:
        extract.run(warehouse, policy, now=now)
        ingest.run(warehouse, policy, wiring.crm(deployment_settings), now=now, person_key=key)
        yield warehouse, now
    finally:
        server.shutdown()
        server.server_close()


def effect(*, days: int, leads: int, seed: int) -> Effect:
    """What `leadwerk policy suggest` says of the shipped mortgage policy on one market."""
    with (
        tempfile.TemporaryDirectory() as home,
        filled(Path(home), days=days, leads=leads, seed=seed) as (warehouse, now),
    ):
        policy = wiring.policy(settings.read({"LEADWERK_HOME": home}))
        measured = suggest.run(warehouse, policy, now=now).effect
    # A market too small to measure on is no result, and no reason to print zeros.
    if not isinstance(measured, Effect):
        raise SystemExit(measured.reason)
    return measured


def run(seeds: Sequence[int] = SEEDS, days: int = DAYS, leads: int = LEADS) -> Iterator[Figure]:
    """One market a seed."""
    effects = [effect(days=days, leads=leads, seed=seed) for seed in seeds]
    for name, label in (("present", "points as shipped"), ("suggested", "suggested points"), ("model", "model")):
        aucs = [getattr(effect_of_market, name).auc.value for effect_of_market in effects]
        yield Figure.of(f"{label}: AUC out of time", aucs, unit="")
        if name != "model":
            shares = [getattr(effect_of_market, name).of_model for effect_of_market in effects]
            yield Figure.of(f"{label}: share of the model's lead over chance", shares, unit="", target=LIMITS[name])

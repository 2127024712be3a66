"""The shipped points against the simulated market, whose true chances no rule has seen."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from leadwerk import policy, simulation
from leadwerk.crm.boma import Boma
from leadwerk.pipeline import extract, ingest
from leadwerk.pipeline.extract_messages import RequestedDays
from leadwerk.points.engine import compute_points
from leadwerk.simulation.crm_server import CrmServer
from leadwerk.stats import metrics
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.landmarks import landmarks_with_facts

START, DAYS, LEADS = datetime(2026, 1, 5, tzinfo=UTC), 45, 1200
TOKEN = "secret"
MORTGAGE = policy.load("mortgage")
WANTED = 0.70
"""Share of the lead over chance (AUC − 0.5) that points must reach."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one and a half months of a market, extracted and ingested."""
    home: Path = tmp_path_factory.mktemp("pointed")
    simulation.simulate(home, days=DAYS, leads=LEADS, seed=11)
    end = START + timedelta(days=DAYS)
    simulation.publish(home, end)
    warehouse = DuckDBWarehouse(home)
    requested = RequestedDays(START.date(), (end - timedelta(days=2)).date())
    extract.run(warehouse, MORTGAGE, now=end, requested=requested)
    with CrmServer(home, TOKEN) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        crm = Boma(server.url, TOKEN, per_second=1e6)
        ingest.run(warehouse, MORTGAGE, crm, now=end + timedelta(days=400), person_key="key")
        server.shutdown()
    return home


@pytest.mark.slow
def test_points_reach_70_percent_of_the_best_possible_lead_over_chance(home: Path) -> None:
    """The best possible is what a model can at most reach, so of a model's lead it is more."""
    last = START + timedelta(days=DAYS - 3)
    frame, facts = landmarks_with_facts(DuckDBWarehouse(home), MORTGAGE, START, last)
    chance = simulation.true_probability(home, list(frame["lead_id"]), list(frame["as_of"].dt.to_pydatetime()), 30)
    has_chance = ~np.isnan(chance)
    total = compute_points(MORTGAGE, facts).total[has_chance].astype(float)
    best = metrics.auc(chance[has_chance], chance[has_chance])
    assert has_chance.sum() > 3000
    assert (metrics.auc(chance[has_chance], total) - 0.5) / (best - 0.5) >= WANTED

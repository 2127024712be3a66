"""What a process imports until it has answered for its first lead: each module less is a shorter wait."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadwerk.pipeline import score
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.load import load
from leadwerk.scoring.model import Scorer
from leadwerk.serve import source_of
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_leads, example_models as models
from support.example_leads import NOW

NEEDLESS = {
    "google.api_core", "google.auth", "jsonschema", "numpy.fft", "numpy.ma", "numpy.random", "numpy.testing", "pandas",
    "pyarrow", "requests", "scipy", "sklearn", "sqlglot", "xgboost",
}  # fmt: skip
"""One score has no use for these; numpy.ma comes with functions that seem harmless (np.unique)."""

SCRIPT = """
import json, sys
from functions_framework import create_app
body = {"lead_id": "1", "now": sys.argv[2], "dry_run": True}
answer = create_app("score", sys.argv[1]).test_client().post("/", json=body)
print(json.dumps([answer.status_code, sorted(sys.modules)]))
"""


@pytest.mark.slow
def test_the_first_score_imports_nothing_that_it_has_no_use_for(tmp_path: Path) -> None:
    warehouse = example_leads.warehouse(tmp_path)
    example_leads.champion(tmp_path, load("mortgage"))
    _keep_translations(warehouse)
    environment = {**os.environ, "LEADWERK_HOME": str(tmp_path), "LEADWERK_POLICY": "mortgage"}
    command = [sys.executable, "-c", SCRIPT, str(source_of("score")), NOW.isoformat()]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    status, modules = json.loads(done.stdout.splitlines()[-1])
    assert status == 200, done.stderr
    assert NEEDLESS & set(modules) == set()


def _keep_translations(warehouse: DuckDBWarehouse) -> None:
    """Score once here: statements are translated at their first use, and then lie in the home."""
    scorer = Scorer.load(models.files(load("mortgage")), load("mortgage"), threads=1)
    run = score.ScoringRun(warehouse, load("mortgage"), scorer, now=NOW, stored_at=NOW, store=False)
    score.run(run, [ScoreRequest(lead_id="1")])


PAGES = """
import sys
from leadwerk.web.pages.desk_site import site
for path in ("/calls", "/review", "/rules", "/operations", "/privacy", "/start", "/settings"):
    assert site.know(path)
print(*(name for name in ("numpy", "leadwerk.scoring.model", "leadwerk.points.replay") if name in sys.modules))
"""


@pytest.mark.slow
def test_pages_start_without_numpy_and_the_scorer() -> None:
    done = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

"""A home to score in: leads with behaviour, a model of the size that training makes, and translated statements."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import contract, contract_hash
from leadwerk.features.encode import Encoder
from leadwerk.pipeline import score
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.policy.load import load
from leadwerk.policy.model import Policy
from leadwerk.registry import DataWindow, Manifest, Registry, open_registry
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.dialect import translate
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.protocol import Row

LEADS = 2_000
ACTIVE_DAYS = 6
TRAINING_ROWS = 6_000
MISSING = 0.2
SEED = 11


def make(folder: Path) -> list[str]:
    """Fill `folder` afresh; the ids of its leads."""
    shutil.rmtree(folder, ignore_errors=True)
    policy = load("mortgage")
    now = datetime.now(UTC)
    random = np.random.default_rng(SEED)
    ids = [str(100_000 + i) for i in range(LEADS)]
    warehouse = DuckDBWarehouse(folder)
    with warehouse.unit_of_work():
        warehouse.append("leads", [_lead(lead, now, random) for lead in ids])
        links = [{"visitor_id": f"v{lead}", "lead_id": lead, "linked_at": now - timedelta(days=9)} for lead in ids]
        warehouse.append("identities", [{**link, "source": "form"} for link in links])
        warehouse.append("activity_daily", [day for lead in ids for day in _days(f"v{lead}", policy, now, random)])
    registry, version = _champion(folder, policy, now, random)
    # The slim environment has no sqlglot: statements are translated once, when the home is set up.
    scorer = Scorer.load(registry.load(version), policy)
    run = score.ScoringRun(warehouse, policy, scorer, now=now, stored_at=now)
    score.run(run, [ScoreRequest(lead_id=ids[-1])])
    query = features_statement(policy)
    parameters = scoring_parameters(policy, [], [], now)
    sql = translate(query)
    used = {name: value for name, value in parameters.items() if f"${name}" in sql}
    (folder / "naive.json").write_text(json.dumps({"sql": sql, "parameters": used, "version": version}, default=str))
    return ids


def _lead(lead_id: str, now: datetime, random: np.random.Generator) -> Row:
    created = now - timedelta(days=float(random.uniform(0, 8)))
    loan = float(random.integers(200, 1_500) * 1_000)
    form: dict[str, Any] = {"language": str(random.choice(["de", "fr", "it"])), "country": "CH", "region": "CH-ZH"}
    amounts = {"loan_amount": loan, "property_value": loan * 1.4, "income": 140_000.0, "instalment": loan / 400}
    times = {"recorded_at": created, "created_at": created}
    return {"event_id": lead_id, "lead_id": lead_id, **times, "web_consent": True, **form, **amounts, "attributes": []}


def _days(visitor: str, policy: Policy, now: datetime, random: np.random.Generator) -> Iterator[Row]:
    for ago in random.choice(np.arange(1, 60), ACTIVE_DAYS, replace=False):
        at = now - timedelta(days=int(ago))
        names = [signal.name for signal in policy.signals if not signal.touchpoint]
        seen = [str(name) for name in random.choice(names, 3, replace=False)]
        yield {
            "day": at.date(),
            "visitor_id": visitor,
            "first_at": at - timedelta(minutes=9),
            "last_at": at,
            "events": 30,
            "sessions": int(random.integers(1, 4)),
            "page_views": int(random.integers(1, 20)),
            "seconds": float(random.integers(10, 900)),
            "scroll_percent": 90,
            "source": "google",
            "medium": "organic",
            "device_category": "mobile",
            "language": "de",
            "first_hour": at.hour,
            "weekday": at.isoweekday(),
            "signals": [{"name": name, "events": 2, "seconds": 60.0, "last_at": at} for name in seen],
        }


def _champion(folder: Path, policy: Policy, now: datetime, random: np.random.Generator) -> tuple[Registry, str]:
    """A model with the policy's own number and depth of trees, on features of no meaning."""
    features, training = contract(policy), policy.training
    columns = {f.name: _column(f.kind, random) for f in features}
    encoder = Encoder.fit(columns, features)
    matrix = encoder.matrix(columns)
    label = np.nan_to_num(matrix[:, :20]).sum(axis=1) + random.normal(0, 60, TRAINING_ROWS) > 160
    parameters = {"objective": "binary:logistic", "max_depth": training.depth, "eta": training.learning_rate}
    booster = xgb.train({**parameters, "seed": SEED}, xgb.DMatrix(matrix, label), training.trees)
    files = {
        "model.ubj": bytes(booster.save_raw("ubj")),
        "encoder.json": encoder.to_json(),
        "calibration.json": Calibration().to_json(),
    }
    window = DataWindow(first_as_of="", last_as_of="", rows=TRAINING_ROWS, positives=int(label.sum()), leads=LEADS)
    manifest = Manifest(
        kind="boosting",
        created_at=now.isoformat(),
        policy_name=policy.name,
        policy_version=policy.version,
        contract_hash=contract_hash(features),
        query_hash="",
        horizon_days=policy.horizon_days,
        base_rate=float(label.mean()),
        seed=SEED,
        data=window,
        metrics={},
        importances={},
        profile={},
        libraries={},
    )
    registry = open_registry(str(folder / "models"))
    return registry, registry.promote(registry.save(files, manifest), expected=None, at=now, reason="benchmark").version


def _column(kind: str, random: np.random.Generator) -> list[Any]:
    if kind == "category":
        return [str(level) for level in random.choice(["de", "fr", "it", "google", "mobile", "CH"], TRAINING_ROWS)]
    values = random.gamma(1.0, 8.0, TRAINING_ROWS)
    return [
        None if missing else float(value)
        for value, missing in zip(values, random.random(TRAINING_ROWS) < 0.2, strict=True)
    ]

"""An experiment on a warehouse: leads as they were assigned, outcomes that have matured, scores frozen beforehand."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from leadwerk import policy as policies
from leadwerk.errors import InputError
from leadwerk.experiment.assignment import assign
from leadwerk.pipeline import experiment_effect, retrain
from leadwerk.pipeline.leads.landmarks import read_training_rows
from leadwerk.policy.experiment import Experiment
from leadwerk.policy.load import shipped_text
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Capacity, Contacted
from leadwerk.registry import open_registry
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.equity_market import START, change, lead, leads_and_outcomes

DAY = timedelta(days=1)
BEGINNING = START + 200 * DAY
NOW = BEGINNING + 130 * DAY
EXPERIMENT = Experiment(
    name="autumn",
    starts=BEGINNING.date(),
    ends=(BEGINNING + 90 * DAY).date(),
    control_percent=50,
    exploration_percent=20,
    weigh_training=True,
)


@pytest.fixture(scope="module")
def policy() -> Policy:
    shipped = policies.load("mortgage")
    return msgspec.structs.replace(
        shipped,
        training=msgspec.structs.replace(shipped.training, trees=30, depth=3),
        landmark_days=(0,),
        experiment=EXPERIMENT,
        capacity=Capacity(minutes_per_lead=30, cost_per_hour=90),
        contacted=Contacted(touchpoints=("call_answered",)),
    )


def score(lead_id: str, at: Any, **columns: Any) -> dict[str, Any]:
    return {
        "score_id": f"s{lead_id}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "policy_version": "p", "recommended_action": "Call",
        "language": "de", "has_web_behaviour": False, "reasons": [], "experiment": EXPERIMENT.name, **columns,
    }  # fmt: skip


def filled(home: Path, *, called_effect: float, leads: int = 1500) -> DuckDBWarehouse:
    """A past to learn from; then an experiment: leads with equity are called, and in the control group by lot."""
    warehouse, random = DuckDBWarehouse(home), np.random.default_rng(8)
    past_leads, past_outcomes = leads_and_outcomes()
    tables: dict[str, list[dict[str, Any]]] = {"leads": past_leads, "outcomes": past_outcomes}
    tables |= {"scores": [], "touchpoints": []}
    for k in range(leads):
        lead_id, created = f"E{k}", BEGINNING + timedelta(days=k / leads * 85)
        assignment = assign(EXPERIMENT, lead_id, created)
        assert assignment is not None
        ltv = float(random.uniform(0.3, 1.0))
        is_hot = ltv < 0.5
        arm = assignment.arm(is_hot=is_hot)
        called = assignment.is_worked if arm == "control" else is_hot or arm == "exploration"
        odds = np.exp(-8 * (ltv - 0.35)) * 0.3 * (called_effect if called else 1.0)
        won = random.random() < odds / (1 + odds)
        tables["leads"].append(lead(lead_id, created, ltv))
        closed = created + timedelta(days=float(random.uniform(3, 20)))
        end = change(lead_id, closed, "paid_out" if won else "lost") | ({"amount": 4000.0} if won else {})
        tables["outcomes"] += [change(lead_id, created, "open"), end]
        cluster = "HOT" if called else "COLD"
        columns = {"arm": arm, "arm_probability": assignment.arm_probability(is_hot=is_hot), "score_cluster": cluster}
        tables["scores"].append(
            score(lead_id, created, **columns, work_probability=assignment.work_probability(is_hot=is_hot))
        )
        if called:
            times = {"day": created.date(), "occurred_at": created + DAY, "recorded_at": created + DAY}
            tables["touchpoints"].append({"event_id": f"T{k}", "lead_id": lead_id, "kind": "call_answered"} | times)
    for table, rows in tables.items():
        warehouse.append(table, rows)
    return warehouse


def test_without_an_experiment_the_command_says_how_to_begin(tmp_path: Path, policy: Policy) -> None:
    bare = msgspec.structs.replace(policy, experiment=None)
    registry = open_registry(str(tmp_path / "models"))
    with pytest.raises(InputError, match="no experiment") as caught:
        experiment_effect.run(DuckDBWarehouse(tmp_path), bare, registry, now=NOW)
    assert caught.value.field == "experiment"


@pytest.mark.slow
def test_the_effect_is_estimated_with_scores_from_before(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = filled(tmp_path, called_effect=4.0), open_registry(str(tmp_path / "models"))
    trained = retrain.run(warehouse, policy, registry, now=BEGINNING - DAY)
    report = experiment_effect.run(warehouse, policy, registry, now=NOW)
    assert report.frozen_model == trained.model_version
    assert sum(report.leads.values()) == report.matured == 1500
    assert report.effect is not None
    assert report.effect.scored.leads == report.leads["scored"] + report.leads["exploration"]
    assert report.effect.wins.explained > 0.02
    assert report.effect.wins.difference.low > 0
    scored, control = report.effect.scored, report.effect.control
    assert scored.cost_per_win is not None and control.cost_per_win is not None
    assert scored.cost_per_win.value == pytest.approx(45 * scored.calls / scored.won)
    assert scored.cost_per_win.value < control.cost_per_win.value
    assert scored.revenue == 4000 * scored.won
    earlier = experiment_effect.run(warehouse, policy, registry, now=BEGINNING + 40 * DAY)
    assert 0 < earlier.matured < 250


@pytest.mark.slow
def test_without_a_model_from_before_nothing_adjusts(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = filled(tmp_path, called_effect=1.0), open_registry(str(tmp_path / "models"))
    retrain.run(warehouse, policy, registry, now=NOW)
    report = experiment_effect.run(warehouse, policy, registry, now=NOW)
    assert report.frozen_model is None
    assert report.effect is not None
    assert report.effect.wins.explained == 0
    assert report.effect.wins.difference.low < 0 < report.effect.wins.difference.high


def test_who_objects_leaves_the_experiment(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = filled(tmp_path, called_effect=1.0, leads=200), open_registry(str(tmp_path / "models"))
    objection = {"event_id": "x", "lead_id": "E7", "set_at": NOW - DAY, "author": "Eva", "reason": "asked"}
    warehouse.append("objections", [objection | {"is_withdrawn": False}])
    report = experiment_effect.run(warehouse, policy, registry, now=NOW)
    assert sum(report.leads.values()) == 199


@pytest.mark.slow
def test_training_weights_worked_leads_of_the_experiment_by_their_probability(tmp_path: Path, policy: Policy) -> None:
    warehouse = filled(tmp_path, called_effect=1.0, leads=300)
    landmarks = read_training_rows(warehouse, policy, NOW).landmarks
    assert landmarks.weight is not None
    in_experiment = landmarks.as_of >= np.datetime64(BEGINNING.replace(tzinfo=None))
    assert set(landmarks.weight[~in_experiment].tolist()) == {1.0}
    weights = landmarks.weight[in_experiment]
    assert set(np.round(weights, 3).tolist()) == {0.0, 1.0, round(1 / 0.3, 3), 5.0}
    assert weights.sum() == pytest.approx(300, rel=0.25)
    unweighed = msgspec.structs.replace(EXPERIMENT, weigh_training=False)
    plain = read_training_rows(warehouse, msgspec.structs.replace(policy, experiment=unweighed), NOW)
    assert plain.landmarks.weight is None


def test_a_policy_names_the_period_as_days() -> None:
    text = shipped_text("mortgage")
    experiment = "experiment: {name: spring, starts: 2026-03-01, ends: 2026-06-01, control_percent: 20}\n"
    parsed = policies.parse(f"{text}\n{experiment}").experiment
    assert parsed is not None
    assert (parsed.starts, parsed.control_percent) == (date(2026, 3, 1), 20)

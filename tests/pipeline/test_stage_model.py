"""Chances to reach the next stage: learned from the recorded stages, kept beside the models, given with each score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from leadwerk.features.stage_model import StageModel
from leadwerk.pipeline import score
from leadwerk.pipeline.leads.stage_model import train_stage_model
from leadwerk.pipeline.serving.messages import ScoreRequest
from leadwerk.pipeline.serving.newest_stage_model import newest_stage_model
from leadwerk.pipeline.stage_funnel import read_funnel
from leadwerk.policy.load import load
from leadwerk.registry import Registry, open_registry
from leadwerk.scoring.stage_outlook import StageOutlook
from leadwerk.stats.log_odds import sigmoid
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_leads
from support.example_leads import NOW
from support.staged_contacts import DAY, HISTORY_DAYS, HORIZON, START, Market

MORTGAGE = load("mortgage")
STAGES = ("known", "mql", "sql", "application")
SHIFT = NOW.replace(tzinfo=None) - (START + HISTORY_DAYS * DAY).item()


def moment(at: np.datetime64) -> datetime:
    """A moment of the simulated history, which ends now."""
    shifted: datetime = (at.astype("datetime64[us]").item() + SHIFT).replace(tzinfo=UTC)
    return shifted


def change(lead: int, at: np.datetime64, stage: str) -> dict[str, object]:
    when = moment(at)
    row = {"lead_id": f"s{lead}", "day": when.date(), "changed_at": when, "from_stage": None, "to_stage": stage}
    return row | {"direction": "forward", "reason": "", "score_id": None}


def stored_score(lead: int, at: np.datetime64, log_odds: float) -> dict[str, object]:
    when = moment(at)
    times = {"day": when.date(), "scored_at": when, "stored_at": when, "score_origin": "rescore"}
    decided = {"basis": "model", "policy_version": "p", "score_cluster": "WARM", "recommended_action": "Call"}
    chance = float(sigmoid(np.array([log_odds]))[0])
    row = {"score_id": f"{lead} {when}", "lead_id": f"s{lead}", "probability": chance, "reasons": []}
    return {**row, **times, **decided, "language": "de", "has_web_behaviour": False}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    filled = example_leads.warehouse(tmp_path_factory.mktemp("stages"))
    history = Market(contacts=300).history()
    stays, behaviour = history.stays, history.behaviour
    changes = []
    for lead, stage, entered, left, advanced in zip(
        stays.lead.tolist(), stays.stage.tolist(), stays.entered, stays.left, stays.advanced.tolist(), strict=True
    ):
        changes.append(change(lead, entered, STAGES[stage]))
        if not np.isnat(left) and (not advanced or stage == len(STAGES) - 2):
            changes.append(change(lead, left, STAGES[stage + 1] if advanced else "lost"))
    scores = zip(behaviour.lead.tolist(), behaviour.at, behaviour.behaviour[:, 0].tolist(), strict=True)
    with filled.unit_of_work():
        filled.append("stage_changes", changes)
        # Scores change little from day to day, so every third is enough to know them by.
        filled.append("scores", [stored_score(*row) for row in scores][::3])
    return filled


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return open_registry(str(tmp_path_factory.mktemp("models")))


@pytest.fixture(scope="module")
def learned(warehouse: DuckDBWarehouse, registry: Registry) -> StageModel:
    model = train_stage_model(warehouse, MORTGAGE, registry, NOW)
    assert model is not None
    return model


def outlook(warehouse: DuckDBWarehouse, model: StageModel | None, lead_id: str = "1") -> StageOutlook | None:
    run = score.ScoringRun(warehouse, MORTGAGE, None, now=NOW, stored_at=NOW, store=False, stage_model=model)
    return score.run(run, [ScoreRequest(lead_id=lead_id)]).scores[0].stage_outlook


def test_it_is_learned_tested_and_kept(learned: StageModel, registry: Registry) -> None:
    assert newest_stage_model(registry) == learned
    assert learned.hazards.stages == ("anonymous", "known", "mql", "sql", "application", "customer")
    # Visitors have no stages, and of what comes after `application` this history knows nothing.
    assert learned.stays[0] == 0 < learned.advances[1] < learned.stays[1]
    assert learned.advances[4] == 0
    assert learned.hazards.uses_behaviour
    assert learned.test is not None
    assert learned.test.calibration_error < 0.1


def test_a_score_says_the_chance_of_the_next_stage(warehouse: DuckDBWarehouse, learned: StageModel) -> None:
    chance = outlook(warehouse, learned)
    assert chance is not None
    assert (chance.next_stage, chance.horizon_days) in {("mql", HORIZON), ("sql", HORIZON), ("application", HORIZON)}
    assert 0.05 < chance.probability < 0.95


def test_without_a_model_a_way_or_an_open_lead_there_is_none(warehouse: DuckDBWarehouse, learned: StageModel) -> None:
    assert outlook(warehouse, None) is None
    assert outlook(warehouse, learned, lead_id="9") is None
    other = msgspec.structs.replace(learned.hazards, stages=("known", "customer"))
    assert outlook(warehouse, msgspec.structs.replace(learned, hazards=other)) is None


def test_what_a_deployment_cannot_learn_any_more_does_not_stay(learned: StageModel, tmp_path: Path) -> None:
    empty, registry = example_leads.warehouse(tmp_path), open_registry(str(tmp_path / "models"))
    registry.stage_models().replace(b"{}")
    assert newest_stage_model(registry) is None
    assert train_stage_model(empty, MORTGAGE, registry, NOW) is None
    assert newest_stage_model(registry) is None


def test_the_funnel_adds_up(warehouse: DuckDBWarehouse) -> None:
    funnel = read_funnel(warehouse, MORTGAGE, days=365, now=NOW)
    assert [step.stage for step in funnel.stages] == list(STAGES)
    for step in funnel.stages:
        months = [month for month in funnel.months if month.stage == step.stage]
        assert (step.entered, step.matured) == (sum(m.entered for m in months), sum(m.matured for m in months))
    first_step = funnel.stages[0]
    assert first_step.rate is not None and first_step.low is not None and first_step.high is not None
    assert first_step.low < first_step.rate == first_step.advanced / first_step.matured < first_step.high
    # Every contact of this history begins in the first stage.
    assert first_step.entered == 300


def test_the_future_teaches_nothing(warehouse: DuckDBWarehouse, registry: Registry) -> None:
    funnel = read_funnel(warehouse, MORTGAGE, days=365, now=NOW - timedelta(days=60))
    assert funnel.stages[0].entered < 300

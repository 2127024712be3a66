"""Experiment: reads who took part and what became of them, and estimates what scores bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np
from msgspec import Struct

from leadwerk.errors import InputError, LeadwerkError
from leadwerk.experiment.report import EffectReport, Participants, effect_report
from leadwerk.pipeline.leads.features import training_parameters
from leadwerk.pipeline.leads.read_features import read_features
from leadwerk.policy.experiment import Experiment
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry
from leadwerk.scoring.model import Scorer
from leadwerk.stats.arrays import Floats
from leadwerk.stats.log_odds import logit
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement


class Participant(Struct, frozen=True, kw_only=True):
    """A row of scores/participants."""

    lead_id: str
    arm: str
    created_at: datetime
    calls: int
    is_mature: bool
    arm_probability: float | None = None
    won_at: datetime | None = None
    amount: float | None = None


@dataclass(frozen=True)
class ExperimentReport:
    """State of the policy's experiment as of a moment: leads by arm, how many have matured, and the effect.

    `effect` is None while too few have won. `frozen_model`: version whose scores adjust the estimates; None: none do.
    """

    experiment: str
    as_of: datetime
    leads: dict[str, int]
    matured: int
    frozen_model: str | None
    effect: EffectReport | None


def run(warehouse: Warehouse, policy: Policy, registry: Registry, *, now: datetime) -> ExperimentReport:
    """Estimate the effect as of `now` (aware) from leads whose horizon is over.

    Raises:
        InputError: the policy has no experiment.
    """
    experiment = policy.experiment
    if experiment is None:
        raise InputError(Message("refusal.experiment"), field="experiment")
    rows = _read(warehouse, policy, experiment, now)
    matured = [row for row in rows if row.is_mature]
    frozen_model, scores = _frozen_scores(warehouse, policy, registry, experiment, matured)
    effect = effect_report(_participants(matured, scores), policy.capacity.cost_per_call) if matured else None
    leads = {arm: sum(row.arm == arm for row in rows) for arm in ("scored", "exploration", "control")}
    return ExperimentReport(experiment.name, now, leads, len(matured), frozen_model, effect)


def _read(warehouse: Warehouse, policy: Policy, experiment: Experiment, now: datetime) -> list[Participant]:
    parameters = {
        "experiment": experiment.name,
        "first_day": experiment.starts,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
        "as_of": now,
    }
    return warehouse.rows(statement("scores/participants", Participant), parameters)


def _participants(rows: Sequence[Participant], scores: Floats | None) -> Participants:
    return Participants(
        # By intention to treat: exploration belongs to the scored group whatever its lot made of the lead.
        is_scored=np.array([row.arm != "control" for row in rows], dtype=np.bool_),
        won=np.array([row.won_at is not None for row in rows], dtype=np.bool_),
        calls=np.array([row.calls for row in rows], dtype=np.float64),
        revenue=np.array([row.amount or 0.0 for row in rows], dtype=np.float64),
        frozen_score=scores,
    )


def _frozen_scores(
    warehouse: Warehouse, policy: Policy, registry: Registry, experiment: Experiment, rows: Sequence[Participant]
) -> tuple[str | None, Floats | None]:
    """Log-odds of each lead at its creation by the newest model from before the experiment, which knows no outcome."""
    starts = datetime.combine(experiment.starts, time(), UTC)
    # A model from after the start has learned from the experiment's own outcomes: adjusting by it would bias the
    # estimate.
    versions = registry.trained_between(starts - timedelta(days=policy.training.history_days), starts)
    if not versions or not rows:
        return None, None
    try:
        scorer = Scorer.load(registry.load(versions[-1]), policy)
    except LeadwerkError:
        return None, None  # of another contract: the estimate is unadjusted, and says so
    last = max(row.created_at for row in rows)
    first = min(row.created_at for row in rows)
    parameters = {**training_parameters(policy, first, last), "landmark_days": [0]}
    features = {row.lead_id: row.values for row in read_features(warehouse, policy, parameters)}
    # A lead without features (erased since) cannot be adjusted, and leaving it out would break the randomisation.
    if any(row.lead_id not in features for row in rows):
        return None, None
    predicted = scorer.predict(scorer.encode([features[row.lead_id] for row in rows]))
    return versions[-1], logit(np.asarray(predicted.probability))

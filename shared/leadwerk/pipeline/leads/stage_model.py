"""Training of the stage model: learned with every retraining, also where no other model can be learned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from leadwerk.features import stage_model
from leadwerk.learning.landmarks import Times
from leadwerk.learning.stage_stays import BehaviourHistory, StageStays
from leadwerk.learning.stage_transitions import StageHistory, learn_stages
from leadwerk.pipeline.leads.training_sample import hash_limit
from leadwerk.points.stages import forward_path
from leadwerk.policy.model import Policy
from leadwerk.stats.log_odds import logit
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.features.stage_model import StageModel
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry
    from leadwerk.warehouse.protocol import Warehouse

LEARNED_DAYS = 365
"""Older stages teach nothing about today's way of selling."""

MOST_LEADS = 20_000
"""Of more leads a sample by hash is read, so that memory stays bounded."""


class StageLeads(Struct, frozen=True):
    """A row of stage_changes/leads."""

    leads: int


class StageStay(Struct, frozen=True, kw_only=True):
    """A row of stage_changes/stays."""

    lead_id: str
    stage: str
    entered_at: datetime
    next_stage: str | None
    left_at: datetime | None


class ScoredBehaviour(Struct, frozen=True, kw_only=True):
    """A row of scores/behaviour_history."""

    lead_id: str
    scored_at: datetime
    probability: float | None
    fit: float | None
    interest: float | None


def horizon_days(policy: Policy) -> tuple[int, ...]:
    """Days within which the next stage counts, by stage of the way."""
    return tuple(stage.horizon_days or policy.horizon_days for stage in forward_path(policy))


def read_stage_history(warehouse: Warehouse, policy: Policy, now: datetime) -> StageHistory | None:
    """Stages of the last year as of `now` (aware, UTC); None where the policy has no way, or nobody was on it."""
    stages = tuple(stage.name for stage in forward_path(policy))
    if len(stages) < 2:
        return None
    parameters = {"first_day": (now - timedelta(days=LEARNED_DAYS)).date(), "as_of": now}
    (count,) = warehouse.rows(statement("stage_changes/leads", StageLeads), parameters)
    if not count.leads:
        return None
    # By a hash of the lead: stays and scores of two statements are those of the same leads, in every run.
    sample = {**parameters, "hash_below": hash_limit(MOST_LEADS / count.leads)}
    with warehouse.unit_of_work():
        stays = warehouse.rows(statement("stage_changes/stays", StageStay), sample)
        scores = warehouse.rows(statement("scores/behaviour_history", ScoredBehaviour), sample)
    return stage_history(stays, scores, stages, horizon_days(policy), now)


def stage_history(
    stays: list[StageStay],
    scores: list[ScoredBehaviour],
    stages: tuple[str, ...],
    horizons: tuple[int, ...],
    now: datetime,
) -> StageHistory | None:
    """Rows as arrays. Stays in the last stage, and outside the way, are left out; None if nothing is left."""
    place = {name: index for index, name in enumerate(stages)}
    number = {lead_id: index for index, lead_id in enumerate(dict.fromkeys(stay.lead_id for stay in stays))}
    on_the_way = [stay for stay in stays if place.get(stay.stage, len(stages)) < len(stages) - 1]
    if not on_the_way:
        return None
    # A step back, or out of the way, is no advance; it ends the stay as a loss does.
    following = [place.get(stay.next_stage or "", -1) > place[stay.stage] for stay in on_the_way]
    behaviour = [(logit_or_nan(row.probability), row.fit, row.interest) for row in scores]
    return StageHistory(
        stages,
        np.array(horizons, dtype=np.intp),
        StageStays(
            np.array([number[stay.lead_id] for stay in on_the_way], dtype=np.intp),
            np.array([place[stay.stage] for stay in on_the_way], dtype=np.intp),
            _times([stay.entered_at for stay in on_the_way]),
            _times([stay.left_at for stay in on_the_way]),
            np.array(following, dtype=np.bool_),
        ),
        BehaviourHistory.of(
            np.array([number[row.lead_id] for row in scores], dtype=np.intp),
            _times([row.scored_at for row in scores]),
            np.array(behaviour, dtype=np.float64).reshape(len(scores), 3),
        ),
        _times([now])[0],
    )


def logit_or_nan(probability: float | None) -> float:
    """Log-odds of a probability, NaN without one."""
    return float("nan") if probability is None else float(logit(np.array([probability]))[0])


def _times(moments: list[datetime] | list[datetime | None] | list[datetime]) -> Times:
    naive = [None if moment is None else moment.astimezone(UTC).replace(tzinfo=None) for moment in moments]
    return np.array(naive, dtype="datetime64[us]")


def train_stage_model(warehouse: Warehouse, policy: Policy, registry: Registry, now: datetime) -> StageModel | None:
    """Learn the chances to reach the next stage as of `now` (aware, UTC), in place of those learned before.

    None where too few contacts have advanced; then no older model stays either, for it may know erased persons.
    """
    history = read_stage_history(warehouse, policy, now)
    learned = None
    if history is not None:
        learned = learn_stages(history, learned_at=now.isoformat(), seed=policy.training.seed)
    registry.stage_models().replace(stage_model.to_json(learned))
    return learned

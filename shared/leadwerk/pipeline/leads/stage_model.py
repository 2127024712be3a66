"""Training of the stage model: learned with every retraining, also where no other model can be learned."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadwerk.features import stage_model
from leadwerk.learning.stage_transitions import learn_stages
from leadwerk.pipeline.leads.stage_history import read_stage_history

if TYPE_CHECKING:
    from leadwerk.features.stage_model import StageModel
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry
    from leadwerk.warehouse.protocol import Warehouse


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

"""Scoring run: what the scores of a run share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadwerk.features.stage_model import StageModel
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.warehouse.protocol import Warehouse


@dataclass(frozen=True)
class ScoringRun:
    """What the scores of a run share: the moment `now` (aware, UTC) as of which they hold, and what becomes of them.

    `scorer`: None before the first champion; then points decide, and without rules leads are UNSCORED. `person_key`:
    secret key for the hashes of persons in forms. Without `store` nothing is written, unless `explained` no reasons.
    `stage_model`: of the chances to reach the next stage; None: not learned yet.
    """

    warehouse: Warehouse
    policy: Policy
    scorer: Scorer | None
    now: datetime
    stored_at: datetime
    person_key: str = ""
    store: bool = True
    explained: bool = True
    stage_model: StageModel | None = None

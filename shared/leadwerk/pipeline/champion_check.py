"""Champion check: demotes a champion that training found behind the points, so that points rank."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from leadwerk.registry import Champion
from leadwerk.registry.store import ABSENT

if TYPE_CHECKING:
    from datetime import datetime

    from leadwerk.learning.train import TrainingResult
    from leadwerk.policy.model import Policy
    from leadwerk.registry import Registry

logger = logging.getLogger("leadwerk")


def decided_on(registry: Registry, now: datetime) -> Champion | None:
    """The champion on which a run of `now` decides: the present one, or None.

    If an earlier run with the same `now` died after the demotion, its champion: the repeated run then ends the same.
    """
    champion, demoted = registry.champion(), registry.stood_down()
    # The same run again, after a crash: it decides on the champion that it already let step back.
    if champion is not None or demoted is None or demoted.stood_down_at != now.isoformat():
        return champion
    return Champion(demoted.version, "", "", (), ABSENT)


def stand_down(registry: Registry, policy: Policy, champion: Champion, learned: TrainingResult, now: datetime) -> bool:
    """Demote the champion if it ranks, no challenger replaces it, and training found it behind the points.

    Raises:
        PromotionConflict: another run promoted in the meantime; the next run compares with that champion.
    """
    if not learned.stands_down or learned.decision.promote or policy.decision.rank_by == "points":
        return False
    registry.stand_down(expected=champion, at=now, reason=learned.stands_down)
    log_fields = {"event": "champion_stood_down", "model_version": champion.version}
    logger.warning(str(learned.stands_down), extra={"fields": log_fields})
    return True

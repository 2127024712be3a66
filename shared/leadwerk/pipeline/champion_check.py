"""The champion that fell behind the points leaves the ranking to them: what learning found, done and said."""

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
    """The champion that a run of `now` has to decide on: the present one, or None.

    Of a run that died after its champion stood down, that one: it then ends as it would have.
    """
    champion, demoted = registry.champion(), registry.stood_down()
    if champion is not None or demoted is None or demoted.stood_down_at != now.isoformat():
        return champion
    return Champion(demoted.version, "", "", (), ABSENT)


def stand_down(registry: Registry, policy: Policy, champion: Champion, learned: TrainingResult, now: datetime) -> bool:
    """Let the champion stand down if it ranks, nobody takes its place, and learning found it behind the points.

    Raises:
        PromotionConflict: somebody else promoted meanwhile; the next run compares with his champion.
    """
    if not learned.stands_down or learned.decision.promote or policy.decision.rank_by == "points":
        return False
    registry.stand_down(expected=champion, at=now, reason=learned.stands_down)
    log_fields = {"event": "champion_stood_down", "model_version": champion.version}
    logger.warning(learned.stands_down, extra={"fields": log_fields})
    return True

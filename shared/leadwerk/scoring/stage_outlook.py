"""Stage outlook: a contact's chance to reach the next stage, from the stage model and the contact's present score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from leadwerk.catalogue.periods import SECONDS_A_DAY
from leadwerk.points.stages import forward_path
from leadwerk.stats.arrays import Floats
from leadwerk.stats.log_odds import logit

if TYPE_CHECKING:
    from leadwerk.features.stage_model import StageModel
    from leadwerk.policy.model import Policy


class StageOutlook(Struct, frozen=True, kw_only=True):
    """The chance to reach `next_stage` or a later one within `horizon_days`, before being lost or falling back."""

    next_stage: str
    probability: float
    horizon_days: int


@dataclass(frozen=True)
class StagedContact:
    """A contact in a stage since a moment, and its score as of `as_of` (both aware)."""

    stage: str | None
    since: datetime | None
    as_of: datetime
    probability: float | None
    fit: float | None
    interest: float | None


def stage_outlooks(
    model: StageModel | None, policy: Policy, contacts: Sequence[StagedContact | None]
) -> list[StageOutlook | None]:
    """The outlook of each contact, in order; None for None, in the last stage, outside the way, or without a model.

    A model of another way than the policy's is of no use: its stages may mean something else.
    """
    outlooks: list[StageOutlook | None] = [None] * len(contacts)
    way = forward_path(policy)
    place_of = {stage.name: place for place, stage in enumerate(way)}
    if model is None or model.hazards.stages != tuple(place_of):
        return outlooks
    on_the_way = [
        (index, place_of[contact.stage], contact)
        for index, contact in enumerate(contacts)
        if contact is not None and contact.stage in place_of and model.knows(place_of[contact.stage])
    ]
    if not on_the_way:
        return outlooks
    horizons = [way[place].horizon_days or policy.horizon_days for _, place, _ in on_the_way]
    chances = model.hazards.advance_probability(
        np.array([place for _, place, _ in on_the_way], dtype=np.intp),
        np.array([_days_in_stage(contact) for _, _, contact in on_the_way], dtype=np.intp),
        _behaviour([contact for _, _, contact in on_the_way]),
        np.array(horizons, dtype=np.intp),
    )
    for (index, place, _), chance, days in zip(on_the_way, chances.tolist(), horizons, strict=True):
        outlooks[index] = StageOutlook(next_stage=way[place + 1].name, probability=chance, horizon_days=days)
    return outlooks


def _days_in_stage(contact: StagedContact) -> int:
    if contact.since is None:
        return 0
    # The CRM's clock may be ahead of ours: a stage is never entered in the future.
    return max(0, int((contact.as_of - contact.since).total_seconds() // SECONDS_A_DAY))


def _behaviour(contacts: Sequence[StagedContact]) -> Floats:
    """(n, 3) values of stage_hazards.BEHAVIOUR."""
    rows = np.array([(c.probability, c.fit, c.interest) for c in contacts], dtype=np.float64)
    rows[:, 0] = np.where(np.isnan(rows[:, 0]), np.nan, logit(rows[:, 0]))
    return rows

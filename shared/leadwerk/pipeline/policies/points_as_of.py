"""Past outcomes by points: counts past leads by the points of today's rules, so that the first day has data."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from leadwerk.pipeline.leads.landmarks import read_rows_with_points
from leadwerk.scoring.seller_pools import threshold_limits

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

NOWHERE = np.iinfo(np.int64).min
"""Level of a lead that was disqualified at each of its landmarks."""


def past_points(warehouse: Warehouse, policy: Policy, now: datetime) -> dict[int, tuple[int, int]]:
    """For each level: leads of the training history whose best level it was, and how many of them converted.

    A lead counts with its highest points within the look-back of its first landmark, while it was open, and with the
    outcome within that landmark's horizon. Levels beyond the limits count at the limits, as in
    thresholds/conversions_by_value.
    """
    landmarks, rules = read_rows_with_points(warehouse, policy, now)
    if rules is None or not len(landmarks):
        return {}
    bands = threshold_limits(policy, "points")
    level = np.clip(np.floor(rules.points), bands.low - 1, bands.high).astype(np.int64)
    leads, first, each = np.unique(
        landmarks.lead, return_index=True, return_inverse=True
    )  # in order of time: the first
    look_back = np.timedelta64(timedelta(days=policy.capacity.look_back_days))
    used = (landmarks.as_of - landmarks.as_of[first][each] <= look_back) & ~rules.disqualified
    best = np.full(len(leads), NOWHERE)
    np.maximum.at(best, each[used], level[used])
    converted = landmarks.converted[first]
    return {
        int(at): (int((best == at).sum()), int(converted[best == at].sum())) for at in np.unique(best) if at != NOWHERE
    }

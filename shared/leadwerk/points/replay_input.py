"""Input of a replay: moments of leads, and the outcome of one policy at each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.points.engine import PointTotals
from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Bools, Ints


@dataclass(frozen=True)
class ReplayMoments:
    """n moments of leads, the earlier before the later.

    `lead`: a number that is the same for moments of one lead, its place in `lead_ids`. `as_of`: UTC. `mature`: whether
    it is certain what became of the lead within the horizon; `converted`: what. `withheld`: for each of `lead_ids`,
    whether it is worked without a score, so that it counts but is not shown (None: no lead is).
    """

    lead_ids: Sequence[str]
    lead: Ints
    as_of: NDArray[np.datetime64]
    mature: Bools
    converted: Bools
    withheld: Bools | None = None


@dataclass(frozen=True)
class PolicyOutcome:
    """The results of one policy at the n moments; `pools` are the sellers who can serve the lead, by name."""

    policy: Policy
    totals: PointTotals
    clusters: Sequence[str]
    stages: Sequence[str]
    pools: Sequence[tuple[str, ...]]

"""Replay: two policies over the same leads at the same moments, which leads they rate differently, and the outcomes.

A lead is taken for what it reached at best: a seller calls a lead when it becomes HOT, and does not take that back when
it cools down. Conversion is that of the moment at which a lead became HOT.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from leadwerk.points.biggest_changes import ChangedLead, largest_changes
from leadwerk.points.replay_input import PolicyOutcome, ReplayMoments
from leadwerk.points.stages import direction
from leadwerk.points.workload import Workload, workload
from leadwerk.stats.arrays import Ints
from leadwerk.stats.wilson import wilson

CLUSTERS = ("CLOSED", "DISQUALIFIED", "UNSCORED", "COLD", "WARM", "HOT")
"""The worst first."""

EXAMPLES = 3
WEEK = np.timedelta64(7, "D")


class Transition(Struct, frozen=True, kw_only=True):
    """So many leads reach `before` under the one policy and `after` under the other, such as `examples`.

    `direction` is forward or back, empty where nothing moves.
    """

    before: str
    after: str
    leads: int
    direction: str
    examples: tuple[str, ...]


class Conversion(Struct, frozen=True, kw_only=True):
    """`mature` of the `leads` are decided and `converted` of these succeeded; the rate has Wilson's 95 % interval."""

    leads: int
    mature: int
    converted: int
    rate: float | None
    low: float
    high: float


class Replay(Struct, frozen=True, kw_only=True):
    """What a policy would have changed.

    `kept`, `gained`, `lost`: leads HOT under both policies, only under the new one, only under the old one.
    """

    leads: int
    moments: int
    clusters: tuple[Transition, ...]
    stages: tuple[Transition, ...]
    kept: Conversion
    gained: Conversion
    lost: Conversion
    before: Workload
    after: Workload
    movers: tuple[ChangedLead, ...]

    @property
    def moved(self) -> int:
        """Leads that reach another cluster."""
        return sum(move.leads for move in self.clusters if move.before != move.after)


def compare(moments: ReplayMoments, old: PolicyOutcome, new: PolicyOutcome, *, weeks: float) -> Replay:
    """What `new` changes for leads that came within `weeks` weeks."""
    best_clusters = [
        _best(moments, np.array([CLUSTERS.index(cluster) for cluster in side.clusters])) for side in (old, new)
    ]
    first = [_first_hot(moments, side) for side in (old, new)]
    was, is_ = (first_moment >= 0 for first_moment in first)
    return Replay(
        leads=len(moments.lead_ids),
        moments=len(moments.lead),
        clusters=_moves(
            moments,
            [[CLUSTERS[place] for place in cluster_index] for cluster_index in best_clusters],
            lambda before, after: "forward" if CLUSTERS.index(after) > CLUSTERS.index(before) else "back",
        ),
        stages=_stage_moves(moments, old, new),
        kept=_conversion(moments, first[0][was & is_]),
        gained=_conversion(moments, first[1][is_ & ~was]),
        lost=_conversion(moments, first[0][was & ~is_]),
        before=_workload(moments, old, first[0], weeks),
        after=_workload(moments, new, first[1], weeks),
        movers=largest_changes(moments, old, new),
    )


def _best(moments: ReplayMoments, ranks: Ints) -> Ints:
    """The highest place of each lead; -1 for a lead without a moment."""
    best = np.full(len(moments.lead_ids), -1)
    # The best moment counts: sellers call when a lead becomes HOT, not when it cools down.
    np.maximum.at(best, moments.lead, ranks)
    return best


def _first_hot(moments: ReplayMoments, side: PolicyOutcome) -> Ints:
    """The position of each lead's first HOT moment, or -1."""
    first = np.full(len(moments.lead_ids), -1)
    # Backwards, so that the earliest HOT moment is assigned last.
    hot = np.flatnonzero([cluster == "HOT" for cluster in side.clusters])[::-1]
    # numpy keeps the last of several assignments to one place: here the earliest moment.
    first[moments.lead[hot]] = hot
    return first


def _conversion(moments: ReplayMoments, positions: Ints) -> Conversion:
    # Leads whose horizon is not over would lower the rate of whichever policy finds newer leads.
    decided = positions[moments.mature[positions]]
    converted = int(moments.converted[decided].sum())
    rate = converted / len(decided) if len(decided) else None
    low, high = wilson(rate or 0.0, len(decided))
    return Conversion(leads=len(positions), mature=len(decided), converted=converted, rate=rate, low=low, high=high)


def _workload(moments: ReplayMoments, side: PolicyOutcome, first: Ints, weeks: float) -> Workload:
    called = np.sort(first[first >= 0])
    # Weeks from the first moment of the replay, not calendar weeks: every week is seven days long.
    week = (moments.as_of[called] - moments.as_of[:1]) // WEEK
    pools = [side.pools[place] for place in called]
    return workload(side.policy.capacity, pools, week.astype(np.int64), weeks=weeks)


def _stage_moves(moments: ReplayMoments, old: PolicyOutcome, new: PolicyOutcome) -> tuple[Transition, ...]:
    """By the furthest stage of each lead."""
    furthest = []
    for side in (old, new):
        # The empty stage comes first: a lead without a stage ranks below all.
        names = ["", *(stage.name for stage in side.policy.stages)]
        ranks = _best(moments, np.array([names.index(stage) for stage in side.stages]))
        furthest.append([names[place] if place > 0 else "" for place in ranks])
    return _moves(moments, furthest, lambda before, after: direction(new.policy, before, after))


def _moves(
    moments: ReplayMoments, best_names: Sequence[Sequence[str]], towards: Callable[[str, str], str]
) -> tuple[Transition, ...]:
    """Leads by what they reach under each policy, those that move first."""
    leads: dict[tuple[str, str], list[str]] = {}
    for lead, pair in zip(moments.lead_ids, zip(*best_names, strict=True), strict=True):
        leads.setdefault(pair, []).append(lead)
    order = sorted(leads, key=lambda pair: (pair[0] == pair[1], -len(leads[pair]), pair))
    return tuple(
        Transition(
            before=before,
            after=after,
            leads=len(leads[before, after]),
            direction=towards(before, after) if before != after else "",
            examples=tuple(leads[before, after][:EXAMPLES]),
        )
        for before, after in order
    )

"""The decision that follows from points and model: a lead's cluster, and what the policy tells a seller to do with it.

Before there is a model the points decide. Once there is one, the policy states how they combine; by default the model
ranks, and the points disqualify. In either case a lead is HOT or WARM only in the cells of the matrix that the policy
names: fit and interest both count. A person's override ranks above that, closing by the CRM above all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, Final

from leadwerk.points.blended_score import weighted_mean
from leadwerk.policy.model import NO_ACTION
from leadwerk.policy.points import Cells
from leadwerk.policy.section import Cluster
from leadwerk.scoring.override import Override
from leadwerk.scoring.seller_pools import Basis, HotThresholds

if TYPE_CHECKING:
    from leadwerk.points.classification import LeadRating
    from leadwerk.policy.model import Policy

HOT: Final = "HOT"
UNSCORED: Final = "UNSCORED"
DISQUALIFIED: Final = "DISQUALIFIED"
CLOSED: Final = "CLOSED"


@dataclass(frozen=True)
class Decision:
    """What a seller sees first: the cluster, and the name of the action as the CRM knows it.

    `hot_threshold` is the value at which HOT started, on the scale that ranked the lead; None where nothing did. It
    is the product's also where a person (`decided_by`) set the cluster.
    """

    cluster: Cluster
    action: str
    hot_threshold: int | None = None
    decided_by: str | None = None


def decide(
    predictive_score: int | None,
    policy: Policy,
    rating: LeadRating | None = None,
    *,
    hot: HotThresholds | None = None,
    language: str | None = None,
    region: str | None = None,
) -> Decision:
    """The decision for a predictive score (0–100; None where no model serves) and a standing (None without rules).

    `hot` are the thresholds of today, else the policy's bands; `language` and `region` are the lead's own.
    """
    rank = ranked(predictive_score, policy, rating)
    if rank is None:
        return Decision(UNSCORED, action_for(UNSCORED, policy))
    value, scale = rank
    threshold = (hot or HotThresholds(policy))(scale, language, region)
    warm = policy.points.bands.warm if scale == "points" else policy.bands.warm
    chosen = cluster(value, threshold, warm)
    if rating is not None:
        chosen = within_cells(chosen, rating.matrix_cell, policy.points.cells)
    # After the band and not instead: `hot_threshold` stays the product's also for a disqualified lead.
    if rating is not None and rating.disqualified and _points_disqualify(predictive_score, policy):
        chosen = DISQUALIFIED
    return Decision(chosen, action_for(chosen, policy), threshold)


def closed(decision: Decision, policy: Policy) -> Decision:
    """The decision for a lead that the CRM closed: nothing is to be done, whatever model, points or a person say."""
    return Decision(CLOSED, action_for(CLOSED, policy), decision.hot_threshold)


def without_a_call(decision: Decision, policy: Policy) -> Decision:
    """The decision for a web visitor who is not a lead: there is nobody to call yet."""
    return replace(decision, action=action_for(CLOSED, policy))


def overruled(decision: Decision, override: Override | None, policy: Policy) -> Decision:
    """The decision after what a person said of the lead, if anybody did."""
    if override is None:
        return decision
    return replace(
        decision, cluster=override.cluster, action=action_for(override.cluster, policy), decided_by=override.author
    )


def ranked(predictive_score: int | None, policy: Policy, rating: LeadRating | None) -> tuple[float, Basis] | None:
    """The value by which a lead is ranked, and on whose scale it is; None where neither model nor rules are."""
    if rating is None:
        return None if predictive_score is None else (predictive_score, "model")
    if predictive_score is None or policy.decision.rank_by == "points":
        return rating.points, "points"
    if policy.decision.rank_by == "both":
        # Half up, as people round; `round` would take 70.5 to 70, below HOT.
        return floor(float(weighted_mean(policy, predictive_score, rating.points)) + 0.5), "model"
    return predictive_score, "model"


def cluster(value: float, hot: int, warm: int) -> Cluster:
    """The band in which a value lies; a lead on the edge belongs to the better one.

    >>> [cluster(score, hot=70, warm=50) for score in (70, 69.99, 50, 49)]
    ['HOT', 'WARM', 'WARM', 'COLD']
    """
    if value >= hot:
        return "HOT"
    return "WARM" if value >= warm else "COLD"


def within_cells(chosen: Cluster, matrix_cell: str, cells: Cells) -> Cluster:
    """The cluster that a lead of this cell may have.

    >>> [within_cells("HOT", cell, Cells()) for cell in ("C3", "D1", "A4")]
    ['HOT', 'WARM', 'COLD']
    """
    if chosen == "HOT" and matrix_cell not in cells.hot:
        chosen = "WARM"
    return "COLD" if chosen == "WARM" and matrix_cell not in cells.warm else chosen


def action_for(chosen: Cluster, policy: Policy) -> str:
    """What the policy tells a seller to do with leads of a cluster."""
    return next((action.action for action in policy.actions if action.cluster == chosen), NO_ACTION)


def _points_disqualify(predictive_score: int | None, policy: Policy) -> bool:
    return predictive_score is None or policy.decision.points_disqualify

"""The decision that follows from a score: its cluster, and what the policy tells a seller to do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from leadwerk.policy.model import Bands, Policy

Cluster = Literal["HOT", "WARM", "COLD", "UNSCORED"]
UNSCORED: Final = "UNSCORED"


@dataclass(frozen=True)
class Decision:
    """What a seller sees first: the cluster, and the name of the action as the CRM knows it."""

    cluster: Cluster
    action: str


def decide(predictive_score: int | None, policy: Policy) -> Decision:
    """The decision for a predictive score (0–100), or for None where no model could score."""
    chosen = cluster(predictive_score, policy.bands)
    actions = {action.cluster: action.action for action in policy.actions}
    return Decision(chosen, actions[chosen])


def cluster(predictive_score: int | None, bands: Bands) -> Cluster:
    """The band in which a score lies; a lead on the edge belongs to the better one.

    >>> [cluster(score, Bands(hot=70, warm=50)) for score in (70, 69, 50, 49, None)]
    ['HOT', 'WARM', 'WARM', 'COLD', 'UNSCORED']
    """
    if predictive_score is None:
        return UNSCORED
    if predictive_score >= bands.hot:
        return "HOT"
    return "WARM" if predictive_score >= bands.warm else "COLD"

"""The stage of a contact, and whether a change of stage leads forward or back."""

from __future__ import annotations

from typing import Literal

from leadwerk.points.classification import LeadRating
from leadwerk.policy.folding import folded
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Stage

Direction = Literal["forward", "back"]

_BETTER_CLUSTERS = {"HOT": ("HOT",), "WARM": ("HOT", "WARM")}


def stage_of(
    policy: Policy,
    *,
    is_known: bool,
    cluster: str | None,
    rating: LeadRating | None,
    status: str | None,
    outcome: str | None,
) -> str:
    """The last stage of the policy whose conditions all hold; empty if the policy has no stages.

    `is_known`: whether the contact is a lead, not a mere visitor. `status`, `outcome`: the newest of the CRM.
    """
    fitting = [
        stage.name
        for stage in policy.stages
        if (is_known or not stage.known)
        and (stage.cluster is None or cluster in _BETTER_CLUSTERS[stage.cluster])
        and _has_points(stage, rating)
        and (not stage.statuses or folded(status or "") in {folded(stage_status) for stage_status in stage.statuses})
        and (not stage.outcomes or outcome in stage.outcomes)
    ]
    return fitting[-1] if fitting else ""


def direction(policy: Policy, before: str, after: str) -> Direction:
    """Whether `after` comes later in the policy than `before`; a stage that the policy no longer has came first."""
    # A stage that was removed from the policy ranks before all: leaving it is a step forward.
    names = ["", *(stage.name for stage in policy.stages)]
    positions = [names.index(name) if name in names else 0 for name in (before, after)]
    return "back" if positions[1] < positions[0] else "forward"


def forward_path(policy: Policy) -> tuple[Stage, ...]:
    """The stages on the way to the last one, in order: those of lost leads are ways out and not steps.

    >>> from leadwerk.policy.load import load
    >>> [stage.name for stage in forward_path(load("mortgage"))]
    ['anonymous', 'known', 'mql', 'sql', 'application', 'customer']
    """
    return tuple(stage for stage in policy.stages if not _is_lost(stage, policy))


def _is_lost(stage: Stage, policy: Policy) -> bool:
    statuses = {folded(status) for status in stage.statuses}
    outcomes = set(stage.outcomes) or {rule.outcome for rule in policy.outcomes if folded(rule.status) in statuses}
    return bool(outcomes) and not outcomes & {"open", *policy.positive}


def _has_points(stage: Stage, rating: LeadRating | None) -> bool:
    # Without rules a stage that asks for points cannot be entered.
    if rating is None:
        return stage.grade is None and stage.points is None and stage.interest is None
    return (
        # Grades are letters: A is before B, so "at least B" is "not after B".
        (stage.grade is None or rating.grade <= stage.grade)
        and (stage.points is None or rating.points >= stage.points)
        and (stage.interest is None or rating.interest >= stage.interest)
    )

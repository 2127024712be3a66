"""Arms: what a running experiment makes of a lead's decision, and what is recorded of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from leadwerk.experiment.assignment import assign
from leadwerk.scoring.decide import HOT, Decision, action_for

if TYPE_CHECKING:
    from leadwerk.experiment.assignment import Arm, Assignment
    from leadwerk.policy.model import Policy
    from leadwerk.policy.section import Cluster
    from leadwerk.scoring.lead_state import LeadState

Withholding = Literal["objection", "control"]
OBJECTION: Final = "objection"
CONTROL: Final = "control"


def withholding(policy: Policy, state: LeadState, *, is_disqualified: bool) -> Withholding | None:
    """Why nobody may see a score of the lead, stored or computed again; None: it may be seen.

    `is_disqualified`: by the points; such a lead is in no arm of an experiment, and its rule is shown.
    """
    if state.objects_to_profiling:
        return OBJECTION
    if is_disqualified or state.is_visitor:
        return None
    assignment = assign(policy.experiment, state.person, state.created_at)
    return CONTROL if assignment is not None and assignment.is_control else None


def assigned(decision: Decision, assignment: Assignment | None, policy: Policy) -> Decision:
    """The decision after the lots of an experiment: that of the control group reveals nothing of the score."""
    if assignment is None:
        return decision
    if assignment.is_control:
        cluster: Cluster = HOT if assignment.is_worked else "COLD"
        return Decision(cluster, action_for(cluster, policy))
    if assignment.explores and decision.cluster != HOT:
        return replace(decision, cluster=HOT, action=action_for(HOT, policy))
    return decision


class ArmColumns(TypedDict, total=False):
    """Columns of `scores` that record the arm of a lead; none outside of an experiment."""

    experiment: str
    arm: Arm
    arm_probability: float
    work_probability: float
    random_rank: int | None


def arm_columns(assignment: Assignment | None, *, is_hot: bool) -> ArmColumns:
    """The columns of `scores` that record the arm; `is_hot`: whether the score makes the lead HOT."""
    if assignment is None:
        return {}
    return {
        "experiment": assignment.experiment,
        "arm": assignment.arm(is_hot=is_hot),
        "arm_probability": assignment.arm_probability(is_hot=is_hot),
        "work_probability": assignment.work_probability(is_hot=is_hot),
        "random_rank": assignment.random_rank if assignment.is_control else None,
    }

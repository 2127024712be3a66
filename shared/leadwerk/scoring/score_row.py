"""Identity of a stored score, and whether a score differs from the latest stored one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Protocol

from leadwerk.points.classification import LeadRating, Level
from leadwerk.policy.model import Policy
from leadwerk.policy.selling import Grade
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.score_leads import POINTS, LeadScore

COMPARED = (
    "basis",
    "predictive_score",
    "score_cluster",
    "recommended_action",
    "matrix_cell",
    "tier",
    "traffic_light",
    "stage",
    "model_version",
    "policy_version",
    "decided_by",
)
"""A score that agrees with the newest stored one in these says nothing new: the history is one row a change.

Where points rank leads, whole points are compared as well; where they do not, a seller acts on the matrix cell alone,
so a daily decay of points is not a change. A threshold that moved shows in the cluster of the leads it concerns.
An override set since the newest score always counts as a change: reason or end may differ.
"""

_ID_DIGITS = 32


def score_id(lead_id: str, scored_at: datetime, judgement: LeadScore) -> str:
    """32 hex digits that only the same lead, moment, model, policy and person's word yield: stored twice is once."""
    moment = scored_at.astimezone(UTC).isoformat()
    # Within one moment a model's score and an override of it are two rows, so both need ids of their own.
    override_parts = (judgement.decided_by, judgement.score_cluster) if judgement.decided_by else ()
    text = "\n".join((lead_id, moment, judgement.model_version or "", judgement.policy_version, *override_parts))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def changed(score: LeadScore, state: LeadState, policy: Policy) -> bool:
    """Whether a score differs from the latest stored one of its lead."""
    latest = state.latest_score
    if latest is None or any(getattr(score, name) != getattr(latest, name) for name in COMPARED):
        return True
    # The fields above may agree although a person decided: this row is the record of that decision.
    if state.override is not None and state.override.set_at > latest.scored_at:
        return True
    ranked_by_points = score.basis == POINTS or policy.decision.rank_by != "model"
    return ranked_by_points and _whole(score.points) != _whole(latest.points)


class StoredPoints(Protocol):
    """The columns of `scores` that stages depend on."""

    @property
    def score_cluster(self) -> str: ...
    @property
    def fit(self) -> float | None: ...
    @property
    def interest(self) -> float | None: ...
    @property
    def points(self) -> float | None: ...
    @property
    def grade(self) -> Grade | None: ...
    @property
    def level(self) -> Level | None: ...
    @property
    def matrix_cell(self) -> str | None: ...


def stored_rating(stored: StoredPoints) -> LeadRating | None:
    """The part of a stored score's rating that stages depend on; None where there were no rules."""
    if stored.matrix_cell is None or stored.grade is None or stored.level is None:
        return None
    return LeadRating(
        fit=stored.fit or 0.0,
        interest=stored.interest or 0.0,
        points=stored.points or 0.0,
        grade=stored.grade,
        level=stored.level,
        matrix_cell=stored.matrix_cell,
        icp=0,
        traffic_light=None,
        tier=None,
        phase=None,
        disqualified=stored.score_cluster == "DISQUALIFIED",
    )


def _whole(points: float | None) -> int | None:
    return None if points is None else round(points)

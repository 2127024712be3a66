"""A judgement as a row of the table `scores`, and whether it says anything new."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from leadwerk.points.classification import LeadRating
from leadwerk.points.ledger import Entry
from leadwerk.policy.model import Policy
from leadwerk.scoring.score_leads import POINTS, LeadScore

ScoreOrigin = Literal["request", "rescore", "outcome"]
"""Why a score was stored: somebody asked, the night's rescoring, or the CRM closed the lead and its stage moved."""

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
    override_parts = (judgement.decided_by, judgement.score_cluster) if judgement.decided_by else ()
    text = "\n".join((lead_id, moment, judgement.model_version or "", judgement.policy_version, *override_parts))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def changed(judgement: LeadScore, newest: Mapping[str, Any] | None, policy: Policy) -> bool:
    """Whether a judgement differs from the newest stored score of its lead (None: no score yet).

    A row of scores/lead_state also says when a person spoke of the lead.
    """
    if newest is None or any(getattr(judgement, name) != newest[name] for name in COMPARED):
        return True
    said_at = newest.get("override_set_at")
    if said_at is not None and said_at > newest["scored_at"]:
        return True
    ranked_by_points = judgement.basis == POINTS or policy.decision.rank_by != "model"
    return ranked_by_points and _whole(judgement.points) != _whole(newest["points"])


def row(
    lead_id: str, judgement: LeadScore, *, scored_at: datetime, stored_at: datetime, score_origin: ScoreOrigin
) -> dict[str, Any]:
    """The row of `scores`; times are aware, `scored_at` is the moment as of which the features were computed."""
    return {
        **msgspec.to_builtins(judgement),
        "ledger": [_ledger_row(entry) for entry in judgement.ledger],
        "score_id": score_id(lead_id, scored_at, judgement),
        "lead_id": lead_id,
        "day": scored_at.astimezone(UTC).date(),
        "scored_at": scored_at,
        "stored_at": stored_at,
        "score_origin": score_origin,
    }


def standing_of(stored: Mapping[str, Any]) -> LeadRating | None:
    """What a row of `scores` says of points, as far as stages ask for it; None where there were no rules.

    Whether it was disqualified its cluster says, and light, tier and phase are left open.
    """
    if stored["matrix_cell"] is None:
        return None
    return LeadRating(
        fit=stored["fit"],
        interest=stored["interest"],
        points=stored["points"],
        grade=stored["grade"],
        level=stored["level"],
        matrix_cell=stored["matrix_cell"],
        icp=0,
        traffic_light=None,
        tier=None,
        phase=None,
        disqualified=stored["score_cluster"] == "DISQUALIFIED",
    )


def _whole(points: float | None) -> int | None:
    return None if points is None else round(points)


def _ledger_row(entry: Entry) -> dict[str, Any]:
    # A rule says which group it belongs to, and the cap of a group says which group it capped.
    return {name: value for name, value in msgspec.structs.asdict(entry).items() if name != "group"}

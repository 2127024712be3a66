"""A judgement as a row of the table `scores`, and whether it says anything new."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from leadwerk.scoring.assess import Judgement

Trigger = Literal["request", "rescore"]

COMPARED = ("basis", "predictive_score", "score_cluster", "recommended_action", "model_version", "policy_version")
"""A score that agrees with the newest stored one in these says nothing new: the history is one row a change."""

_ID_DIGITS = 32


def score_id(lead_id: str, scored_at: datetime, judgement: Judgement) -> str:
    """32 hex digits that only the same lead, moment, model and policy yield: storing or sending twice is once."""
    moment = scored_at.astimezone(UTC).isoformat()
    text = "\n".join((lead_id, moment, judgement.model_version or "", judgement.policy_version))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]


def changed(judgement: Judgement, newest: Mapping[str, Any] | None) -> bool:
    """Whether a judgement differs from the newest stored score of its lead (None: there is none yet)."""
    return newest is None or any(getattr(judgement, name) != newest[name] for name in COMPARED)


def row(
    lead_id: str, judgement: Judgement, *, scored_at: datetime, stored_at: datetime, trigger: Trigger
) -> dict[str, Any]:
    """The row of `scores`; times are aware, `scored_at` is the moment as of which the features were computed."""
    return {
        **msgspec.to_builtins(judgement),
        "score_id": score_id(lead_id, scored_at, judgement),
        "lead_id": lead_id,
        "day": scored_at.astimezone(UTC).date(),
        "scored_at": scored_at,
        "stored_at": stored_at,
        "trigger": trigger,
    }

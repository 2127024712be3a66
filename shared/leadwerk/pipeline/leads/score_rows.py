"""Score rows: a score as a row of `scores`, and the stage that it brings as a row of `stage_changes`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from leadwerk.policy.model import Policy
from leadwerk.scoring.lead_state import LeadState
from leadwerk.scoring.score_leads import LeadScore
from leadwerk.scoring.score_row import score_id
from leadwerk.scoring.stage_change import StageInputs, stage_change
from leadwerk.warehouse.records import ScoreRow, StageChangeRow

ScoreOrigin = Literal["request", "rescore", "outcome"]
"""Why a score was stored: a request, the night's rescoring, or the CRM closed the lead and its stage moved."""


def score_row(state: LeadState, score: LeadScore, *, stored_at: datetime, origin: ScoreOrigin) -> ScoreRow:
    """The row of a lead's score as of the state's moment; `stored_at` is aware."""
    columns = {
        **msgspec.to_builtins(score),
        "score_id": score_id(state.lead_id, state.as_of, score),
        "lead_id": state.lead_id,
        "day": state.as_of.astimezone(UTC).date(),
        "scored_at": state.as_of,
        "stored_at": stored_at,
        "score_origin": origin,
    }
    return msgspec.convert(columns, ScoreRow)


def stage_change_row(state: LeadState, score: LeadScore, policy: Policy, score_id: str | None) -> StageChangeRow | None:
    """The row that a score requires, None where the stage is the recorded one.

    The comparison is with stage_changes, not with the latest score: else a crash between the two tables would lose the
    change.
    """
    inputs = StageInputs(
        stage=score.stage,
        cluster=score.score_cluster,
        grade=score.grade,
        points=score.points,
        interest=score.interest,
        status=state.status,
        outcome=state.outcome,
    )
    return stage_change(state.lead_id, state.recorded_stage, inputs, policy, at=state.as_of, score_id=score_id)

"""Override list: the active overrides, each beside the score that the lead would have without it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict, replace

from leadwerk.pipeline.desk.overrides import OverrideRecord, active_overrides
from leadwerk.pipeline.leads.read_lead_states import LeadSelection, read_lead_states
from leadwerk.pipeline.serving.messages import ScoredLead
from leadwerk.policy.model import Policy
from leadwerk.scoring.model import Scorer
from leadwerk.scoring.score_leads import LeadScore, score_leads
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Warehouse

BATCH = 500
"""Leads per query; persons seldom override more."""


class ModelRecommendation(Struct, frozen=True, kw_only=True):
    """The score of a lead without its override; fields are None as in a score."""

    cluster: str
    score: int | None
    points: float | None
    hot_threshold: int | None


class ActiveOverride(OverrideRecord, frozen=True, kw_only=True):
    """An active override and the lead's present score without it."""

    product: ModelRecommendation


class ScoredOverride(Struct, frozen=True, kw_only=True):
    """A lead's stored score right after an override or its release."""

    scored_at: datetime
    cluster: str
    action: str
    stage: str | None
    score: int | None
    points: float | None
    decided_by: str | None

    @classmethod
    def of(cls, scored: ScoredLead) -> ScoredOverride:
        """These fields of a scored lead."""
        return cls(
            scored_at=scored.scored_at,
            cluster=scored.score_cluster,
            action=scored.recommended_action,
            stage=scored.stage,
            score=scored.predictive_score,
            points=scored.points,
            decided_by=scored.decided_by,
        )


def override_list(warehouse: Warehouse, policy: Policy, scorer: Scorer | None, now: datetime) -> list[ActiveOverride]:
    """All overrides active at `now` (aware), the earliest end first, each with the score without it."""
    with warehouse.unit_of_work():
        overrides = active_overrides(warehouse, policy, now)
        recommendations = dict(_advised(warehouse, policy, scorer, [override.lead_id for override in overrides], now))
    return [
        ActiveOverride(**asdict(override), product=_advice(recommendations[override.lead_id])) for override in overrides
    ]


def _advised(
    warehouse: Warehouse, policy: Policy, scorer: Scorer | None, leads: Sequence[str], now: datetime
) -> Iterator[tuple[str, LeadScore]]:
    """Lead id and score of each lead, computed without overrides."""
    for batch in batches(leads, BATCH):
        states = [
            # Without the override: the list shows what the product would decide.
            replace(state, override=None)
            for state in read_lead_states(warehouse, policy, LeadSelection(batch), now)
        ]
        scores = score_leads(scorer, policy, states, explained=False)
        yield from zip((state.lead_id for state in states), scores, strict=True)


def _advice(score: LeadScore) -> ModelRecommendation:
    return ModelRecommendation(
        cluster=score.score_cluster,
        score=score.predictive_score,
        points=score.points,
        hot_threshold=score.hot_threshold,
    )

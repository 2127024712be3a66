"""Replies of the functions and of the CRM: the parts that the demo reads."""

from __future__ import annotations

from msgspec import Struct

from leadwerk.crm.outbox import OutboxRow
from leadwerk.simulation.crm_api import CustomFields


class ReasonReply(Struct, frozen=True):
    """A reason of a score, in the lead's language."""

    text: str


class ScoredLeadReply(Struct, frozen=True, kw_only=True):
    """One score of `score`."""

    lead_id: str
    basis: str
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    language: str
    reasons: tuple[ReasonReply, ...]


class ScoreReply(Struct, frozen=True):
    """Reply of `score` for one lead or several."""

    scores: tuple[ScoredLeadReply, ...]


class ModelReply(Struct, frozen=True):
    """Reply of `score`: the model that scored."""

    model_version: str | None


class TrainingReply(Struct, frozen=True, kw_only=True):
    """Reply of `retrain`."""

    champion_after: str | None
    reason: str


class DeliveryReply(Struct, frozen=True, kw_only=True):
    """Reply of `deliver_scores`: attempts to repeat, and scores that still wait."""

    retry: int
    pending: int


class StageReply(Struct, frozen=True):
    """Reply of a stage whose figures the demo does not read."""


class CrmStats(Struct, frozen=True):
    """Counts of the local CRM."""

    patched_leads: int


class CrmLead(Struct, frozen=True):
    """A lead as the CRM shows it."""

    custom_fields: CustomFields | None = None


def differs(stored: OutboxRow, fields: CustomFields) -> bool:
    """Whether the CRM shows something else than the score that is stored."""
    crm_fields = fields.predictive_score, fields.score_cluster, fields.recommended_action
    return crm_fields != (stored.predictive_score, stored.score_cluster, stored.recommended_action)

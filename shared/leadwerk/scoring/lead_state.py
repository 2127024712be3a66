"""Lead state: everything known of a lead as of a moment, in one record, of which scoring is a function."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from leadwerk.catalogue.features import FeatureValues
from leadwerk.scoring.override import Override
from leadwerk.scoring.seller_pools import HotThreshold

VISITOR = "visitor:"
"""Prefix of the lead id of a web visitor without a lead."""


class Occurrence(Struct, frozen=True, kw_only=True):
    """One signal of a lead on one day; `signal` None: any visit."""

    signal: str | None
    day: date
    events: int
    last_at: datetime


class LatestScore(Struct, frozen=True, kw_only=True):
    """The part of a lead's latest stored score that a new one is compared with."""

    score_id: str
    scored_at: datetime
    basis: str
    score_cluster: str
    recommended_action: str
    policy_version: str
    model_version: str | None = None
    predictive_score: int | None = None
    points: float | None = None
    matrix_cell: str | None = None
    tier: str | None = None
    traffic_light: str | None = None
    stage: str | None = None
    decided_by: str | None = None


class LeadState(Struct, frozen=True, kw_only=True):
    """A lead, or a web visitor without a lead, as of a moment.

    `features`: a row of lead_features. `created_at`: None for a visitor and for an unknown lead. `occurrences`: None if
    they were not read, and then points cannot be computed. `status` and `outcome`: of the CRM's latest update.
    `is_gone`: the CRM deleted the record, or merged it into another.
    `recorded_stage`: the latest one in `stage_changes`, and `stage_since` when it began. `objects_to_profiling`: the
    lead is worked without a score. `thresholds`: those of the day.
    """

    lead_id: str
    as_of: datetime
    features: FeatureValues
    created_at: datetime | None = None
    occurrences: tuple[Occurrence, ...] | None = None
    status: str | None = None
    outcome: str | None = None
    is_gone: bool = False
    latest_score: LatestScore | None = None
    recorded_stage: str | None = None
    stage_since: datetime | None = None
    objects_to_profiling: bool = False
    override: Override | None = None
    thresholds: tuple[HotThreshold, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there is such a lead, or a visitor whose behaviour is known."""
        return self.created_at is not None or (self.lead_id.startswith(VISITOR) and self.has_web_behaviour)

    @property
    def is_visitor(self) -> bool:
        """Whether this is a web visitor who is no lead."""
        return self.lead_id.startswith(VISITOR)

    @property
    def person(self) -> str:
        """Whose lots an experiment draws: the person's, by the key that the lead came with, else the lead's own."""
        return self.features.get("person_key") or self.lead_id

    @property
    def is_closed(self) -> bool:
        """Whether nobody is to call any more: the lead is won or lost, or no longer in the CRM."""
        return self.is_gone or self.outcome not in (None, "open")

    @property
    def has_web_behaviour(self) -> bool:
        """Whether web behaviour of the lead is known."""
        return bool(self.features.get("has_web_behaviour"))

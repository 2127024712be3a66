"""Rows of the statements that a report reads."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.texts.message import restored


class ScoredOutcome(Struct, frozen=True, kw_only=True):
    """A row of scores/outcomes_by_score: a lead as a model first scored it, and whether it converted in time."""

    lead_id: str
    model_version: str
    scored_at: datetime
    probability: float
    predictive_score: int
    converted: bool
    language: str | None = None
    region: str | None = None
    channel: str | None = None
    device: str | None = None


class PointsOutcome(Struct, frozen=True, kw_only=True):
    """A row of scores/outcomes_by_points: a lead's points when they first decided, and whether it converted in time."""

    lead_id: str
    points: float
    converted: bool


class ScoreCount(Struct, frozen=True):
    """A row of scores/distribution."""

    predictive_score: int
    leads: int


class MatrixCount(Struct, frozen=True):
    """A row of scores/matrix_counts."""

    matrix_cell: str
    score_cluster: str
    leads: int


class DeliveryCount(Struct, frozen=True, kw_only=True):
    """A row of deliveries/counts_by_state; `unknown_leads` of these `leads` are not in the CRM."""

    score_cluster: str
    delivery: str
    leads: int
    unknown_leads: int


class StoredTrainingRun(Struct, frozen=True, kw_only=True):
    """A row of model_runs/history; `metrics` is JSON: the evaluations by candidate."""

    trained_at: datetime
    model_version: str | None
    promoted: bool
    reason: str
    champion_before: str | None
    metrics: str
    reason_message: str | None

    def why(self) -> str:
        """The reason, as a message where this release knows it."""
        return restored(self.reason_message, self.reason)


class ExtractTotals(Struct, frozen=True, kw_only=True):
    """The row of extract_runs/totals: sums over all days; None where no day was extracted."""

    days: int
    missing_days: int
    events_read: int | None = None
    duplicates: int | None = None
    bots: int | None = None
    own_traffic: int | None = None
    without_visitor: int | None = None
    unusable: int | None = None
    events_kept: int | None = None

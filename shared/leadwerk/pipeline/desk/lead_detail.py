"""Lead detail: one lead as its page shows it, in two statements; the ledger at another moment costs a third."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from leadwerk.catalogue.periods import TIMELINE_DAYS
from leadwerk.errors import UnknownLead
from leadwerk.pipeline.desk.stored_reasons import ReasonDetail, reason_details
from leadwerk.pipeline.leads.score_history import WITHHELD
from leadwerk.texts.message import Message
from leadwerk.warehouse.records import ScoreLedger, ScoreReason
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse


class LeadDetail(Struct, frozen=True, kw_only=True):
    """A row of leads/desk_detail: what is stored of a lead, its latest score, stage, status, contact and verdict."""

    lead_id: str
    account_id: str | None
    created_at: datetime
    language: str | None
    country: str | None
    region: str | None
    channel: str | None
    loan_amount: float | None
    property_value: float | None
    income: float | None
    instalment: float | None
    job_title: str | None
    industry: str | None
    employees: int | None
    revenue: float | None
    web_consent: bool
    crm_owner: str | None
    score_id: str | None
    scored_at: datetime | None
    basis: str | None
    model_version: str | None
    probability: float | None
    predictive_score: int | None
    score_cluster: str | None
    recommended_action: str | None
    score_language: str | None
    reasons: tuple[ScoreReason, ...] | None
    fit: float | None
    interest: float | None
    points: float | None
    grade: str | None
    level: int | None
    matrix_cell: str | None
    stage: str | None
    hot_threshold: int | None
    ledger: tuple[ScoreLedger, ...] | None
    decided_by: str | None
    status: str | None
    outcome: str | None
    contacted_at: datetime | None
    verdict_seller: str | None
    verdict_at: datetime | None
    reached: bool | None
    verdict: str | None
    verdict_reason: str | None
    verdict_note: str | None
    override_cluster: str | None
    override_author: str | None
    override_reason: str | None
    override_ends_at: datetime | None
    stage_since: datetime | None

    def reason_details(self, language: str) -> tuple[ReasonDetail, ...]:
        """The reasons in the reader's language."""
        return reason_details(self.reasons or (), language)


class LeadEvent(Struct, frozen=True, kw_only=True):
    """A row of leads/timeline; what its columns hold follows from `kind`."""

    kind: str
    happened_at: datetime
    subject: str | None
    detail: str | None
    until: datetime | None
    value: float | None
    second_value: float | None
    third_value: float | None
    threshold: int | None
    event_id: str


def lead_detail(warehouse: Warehouse, policy: Policy, lead_id: str, *, now: datetime) -> LeadDetail:
    """The lead as of `now` (aware, UTC).

    Raises:
        UnknownLead: there is no such lead.
    """
    parameters = {
        "lead_id": lead_id,
        "as_of": now,
        "scored_since": _first_day(now),
        "contact_statuses": list(policy.contacted.statuses),
        "contact_touchpoints": list(policy.contacted.touchpoints),
    }
    rows = warehouse.rows(statement("leads/desk_detail", LeadDetail), parameters)
    if not rows:
        raise unknown_lead(lead_id)
    return rows[0]


def unknown_lead(lead_id: str) -> UnknownLead:
    """The error for an id that names no lead, or none that this reader may see."""
    return UnknownLead(
        Message("refusal.lead", lead=lead_id[:100]),
        field="lead_id",
        value=lead_id[:100],
        remedy=Message("refusal.lead.listed"),
    )


def lead_events(warehouse: Warehouse, lead_id: str, *, now: datetime) -> list[LeadEvent]:
    """What happened to the lead by `now`, the oldest first."""
    parameters = {"lead_id": lead_id, "as_of": now, "first_day": _first_day(now)}
    return warehouse.rows(statement("leads/timeline", LeadEvent), parameters)


def shown_events(lead: LeadDetail, events: Sequence[LeadEvent]) -> list[LeadEvent]:
    """The events that may be seen: of a lead that is now worked without a score, no earlier score either."""
    if lead.basis not in WITHHELD:
        return list(events)
    return [event for event in events if event.kind != "score" or (event.value is None and event.third_value is None)]


def _first_day(now: datetime) -> date:
    return (now - timedelta(days=TIMELINE_DAYS)).date()

"""Messages of the stage `score`: requests, scored leads, refusals and their report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct
from msgspec.structs import replace

from leadwerk.errors import InputError, LeadwerkError
from leadwerk.scoring.score_leads import NO_CHAMPION, LeadScore
from leadwerk.scoring.stage_outlook import StageOutlook
from leadwerk.warehouse.records import ScoreRow

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Delivery = Literal["none", "sent", "pending", "dead_letter"]

DELIVERIES: Mapping[str, Delivery] = {
    "sent": "sent",
    "same": "sent",
    "retry": "pending",
    "repair": "pending",
    "dead_letter": "dead_letter",
}
"""State of an attempt in the outbox → delivery state in an answer."""


class ScoreRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lead to score, by CRM lead id or GA4 client id; `form`: fields of a lead that is not stored yet."""

    lead_id: Text | int | None = None
    ga_client_id: Text | None = None
    form: dict[str, Any] | None = None


class ScoreBody(Protocol):
    """Body of a request: one lead, or `leads`, or with `rescore` all open leads ("closed": only the closed ones)."""

    @property
    def leads(self) -> list[Any] | None: ...
    @property
    def lead_id(self) -> str | int | None: ...
    @property
    def ga_client_id(self) -> str | None: ...
    @property
    def form(self) -> dict[str, Any] | None: ...
    @property
    def dry_run(self) -> bool: ...
    @property
    def rescore(self) -> bool | Literal["closed", "left"]: ...


def requests(body: ScoreBody) -> list[Any]:
    """The leads that a body requests, those of a batch as they came; for a rescoring one empty request.

    Raises:
        InputError: the body requests two things at once, one of which would be ignored.
    """
    single = ScoreRequest(lead_id=body.lead_id, ga_client_id=body.ga_client_id, form=body.form)
    by_itself = "rescore" if body.rescore else "leads"
    extra_fields = [name for name in ("lead_id", "ga_client_id", "form") if getattr(single, name) is not None]
    if body.rescore:
        extra_fields += [name for name, value in (("leads", body.leads), ("dry_run", body.dry_run)) if value]
    if extra_fields and (body.rescore or body.leads):
        remedy = f"Send {by_itself} alone, or {extra_fields[0]} in a request of its own."
        raise InputError(
            f"{extra_fields[0]} cannot be combined with {by_itself}.", field=extra_fields[0], remedy=remedy
        )
    return body.leads or [single]


class ScoredLead(LeadScore, frozen=True, kw_only=True):
    """Score for the request at `index`; probability and predictive score are None without a champion.

    `lead_id`: None for a web visitor without a lead. `stored`: whether the warehouse has this score, in the row
    `score_id`. `delivery`: its state on the way to the CRM. `ignored_fields`: unusable fields of the form with reason.
    `stage_outlook`: the chance to reach the next stage; None in the last one, and before there is a stage model.
    """

    index: int
    lead_id: str | None
    ga_client_id: str | None
    scored_at: datetime
    score_id: str | None = None
    stored: bool = False
    delivery: Delivery = "none"
    ignored_fields: tuple[str, ...] = ()
    stage_outlook: StageOutlook | None = None


@dataclass(frozen=True)
class ScoreRefusal:
    """The error of the request at `index`."""

    index: int
    lead_id: str | None
    error: LeadwerkError


@dataclass(frozen=True)
class ScoreReport:
    """Scores and refusals; each request is in exactly one of the two. `new_scores`: the rows that were stored."""

    model_version: str | None
    scored_at: datetime
    scores: list[ScoredLead]
    refusals: list[ScoreRefusal]
    new_scores: tuple[ScoreRow, ...] = ()


def deliverable(scores: Sequence[ScoredLead]) -> list[str]:
    """Leads with a stored score that has a basis: a model, rules or an override."""
    lead_ids = (score.lead_id for score in scores if score.stored and (score.basis != NO_CHAMPION or score.decided_by))
    return list(dict.fromkeys(lead_id for lead_id in lead_ids if lead_id))


def with_deliveries(scores: Sequence[ScoredLead], states: Mapping[str, str]) -> list[ScoredLead]:
    """Attach each score's delivery state, from its last attempt (score id → state).

    A deliverable score without an attempt is pending: that nothing is recorded does not mean that the CRM has it.
    """
    leads = frozenset(deliverable(scores))
    return [replace(score, delivery=_delivery(score, states)) if score.lead_id in leads else score for score in scores]


def _delivery(score: ScoredLead, states: Mapping[str, str]) -> Delivery:
    return DELIVERIES.get(states.get(score.score_id or "", ""), "pending")

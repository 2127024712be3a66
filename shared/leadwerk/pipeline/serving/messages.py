"""What is asked of the stage `score` and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Protocol

from msgspec import Meta, Struct
from msgspec.structs import replace

from leadwerk.errors import InputError, LeadwerkError
from leadwerk.scoring.score_leads import NO_CHAMPION, LeadScore

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Delivery = Literal["none", "sent", "pending", "dead_letter"]

DELIVERIES: Mapping[str, Delivery] = {
    "sent": "sent",
    "retry": "pending",
    "repair": "pending",
    "dead_letter": "dead_letter",
}
"""States of an attempt (outbox) as the caller reads them."""


class ScoreRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to score: by the CRM's lead id or the GA4 client id; `form` holds the fields of a lead not yet stored."""

    lead_id: Text | int | None = None
    ga_client_id: Text | None = None
    form: dict[str, Any] | None = None


class ScoreBody(Protocol):
    """The body of a request: one lead, or `leads`, or (`rescore`) all that are open; "closed": but the closed ones."""

    leads: list[ScoreRequest] | None
    lead_id: str | int | None
    ga_client_id: str | None
    form: dict[str, Any] | None
    dry_run: bool
    rescore: bool | Literal["closed"]


def requests(body: ScoreBody) -> list[ScoreRequest]:
    """Whom a body asks to score; of a rescoring nobody by name.

    Raises:
        InputError: it asks for two things at once, one of which would be passed over without a word.
    """
    single = ScoreRequest(lead_id=body.lead_id, ga_client_id=body.ga_client_id, form=body.form)
    by_itself = "rescore" if body.rescore else "leads"
    others = [name for name in ("lead_id", "ga_client_id", "form") if getattr(single, name) is not None]
    if body.rescore:
        others += [name for name, value in (("leads", body.leads), ("dry_run", body.dry_run)) if value]
    if others and (body.rescore or body.leads):
        remedy = f"Send {by_itself} alone, or {others[0]} in a request of its own."
        raise InputError(f"{others[0]} does not go with {by_itself}.", field=others[0], remedy=remedy)
    return body.leads or [single]


class ScoredLead(LeadScore, frozen=True, kw_only=True):
    """The answer for the request at `index`; probability and predictive score are None before there is a champion.

    `lead_id` is None for a web visitor who is no lead. `stored` says whether this score stands in the warehouse, in the
    row `score_id`; `delivery` what became of it on the way to the CRM; `ignored_fields` lists fields of the form
    that could not be used, with the reason.
    """

    index: int
    lead_id: str | None
    ga_client_id: str | None
    scored_at: datetime
    score_id: str | None = None
    stored: bool = False
    delivery: Delivery = "none"
    ignored_fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class ScoreRefusal:
    """Why the request at `index` could not be scored."""

    index: int
    lead_id: str | None
    error: LeadwerkError


@dataclass(frozen=True)
class ScoreReport:
    """What was scored and what was not: each request is in one of the two."""

    model_version: str | None
    scored_at: datetime
    scores: list[ScoredLead]
    refusals: list[ScoreRefusal]


def deliverable(scores: Sequence[ScoredLead]) -> list[str]:
    """Leads whose score stands and says something to a seller: not that there is neither model nor rule nor a word."""
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

"""The page of a lead: why it has its score, what happened to it, and what its seller reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.pipeline.desk import verdicts
from leadwerk.pipeline.desk.lead_detail import LeadDetail, LeadEvent, lead_events, shown_events
from leadwerk.pipeline.desk.lead_reads import record_read
from leadwerk.pipeline.desk.overrides import OverrideRequest, override, release
from leadwerk.pipeline.desk.verdicts import Opinion, VerdictRequest
from leadwerk.report.wording import Wording
from leadwerk.texts.message import Message
from leadwerk.web import Answer
from leadwerk.web.door.admission import people
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.calls import CLUSTERS, CallsForm, hot_threshold, neighbours
from leadwerk.web.pages.lead_form import LeadForm
from leadwerk.web.pages.lead_history import event_views, score_rows, trend
from leadwerk.web.pages.lead_points import ledger_now, ledger_view
from leadwerk.web.pages.lead_proof import proof
from leadwerk.web.pages.lead_stage import next_stage_text
from leadwerk.web.pages.lead_view import contact, counted_in, fact_rows, reason_views, stake, withheld
from leadwerk.web.pages.readable import readable_lead
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import company_path, lead_path
from leadwerk.web.pages.visit import Visit

LATELY = 4  # events in the panel
OVERRIDE_DAYS = 30


class VerdictForm(Struct, frozen=True):
    """A seller's report of a call."""

    reached: Literal["yes", "no"] | None = None
    verdict: Opinion | None = None
    reason: str | None = None
    note: str | None = None
    score_id: str | None = None


class OverrideForm(Struct, frozen=True):
    """A person's cluster for the lead, with reason and last day."""

    cluster: Literal["HOT", "WARM", "COLD", "DISQUALIFIED"] | None = None
    reason: str | None = None
    until: date | None = None


class ReleaseForm(Struct, frozen=True):
    """The end of an override."""

    reason: str | None = None


def show(visit: Visit, form: LeadForm, lead_id: str) -> Answer:
    """The page of a lead, or the panel beside the list."""
    wording = Wording(visit.policy, visit.language, visit.now)
    lead = readable_lead(visit, lead_id)
    record_read(visit.warehouse, lead_id, visit.name, visit.now)
    events = shown_events(lead, lead_events(visit.warehouse, lead_id, now=visit.now))
    context = _panel_context(visit, wording, lead, events)
    # The panel beside the list needs neither ledger nor proof, which cost statements of their own.
    if visit.wants_part:
        answer = render(visit, "panel.html", events=event_views(wording, events)[:LATELY], **context)
        return Answer(answer.body, headers={**answer.headers, "X-Part": "panel"})
    before, after, place, total = neighbours(visit, CallsForm(list=form.list), lead_id)
    # Of a lead that is worked without a score no moment's ledger may be computed either.
    past = form.at is not None and not context["withheld"]
    ledger = ledger_view(visit, wording, form, lead_id) if past else ledger_now(lead, wording)
    return render(
        visit,
        "lead.html",
        menu_entry="calls",
        form=form,
        events=event_views(wording, events),
        scores=score_rows(wording, events),
        trend=trend(wording, events),
        proof=proof(visit, wording, lead),
        next_stage=next_stage_text(visit, wording, lead),
        average=_average(lead),
        ledger=ledger,
        before=before,
        after=after,
        place=place,
        total=total,
        verdict_reasons=visit.policy.verdict_reasons,
        clusters=CLUSTERS,
        until=wording.local(visit.now).date() + timedelta(days=OVERRIDE_DAYS),
        at=form.at or f"{wording.local(lead.scored_at or visit.now):%Y-%m-%dT%H:%M}",
        **context,
    )


def _crm_owner(visit: Visit, lead: LeadDetail) -> str:
    """The name of who owns the lead in the CRM, the CRM's id where people.yaml has nobody of it; empty: nobody does."""
    names = {person.crm_user: person.name for person in people(visit.config) if person.crm_user}
    return names.get(lead.crm_owner or "", lead.crm_owner or "")


def _panel_context(visit: Visit, wording: Wording, lead: LeadDetail, events: Sequence[LeadEvent]) -> dict[str, Any]:
    """What both show: score, reasons, facts, and who holds the lead."""
    holder = visit.picks.holder(lead.lead_id, visit.now)
    counted = counted_in(lead.basis, lead.score_cluster, lead.override_author)
    other_leads = [event.event_id for event in events if event.kind == "same_person"]
    return {
        "lead": lead,
        "score": lead.predictive_score if lead.predictive_score is not None else lead.points,
        "hot": lead.hot_threshold or hot_threshold(visit),
        "withheld": withheld(wording, lead.basis),
        "reasons": reason_views(wording, lead.reason_details(visit.language), counted),
        "are_odds": counted == "model",
        "facts": fact_rows(wording, lead, other_leads, _crm_owner(visit, lead)),
        "stake": stake(wording, lead.loan_amount, lead.employees),
        "contact": contact(wording, lead.contacted_at),
        "holder": holder,
        "mine": holder is not None and visit.is_me(holder.seller),
        "crm_url": _crm_url(visit, lead.lead_id),
        "lead_path": lead_path,
        "company_path": company_path,
    }


def give_verdict(visit: Visit, form: VerdictForm, lead_id: str) -> Answer:
    """Store the verdict, and go to the next lead to call."""
    readable_lead(visit, lead_id)
    # Before the verdict is stored: afterwards the lead may have left the list, and with it its neighbours.
    _, after, _, _ = neighbours(visit, CallsForm(), lead_id)
    request = VerdictRequest(
        reached=None if form.reached is None else form.reached == "yes",
        verdict=form.verdict,
        reason=form.reason,
        note=form.note,
        score_id=form.score_id,
    )
    verdicts.give_verdict(visit.warehouse, visit.policy, lead_id, visit.name, request, now=visit.now)
    # The seller's own act must be visible on the next page.
    forget()
    return redirect(lead_path(after) if after else "/calls", "verdict")


def set_override(visit: Visit, form: OverrideForm, lead_id: str) -> Answer:
    """Set the cluster, and score the lead at once."""
    readable_lead(visit, lead_id)
    if form.cluster is None:
        raise InputError(Message("refusal.cluster.none"), field="cluster")
    request = OverrideRequest(cluster=form.cluster, by=visit.name, reason=form.reason or "", until=form.until)
    override(visit.warehouse, visit.policy, lead_id, request, visit.now)
    _rescore(lead_id, visit.now)
    return redirect(lead_path(lead_id), "override")


def end_override(visit: Visit, form: ReleaseForm, lead_id: str) -> Answer:
    """End the override, and score the lead at once."""
    readable_lead(visit, lead_id)
    release(visit.warehouse, visit.policy, lead_id, by=visit.name, reason=form.reason or "", now=visit.now)
    _rescore(lead_id, visit.now)
    return redirect(lead_path(lead_id), "override_released")


def _rescore(lead_id: str, now: datetime) -> None:
    from leadwerk.pipeline.serving.runtime_cache import current_runtime
    from leadwerk.web.desk_overrides import score_at_once

    score_at_once(current_runtime(), lead_id, now)
    forget()


def _crm_url(visit: Visit, lead_id: str) -> str | None:
    template = visit.config.crm_lead_url
    # Quoted in full: an id may hold a slash, which would name another page.
    return template.replace("{lead_id}", quote(lead_id, safe="")) if template else None


def _average(lead: LeadDetail) -> float | None:
    """Chance of the average lead, from the definition of the score: the chance's odds over the score's odds."""
    chance, score = lead.probability, lead.predictive_score
    if chance is None or score is None or not 0 < score < 100 or not 0 < chance < 1:
        return None
    # The score maps the average lead to 50, so its odds are the chance's odds over the score's.
    odds = chance / (1 - chance) / (score / (100 - score))
    return odds / (1 + odds)

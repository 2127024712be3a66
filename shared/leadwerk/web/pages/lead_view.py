"""How a lead is shown: its score, reasons, state and facts in the reader's language."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from leadwerk.pipeline.desk.call_list import LeadListItem
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.pipeline.desk.stored_reasons import ReasonDetail
from leadwerk.pipeline.leads.score_history import WITHHELD
from leadwerk.report.wording import Wording
from leadwerk.scoring.reasons import SMALLEST
from leadwerk.web.pages.visit import Visit

SHOWN = 3
MODEL_SCALE, POINTS_SCALE = 1.5, 50.0
"""A full bar: log-odds, or points. One scale for all leads, so that bars of two leads can be compared."""


@dataclass(frozen=True)
class ReasonView:
    """A reason: `side` for or against, how it reads, how long its bar is, and its factor or points."""

    side: str
    text: str
    value: float
    factor: str

    @property
    def signed(self) -> str:
        """The reason behind a plus or minus, for a table of plain text."""
        return f"{'+' if self.side == 'for' else '−'} {self.text}"


@dataclass(frozen=True)
class StateView:
    """Who holds the lead, or how long it has waited: `kind` mine, held, decided or free."""

    kind: str
    tag: str
    note: str
    due: bool = False


@dataclass(frozen=True)
class RowView:
    """A row of the call list; `withheld`: why there is no score to see, in words (empty: there may be one)."""

    lead_id: str
    score: float | None
    cluster: str
    place: str
    language: str
    stake: str
    withheld: str
    reasons: tuple[ReasonView, ...]
    state: StateView
    can_take: bool
    can_release: bool


def row_view(visit: Visit, wording: Wording, item: LeadListItem, override_ends: datetime | None) -> RowView:
    """A lead of the list as a row; `override_ends`: until when a person's cluster holds."""
    score = item.score if item.score is not None else item.points
    counted = counted_in(item.basis, item.cluster, item.decided_by)
    return RowView(
        lead_id=item.lead_id,
        score=score,
        cluster=item.cluster,
        place=wording.region(item.region),
        language=wording.spoken(item.language),
        stake=stake(wording, item.loan_amount, item.employees),
        withheld=withheld(wording, item.basis),
        reasons=reason_views(wording, item.reason_details, counted)[:SHOWN],
        state=_state(visit, wording, item, override_ends),
        can_take=item.held_by is None and visit.may("seller") and item.cluster != "DISQUALIFIED",
        can_release=visit.is_me(item.held_by) and visit.may("seller"),
    )


def withheld(wording: Wording, basis: str | None) -> str:
    """Why nobody may see a score of the lead; empty if it has one, or none was computed yet."""
    return wording.say(f"page.withheld.{basis}") if basis in WITHHELD else ""


def stake(wording: Wording, loan_amount: float | None, employees: int | None) -> str:
    """What is at stake: the wished loan, or the size of the company."""
    if loan_amount:
        return wording.money(loan_amount)
    return wording.say("page.employees", count=employees, figure=wording.number(employees)) if employees else ""


def counted_in(basis: str | None, cluster: str | None, decided_by: str | None) -> str:
    """What a lead's reasons are counted in: its score's basis, or `rules` where a rule disqualified it.

    Such a lead is explained by its rules, also where a model scores it.
    """
    return "rules" if cluster == "DISQUALIFIED" and decided_by is None else basis or ""


def reason_views(wording: Wording, details: Iterable[ReasonDetail], basis: str) -> tuple[ReasonView, ...]:
    """The reasons that count, the strongest first; older scores hold some that hardly move the odds."""
    views = []
    for detail in details:
        if basis == "model" and abs(detail.contribution) < SMALLEST:
            continue
        # A rule that disqualifies often counts nothing.
        is_against = detail.contribution < 0 or (basis == "rules" and detail.contribution == 0)
        side = "against" if is_against else "for"
        if basis == "model":
            value = abs(detail.contribution) / MODEL_SCALE
            factor = f"× {wording.number(math.exp(detail.contribution), 1 if detail.contribution > 0 else 2)}"
        else:
            value, factor = abs(detail.contribution) / POINTS_SCALE, wording.points(detail.contribution)
        text = detail.fact[:1].upper() + detail.fact[1:]
        views.append(ReasonView(side, text, value, factor))
    return tuple(views)


def _state(visit: Visit, wording: Wording, item: LeadListItem, override_ends: datetime | None) -> StateView:
    until = wording.say("page.until", moment=wording.moment(item.held_until)) if item.held_until else ""
    if visit.is_me(item.held_by):
        return StateView("mine", wording.say("page.yours"), until)
    if item.held_by is not None:
        return StateView("held", wording.say("page.with", seller=item.held_by), until)
    enquired = wording.say("page.enquiry", ago=wording.ago(item.created_at))
    if item.decided_by:
        decided = wording.say("page.decided", author=item.decided_by, cluster=wording.cluster(item.cluster))
        last_day = wording.say("page.until", moment=wording.last_day(override_ends)) if override_ends else ""
        return StateView("decided", f"{decided} {last_day}".strip(), enquired)
    if item.cluster == "DISQUALIFIED":
        return StateView("free", wording.say("page.nobody_calls"), enquired)
    return StateView("free", contact(wording, item.contacted_at), enquired, due=item.contacted_at is None)


def contact(wording: Wording, contacted_at: datetime | None) -> str:
    """Whether the lead was contacted, and when."""
    if contacted_at is None:
        return wording.say("page.not_contacted")
    return wording.say("page.contacted", ago=wording.ago(contacted_at))


def fact_rows(wording: Wording, lead: LeadDetail, other_leads: Sequence[str], crm_owner: str) -> list[tuple[str, str]]:
    """What is known of the lead, as pairs of name and value; what is not known is left out.

    `other_leads`: ids of the same person's other leads; `crm_owner`: name of the user who owns the lead in the CRM.
    """
    rows = [
        ("loan_amount", wording.money(lead.loan_amount) if lead.loan_amount else ""),
        ("property_value", wording.money(lead.property_value) if lead.property_value else ""),
        ("loan_to_value", _ratio(wording, lead.loan_amount, lead.property_value)),
        ("income", wording.money(lead.income) if lead.income else ""),
        ("instalment", wording.money(lead.instalment) if lead.instalment else ""),
        ("company", lead.account_id or ""),
        ("industry", lead.industry or ""),
        ("job_title", lead.job_title or ""),
        ("employees", wording.number(lead.employees) if lead.employees else ""),
        ("revenue", wording.money(lead.revenue) if lead.revenue else ""),
        ("region", wording.region(lead.region)),
        ("language", wording.spoken(lead.language) if lead.language else ""),
        ("status", lead.status or ""),
        ("crm_owner", crm_owner),
        ("web", wording.say("page.yes" if lead.web_consent else "page.no")),
        ("same_person", ", ".join(other_leads)),
    ]
    return [(wording.say(f"page.fact.{name}"), value) for name, value in rows if value]


def _ratio(wording: Wording, part: float | None, whole: float | None) -> str:
    return wording.percent(part / whole) if part and whole else ""

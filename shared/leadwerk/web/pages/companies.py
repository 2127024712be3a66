"""Companies: what contacts of one company add up to, as a list and one at a time; taking one as a whole.

The pages are for managers and operators: a company's contacts may be of any language, of which a seller sees only some.
A seller takes a company from the page of any of its leads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from leadwerk.pipeline.desk import account_picks, accounts
from leadwerk.pipeline.desk.account_detail import AccountContact, account
from leadwerk.pipeline.desk.accounts import Account, AccountFilter
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.pipeline.desk.pick_state import Pick
from leadwerk.report.wording import Wording
from leadwerk.web import Answer
from leadwerk.web.pages.cached import forget
from leadwerk.web.pages.calls import DeedForm
from leadwerk.web.pages.lead_points import ledger_lines
from leadwerk.web.pages.rendering import redirect, render
from leadwerk.web.pages.site import NoForm, checked_next, company_path, lead_path
from leadwerk.web.pages.visit import Visit

MOST_SHOWN = 50


class CompaniesForm(Struct, frozen=True):
    """Order and filters of the list."""

    sort: accounts.Sort = "icp"
    light: accounts.Light | None = None
    tier: str | None = None
    cursor: Annotated[str, Meta(max_length=1000)] | None = None


@dataclass(frozen=True)
class CompanyView:
    """A row of the list."""

    account_id: str
    facts: str
    match: str
    light: str
    tier: str
    fit: str
    interest: str
    contacts: str


def show(visit: Visit, form: CompaniesForm) -> Answer:
    """The list: best match with the ideal customer first."""
    wording = Wording(visit.policy, visit.language, visit.now)
    page = accounts.page(
        visit.warehouse,
        visit.policy,
        AccountFilter(sort=form.sort, light=form.light, tier=form.tier),
        PageRequest(now=visit.now, limit=MOST_SHOWN, cursor=form.cursor),
    )
    return render(
        visit,
        "companies.html",
        menu_entry="companies",
        form=form,
        companies=[company_view(account, wording) for account in page.accounts],
        next=page.next,
        tiers=[tier.name for tier in visit.policy.tiers],
        company_path=company_path,
    )


def detail(visit: Visit, _: NoForm, account_id: str) -> Answer:
    """One company, computed afresh: its contacts, who holds them, and points that add up."""
    wording = Wording(visit.policy, visit.language, visit.now)
    company = account(visit.warehouse, visit.policy, account_id, as_of=visit.now)
    holds = {pick.lead_id: pick for pick in visit.picks.active(visit.now)}
    holders = {holds[contact.lead_id].seller for contact in company.contacts if contact.lead_id in holds}
    return render(
        visit,
        "company.html",
        menu_entry="companies",
        company=company_view(company.account, wording),
        points=wording.points(company.account.points),
        contacts=[_contact(contact, holds.get(contact.lead_id), wording) for contact in company.contacts],
        holders=holders,
        capped=wording.points(company.capped) if company.capped else "",
        lines=ledger_lines(wording, company.entries),
        lead_path=lead_path,
        company_path=company_path,
    )


def take(visit: Visit, form: DeedForm, account_id: str) -> Answer:
    """Take every lead of the company that the reader serves, or none of them."""
    account_picks.pick_account(visit.picks, account_id, visit.name, visit.now, visit.served)
    forget()
    return redirect(checked_next(form.next), "company_taken")


def release(visit: Visit, form: DeedForm, account_id: str) -> Answer:
    """Give back the company's leads that the reader holds; a manager gives back everybody's."""
    sellers = {visit.name} if visit.may("seller") else set()
    if visit.may("manager"):
        sellers |= account_picks.sellers_of(visit.picks, account_id, visit.now)
    for seller in sorted(sellers):
        account_picks.release_account(visit.picks, account_id, seller, visit.now)
    forget()
    return redirect(checked_next(form.next), "company_released")


def company_view(account: Account, wording: Wording) -> CompanyView:
    """A company as a person reads it."""
    company = account.company
    employees = company.employees
    facts = (
        wording.region(company.region) or company.country,
        company.industry,
        wording.say("page.employees", count=employees, figure=wording.number(employees)) if employees else "",
    )
    return CompanyView(
        account_id=account.account_id,
        facts=" · ".join(filter(None, facts)),
        match=wording.percent(account.icp / 100),
        light=wording.say(f"light.{account.traffic_light}") if account.traffic_light else "",
        tier=account.tier or "",
        fit=wording.points(account.fit),
        interest=wording.points(account.interest),
        contacts=wording.number(account.contacts),
    )


def _contact(contact: AccountContact, hold: Pick | None, wording: Wording) -> tuple[str, str, str, str, str, str]:
    holder = wording.say("page.with", seller=hold.seller) if hold else ""
    if contact.fit is None or contact.interest is None:
        return contact.lead_id, holder, wording.say("page.withheld"), "–", "–", "–"
    fit, interest, adds = map(wording.points, (contact.fit, contact.interest, contact.adds))
    return contact.lead_id, holder, contact.matrix_cell or "", fit, interest, adds

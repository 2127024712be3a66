"""Companies: what contacts of one company add up to, as a list and one at a time.

For managers and operators: a company's contacts may be of any language, of which a seller sees only some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta, Struct

from leadwerk.pipeline.desk import accounts
from leadwerk.pipeline.desk.accounts import Account, AccountContact, AccountFilter
from leadwerk.pipeline.desk.page_cursor import PageRequest
from leadwerk.web import Answer
from leadwerk.web.pages.lead_points import ledger_lines
from leadwerk.web.pages.rendering import render
from leadwerk.web.pages.site import NoForm, lead_path
from leadwerk.web.pages.visit import Visit
from leadwerk.web.pages.wording import Wording

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
    """One company, computed afresh: its contacts, and points that add up."""
    wording = Wording(visit.policy, visit.language, visit.now)
    company = accounts.account(visit.warehouse, visit.policy, account_id, as_of=visit.now)
    return render(
        visit,
        "company.html",
        menu_entry="companies",
        company=company_view(company.account, wording),
        points=wording.points(company.account.points),
        contacts=[_contact(contact, wording) for contact in company.contacts],
        capped=wording.points(company.capped) if company.capped else "",
        lines=ledger_lines(wording, company.entries),
        lead_path=lead_path,
    )


def company_path(account_id: str) -> str:
    """Address of a company's page; an id may hold any sign."""
    return f"/companies/{quote(account_id, safe='')}"


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


def _contact(contact: AccountContact, wording: Wording) -> tuple[str, str, str, str, str]:
    if contact.fit is None or contact.interest is None:
        return contact.lead_id, wording.say("page.withheld"), "–", "–", "–"
    fit, interest, adds = map(wording.points, (contact.fit, contact.interest, contact.adds))
    return contact.lead_id, contact.matrix_cell or "", fit, interest, adds

"""Accounts: the contacts of each company added up, as a list.

The list takes the contacts' points from their newest stored scores, so it costs one read of those.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec
import numpy as np
from msgspec import Struct

from leadwerk.catalogue.features import FeatureValues
from leadwerk.catalogue.periods import OPEN_LEAD_DAYS
from leadwerk.pipeline.desk.page_cursor import PageCursor, PageRequest
from leadwerk.pipeline.leads.company_attributes import company_attributes
from leadwerk.points.account_rollup import NOBODY, AccountContacts, AccountRollup, company_facts, roll_up
from leadwerk.points.classification import rate_leads
from leadwerk.policy.model import Policy
from leadwerk.policy.points import PHASES
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

# The list ranks the accounts with the most interested contacts and leaves the others out.
MOST_ACCOUNTS = 5_000
Sort = Literal["icp", "points", "interest", "contacts"]
Light = Literal["red", "yellow", "green"]


class AccountFilter(Struct, frozen=True, kw_only=True):
    """Order and filters of the account list; None filters nothing."""

    sort: Sort = "icp"
    light: Light | None = None
    tier: str | None = None


class Company(Struct, frozen=True, kw_only=True):
    """The columns of accounts/attributes that every policy has; each is the latest that a contact stated."""

    employees: int | None
    revenue: float | None
    industry: str | None
    country: str | None
    region: str | None


class Account(Struct, frozen=True, kw_only=True):
    """A company: fit, ICP match, tier and light follow from its attributes, interest from its contacts.

    `best_contact`: the contact with the most points among those that are not disqualified.
    """

    account_id: str
    contacts: int
    best_contact: str | None
    fit: float
    interest: float
    points: float
    matrix_cell: str
    icp: int
    traffic_light: str | None
    tier: str | None
    phase: str | None
    disqualified: bool
    company: Company


class AccountPage(Struct, frozen=True, kw_only=True):
    """A page of accounts; `next`: cursor of the next page (None: this is the last)."""

    as_of: datetime
    accounts: tuple[Account, ...]
    next: str | None


class ScoredContact(Struct, frozen=True, kw_only=True):
    """A row of accounts/scored: a contact's account and newest score."""

    account_id: str
    lead_id: str
    stage: str | None
    phase: str | None
    interest_hundredths: int
    points_hundredths: int
    disqualified: bool


def page(warehouse: Warehouse, policy: Policy, account_filter: AccountFilter, page_request: PageRequest) -> AccountPage:
    """A page of accounts, highest `sort` key first; a tie goes to the larger company.

    Raises:
        InputError: the cursor belongs to a different list.
    """
    sort, (after, as_of) = account_filter.sort, page_request.position(account_filter.sort)
    accounts = [account for account in _scored(warehouse, policy, as_of) if _is_listed(account, account_filter)]
    keyed = [(_keys(policy, sort, account), account) for account in accounts]
    # The account id last: equal accounts need an order, or a page would skip or repeat them.
    keyed.sort(key=lambda pair: (*(-key for key in pair[0]), pair[1].account_id))
    if after:
        previous_key = (*(-key for key in after.keys), after.last)
        keyed = [
            (keys, account) for keys, account in keyed if (*(-key for key in keys), account.account_id) > previous_key
        ]
    page_rows = keyed[: page_request.limit]
    more = None
    if len(keyed) > len(page_rows):
        last_keys, last = page_rows[-1]
        more = PageCursor(sort, as_of, last_keys, last.account_id).written()
    return AccountPage(as_of=as_of, accounts=tuple(account for _, account in page_rows), next=more)


def _is_listed(account: Account, account_filter: AccountFilter) -> bool:
    light, tier = account_filter.light, account_filter.tier
    return light in (None, account.traffic_light) and tier in (None, account.tier)


def _scored(warehouse: Warehouse, policy: Policy, as_of: datetime) -> list[Account]:
    parameters = {
        "scored_since": (as_of - timedelta(days=OPEN_LEAD_DAYS)).date(),
        "as_of": as_of,
        "most": MOST_ACCOUNTS,
    }
    with warehouse.unit_of_work():
        rows = warehouse.rows(statement("accounts/scored", ScoredContact), parameters)
        companies = company_attributes(warehouse, policy, sorted({row.account_id for row in rows}), as_of)
    index_of = {account_id: index for index, account_id in enumerate(companies)}
    # An account may lose its last version between both statements of a unit; its contacts are left out.
    rows = [row for row in rows if row.account_id in index_of]
    contacts = AccountContacts(
        np.array([index_of[row.account_id] for row in rows], dtype=np.int64),
        np.array([row.interest_hundredths for row in rows], dtype=np.int64),
        np.array([row.points_hundredths for row in rows], dtype=np.int64),
        np.array([row.disqualified for row in rows], dtype=bool),
    )
    rolled = roll_up(policy, company_facts(policy, [*companies.values()]), contacts)
    names, phases = [row.lead_id for row in rows], [row.phase for row in rows]
    return account_rows(policy, companies, rolled, names, phases, contacts)


def account_rows(
    policy: Policy,
    companies: Mapping[str, FeatureValues],
    rolled: AccountRollup,
    names: Sequence[str],
    phases: Sequence[str | None],
    contacts: AccountContacts,
) -> list[Account]:
    """The accounts `companies` (their attributes by id), whose `contacts` were rolled up; `names` and `phases` are of
    the contacts, in their order.
    """
    ratings = rate_leads(policy, company_facts(policy, [*companies.values()]), rolled.totals)
    phases_reached: list[set[str | None]] = [set() for _ in companies]
    for index, phase in zip(contacts.account.tolist(), phases, strict=True):
        phases_reached[index].add(phase)
    return [
        Account(
            account_id=account_id,
            contacts=int(rolled.contacts[index]),
            best_contact=None if rolled.best[index] == NOBODY else names[rolled.best[index]],
            fit=rating.fit,
            interest=rating.interest,
            points=rating.points,
            matrix_cell=rating.matrix_cell,
            icp=rating.icp,
            traffic_light=rating.traffic_light,
            tier=rating.tier,
            # The furthest phase of any contact: one buyer who decides is enough.
            phase=next((phase for phase in reversed(PHASES) if phase in phases_reached[index]), None),
            disqualified=rating.disqualified,
            company=msgspec.convert(attributes, Company),
        )
        for index, ((account_id, attributes), rating) in enumerate(zip(companies.items(), ratings, strict=True))
    ]


def _keys(policy: Policy, sort: Sort, account: Account) -> tuple[float, float, float]:
    sizes = [tier.name for tier in policy.tiers]
    # Enterprise first at an equal match: tiers are listed from the largest.
    size = -float(sizes.index(account.tier) if account.tier in sizes else len(sizes))
    return float(getattr(account, sort)), size, account.points if sort != "points" else account.interest

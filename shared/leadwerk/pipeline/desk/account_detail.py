"""One account: its contacts and its ledger, computed afresh for any moment, which adds up to its points exactly."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from msgspec import Struct

from leadwerk.errors import UnknownAccount
from leadwerk.pipeline.desk.accounts import Account, account_rows
from leadwerk.pipeline.leads.company_attributes import company_attributes
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.points.account_rollup import AccountContacts, company_facts, roll_up
from leadwerk.points.classification import LeadRating
from leadwerk.points.entry import HUNDREDTHS, Entry
from leadwerk.policy.model import Policy
from leadwerk.scoring.arms import withholding
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

# Of one account only the newest contacts are shown.
MOST_CONTACTS = 500


class AccountContact(Struct, frozen=True, kw_only=True):
    """A contact of an account; `adds`: its part of the account's interest, before the cap.

    Of a contact that is worked without a score (scoring.arms) there is nothing, and it adds nothing.
    """

    lead_id: str
    fit: float | None
    interest: float | None
    points: float | None
    matrix_cell: str | None
    phase: str | None
    disqualified: bool
    adds: float


class AccountDetail(Struct, frozen=True, kw_only=True):
    """One account with its contacts, best first, and its ledger.

    `entries` add up to fit. The contacts' `adds` and `capped` (the cap's deduction, never above 0) add up to interest.
    """

    as_of: datetime
    policy_version: str
    account: Account
    contacts: tuple[AccountContact, ...]
    entries: tuple[Entry, ...]
    capped: float


class AccountMember(Struct, frozen=True):
    """A row of accounts/members: a contact of the account."""

    lead_id: str


def contacts_of(warehouse: Warehouse, account_id: str, *, as_of: datetime) -> list[str]:
    """Lead ids of the newest contacts of an account as of `as_of` (aware, UTC), at most MOST_CONTACTS.

    Raises:
        UnknownAccount: no lead of that moment belongs to the account.
    """
    parameters = {"account_id": account_id, "as_of": as_of, "most": MOST_CONTACTS}
    members = [row.lead_id for row in warehouse.rows(statement("accounts/members", AccountMember), parameters)]
    if not members:
        raise unknown_account(account_id)
    return members


def unknown_account(account_id: str) -> UnknownAccount:
    """The error for an id that names no account, or none of which this reader may see a contact."""
    return UnknownAccount(
        Message("refusal.account", account=account_id[:100]), field="account_id", value=account_id[:100]
    )


def account(warehouse: Warehouse, policy: Policy, account_id: str, *, as_of: datetime) -> AccountDetail:
    """One account at `as_of` (aware, UTC), computed from the data of that moment.

    Raises:
        UnknownAccount: no lead of that moment belongs to the account.
    """
    with warehouse.unit_of_work():
        members = contacts_of(warehouse, account_id, as_of=as_of)
        states, _, totals, ratings = points_input_of_leads(warehouse, policy, members, as_of)
        companies = company_attributes(warehouse, policy, [account_id], as_of)
    is_shown = [
        withholding(policy, state, is_disqualified=rating.disqualified) is None
        for state, rating in zip(states, ratings, strict=True)
    ]
    # As in the list, which adds up stored scores: of a withheld one nothing is stored.
    counted = np.array(is_shown, dtype=bool)
    contacts = AccountContacts(
        np.zeros(len(states), dtype=np.int64),
        np.where(counted, totals.interest, 0),
        np.where(counted, totals.total, 0),
        totals.disqualified,
    )
    rolled = roll_up(policy, company_facts(policy, [*companies.values()]), contacts)
    names = [state.lead_id for state in states]
    phases = [rating.phase if is_counted else None for rating, is_counted in zip(ratings, is_shown, strict=True)]
    [company_account] = account_rows(policy, companies, rolled, names, phases, contacts)
    views = [
        _contact(*contact) if is_counted else _withheld_contact(contact[0])
        for contact, is_counted in zip(zip(names, ratings, strict=True), is_shown, strict=True)
    ]
    return AccountDetail(
        as_of=as_of,
        policy_version=policy.version,
        account=company_account,
        contacts=tuple(sorted(views, key=lambda contact: (contact.disqualified, -(contact.points or 0.0)))),
        entries=rolled.totals.ledger.entries(0) if rolled.totals.ledger else (),
        capped=int(rolled.capped[0]) / HUNDREDTHS,
    )


def _contact(lead_id: str, rating: LeadRating) -> AccountContact:
    # A disqualified contact stays in the list, so that a seller sees why the account has no more.
    adds = 0.0 if rating.disqualified else rating.interest
    shared_fields = {name: getattr(rating, name) for name in ("fit", "interest", "points", "phase", "disqualified")}
    return AccountContact(lead_id=lead_id, matrix_cell=rating.matrix_cell, adds=adds, **shared_fields)


def _withheld_contact(lead_id: str) -> AccountContact:
    return AccountContact(
        lead_id=lead_id,
        fit=None,
        interest=None,
        points=None,
        matrix_cell=None,
        phase=None,
        disqualified=False,
        adds=0.0,
    )

"""Picks of accounts: a seller takes all contacts of a company, or none of them.

An account has no pick of its own: its contacts' picks are the only truth, so lists, histories and erasure know nothing
of accounts. Contacts are taken in the order of their ids, and of two sellers at once the one who gets the first of them
gets them all. Who fails half-way, because a third seller took one contact meanwhile, gives back what the call took.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from leadwerk.errors import AlreadyPicked
from leadwerk.pipeline.desk.account_detail import contacts_of, unknown_account
from leadwerk.pipeline.desk.call_list import EVERYBODY, Served
from leadwerk.pipeline.desk.pick_state import Pick
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.desk.served import is_readable
from leadwerk.policy.folding import is_same_name


class AccountPick(Struct, frozen=True, kw_only=True):
    """An account in one seller's hands: the pick of each of its contacts, by lead id."""

    account_id: str
    seller: str
    contacts: tuple[Pick, ...]


class ReleasedAccount(Struct, frozen=True, kw_only=True):
    """The contacts of an account that a release gave back, by lead id."""

    account_id: str
    contacts: tuple[str, ...]


def pick_account(picks: Picks, account_id: str, seller: str, now: datetime, served: Served = EVERYBODY) -> AccountPick:
    """Pick every contact of the account for the policy's pick_hours from `now` (aware), or none.

    Contacts that the seller does not serve (other languages and regions) stay as they are: for their sellers.

    Repeating it changes nothing, but takes contacts that came to the account since.

    Raises:
        AlreadyPicked: another seller holds one of the contacts; names the contact, the seller and the end.
        UnknownAccount: no lead belongs to the account, or none that the seller serves.
        InputError: the policy names sellers, and `seller` is not among them.
    """
    contacts = _served_contacts(picks, account_id, served, now)
    held_leads = {lead_id for lead_id in contacts if _is_held_by(picks, lead_id, seller, now)}
    new_picks: list[Pick] = []
    try:
        for lead_id in contacts:
            new_picks.append(picks.pick(lead_id, seller, now))  # noqa: PERF401  a refusal has to know what was taken
    except AlreadyPicked:
        for pick in new_picks:
            if pick.lead_id not in held_leads:
                picks.release(pick.lead_id, seller, now)
        raise
    return AccountPick(account_id=account_id, seller=seller, contacts=tuple(new_picks))


def release_account(picks: Picks, account_id: str, seller: str, now: datetime) -> ReleasedAccount:
    """Release the contacts of the account that `seller` holds; those of other sellers stay as they are.

    Raises:
        UnknownAccount: no lead belongs to the account.
        InputError: the policy names sellers, and `seller` is not among them.
    """
    contacts = sorted(contacts_of(picks.warehouse, account_id, as_of=now))
    held_leads = [lead_id for lead_id in contacts if _is_held_by(picks, lead_id, seller, now)]
    for lead_id in held_leads:
        picks.release(lead_id, seller, now)
    return ReleasedAccount(account_id=account_id, contacts=tuple(held_leads))


def sellers_of(picks: Picks, account_id: str, now: datetime) -> set[str]:
    """The sellers who hold a contact of the account at `now` (aware).

    Raises:
        UnknownAccount: no lead belongs to the account.
    """
    contacts = contacts_of(picks.warehouse, account_id, as_of=now)
    return {hold.seller for lead_id in contacts if (hold := picks.holder(lead_id, now))}


def _served_contacts(picks: Picks, account_id: str, served: Served, now: datetime) -> list[str]:
    contacts = sorted(contacts_of(picks.warehouse, account_id, as_of=now))
    if served == EVERYBODY:
        return contacts
    # A statement for each: a company has few contacts, and picking them reads as much again.
    readable_leads = [
        lead_id for lead_id in contacts if is_readable(picks.warehouse, picks.policy, lead_id, served=served, now=now)
    ]
    if not readable_leads:
        raise unknown_account(account_id)
    return readable_leads


def _is_held_by(picks: Picks, lead_id: str, seller: str, now: datetime) -> bool:
    holder = picks.holder(lead_id, now)
    return holder is not None and is_same_name(holder.seller, seller)

"""Changes of ActiveCampaign as cases: contacts that unsubscribed, and deals with their contacts.

Changes can only be asked for by day, in the account's zone, and come in no certain order within it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import chain

import msgspec

from leadwerk.crm.activecampaign_tasks import activity_pages
from leadwerk.crm.case_page import Case, CasePage, GoneRecord, StageKind
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.keyset import Position, joined, split
from leadwerk.crm.optional_reads import OptionalReads

PAGE_SIZE = 100
ACTIVE, UNSUBSCRIBED = "1", "2"  # states of a contact in a list
KINDS: Mapping[str, StageKind] = {"0": "open", "1": "won", "2": "lost"}


class _Contact(msgspec.Struct, frozen=True):
    id: str
    cdate: str
    email: str = ""
    phone: str = ""
    udate: str | None = None

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.udate or self.cdate).astimezone(UTC)

    def lead(self, unsubscribed: bool | None) -> dict[str, str | bool | None]:
        """The contact as a lead."""
        return {
            "lead_id": self.id, "created_at": self.cdate, "email": self.email, "phone": self.phone,
            "unsubscribed": unsubscribed,
        }  # fmt: skip


class _Membership(msgspec.Struct, frozen=True):
    """Of a contact in a list."""

    status: str


class _ContactAnswer(msgspec.Struct, frozen=True, rename="camel"):
    contact: _Contact
    contact_lists: list[_Membership] = []

    def lead(self) -> dict[str, str | bool | None]:
        """The contact as a lead: unsubscribed who was on lists and is active on none of them."""
        states = {membership.status for membership in self.contact_lists}
        return self.contact.lead(UNSUBSCRIBED in states and ACTIVE not in states if states else None)


class _Contacts(msgspec.Struct, frozen=True):
    contacts: list[_Contact]


class _Deal(msgspec.Struct, frozen=True):
    """`value` is in the currency's hundredths."""

    id: str
    contact: str
    status: int | str
    stage: str
    mdate: str
    value: str = "0"

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.mdate).astimezone(UTC)


class _Deals(msgspec.Struct, frozen=True):
    deals: list[_Deal]


Listed = tuple[list[Case], Position | None, int]
"""Cases of a page, the newest place among its records, and how many these are."""


def pages(http: HttpClient, cursor: str | None, overlap: timedelta) -> Iterator[CasePage]:
    """See `CRM.pull`: contacts that unsubscribed and deals, changed since a day, then what sellers did."""
    reads, positions = OptionalReads(), split(cursor, 3)
    activities = activity_pages(http, positions, overlap, reads)
    return reads.reported(chain(_changed(http, positions, overlap), activities), cursor)


def _changed(http: HttpClient, positions: list[Position | None], overlap: timedelta) -> Iterator[CasePage]:
    """Pages follow an offset."""
    readers = (_unsubscribed, _deals)
    for index, read in enumerate(readers):
        start, offset, records = positions[index], 0, PAGE_SIZE
        since = start.before(overlap).stamp.date().isoformat() if start else None
        while records == PAGE_SIZE:
            cases, newest, records = read(http, since, offset)
            if newest is not None:
                position = positions[index]
                positions[index] = max(newest, position) if position else newest
                yield CasePage(tuple(cases), (), joined(positions), newest.stamp - overlap)
            offset += records


def _unsubscribed(http: HttpClient, since: str | None, offset: int) -> Listed:
    parameters = {**_window(since, offset), "status": UNSUBSCRIBED, "orders[id]": "ASC"}
    answer = http.call_repeatedly("GET", "/api/3/contacts", params=parameters)
    contacts = answer.decoded(_Contacts).contacts
    newest = max((Position(contact.stamp(), contact.id) for contact in contacts), default=None)
    return [_contact_case(contact, contact.lead(True)) for contact in contacts], newest, len(contacts)


def _deals(http: HttpClient, since: str | None, offset: int) -> Listed:
    parameters = {**_window(since, offset), "orders[mdate]": "ASC"}
    deals = http.call_repeatedly("GET", "/api/3/deals", params=parameters).decoded(_Deals).deals
    newest = max((Position(deal.stamp(), deal.id) for deal in deals), default=None)
    return list(_cases(http, deals)), newest, len(deals)


def reread(http: HttpClient, record_ids: Sequence[str]) -> CasePage:
    """See `CRM.reread`: contacts with their deals."""
    contacts = {record_id: _contact(http, record_id) for record_id in record_ids}
    cases: list[Case] = []
    for record_id, contact in contacts.items():
        if contact is not None:
            cases.append(_contact_case(contact.contact, contact.lead()))
            answer = http.call_repeatedly("GET", f"/api/3/contacts/{record_id}/deals")
            cases += _cases(http, answer.decoded(_Deals).deals)
    gone_records = tuple(GoneRecord(record_id) for record_id, contact in contacts.items() if contact is None)
    return CasePage(tuple(cases), (), "", gone_records=gone_records)


def _contact(http: HttpClient, record_id: str) -> _ContactAnswer | None:
    answer = http.call_repeatedly("GET", f"/api/3/contacts/{record_id}")
    return answer.decoded(_ContactAnswer) if answer.status == 200 else None


def _cases(http: HttpClient, deals: Sequence[_Deal]) -> Iterator[Case]:
    contacts: dict[str, _ContactAnswer | None] = {}
    for deal in deals:
        if deal.contact not in contacts:
            contacts[deal.contact] = _contact(http, deal.contact)
        contact = contacts[deal.contact]
        if contact is not None:
            yield _case(deal, contact)


def _window(since: str | None, offset: int) -> dict[str, str | int]:
    """Query parameters of a page of what changed since a day."""
    window: dict[str, str | int] = {"limit": PAGE_SIZE, "offset": offset}
    return window | ({"filters[updated_after]": since} if since else {})


def _contact_case(contact: _Contact, lead: dict[str, str | bool | None]) -> Case:
    event_id = f"contact:{contact.id}:{contact.stamp().isoformat()}"
    return Case(event_id, contact.stamp(), lead, "open", status_changed=False)


def _case(deal: _Deal, contact: _ContactAnswer) -> Case:
    kind = KINDS.get(str(deal.status), "open")
    # Deals have no history: at best one change a reading is seen, and what makes it new is its content.
    content = f"{deal.id}|{deal.status}|{deal.stage}|{deal.mdate}"
    return Case(
        event_id=f"deal:{deal.id}:{hashlib.sha256(content.encode()).hexdigest()[:16]}",
        changed_at=deal.stamp(),
        lead=contact.lead(),
        status=kind,
        amount=str(Decimal(deal.value) / 100),
        kind=kind,
    )

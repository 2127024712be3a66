"""A person: the leads, visitors and versions of leads that belong together, found from any id of theirs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from msgspec import Struct

from leadwerk.errors import InputError, UnknownPerson
from leadwerk.lead.contact import parse_email, parse_phone
from leadwerk.lead.identity import person_key
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

PERSON_KEY = re.compile(r"[0-9a-f]{64}")


class PersonId(Struct, frozen=True):
    """A row of erasures/person: an id and its kind (lead, event, visitor, person, account)."""

    kind: str
    id: str


class VisitorTrace(Struct, frozen=True):
    """The row of erasures/visitor_trace: whether web behaviour of a visitor is stored."""

    is_stored: bool


@dataclass(frozen=True)
class PersonIds:
    """All ids of a person. `events` are the versions of their leads, `keys` the hashes that their leads share.

    `accounts`: companies that nobody else's lead names, such as a sole trader's.
    """

    leads: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    visitors: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.leads or self.visitors)

    @property
    def by_kind(self) -> dict[str, tuple[str, ...]]:
        """The ids by the kinds that `privacy.subject` of a schema.json names; `person` besides."""
        return {
            "lead": self.leads,
            "event": self.events,
            "visitor": self.visitors,
            "person": self.keys,
            "account": self.accounts,
        }


def find_person(warehouse: Warehouse, name: str, secret: str) -> PersonIds:
    """The person of a lead's id, a visitor's id, an e-mail address, a number (+41 …) or a hash; empty if nobody is.

    A person's leads are those that share the hash of an e-mail address or telephone number. Visitors follow from
    leads; a visitor's own id also leads to the leads that it was linked with.

    Raises:
        InputError: an address is malformed, or is given where no key of the hashes is set.
    """
    key = key_of_name(name, secret)
    if key:
        return _person(warehouse, keys=[key])
    # A lead's id may happen to be 64 hexadecimal digits: if no person has the hash, it is tried as an id.
    if PERSON_KEY.fullmatch(name) and (person := _person(warehouse, keys=[name])).leads:
        return person
    # Leads before visitors: an id that is both belongs to somebody whose data go further than a browser.
    if person := _person(warehouse, leads=[name]):
        return person
    [trace] = warehouse.rows(statement("erasures/visitor_trace", VisitorTrace), {"visitor_id": name})
    return _person(warehouse, visitors=[name]) if trace.is_stored else PersonIds()


def unknown_person() -> UnknownPerson:
    """The error for a name of which nothing is stored; without the name, which may still be somebody's."""
    return UnknownPerson(
        Message("refusal.privacy.unknown"),
        field="person",
        value=None,
        remedy=Message("refusal.privacy.name"),
    )


def key_of_name(name: str, secret: str) -> str | None:
    """The person's hash of an e-mail address or a telephone number (+41 …); None of another name.

    Raises:
        InputError: as `find_person`.
    """
    if "@" in name:
        return _key_of(parse_email(name), None, secret)
    return _key_of(None, parse_phone(name), secret) if name.startswith("+") else None


def _key_of(email: str | None, phone: str | None, secret: str) -> str:
    key = person_key(email, phone, secret)
    if key is None:
        raise InputError(Message("refusal.privacy.no_key"), field="person", value=None)
    return key


def _person(
    warehouse: Warehouse,
    leads: list[str] | None = None,
    visitors: list[str] | None = None,
    keys: list[str] | None = None,
) -> PersonIds:
    parameters = {"lead_ids": leads or [], "visitor_ids": visitors or [], "person_keys": keys or []}
    rows = warehouse.rows(statement("erasures/person", PersonId), parameters)

    def of(kind: str) -> tuple[str, ...]:
        return tuple(sorted(row.id for row in rows if row.kind == kind))

    return PersonIds(of("lead"), of("event"), of("visitor"), of("person"), of("account"))

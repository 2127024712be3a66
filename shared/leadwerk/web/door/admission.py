"""Admission: from a request to its visitor, by the deployment's kind of access.

| LEADWERK_ACCESS | who is let in                                                                                 |
|-----------------|-----------------------------------------------------------------------------------------------|
| private         | callers that Cloud Run's IAM lets in, as a program: the JSON API, no pages (the default)        |
| iap             | people of people.yaml, by the verified assertion of identity-aware proxy                      |
| local           | people of people.yaml or the policy's sellers, by a session; programs by LEADWERK_DESK_TOKEN  |
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.policy.people import Person, Role, by_email, by_name, local_people
from leadwerk.settings import Settings
from leadwerk.texts.message import Message
from leadwerk.web.door.iap import AssertionVerifier
from leadwerk.web.door.rate_limit import check_person
from leadwerk.web.door.session import LocalSessions, is_local_host
from leadwerk.web.door.sign_ins import record_first_of_day
from leadwerk.web.problem_document import Forbidden, NotSignedIn

PROGRAM = Person(name="", roles=("tool",))
"""A caller that acts in the name of others."""


@dataclass(frozen=True)
class Visitor:
    """The sender of a request; `person` is PROGRAM for a program."""

    person: Person

    @property
    def is_program(self) -> bool:
        """Whether the visitor may act in the name of others."""
        return self.person.has("tool")

    def check(self, roles: tuple[Role, ...]) -> None:
        """Refuse a visitor who has none of `roles`; a program has all.

        Raises:
            Forbidden: the person's roles do not allow it.
        """
        if not self.is_program and not self.person.has(*roles):
            raise Forbidden(
                Message("refusal.role", name=self.person.name),
                field="role",
                value=", ".join(self.person.roles),
                remedy=Message("refusal.role.remedy", roles=" / ".join(roles)),
            )


def admit(config: Settings, headers: Mapping[str, str]) -> Visitor:
    """The visitor of a request with these headers.

    Raises:
        NotSignedIn: no person is signed in.
        Forbidden: who is signed in is no person of this desk, or the host is not this machine's.
    """
    if config.access == "iap":
        return _of_proxy(config, headers)
    if config.access == "local":
        return _of_session(config, headers)
    return Visitor(PROGRAM)


def _of_proxy(config: Settings, headers: Mapping[str, str]) -> Visitor:
    email = verifier(config.iap_audience, config.iap_keys_url).email(headers)
    person = by_email(wiring.people(config), email)
    if person is None or not person.roles:
        raise Forbidden(Message("refusal.desk", email=email), field="email", value=email)
    check_person(person.name)
    record_first_of_day(config, person.name, datetime.now(UTC))
    return Visitor(person)


def _of_session(config: Settings, headers: Mapping[str, str]) -> Visitor:
    # DNS rebinding: a foreign name that points to this machine would let its pages in.
    if not is_local_host(headers.get("Host", "")):
        raise Forbidden(Message("refusal.local"), field="Host")
    token = headers.get("Authorization", "").removeprefix("Bearer ")
    if config.desk_token and hmac.compare_digest(token.encode(), config.desk_token.encode()):
        return Visitor(PROGRAM)
    name = sessions(config.desk_key).name_of(headers, datetime.now(UTC))
    # Looked up at each request: who leaves people.yaml is out at once.
    person = by_name(people(config), name) if name else None
    if person is None:
        raise NotSignedIn(
            "Nobody is signed in.",
            field="session",
            remedy="Open the link that `leadwerk serve` printed; a program sends LEADWERK_DESK_TOKEN as its bearer.",
        )
    return Visitor(person)


def people(config: Settings) -> tuple[Person, ...]:
    """The people of this desk: those of people.yaml, or on a laptop without one the policy's sellers."""
    listed = wiring.people(config)
    if listed or config.access != "local":
        return listed
    return local_people(wiring.policy(config).capacity.sellers)


@cache
def sessions(key: str) -> LocalSessions:
    """The sessions of this process."""
    return LocalSessions.of(key)


@cache
def verifier(audience: str, keys_url: str) -> AssertionVerifier:
    """The verifier of this process, which keeps Google's keys."""
    return AssertionVerifier(audience, keys_url)


def only_operators(headers: Mapping[str, str]) -> None:
    """Refuse who may not start a stage by hand."""
    admit(settings.read(), headers).check(("operator",))


def only_readers(headers: Mapping[str, str]) -> None:
    """Refuse who may not read the report: it names costs, and the figures of all sellers."""
    admit(settings.read(), headers).check(("manager", "operator"))

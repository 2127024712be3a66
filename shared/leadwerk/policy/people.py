"""People: who may use the desk, in which roles; read from people.yaml, which is no part of the policy.

A policy's content is hashed and kept for ever; e-mail addresses must leave when their owner does.

    - {email: anna@example.ch, name: anna, roles: [seller], language: de}
    - {email: eva@example.ch, name: eva, roles: [manager, operator]}
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from leadwerk.catalogue.languages import Language
from leadwerk.errors import ConfigurationError
from leadwerk.policy.folding import folded, is_same_name
from leadwerk.policy.selling import Seller
from leadwerk.texts.message import Message

Role = Literal["seller", "manager", "operator", "privacy", "tool"]
STAFF: tuple[Role, ...] = ("seller", "manager", "operator", "privacy")
"""Roles of people; `tool` is a program that acts in the name of others."""

LOCAL_MANAGER = "manager"
LOCAL_SELLER = "seller"
Name = Annotated[str, Meta(min_length=1, max_length=100)]


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person who may use the desk; `name` is the seller's name in the policy, and stands in every trail.

    `crm_user`: the CRM's id of the person, to whom workflows give tasks.
    """

    name: Name
    roles: tuple[Role, ...]
    email: str | None = None
    language: Language | None = None
    crm_user: Name | None = None

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return any(role in self.roles for role in roles)


def parse_people(text: str, place: str) -> tuple[Person, ...]:
    """The people of a people.yaml.

    Raises:
        ConfigurationError: the file is no list of people, or two have the same name or address; names the place.
    """
    try:
        # `safe_load`: the file may come from a bucket that others write to.
        people = msgspec.convert(yaml.safe_load(text) or [], tuple[Person, ...])
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigurationError(
            Message("policy.people.form", place=place, error=error),
            remedy=Message("policy.people.form.remedy", example="- {email: …, name: …, roles: [seller]}"),
        ) from error
    # Compared as names are everywhere: "anna " must not be a second Anna, whom no rule of the first one binds.
    names_compared = [folded(person.name) for person in people]
    for names in (names_compared, [folded(person.email) for person in people if person.email]):
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            message = Message("policy.people.twice", place=place, person=repeated[0])
            raise ConfigurationError(message, remedy=Message("policy.people.twice.remedy"))
    return people


def local_people(sellers: tuple[Seller, ...]) -> tuple[Person, ...]:
    """People that a laptop without people.yaml lets in: the policy's sellers, and one person for everything else."""
    names = [seller.name for seller in sellers] or [LOCAL_SELLER]
    return (
        *(Person(name=name, roles=("seller",)) for name in names),
        Person(name=LOCAL_MANAGER, roles=("manager", "operator", "privacy")),
    )


def by_email(people: tuple[Person, ...], email: str) -> Person | None:
    """The person with this e-mail address, whatever its case."""
    return next((person for person in people if (person.email or "").lower() == email.lower()), None)


def by_name(people: tuple[Person, ...], name: str) -> Person | None:
    """The person with this name, however it is spaced and in whatever case."""
    return next((person for person in people if is_same_name(person.name, name)), None)

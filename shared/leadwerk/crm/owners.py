"""Users of a CRM who may own a lead, and whether workflows can give tasks to a team's sellers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadwerk.crm.port import Check, Owner
from leadwerk.policy.people import Person


@dataclass(frozen=True)
class SellerFault:
    """Why a task for this seller would not reach them."""

    seller: str
    problem: str


def seller_faults(people: Sequence[Person], owners: Sequence[Owner]) -> list[SellerFault]:
    """The sellers of people.yaml who have no active user of the CRM under `crm_user`.

    >>> anna = Person(name="anna", roles=("seller",), email="Anna@example.ch")
    >>> [fault.problem for fault in seller_faults([anna], [Owner("77", "Anna", "anna@example.ch")])]
    ["has no crm_user; it is '77' by the e-mail address"]
    """
    by_id = {owner.id: owner for owner in owners}
    by_email = {owner.email.lower(): owner for owner in owners if owner.email and owner.is_active}
    faults: list[SellerFault] = []
    for person in people:
        owner = by_id.get(person.crm_user or "")
        if not person.has("seller") or (owner is not None and owner.is_active):
            continue
        same_email = by_email.get((person.email or "").lower())
        if owner is not None:
            problem = f"is {owner.id!r}, who is no longer active in the CRM"
        elif person.crm_user:
            problem = f"is {person.crm_user!r}, whom the CRM does not have"
        else:
            problem = "has no crm_user"
        hint = f"; it is {same_email.id!r} by the e-mail address" if same_email else ""
        faults.append(SellerFault(person.name, problem + hint))
    return faults


def check_owners(people: Sequence[Person], owners: Sequence[Owner]) -> Check:
    """The sellers against the CRM's users, as one answer of `leadwerk crm check` and of `leadwerk doctor`."""
    sellers = sum(person.has("seller") for person in people)
    faults = seller_faults(people, owners)
    problem = "; ".join(f"{fault.seller} {fault.problem}" for fault in faults)
    remedy = "Correct crm_user in people.yaml: without it a workflow's task has no owner." if faults else ""
    return Check("owners", f"{sellers} sellers, {len(owners)} users", problem, remedy)

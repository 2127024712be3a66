"""Who may see which leads: a seller those of the own languages and regions, other roles all."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from leadwerk.pipeline.desk.call_list import EVERYBODY, Served
from leadwerk.pipeline.desk.lead_detail import LeadDetail, lead_detail, unknown_lead
from leadwerk.policy.folding import is_same_name

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.policy.people import Person
    from leadwerk.warehouse.protocol import Warehouse


def served_by(person: Person, policy: Policy) -> Served:
    """The leads that the person may see; a seller without an entry in the policy serves all."""
    if person.has("manager", "operator", "privacy", "tool"):
        return EVERYBODY
    seller = next((seller for seller in policy.capacity.sellers if is_same_name(seller.name, person.name)), None)
    return Served(seller.languages, seller.regions) if seller else EVERYBODY


def check_readable(warehouse: Warehouse, policy: Policy, lead_id: str, *, person: Person, now: datetime) -> None:
    """Refuse a lead that the person may not see, before anything is read or done with it.

    Raises:
        UnknownLead: there is no such lead for this person.
    """
    served = served_by(person, policy)
    if served != EVERYBODY:
        readable_detail(warehouse, policy, lead_id, served=served, now=now)


def readable_detail(warehouse: Warehouse, policy: Policy, lead_id: str, *, served: Served, now: datetime) -> LeadDetail:
    """The lead as of `now` (aware), if its language and region are among those served.

    Raises:
        UnknownLead: there is no such lead for this reader; whether for others the answer does not reveal.
    """
    lead = lead_detail(warehouse, policy, lead_id, now=now)
    # The same answer as for a missing lead: it must not tell whether the id exists.
    if not _serves(served, lead):
        raise unknown_lead(lead_id)
    return lead


def is_readable(warehouse: Warehouse, policy: Policy, lead_id: str, *, served: Served, now: datetime) -> bool:
    """Whether an existing lead is, as of `now` (aware), among those served.

    Raises:
        UnknownLead: there is no such lead.
    """
    return _serves(served, lead_detail(warehouse, policy, lead_id, now=now))


def _serves(served: Served, lead: LeadDetail) -> bool:
    speaks = not served.languages or (lead.language or lead.score_language) in served.languages
    return speaks and (not served.regions or lead.region in served.regions)

"""Objection to profiling (Art. 21 GDPR, Art. 30 DSG): leads that are worked without a score and train no model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from leadwerk.pipeline.privacy.order_texts import author_text, reason_text
from leadwerk.pipeline.privacy.person import find_person, unknown_person
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ObjectionRow


@dataclass(frozen=True)
class Objection:
    """An objection, or its withdrawal: who records it, and why, such as the number of the person's request."""

    author: str
    reason: str
    is_withdrawn: bool = False


def record_objection(
    warehouse: Warehouse, name: str, objection: Objection, *, secret: str, now: datetime
) -> tuple[str, ...]:
    """Record the objection of a person (see `find_person`) from `now` on; returns their present leads.

    It holds for leads that the person creates later, as far as the person has left an e-mail address or a number. By
    one of these a person may also object before there is a lead.

    Raises:
        UnknownPerson: no lead is stored of such a person, and they are not named by an address or number.
        InputError: author or reason is missing, too long, or names the person.
    """
    person = find_person(warehouse, name, secret)
    # Nobody would be protected: the error says so instead of "done".
    if not person.leads and not person.keys:
        raise unknown_person()
    ids = (name, *person.leads, *person.visitors)
    stated = replace(objection, author=author_text(objection.author, ids), reason=reason_text(objection.reason, ids))
    of_leads = [_row(stated, now, lead_id=lead_id) for lead_id in person.leads]
    of_person = [_row(stated, now, person_key=key) for key in person.keys]
    warehouse.append("objections", [*of_leads, *of_person])
    return person.leads


def _row(
    objection: Objection, now: datetime, lead_id: str | None = None, person_key: str | None = None
) -> ObjectionRow:
    # The id follows from the content: a repeated request stores the same row, and not a second objection.
    identity = "\x1f".join((lead_id or f"person {person_key}", now.isoformat(), str(objection.is_withdrawn)))
    return ObjectionRow(
        event_id=hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32],
        lead_id=lead_id,
        person_key=person_key,
        set_at=now,
        is_withdrawn=objection.is_withdrawn,
        author=objection.author,
        reason=objection.reason,
    )

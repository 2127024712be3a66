"""Objection to profiling (Art. 21 GDPR, Art. 30 DSG): leads that are worked without a score and train no model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from leadwerk.errors import UnknownPerson
from leadwerk.pipeline.privacy.person import find_person
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
    """Record the objection of a person (see `find_person`); it applies from `now`. Returns the person's leads.

    Raises:
        UnknownPerson: no lead is stored of such a person.
    """
    person = find_person(warehouse, name, secret)
    if not person.leads:
        raise UnknownPerson(
            "No lead is stored of this person.",
            field="person",
            value=None,
            remedy="Give a lead's id, an e-mail address or a telephone number (+41 …).",
        )
    warehouse.append("objections", [_row(lead_id, objection, now) for lead_id in person.leads])
    return person.leads


def _row(lead_id: str, objection: Objection, now: datetime) -> ObjectionRow:
    # The id follows from the content: a repeated request stores the same row, and not a second objection.
    identity = "\x1f".join((lead_id, now.isoformat(), str(objection.is_withdrawn)))
    return ObjectionRow(
        event_id=hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32],
        lead_id=lead_id,
        set_at=now,
        is_withdrawn=objection.is_withdrawn,
        author=objection.author,
        reason=objection.reason,
    )

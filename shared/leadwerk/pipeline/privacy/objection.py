"""Objection to profiling (Art. 21 GDPR, Art. 30 DSG): leads that are worked without a score and train no model."""

from __future__ import annotations

import hashlib
from datetime import datetime

from leadwerk.errors import UnknownPerson
from leadwerk.pipeline.privacy.person import find_person
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ObjectionRow


def record_objection(
    warehouse: Warehouse, name: str, *, secret: str, by: str, reason: str, now: datetime, is_withdrawn: bool = False
) -> tuple[str, ...]:
    """Record the objection of a person (see `find_person`), or its withdrawal, from `now` on; returns their leads.

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
    warehouse.append("objections", [_row(lead_id, by, reason, now, is_withdrawn) for lead_id in person.leads])
    return person.leads


def _row(lead_id: str, by: str, reason: str, now: datetime, is_withdrawn: bool) -> ObjectionRow:
    identity = "\x1f".join((lead_id, now.isoformat(), str(is_withdrawn)))
    return ObjectionRow(
        event_id=hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32],
        lead_id=lead_id,
        set_at=now,
        is_withdrawn=is_withdrawn,
        author=by,
        reason=reason,
    )

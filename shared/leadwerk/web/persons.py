"""Requests of persons by HTTP: erasure, objection, access. The body names the person, so that no log does.

A CRM that deletes a contact by order calls /erase with the lead's id; docs/privacy.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.audit.trail import Act, record_act
from leadwerk.pipeline.privacy import erase as erasure
from leadwerk.pipeline.privacy.access import AccessAnswer, access
from leadwerk.pipeline.privacy.objection import Objection, record_objection
from leadwerk.pipeline.privacy.order_texts import LONGEST_TEXT
from leadwerk.policy.model import Policy
from leadwerk.policy.people import Role
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.web import Request
from leadwerk.web.routes import Route, Routes

OFFICERS: tuple[Role, ...] = ("privacy",)
PersonName = Annotated[str, Meta(min_length=1, max_length=512)]
Reason = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
Author = Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]


class ErasureBody(Request, frozen=True):
    """Body of an erasure: who orders it, and why.

    `person`: a lead's id, a visitor's id, an e-mail address or a number (+41 …).
    """

    person: PersonName
    reason: Reason
    by: Author | None = None


class ObjectionBody(Request, frozen=True):
    """Body of an objection to profiling, or of its withdrawal."""

    person: PersonName
    reason: Reason
    by: Author | None = None
    withdraw: bool = False


class AccessBody(Request, frozen=True):
    """Body of a person's request for what is stored of them."""

    person: PersonName
    by: Author | None = None


class SweepBody(Request, frozen=True):
    """Body of the nightly sweep; it has no fields of its own."""


class ObjectionRecorded(Struct, frozen=True, kw_only=True):
    """The person's present leads: without a score from now on, or after a withdrawal scored by the next run."""

    leads: tuple[str, ...]
    is_withdrawn: bool


class Swept(Struct, frozen=True, kw_only=True):
    """Rows that were deleted again, by table; none proves that nothing is left of erased persons."""

    deleted: dict[str, int]


def _erase(body: ErasureBody, now: datetime) -> erasure.Receipt:
    """Erase a person with all that belongs to them; the receipt has counts and no data."""
    return erasure.erase(_erasure_places(), body.person, by=body.by or "", reason=body.reason, now=now)


def _sweep(_: SweepBody, now: datetime) -> Swept:
    """Delete what is left of erased persons, and complete erasures that were interrupted."""
    return Swept(deleted=erasure.sweep(_erasure_places(), now))


def _object(body: ObjectionBody, now: datetime) -> ObjectionRecorded:
    """Record an objection to profiling, or its withdrawal."""
    config = settings.read()
    warehouse, policy, secret = wiring.warehouse(config), wiring.policy(config), wiring.person_key(config)
    objection = Objection(body.by or "", body.reason, is_withdrawn=body.withdraw)
    leads = record_objection(warehouse, body.person, objection, secret=secret, now=now)
    # Only an objection acts at once: after a withdrawal the next run scores the leads anyway.
    if leads and not body.withdraw:
        withhold_scores(warehouse, policy, leads, now)
    return ObjectionRecorded(leads=leads, is_withdrawn=body.withdraw)


def withhold_scores(warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], now: datetime) -> None:
    """Store at once that leads of an objector have no score any more; no model is read for it."""
    # Imported where it is used: the first page of privacy starts without the scorer.
    from leadwerk.pipeline import score
    from leadwerk.pipeline.serving.messages import ScoreRequest

    # None in place of the champion: an objector's score uses no model, so this needs no access to models.
    run = score.ScoringRun(warehouse, policy, None, now=now, stored_at=datetime.now(UTC))
    score.run(run, [ScoreRequest(lead_id=lead_id) for lead_id in lead_ids])


def _access(body: AccessBody, now: datetime) -> AccessAnswer:
    """Answer all that is stored of a person, by table, with the meaning of each column."""
    config = settings.read()
    warehouse = wiring.warehouse(config)
    answer = access(warehouse, wiring.policy(config), body.person, secret=wiring.person_key(config), now=now)
    # After the answer: a request for an unknown person finds nothing, and leaves no trace of the name.
    record_act(warehouse, Act(actor=body.by, action="access", object=answer.number), now)
    return answer


def _erasure_places() -> erasure.ErasurePlaces:
    config = settings.read()
    return wiring.erasure_places(config, wiring.policy(config))


api = Routes(
    "privacy",
    (
        Route("POST", "/erase", ErasureBody, _erase, OFFICERS, "by"),
        Route("POST", "/object", ObjectionBody, _object, OFFICERS, "by"),
        Route("POST", "/access", AccessBody, _access, OFFICERS, "by"),
        Route("POST", "/", SweepBody, _sweep, OFFICERS),
    ),
)

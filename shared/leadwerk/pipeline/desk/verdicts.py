"""Verdicts: a seller's opinion on a lead after a call. The outcome of the lead still comes from the CRM."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

from leadwerk.errors import InputError, UnknownLead
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import VerdictRow
from leadwerk.warehouse.statement import statement

Opinion = Literal["good", "later", "bad"]
LONGEST_NOTE = 500


class VerdictRequest(Struct, frozen=True, kw_only=True):
    """A seller's report of a call; at least one of the three. `score_id`: the score that the seller saw."""

    reached: bool | None = None
    verdict: Opinion | None = None
    reason: str | None = None
    note: str | None = None
    score_id: str | None = None


class StoredVerdict(VerdictRequest, frozen=True, kw_only=True):
    """A row of verdicts/latest."""

    event_id: str
    lead_id: str
    given_at: datetime
    seller: str

    def repeats(self, seller: str, request: VerdictRequest) -> bool:
        """Whether the request says once more what is stored."""
        stored = (self.seller, self.reached, self.verdict, self.reason, self.note)
        return stored == (seller, request.reached, request.verdict, request.reason, request.note)


def give_verdict(
    warehouse: Warehouse, policy: Policy, lead_id: str, seller: str, request: VerdictRequest, *, now: datetime
) -> bool:
    """Store a seller's verdict on a lead as of `now` (aware); False where it repeats the latest one.

    Raises:
        UnknownLead: there is no such lead.
        InputError: the verdict is empty, the policy does not list the reason, or the note is too long.
    """
    checked = _checked(policy, request)
    with warehouse.unit_of_work():
        if not warehouse.rows(statement("leads/as_of"), {"lead_id": lead_id, "as_of": now}):
            raise UnknownLead(
                Message("refusal.lead", lead=lead_id[:100]),
                field="lead_id",
                value=lead_id[:100],
                remedy=Message("refusal.lead.listed"),
            )
        latest = latest_verdict(warehouse, lead_id, now)
        # A double click, or a request that was sent again, is one opinion. After another opinion it is a new one.
        if latest is not None and latest.repeats(seller, checked):
            return False
        row = VerdictRow(
            event_id=_event_id(lead_id, seller, checked, latest),
            lead_id=lead_id,
            day=now.date(),
            given_at=now,
            seller=seller,
            **asdict(checked),
        )
        return warehouse.append("verdicts", [row]) > 0


def latest_verdict(warehouse: Warehouse, lead_id: str, now: datetime) -> StoredVerdict | None:
    """The latest verdict on a lead by `now`; None without one."""
    rows = warehouse.rows(statement("verdicts/latest", StoredVerdict), {"lead_ids": [lead_id], "as_of": now})
    return rows[0] if rows else None


def _checked(policy: Policy, request: VerdictRequest) -> VerdictRequest:
    note = " ".join((request.note or "").split()) or None
    if request.reached is None and request.verdict is None and note is None:
        raise InputError(Message("refusal.verdict.empty"), field="verdict")
    reasons = [reason.name for reason in policy.verdict_reasons]
    if request.reason is not None and request.reason not in reasons:
        raise InputError(
            Message("refusal.verdict.reason", reason=request.reason[:60]),
            field="reason",
            value=request.reason[:60],
            remedy=Message("refusal.use_one", choices=", ".join(reasons)),
        )
    if note is not None and len(note) > LONGEST_NOTE:
        raise InputError(
            Message("refusal.verdict.note", length=len(note)),
            field="note",
            remedy=Message("refusal.verdict.note.remedy", length=LONGEST_NOTE),
        )
    return replace(request, note=note)


def _event_id(lead_id: str, seller: str, request: VerdictRequest, latest: StoredVerdict | None) -> str:
    """Equal for a repeated delivery, distinct for each step of the lead."""
    parts = (lead_id, seller, request.reached, request.verdict, request.reason, request.note)
    # The id of the verdict before is part of it: good, bad, good are three rows, a resent good is one.
    identity = "\x1f".join(map(str, (*parts, latest.event_id if latest else "")))
    return hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32]

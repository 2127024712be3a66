"""Attempts at the scores of the outbox, without their I/O: what an answer means, and when to try again.

An attempt ends as `sent`; as `same`, when the CRM shows these fields already and no call was made; as `retry`, not
before a moment that moves away with each attempt; or as `dead_letter`, when the CRM refused and repeating will not
help.

A form may reach Leadwerk before the CRM has its lead. The score of a lead that the CRM does not know (404) is a `retry`
while it is young, and due at once when ingestion brings the lead from the CRM.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.crm.case_page import GoneRecord
from leadwerk.crm.outbox import UNKNOWN_LEAD, Pending
from leadwerk.crm.port import Gone, Later, PushResult, Refused, Taken, Unknown
from leadwerk.errors import CRMUnavailable
from leadwerk.warehouse.records import DeliveryRow

FIRST_BACKOFF = timedelta(minutes=1)
LONGEST_BACKOFF = timedelta(hours=6)
# A wait is shortened by up to this share, so that what failed together does not return together.
JITTER = 0.2
# So many failures in a row mean that the CRM, or a provider, is down: the rest waits for the next run.
UNAVAILABLE_IN_A_ROW = 5
DELETED = "deleted"
# A lead that the CRM does not know is tried for so long: nightly imports into a CRM take a day.
UNKNOWN_LEAD_PATIENCE = timedelta(hours=24)
# The start of a CRM's answer names the fault; the rest is not kept.
LONGEST_ERROR = 500
# These are sent first: a missing field then fails here, not a hundred thousand times.
CANARY = 10
# If a larger share of the canary is refused, the set-up is at fault.
CANARY_REFUSALS = 0.2
# A record that failed so often is at fault itself, not the set-up.
CANARY_PATIENCE = 5


class Attempt(Struct, frozen=True, gc=False):
    """One sending and how it ended; `record_id` is the CRM's record, where that is another than the lead."""

    pending: Pending
    state: str
    attempted_at: datetime
    http_status: int | None = None
    error: str | None = None
    next_attempt_at: datetime | None = None
    code: str | None = None
    field: str | None = None
    record_id: str | None = None

    def heir(self) -> str | None:
        """The other record that shows the score, where the lead's own has become part of it."""
        return (self.record_id or self.pending.update.record_id or None) if self.state == "sent" else None

    def row(self) -> DeliveryRow:
        """The attempt as a row of `deliveries`; the same attempt twice is one row."""
        update, number = self.pending.update, self.pending.attempts + 1
        return DeliveryRow(
            delivery_id=_id(update.score_id, number, self.attempted_at.isoformat(), self.state, self.http_status),
            score_id=update.score_id,
            lead_id=update.lead_id,
            day=self.attempted_at.date(),
            attempted_at=self.attempted_at,
            attempt=number,
            state=self.state,
            http_status=self.http_status,
            error=self.error,
            next_attempt_at=self.next_attempt_at,
            payload_hash=update.payload_hash,
            crm_code=self.code,
            crm_field=self.field,
            crm_record_id=self.record_id or update.record_id or None,
        )


class RefusedAttempt(Struct, frozen=True, kw_only=True):
    """The last attempt at a lead, which the CRM did not take.

    A row of deliveries/unknown_leads or deliveries/dead_letters_of_reason.
    """

    lead_id: str
    score_id: str
    attempt: int
    attempted_at: datetime
    state: str
    http_status: int | None

    def due(self, now: datetime, cause: str, why: str) -> DeliveryRow:
        """The record that the score may be sent from `now` on: no attempt; `cause` tells it from other records."""
        # Dated after the attempt that it follows: the later one decides.
        at = max(now, self.attempted_at + timedelta(microseconds=1))
        state = "repair" if self.state == "repair" else "retry"
        return DeliveryRow(
            delivery_id=_id(self.score_id, self.attempt, at.isoformat(), state, cause),
            score_id=self.score_id,
            lead_id=self.lead_id,
            day=at.date(),
            attempted_at=at,
            attempt=self.attempt,
            state=state,
            http_status=self.http_status,
            error=f"No attempt: {why}.",
            next_attempt_at=now,
        )


def same(item: Pending, now: datetime) -> Attempt:
    """The CRM shows it already: no call."""
    return Attempt(item, "same", now)


def folded(items: Sequence[Pending], now: datetime) -> tuple[list[Pending], list[Attempt]]:
    """One score per record, the newest; and the ends of those that another lead's newer score replaces."""
    newest = {item.update.target: item for item in sorted(items, key=lambda item: item.scored_at)}
    newest_items = [item for item in items if newest[item.update.target] is item]
    outdated = [
        Attempt(item, "same", now, error="Another lead of the same record has a newer score.")
        for item in items
        if newest[item.update.target] is not item
    ]
    return newest_items, outdated


def attempted(item: Pending, result: PushResult, now: datetime) -> Attempt:
    """The attempt as the CRM's answer ends it."""
    match result:
        case Taken(record_id):
            return Attempt(item, "sent", now, http_status=200, record_id=record_id)
        case Unknown(text) if item.shown_hash is not None:
            # It showed our last score, so it had the lead: the record was deleted since.
            return Attempt(item, "dead_letter", now, UNKNOWN_LEAD, text[:LONGEST_ERROR], code=DELETED)
        case Unknown(text):
            if now - item.scored_at <= UNKNOWN_LEAD_PATIENCE:
                return _again(item, now, UNKNOWN_LEAD, text)
            return Attempt(item, "dead_letter", now, UNKNOWN_LEAD, text[:LONGEST_ERROR], code="unknown_lead")
        case Later(after, code, text):
            return replace(_again(item, now, None, text, after), code=code)
        case Gone(merged_into, text):
            code = "merged" if merged_into else DELETED
            return Attempt(item, "dead_letter", now, 410, text[:LONGEST_ERROR], code=code)
        case Refused(text, code, field, status):
            error = text[:LONGEST_ERROR]
            return Attempt(item, "dead_letter", now, status, error, code=code or "refused", field=field)


def setup_fault(item: Pending, result: PushResult) -> str | None:
    """What speaks against the set-up in an answer: a refusal, or that a lead is missing which the CRM showed before."""
    is_missing = isinstance(result, Unknown) and item.shown_hash is not None
    return (
        result.text if isinstance(result, Refused | Unknown) and (isinstance(result, Refused) or is_missing) else None
    )


def gone_records(attempts: Sequence[Attempt]) -> list[GoneRecord]:
    """The leads whose record these attempts found deleted, or whose score they sent to another record."""
    return [
        GoneRecord(attempt.pending.update.lead_id, attempt.attempted_at, attempt.heir())
        for attempt in attempts
        if (attempt.state == "dead_letter" and attempt.code == DELETED) or attempt.heir()
    ]


def unavailable(item: Pending, error: CRMUnavailable, now: datetime) -> Attempt:
    """The CRM did not answer, or asked for a pause: to be tried again."""
    return _again(item, now, error.status, str(error), error.retry_after)


def held_back(attempt: Attempt, now: datetime) -> Attempt:
    """A refusal within a failed canary: the set-up is at fault, so the score is tried again, for a while."""
    if attempt.state != "dead_letter" or attempt.pending.attempts + 1 >= CANARY_PATIENCE:
        return attempt
    again = _again(attempt.pending, now, attempt.http_status, attempt.error or "")
    return replace(again, code=attempt.code, field=attempt.field)


def postponed(item: Pending, now: datetime) -> Attempt:
    """It has to be sent (again), but the CRM is down: as if it had been tried."""
    return Attempt(item, _later(item), now, None, "The CRM may show an older score.", now + FIRST_BACKOFF)


def backoff(attempt: int, retry_after: float | None = None, draw: float = 0.0) -> timedelta:
    """How long to wait after the `attempt`-th failure: doubling, and at least what the CRM asked for (seconds).

    `draw` (0–1) takes up to JITTER off our own wait, never off the CRM's.

    >>> [str(backoff(n)) for n in (1, 2, 3, 20)]
    ['0:01:00', '0:02:00', '0:04:00', '6:00:00']
    >>> str(backoff(1, retry_after=120)), str(backoff(1, draw=0.5))
    ('0:02:00', '0:00:54')
    """
    # Beyond the longest wait anyway, and far below what a timedelta holds.
    doublings = min(attempt - 1, 16)
    pause_asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_BACKOFF.total_seconds()))
    return max(min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF) * (1 - JITTER * draw), pause_asked)


def _again(item: Pending, now: datetime, status: int | None, text: str, after: float | None = None) -> Attempt:
    number = item.attempts + 1
    # From the score's id and not from a generator: a repeated run waits as long, and tests can tell how long.
    draw = int(_id(item.update.score_id, number)[:8], 16) / 0xFFFFFFFF
    next_attempt_at = now + backoff(number, after, draw)
    return Attempt(item, _later(item), now, status, text[:LONGEST_ERROR], next_attempt_at)


def _later(item: Pending) -> str:
    return "repair" if item.repair else "retry"


def _id(*parts: Any) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]

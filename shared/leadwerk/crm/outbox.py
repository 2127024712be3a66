"""The outbox, without its I/O: what to send, what an answer means, when to try again.

An attempt ends as `sent`; as `retry`, not before a moment that moves away with each attempt; or as `dead_letter`, when
the CRM refused and repeating will not help. Only the newest score of a lead is sent, so an older one needs no ending.

The idempotency key of a score is its id, however often it is tried: what a CRM took before it dropped the connection it
takes once. Where an older score may stand over it, it has to take effect a second time: that is a `repair`, with a key
never used before.

A form may reach Leadwerk before the CRM has its lead. The score of a lead that the CRM does not know (404) is a `retry`
while it is young, and due at once when ingestion brings the lead from the CRM.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from msgspec import Struct

from leadwerk.crm.port import STANDING, LeadUpdate
from leadwerk.errors import CRMError, CRMUnavailable
from leadwerk.policy.model import Policy
from leadwerk.warehouse.records import DeliveryRow

FIRST_BACKOFF = timedelta(minutes=1)
LONGEST_BACKOFF = timedelta(hours=6)
UNAVAILABLE_IN_A_ROW = 5  # then the CRM is down, not a call unlucky: the rest waits for the next run
UNKNOWN_LEAD = 404
UNKNOWN_LEAD_PATIENCE = timedelta(hours=24)  # from the score on; nightly imports into a CRM take a day at most
LOCKED_OUT = frozenset({301, 302, 303, 307, 308, 401, 403})  # our address's or token's fault: no dead letter for it
WINDOW = timedelta(days=90)  # an older score is not news to a seller; it bounds what BigQuery reads, too
REASONS_SENT = 5
LONGEST_ERROR = 500  # characters of a CRM's answer worth keeping


@dataclass(frozen=True)
class Pending:
    """A score that the CRM should hold; `attempts` were made at it, and it may be tried from `not_before` on."""

    update: LeadUpdate
    scored_at: datetime
    attempts: int
    not_before: datetime | None
    repair: bool = False

    def due(self, now: datetime) -> bool:
        """Whether it may be tried at `now`."""
        return self.not_before is None or self.not_before <= now


@dataclass(frozen=True)
class Attempt:
    """One sending and how it ended."""

    pending: Pending
    state: str
    attempted_at: datetime
    http_status: int | None = None
    error: str | None = None
    next_attempt_at: datetime | None = None

    def row(self) -> dict[str, Any]:
        """The attempt as a row of `deliveries`; the same attempt twice is one row."""
        update, number = self.pending.update, self.pending.attempts + 1
        return {
            "delivery_id": _id(update.score_id, number, self.attempted_at.isoformat(), self.state, self.http_status),
            "score_id": update.score_id,
            "lead_id": update.lead_id,
            "day": self.attempted_at.date(),
            "attempted_at": self.attempted_at,
            "attempt": number,
            "state": self.state,
            "http_status": self.http_status,
            "error": self.error,
            "next_attempt_at": self.next_attempt_at,
        }


class UnknownLeadAttempt(Struct, frozen=True, kw_only=True):
    """The last attempt at a lead that the CRM did not know then: a row of deliveries/unknown_leads."""

    lead_id: str
    score_id: str
    attempt: int
    attempted_at: datetime
    state: str

    def due(self, now: datetime) -> DeliveryRow:
        """The record that the CRM has the lead now, so that the score may be sent from `now` on."""
        at = max(now, self.attempted_at + timedelta(microseconds=1))  # behind the attempt that it follows
        state = "repair" if self.state == "repair" else "retry"
        return DeliveryRow(
            delivery_id=_id(self.score_id, self.attempt, at.isoformat(), state, "ingested"),
            score_id=self.score_id,
            lead_id=self.lead_id,
            day=at.date(),
            attempted_at=at,
            attempt=self.attempt,
            state=state,
            http_status=UNKNOWN_LEAD,
            error="No attempt: the CRM has the lead now.",
            next_attempt_at=now,
        )


def first_day(policy: Policy, now: datetime) -> date:
    """UTC day from which on scores are sent and attempts read.

    Where records of deliveries expire sooner than scores, an old score must not look as if it was never sent.
    """
    return (now - min(WINDOW, timedelta(days=policy.retention.deliveries))).date()


def pending(rows: Sequence[Mapping[str, Any]]) -> list[Pending]:
    """The rows of deliveries/outbox.sql as what is to be sent, in their order."""
    return [_pending(row) for row in rows]


def repair(item: Pending) -> Pending:
    """The same score, to be sent over an older one."""
    return replace(item, update=replace(item.update, key=_new_key(item.update.score_id)), repair=True)


def sent(item: Pending, now: datetime) -> Attempt:
    """The CRM took it."""
    return Attempt(item, "sent", now, http_status=200)


def failed(item: Pending, error: CRMError, now: datetime) -> Attempt:
    """The CRM did not take it: to be tried again, or a dead letter."""
    text = str(error)[:LONGEST_ERROR]
    if not isinstance(error, CRMUnavailable) and not _is_lead_expected(item, error, now):
        return Attempt(item, "dead_letter", now, error.status, text)
    asked = error.retry_after if isinstance(error, CRMUnavailable) else None
    return Attempt(item, _later(item), now, error.status, text, now + backoff(item.attempts + 1, asked))


def _is_lead_expected(item: Pending, error: CRMError, now: datetime) -> bool:
    return error.status == UNKNOWN_LEAD and now - item.scored_at <= UNKNOWN_LEAD_PATIENCE


def postponed(item: Pending, now: datetime) -> Attempt:
    """It has to be sent (again), but the CRM is down: as if it had been tried."""
    return Attempt(item, _later(item), now, None, "The CRM may show an older score.", now + FIRST_BACKOFF)


def backoff(attempt: int, retry_after: float | None = None) -> timedelta:
    """How long to wait after the `attempt`-th failure: doubling, and at least what the CRM asked for (seconds).

    >>> [str(backoff(n)) for n in (1, 2, 3, 20)]
    ['0:01:00', '0:02:00', '0:04:00', '6:00:00']
    >>> str(backoff(1, retry_after=120))
    '0:02:00'
    """
    doublings = min(attempt - 1, 16)  # beyond the longest wait anyway, and far below what a timedelta holds
    asked = timedelta(seconds=min(retry_after or 0.0, LONGEST_BACKOFF.total_seconds()))
    return max(min(FIRST_BACKOFF * (1 << doublings), LONGEST_BACKOFF), asked)


def _later(item: Pending) -> str:
    return "repair" if item.repair else "retry"


def _new_key(score_id: str) -> str:
    return f"{score_id}.{secrets.token_hex(8)}"


def _pending(row: Mapping[str, Any]) -> Pending:
    # A CRM may remember its refusal under the old key as well, so what it refused gets a new one.
    refused = row["last_state"] not in (None, "retry") or row["last_http_status"] == UNKNOWN_LEAD
    later = {"repair": row["last_state"] == "repair"}
    found = Pending(_update(row), row["scored_at"], row["attempts"], row["next_attempt_at"], **later)
    return replace(repair(found), repair=found.repair) if refused else found


def _update(row: Mapping[str, Any]) -> LeadUpdate:
    reasons = tuple(reason["text"] for reason in row["reasons"] if reason["text"])
    return LeadUpdate(
        key=row["score_id"],
        score_id=row["score_id"],
        lead_id=row["lead_id"],
        predictive_score=row["predictive_score"],
        score_cluster=row["score_cluster"],
        recommended_action=row["recommended_action"],
        probability=row["probability"],
        reasons=reasons[:REASONS_SENT],
        standing=_standing(row),
    )


def _standing(row: Mapping[str, Any]) -> dict[str, str | float | None]:
    """All fields or none: what became unknown is emptied in the CRM, what a policy does not have never gets there."""
    shown = {field: row.get(column) for field, column in STANDING.items()}
    return shown if any(value is not None for value in shown.values()) else {}


def _id(*parts: Any) -> str:
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:32]

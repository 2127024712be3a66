"""The outbox, without its I/O: what to send, what an answer means, when to try again.

An attempt ends as `sent`; as `retry`, not before a moment that moves away with each attempt; or as `parked`, when the
CRM refused and repeating will not help. Only the newest score of a lead is ever sent, so an older one needs no ending.

The idempotency key of a score is its id, however often it is tried: what a CRM took before it dropped the connection it
takes once. Where an older score may stand over it, it has to take effect a second time: that is a `repair`, with a key
never used before.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from leadwerk.crm.port import STANDING, LeadUpdate
from leadwerk.errors import CRMError, CRMUnavailable

FIRST_BACKOFF = timedelta(minutes=1)
LONGEST_BACKOFF = timedelta(hours=6)
UNAVAILABLE_IN_A_ROW = 5  # then the CRM is down, not a call unlucky: the rest waits for the next run
LOCKED_OUT = frozenset({301, 302, 303, 307, 308, 401, 403})  # our address's or token's fault: nothing is parked for it
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
    """The CRM did not take it: to be tried again, or parked."""
    text = str(error)[:LONGEST_ERROR]
    if isinstance(error, CRMUnavailable):
        again = now + backoff(item.attempts + 1, error.retry_after)
        return Attempt(item, _later(item), now, error.status, text, again)
    return Attempt(item, "parked", now, error.status, text)


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
    # A CRM may remember its refusal under the old key as well, so what was parked gets a new one.
    later = {"repair": row["last_state"] == "repair"}
    found = Pending(_update(row), row["scored_at"], row["attempts"], row["next_attempt_at"], **later)
    return found if row["last_state"] in (None, "retry") else replace(repair(found), repair=found.repair)


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

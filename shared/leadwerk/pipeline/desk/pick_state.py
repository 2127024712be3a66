"""Pick state: pure transitions (pick, release, expire) of the hold on one lead.

A state carries the steps that led to it. If a process dies before it writes them to the audit trail, the next reader
of the state does.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import asdict, replace

from leadwerk.errors import AlreadyPicked
from leadwerk.policy.folding import is_same_name
from leadwerk.texts.message import Message
from leadwerk.warehouse.records import PickRow

StepKind = Literal["picked", "released", "expired"]


class PickStep(Struct, frozen=True, kw_only=True):
    """A row of `picks` (schema.json); moments are aware and UTC."""

    event_id: str
    lead_id: str
    sequence: int
    kind: StepKind
    seller: str
    occurred_at: datetime
    recorded_at: datetime
    expires_at: datetime | None = None
    taken_from: str | None = None

    @property
    def row(self) -> PickRow:
        """The step as a row of the table."""
        return PickRow(**asdict(self), day=self.occurred_at.date())


class Pick(Struct, frozen=True, kw_only=True):
    """A hold: only `seller` works on the lead until `expires_at` or a release."""

    lead_id: str
    seller: str
    picked_at: datetime
    expires_at: datetime


class PickState(Struct, frozen=True, kw_only=True):
    """Pick state of a lead: `hold`, None once released or expired; `steps` of the last change."""

    lead_id: str
    sequence: int = 0
    changed_at: datetime | None = None
    hold: Pick | None = None
    steps: tuple[PickStep, ...] = ()

    def worked_on(self, at: datetime) -> PickState:
        """The state after work on the lead at `at`, which restarts the hours of the hold."""
        # A status change from before the pick is no work on it.
        if self.hold is None or at <= self.hold.picked_at:
            return self
        until = at + (self.hold.expires_at - self.hold.picked_at)
        return replace(self, hold=replace(self.hold, expires_at=until))

    def holder(self, now: datetime) -> Pick | None:
        """The hold in force at `now`, or None."""
        return self.hold if self.hold is not None and now < self.hold.expires_at else None


def pick(state: PickState, seller: str, now: datetime, hours: int) -> PickState:
    """Give the lead to `seller` for `hours`. Idempotent: the seller's own pick stays as it is, with the same end.

    Raises:
        AlreadyPicked: another seller holds the lead.
    """
    holder = state.holder(now)
    if holder is not None:
        _check_own(holder, seller)
        # The same seller again: idempotent, so that a retry after a lost answer succeeds.
        return state
    # A lapsed hold ends at its own end, before the new one begins: both steps are recorded.
    free = expire(state, now)
    at = _not_before(free, now)
    hold = Pick(lead_id=state.lead_id, seller=seller, picked_at=at, expires_at=at + timedelta(hours=hours))
    lapsed = state.hold.seller if state.hold else None
    step = _step(free, "picked", seller, at, now, expires_at=hold.expires_at, taken_from=lapsed)
    steps = (*(free.steps if free is not state else ()), step)
    return PickState(lead_id=state.lead_id, sequence=step.sequence, changed_at=at, hold=hold, steps=steps)


def release(state: PickState, seller: str, now: datetime) -> PickState:
    """Release the lead. Without a hold in force nothing changes, except that an expired hold is recorded.

    Raises:
        AlreadyPicked: another seller holds the lead.
    """
    holder = state.holder(now)
    if holder is None:
        return expire(state, now)
    _check_own(holder, seller)
    at = _not_before(state, now)
    step = _step(state, "released", holder.seller, at, now)
    return PickState(lead_id=state.lead_id, sequence=step.sequence, changed_at=at, steps=(step,))


def expire(state: PickState, now: datetime) -> PickState:
    """Remove a hold past its end, as of that end; otherwise return the same state."""
    if state.hold is None or now < state.hold.expires_at:
        return state
    step = _step(state, "expired", state.hold.seller, state.hold.expires_at, now)
    return PickState(lead_id=state.lead_id, sequence=step.sequence, changed_at=step.occurred_at, steps=(step,))


def _check_own(holder: Pick, seller: str) -> None:
    if not is_same_name(holder.seller, seller):
        raise AlreadyPicked(
            Message(
                "refusal.lead.held",
                lead=holder.lead_id,
                seller=holder.seller,
                moment=f"{holder.expires_at:%Y-%m-%d %H:%M}",
            ),
            field="lead_id",
            value=holder.lead_id,
            seller=holder.seller,
            until=holder.expires_at,
        )


def _not_before(state: PickState, now: datetime) -> datetime:
    """The later of `now` and the last change: clocks of two machines differ, and steps must stay in order."""
    # Clocks of two processes differ; a sequence must not go back in time.
    return max(now, state.changed_at) if state.changed_at else now


def _step(state: PickState, kind: StepKind, seller: str, at: datetime, now: datetime, **details: Any) -> PickStep:
    sequence = state.sequence + 1
    # The moment is part of the id: after an object was deleted by hand, the sequence starts at 1 again.
    identity = "\x1f".join((state.lead_id, str(sequence), kind, seller, at.isoformat()))
    return PickStep(
        event_id=hashlib.sha256(identity.encode()).hexdigest()[:32],
        lead_id=state.lead_id,
        sequence=sequence,
        kind=kind,
        seller=seller,
        occurred_at=at,
        recorded_at=now,
        **details,
    )

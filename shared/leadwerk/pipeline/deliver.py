"""Delivery: sends the newest score of each lead to the CRM, at least once, and replaces older ones.

A score is stored before it is sent, and an attempt is recorded only after it was made. So a crash in between, or two
deliveries at once, lead at most to a repeat under the same idempotency key. One race could do harm: a score may grow
old while it is being sent, after another delivery sent the newer one. Therefore each batch is checked before it is
recorded, and the newest score is sent again over any older one. (Only a crash of one of two deliveries between sending
and check leaves an older score in the CRM, until the lead's next score.)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from leadwerk.crm import outbox
from leadwerk.crm.outbox import Attempt, Pending
from leadwerk.crm.port import CRM
from leadwerk.errors import CRMError, CRMUnavailable
from leadwerk.policy.model import Policy
from leadwerk.warehouse.batches import batches
from leadwerk.warehouse.protocol import Row, Warehouse
from leadwerk.warehouse.statement import statement

BATCH = 200  # attempts between two records; at most these repeat after a crash
MOST_READ = 10_000  # scores that one run reads, to report how many wait
MOST_SENT = 2_000  # 200 seconds at 10 calls a second: a run ends before the next one starts (every 5 minutes)
SENDING_SECONDS = 200.0  # of a slow CRM, too: a run ends before the next one, every 5 minutes, begins
LONGEST_RUN = timedelta(minutes=15)  # scores stored by others during a run are dated within it, also in simulations


@dataclass(frozen=True)
class DeliverReport:
    """Result of a run. `pending` scores wait for `next_attempt_at` (now if the run `stopped` or had too many).

    `oldest_hours`: age of the oldest pending score, 0 without any. `states`: score id → state of each attempt.
    """

    sent: int
    retry: int
    dead_letter: int
    pending: int
    oldest_hours: float
    next_attempt_at: datetime | None
    stopped: str | None
    states: dict[str, str]
    errors: dict[str, int]


def recorded_states(warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Score id → state of its last attempt, for the newest score of each lead as of `now`; without untried scores."""
    box = _Outbox(warehouse, outbox.first_day(policy, now), now)
    return {row["score_id"]: row["last_state"] for row in box.rows(lead_ids, every_state=True) if row["last_state"]}


def run(
    warehouse: Warehouse,
    policy: Policy,
    crm: CRM,
    *,
    now: datetime,
    lead_ids: Sequence[str] | None = None,
    retry_dead_letters: bool = False,
) -> DeliverReport:
    """Send the scores due at `now`, at most MOST_SENT, of all leads or `lead_ids`; optionally retry dead letters.

    A run sends nothing after SENDING_SECONDS; the next run sends the rest.

    Raises:
        CRMRejected: the CRM refuses access (401, 403) or redirects (3xx); this makes no dead letters.
    """
    box = _Outbox(warehouse, outbox.first_day(policy, now), now)
    line = _Line(crm, now, until=time.monotonic() + SENDING_SECONDS)
    waiting = box.read(lead_ids, retry_dead_letters=retry_dead_letters)
    due = [item for item in waiting if item.due(now)]
    attempts_made: list[Attempt] = []
    for batch in batches(due[:MOST_SENT], BATCH):
        attempts = _deliver(batch, line, box)
        box.record(attempts)
        attempts_made += attempts
    return _report(waiting, attempts_made, line)


@dataclass(frozen=True)
class _Outbox:
    warehouse: Warehouse
    first_day: date
    now: datetime

    def read(self, lead_ids: Sequence[str] | None, *, retry_dead_letters: bool) -> list[Pending]:
        """The newest score of each lead, if the CRM lacks it."""
        return outbox.pending(self.rows(lead_ids, retry_dead_letters=retry_dead_letters))

    def newest(self, lead_ids: Sequence[str]) -> list[Pending]:
        """The newest score of each lead, including scores stored since this run began."""
        return outbox.pending(self.rows(lead_ids, every_state=True, as_of=self.now + LONGEST_RUN))

    def rows(
        self,
        lead_ids: Sequence[str] | None,
        *,
        retry_dead_letters: bool = False,
        every_state: bool = False,
        as_of: datetime | None = None,
    ) -> list[Row]:
        """Rows of deliveries/outbox; `every_state` includes scores that the CRM has or refused."""
        parameters = {
            "first_day": self.first_day,
            "as_of": as_of or self.now,
            "every_lead": lead_ids is None,
            "lead_ids": list(lead_ids or ()),
            "every_state": every_state,
            "retry_dead_letters": retry_dead_letters,
            "most": MOST_READ,
        }
        return self.warehouse.rows(statement("deliveries/outbox"), parameters)

    def record(self, attempts: Sequence[Attempt]) -> None:
        self.warehouse.append("deliveries", [attempt.row() for attempt in attempts])


@dataclass
class _Line:
    """Connection to the CRM during a run; `stopped` is set once the CRM seems to be down.

    `until` is the end of the time for sending, in seconds of the monotonic clock.
    """

    crm: CRM
    now: datetime
    until: float
    unavailable_in_a_row: int = 0
    stopped: str | None = None

    def send(self, queue: Sequence[Pending], *, repairs: bool = False) -> list[Attempt]:
        """One attempt per score, while the CRM answers and there is time; repairs are made whatever the time."""
        attempts: list[Attempt] = []
        for item in queue:
            if self.stopped or (time.monotonic() > self.until and not repairs):
                break
            attempts.append(self._attempt(item))
        return attempts

    def _attempt(self, item: Pending) -> Attempt:
        try:
            self.crm.patch_lead(item.update)
        except CRMError as error:
            if error.status in outbox.LOCKED_OUT:
                raise
            self._count(error)
            return outbox.failed(item, error, self.now)
        self.unavailable_in_a_row = 0
        return outbox.sent(item, self.now)

    def _count(self, error: CRMError) -> None:
        self.unavailable_in_a_row = self.unavailable_in_a_row + 1 if isinstance(error, CRMUnavailable) else 0
        if self.unavailable_in_a_row >= outbox.UNAVAILABLE_IN_A_ROW:
            self.stopped = f"{error.message} ({self.unavailable_in_a_row} times in a row; the rest waits.)"


def _deliver(batch: Sequence[Pending], line: _Line, box: _Outbox) -> list[Attempt]:
    all_attempts = attempts = line.send(batch)
    while overtaken := _overtaken(attempts, box):
        attempts = line.send(overtaken, repairs=True)
        # Another delivery recorded these as sent, but the CRM no longer shows them.
        postponed = [outbox.postponed(item, line.now) for item in overtaken[len(attempts) :]]
        all_attempts = all_attempts + attempts + postponed
    return all_attempts


def _overtaken(attempts: Sequence[Attempt], box: _Outbox) -> list[Pending]:
    """The newest scores of leads for which this run may have sent an older one (a timed-out one may have arrived)."""
    touched = {
        item.pending.update.lead_id: item.pending.update.score_id for item in attempts if item.state != "dead_letter"
    }
    if not touched:
        return []
    newest = box.newest(list(touched))
    return [outbox.repair(item) for item in newest if item.update.score_id != touched[item.update.lead_id]]


def _report(candidates: Sequence[Pending], attempts: Sequence[Attempt], line: _Line) -> DeliverReport:
    ended = {attempt.pending.update.lead_id: attempt for attempt in attempts}
    counts = Counter(attempt.state for attempt in ended.values())
    later = counts["retry"] + counts["repair"]
    waiting = [item for item in candidates if item.update.lead_id not in ended]
    soonest = line.now + outbox.FIRST_BACKOFF if line.stopped else line.now
    moments = [max(item.not_before or soonest, soonest) for item in waiting]
    put_off = [attempt for attempt in ended.values() if attempt.next_attempt_at]
    moments += [attempt.next_attempt_at for attempt in put_off if attempt.next_attempt_at]
    oldest = min((item.scored_at for item in [*waiting, *(attempt.pending for attempt in put_off)]), default=line.now)
    return DeliverReport(
        sent=counts["sent"],
        retry=later,
        dead_letter=counts["dead_letter"],
        pending=len(waiting) + later,
        oldest_hours=round((line.now - oldest) / timedelta(hours=1), 2),
        next_attempt_at=min(moments, default=None),
        stopped=line.stopped,
        states={attempt.pending.update.score_id: attempt.state for attempt in attempts},
        errors=dict(Counter(attempt.error for attempt in ended.values() if attempt.error)),
    )

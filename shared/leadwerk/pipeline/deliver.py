"""Deliver: send the newest score of each lead to the CRM, at least once, and never leave an older one standing.

A score is stored before it is sent, and an attempt is recorded only after it was made: a crash in between, or a second
deliverer at the same time, leads to a repeat under the same idempotency key and to nothing else. What could do harm is
a score that grew old while we were about to send it, for another deliverer may have sent the newer one just before. So
after each batch, and before anything of it is recorded, we look again and send what is newest now over anything older.
(A crash of one of two deliverers between that sending and this look is the one thing that leaves an older score
standing, until the lead's next score.)
"""

from __future__ import annotations

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

BATCH = 200  # sendings between two records: as many are repeated after a crash
MOST_READ = 10_000  # scores one run looks at, so that it can say how many wait
MOST_SENT = 2_000  # with 10 calls a second 200 seconds: a run ends before the next one, every 5 minutes, begins
LONGEST_RUN = timedelta(minutes=15)  # a score that somebody else stores meanwhile is dated by then, in replays as well


@dataclass(frozen=True)
class DeliverReport:
    """What one run did; `pending` scores wait for `next_attempt_at` (or now, if it `stopped` or had too many).

    `oldest_hours` is for how long the oldest of them has been a score, 0 without any. `states` has the state of each
    score that was attempted, by its id.
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
    """Score id → state of its last attempt, for the newest score of each lead as of `now`; not of untried ones."""
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
    """Send what is due at `now`, at most MOST_SENT: of all leads or `lead_ids`; `retry_dead_letters`: those too.

    Raises:
        CRMRejected: the CRM does not let us in (401, 403) or sends us elsewhere (3xx); no dead letter follows.
    """
    box = _Outbox(warehouse, outbox.first_day(policy, now), now)
    line = _Line(crm, now)
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
        """The newest score of each lead that the CRM does not hold yet."""
        return outbox.pending(self.rows(lead_ids, retry_dead_letters=retry_dead_letters))

    def newest(self, lead_ids: Sequence[str]) -> list[Pending]:
        """The newest score of each lead, also one that was stored since this run began."""
        return outbox.pending(self.rows(lead_ids, every_state=True, as_of=self.now + LONGEST_RUN))

    def rows(
        self,
        lead_ids: Sequence[str] | None,
        *,
        retry_dead_letters: bool = False,
        every_state: bool = False,
        as_of: datetime | None = None,
    ) -> list[Row]:
        """Rows of deliveries/outbox; with `every_state` of scores that the CRM holds or refused, too."""
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
    """The line to the CRM during one run; it stays `stopped` once the CRM seems to be down."""

    crm: CRM
    now: datetime
    unavailable_in_a_row: int = 0
    stopped: str | None = None

    def send(self, queue: Sequence[Pending]) -> list[Attempt]:
        """One attempt at each, as long as the CRM answers."""
        attempts: list[Attempt] = []
        for item in queue:
            if self.stopped:
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
        attempts = line.send(overtaken)
        # Another one's record says that these were sent, which is no longer what the CRM shows.
        postponed = [outbox.postponed(item, line.now) for item in overtaken[len(attempts) :]]
        all_attempts = all_attempts + attempts + postponed
    return all_attempts


def _overtaken(attempts: Sequence[Attempt], box: _Outbox) -> list[Pending]:
    """The newest scores of leads to which we may have sent an older one (a time-out may have been taken as well)."""
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

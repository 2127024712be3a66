"""Delivery: sends the newest score of each lead to the CRM, at least once, and replaces older ones.

A score is stored before it is sent, and an attempt is recorded only after it was made. So a crash in between, or two
deliveries at once, lead at most to a repeat under the same idempotency key. One race could do harm: a score may grow
old while it is being sent, after another delivery sent the newer one. Therefore each batch is checked before it is
recorded, and the newest score is sent again over any older one. (Only a crash of one of two deliveries between sending
and check leaves an older score in the CRM, until the lead's next score.)

What the CRM shows already is not sent: a nightly rescore of which 3 % changed costs 3 % of the calls.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from msgspec import Struct

from leadwerk.crm import outbox
from leadwerk.crm.fields import FieldMapping, field_mapping
from leadwerk.crm.outbox import Attempt, OutboxRow, Pending
from leadwerk.crm.port import CRM
from leadwerk.pipeline.delivery_line import DeliveryLine
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, silent
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreRow
from leadwerk.warehouse.statement import statement

RECORDED_AT_ONCE = 200  # attempts between two records; at most these repeat after a crash
RECORDED_CALLS = 50  # the same in calls, where one takes many scores: a record costs as much as some calls
MOST_READ = 10_000  # scores that are read at once
SENDING_SECONDS = 200.0  # a run ends before the next one, every 5 minutes, begins
LONGEST_RUN = timedelta(minutes=15)  # scores stored by others during a run are dated within it, also in simulations
NO_FIELDS = FieldMapping((), {})
STEP = timedelta(microseconds=1)  # a repair is dated after the attempt that it follows


@dataclass(frozen=True)
class DeliverReport:
    """Result of a run. `pending` scores wait for `next_attempt_at` (now if the run `stopped` or had too many).

    `same`: scores that the CRM showed already. `oldest_hours`: age of the oldest pending score, 0 without any.
    `states`: score id → state of each attempt, where the run was for `lead_ids`. `budget_left`: share of the CRM's
    daily budget.
    """

    sent: int
    same: int
    retry: int
    dead_letter: int
    pending: int
    oldest_hours: float
    next_attempt_at: datetime | None
    stopped: str | None
    budget_left: float | None
    states: dict[str, str]
    errors: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class OutboxSelection:
    """Scores to send: of all leads or of `lead_ids`; with dead letters, all of them or those of a code."""

    lead_ids: Sequence[str] | None = None
    retry_dead_letters: bool = False
    dead_letter_code: str | None = None


WHOLE_OUTBOX = OutboxSelection()


def recorded_states(warehouse: Warehouse, policy: Policy, lead_ids: Sequence[str], now: datetime) -> dict[str, str]:
    """Score id → state of its last attempt, for the newest score of each lead as of `now`; without untried scores."""
    box = Outbox(warehouse, outbox.first_day(policy, now), now)
    return {row.score_id: row.last_state for row in box.rows(lead_ids, every_state=True) if row.last_state}


def run(
    warehouse: Warehouse,
    policy: Policy,
    crm: CRM,
    *,
    now: datetime,
    selection: OutboxSelection = WHOLE_OUTBOX,
    progress: Progress = silent,
) -> DeliverReport:
    """Send the selected scores that are due at `now`.

    A run sends nothing after SENDING_SECONDS; the next run sends the rest.

    Raises:
        CRMRejected: the CRM refuses access (401, 403) or redirects (3xx); this makes no dead letters.
    """
    box = Outbox(warehouse, outbox.first_day(policy, now), now, field_mapping(policy, crm.field_name))
    # Wall time and not `now`: in a simulation `now` stands still while calls take time.
    line = DeliveryLine(crm, now, until=time.monotonic() + SENDING_SECONDS)
    tally = _Tally(now, keeps_states=selection.lead_ids is not None)
    rest: list[Pending] = []
    code = selection.dead_letter_code or ""
    for page in _pages(box, line, selection.lead_ids, selection.retry_dead_letters or bool(code), code):
        attempted = _deliver_page([item for item in page if item.due(now)], line, box, tally, progress)
        rest = [item for item in page if item.update.score_id not in attempted]
    return tally.report(rest, line)


def send_stored(
    warehouse: Warehouse, policy: Policy, crm: CRM, scores: Sequence[ScoreRow], *, now: datetime
) -> DeliverReport:
    """Send scores that were stored a moment ago, while somebody waits: they are not read back from the outbox.

    The attempts are recorded while the check for newer scores of these leads runs.

    Raises:
        CRMRejected: as in `run`.
    """
    box = Outbox(warehouse, outbox.first_day(policy, now), now, field_mapping(policy, crm.field_name))
    line = DeliveryLine(crm, now, until=time.monotonic() + SENDING_SECONDS)
    tally = _Tally(now, keeps_states=True)
    queue = outbox.pending([outbox.untried(score) for score in scores], box.mapping)
    attempts = [attempt for answered in line.stream(queue) for attempt in answered]
    with ThreadPoolExecutor(1) as recorder:
        # Nobody else has an attempt of this moment at these scores, so its key needs no look-up.
        recorded = recorder.submit(warehouse.append_new, {"deliveries": [attempt.row() for attempt in attempts]})
        repairs = _with_repairs(attempts, line, box)[len(attempts) :]
        recorded.result()
    if repairs:
        box.record(repairs)
    tally.add([*attempts, *repairs])
    attempted = {attempt.pending.update.score_id for attempt in attempts}
    return tally.report([item for item in queue if item.update.score_id not in attempted], line)


class LeadKey(Struct, frozen=True, kw_only=True):
    """A row of deliveries/overtaken."""

    lead_id: str


@dataclass(frozen=True)
class Outbox:
    """The outbox as of `now`: what is to be sent, and the record of attempts."""

    warehouse: Warehouse
    first_day: date
    now: datetime
    mapping: FieldMapping = NO_FIELDS

    def read(self, lead_ids: Sequence[str] | None, *, retry_dead_letters: bool, code: str = "") -> list[Pending]:
        """The newest score of each lead, if the CRM lacks it."""
        rows = self.rows(lead_ids, retry_dead_letters=retry_dead_letters, code=code)
        return outbox.pending(rows, self.mapping)

    def overtaken(self, lead_ids: Sequence[str], score_ids: Sequence[str]) -> list[str]:
        """Those of the leads whose newest score is none of these, including scores stored since this run began."""
        parameters = {
            "lead_ids": lead_ids,
            "score_ids": score_ids,
            "first_day": self.first_day,
            "as_of": self.now + LONGEST_RUN,
        }
        rows = self.warehouse.rows(statement("deliveries/overtaken", LeadKey), parameters)
        return [row.lead_id for row in rows]

    def newest(self, lead_ids: Sequence[str]) -> list[Pending]:
        """The newest score of each lead, including scores stored since this run began."""
        return outbox.pending(self.rows(lead_ids, every_state=True, as_of=self.now + LONGEST_RUN), self.mapping)

    def rows(
        self,
        lead_ids: Sequence[str] | None,
        *,
        retry_dead_letters: bool = False,
        code: str = "",
        every_state: bool = False,
        as_of: datetime | None = None,
    ) -> list[OutboxRow]:
        """Rows of deliveries/outbox; `every_state` includes scores that the CRM has or refused."""
        parameters = {
            "first_day": self.first_day,
            "as_of": as_of or self.now,
            "every_lead": lead_ids is None,
            "lead_ids": list(lead_ids or ()),
            "every_state": every_state,
            "retry_dead_letters": retry_dead_letters,
            "dead_letter_code": code,
            "most": MOST_READ,
        }
        return self.warehouse.rows(statement("deliveries/outbox", OutboxRow), parameters)

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Append the attempts."""
        self.warehouse.append("deliveries", [attempt.row() for attempt in attempts])


def _pages(
    box: Outbox, line: DeliveryLine, lead_ids: Sequence[str] | None, retry_dead_letters: bool, code: str
) -> Iterator[list[Pending]]:
    """The outbox, MOST_READ scores at a time, while there is something due and time to send it.

    Only the first page has dead letters: what is refused again would come back on each later one.
    """
    page = box.read(lead_ids, retry_dead_letters=retry_dead_letters, code=code)
    yield page
    # A full page means there may be more; dead letters are retried in the first page only.
    while len(page) == MOST_READ and line.is_open():
        page = box.read(lead_ids, retry_dead_letters=False)
        yield page
        # What is left waits for its time: reading it again would loop until the deadline.
        if not any(item.due(box.now) for item in page):
            return


def _deliver_page(
    due: Sequence[Pending], line: DeliveryLine, box: Outbox, tally: _Tally, progress: Progress
) -> set[str]:
    """Send the scores that are due, and record each portion before the next one; return the scores attempted."""
    unchanged = [outbox.same(item, box.now) for item in due if item.is_shown()]
    if unchanged:
        box.record(unchanged)
        tally.add(unchanged)
    attempted = {attempt.pending.update.score_id for attempt in unchanged}
    # Of several scores of a lead only the newest is sent; the older ones are recorded as outdated.
    changed, outdated = outbox.folded([item for item in due if not item.is_shown()], box.now)
    if outdated:
        box.record(outdated)
        tally.add(outdated)
        attempted |= {attempt.pending.update.score_id for attempt in outdated}
    # Recorded while sending: a crash repeats at most these attempts, which the CRM takes as the same.
    size = max(RECORDED_AT_ONCE, RECORDED_CALLS * line.crm.capabilities.batch)
    for portion in _portions(line.stream(changed), size):
        attempts = _with_repairs(portion, line, box)
        box.record(attempts)
        tally.add(attempts)
        attempted |= {attempt.pending.update.score_id for attempt in attempts}
        progress(f"{len(attempted):,} of {len(due):,} scores", len(attempted) / len(due))
    return attempted


def _portions(stream: Iterator[list[Attempt]], size: int) -> Iterator[list[Attempt]]:
    """The attempts in portions of at least `size`; the last may hold fewer."""
    portion: list[Attempt] = []
    for attempts in stream:
        portion += attempts
        if len(portion) >= size:
            yield portion
            portion = []
    if portion:
        yield portion


def _with_repairs(attempts: list[Attempt], line: DeliveryLine, box: Outbox) -> list[Attempt]:
    all_attempts = attempts
    repairs_made = 0
    # Another process may have stored and sent a newer score in the meantime: ours must not come last.
    while overtaken := _overtaken(attempts, box):
        repairs_made += 1
        at = line.now + STEP * repairs_made
        attempts = [replace(attempt, attempted_at=at) for attempt in line.repair(overtaken)]
        # Another delivery recorded these as sent, but the CRM no longer shows them.
        postponed = [outbox.postponed(item, at) for item in overtaken[len(attempts) :]]
        all_attempts = all_attempts + attempts + postponed
    return all_attempts


def _overtaken(attempts: Sequence[Attempt], box: Outbox) -> list[Pending]:
    """The newest scores of leads for which this run may have sent an older one (a timed-out one may have arrived)."""
    touched = {item.pending.update.lead_id: item.pending for item in attempts if item.state != "dead_letter"}
    if not touched:
        return []
    # Nearly always none: the whole scores are read only of those that there are.
    overtaken = box.overtaken(list(touched), [item.update.score_id for item in touched.values()])
    newest = box.newest(overtaken) if overtaken else []
    return [outbox.repair(item) for item in newest if _overtakes(item, touched[item.update.lead_id])]


def _overtakes(newest: Pending, sent: Pending) -> bool:
    """Whether the newest score on record came after the one sent, which BigQuery may not show yet."""
    return newest.update.score_id != sent.update.score_id and newest.scored_at >= sent.scored_at


@dataclass
class _Tally:
    """Counts of a run: memory does not grow with the scores sent, unless `keeps_states` asks for each."""

    now: datetime
    keeps_states: bool
    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    states: dict[str, str] = field(default_factory=dict)
    put_off: list[datetime] = field(default_factory=list)
    oldest: datetime | None = None

    def add(self, attempts: Sequence[Attempt]) -> None:
        """Count each lead's last attempt among these."""
        # The last attempt of each lead counts: a repair is no second delivery.
        for attempt in {attempt.pending.update.lead_id: attempt for attempt in attempts}.values():
            self.counts[attempt.state] += 1
            if attempt.error:
                self.errors[attempt.error] += 1
            if attempt.next_attempt_at:
                self.put_off = [min([attempt.next_attempt_at, *self.put_off])]
                self.oldest = min(self.oldest or self.now, attempt.pending.scored_at)
        if self.keeps_states:
            self.states |= {attempt.pending.update.score_id: attempt.state for attempt in attempts}

    def report(self, rest: Sequence[Pending], line: DeliveryLine) -> DeliverReport:
        """The report, with the scores that were read and not attempted."""
        later = self.counts["retry"] + self.counts["repair"]
        soonest = self.now + outbox.FIRST_BACKOFF if line.stopped else self.now
        moments = [max(item.not_before or soonest, soonest) for item in rest]
        oldest = min([item.scored_at for item in rest] + [self.oldest or self.now])
        return DeliverReport(
            sent=self.counts["sent"],
            same=self.counts["same"],
            retry=later,
            dead_letter=self.counts["dead_letter"],
            pending=len(rest) + later,
            oldest_hours=round((self.now - oldest) / timedelta(hours=1), 2),
            next_attempt_at=min([*moments, *self.put_off], default=None),
            stopped=line.stopped,
            budget_left=line.crm.budget(),
            states=self.states,
            errors=dict(self.errors),
        )

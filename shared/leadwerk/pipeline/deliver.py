"""Delivery: sends the newest score of each lead to the CRM, at least once, and replaces older ones.

A score is stored before it is sent, and an attempt is recorded only after it was made. So a crash in between, or two
deliveries at once, lead at most to a repeat under the same idempotency key. One race could do harm: a score may grow
old while it is being sent, after another delivery sent the newer one. Therefore each batch is checked before it is
recorded, and the newest score is sent again over any older one. (Only a crash of one of two deliveries between sending
and check leaves an older score in the CRM, until the lead's next score.)

Scheduled deliveries hold the lease of `pipeline/lease.py`, one at a time. A form's own delivery does not wait for it,
so these rules hold without it.

What the CRM shows already is not sent: a nightly rescore of which 3 % changed costs 3 % of the calls.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from leadwerk.crm import delivery_attempts, outbox
from leadwerk.crm.delivery_attempts import Attempt
from leadwerk.crm.fields import field_mapping
from leadwerk.crm.outbox import Pending
from leadwerk.crm.port import CRM
from leadwerk.pipeline.delivery_line import DeliveryLine
from leadwerk.pipeline.outbox_pages import Beside, OpenScores, Outbox, OutboxSelection
from leadwerk.policy.model import Policy
from leadwerk.progress import Progress, silent
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreRow

__all__ = ["DeliverReport", "OutboxSelection", "recorded_states", "run", "send_stored"]

RECORDED_AT_ONCE = 200  # attempts between two records; at most these repeat after a crash
RECORDED_CALLS = 50  # the same in calls, where one takes many scores: a record costs as much as some calls
SENDING_SECONDS = 200.0  # a run ends before the next one, every 5 minutes, begins
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

    A run sends nothing after SENDING_SECONDS; the next run sends the rest. Within a unit of work
    nothing is done beside the calls.

    Raises:
        CRMRejected: the CRM refuses access (401, 403) or redirects (3xx); this makes no dead letters.
    """
    box = Outbox(warehouse, outbox.first_day(policy, now), now, field_mapping(policy, crm.field_name))
    # Wall time and not `now`: in a simulation `now` stands still while calls take time.
    line = DeliveryLine(crm, now, until=time.monotonic() + SENDING_SECONDS)
    tally = _Tally(now, keeps_states=selection.lead_ids is not None)
    open_scores: OpenScores = {}
    # As many attempts as a record is worth: a crash repeats at most two portions, which the CRM takes as the same.
    size = max(RECORDED_AT_ONCE, RECORDED_CALLS * crm.capabilities.batch)
    with warehouse.kept_open() as is_free, Beside.at(crm, is_free=is_free) as beside:
        recorder = _Recorder(line, box, tally, open_scores, beside)
        with closing(_due(selection, recorder)) as due:
            for portion in _portions(line.stream(due), size):
                recorder.add(portion)
                read = recorder.attempted + len(open_scores)
                doing = Message("progress.scores", done=f"{recorder.attempted:,}", total=f"{read:,}")
                progress(doing, recorder.attempted / read)
        recorder.settle()
    return tally.report([*open_scores.values()], line)


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
        repairs = _with_repairs(attempts, _overtaken(attempts, box), line, box)[len(attempts) :]
        recorded.result()
    if repairs:
        box.record(repairs)
    tally.add([*attempts, *repairs])
    attempted = {attempt.pending.update.score_id for attempt in attempts}
    return tally.report([item for item in queue if item.update.score_id not in attempted], line)


def _due(selection: OutboxSelection, recorder: _Recorder) -> Generator[Pending, None, None]:
    """The scores to be sent now; what needs no call is recorded."""
    box = recorder.box
    for page in box.pages(selection, recorder.line, recorder.open_scores, recorder.beside):
        due = [item for item in page if item.due(box.now)]
        # Of several scores of a lead only the newest is sent; the older ones are recorded as outdated.
        changed, outdated = delivery_attempts.folded([item for item in due if not item.is_shown()], box.now)
        recorder.record([delivery_attempts.same(item, box.now) for item in due if item.is_shown()])
        recorder.record(outdated)
        yield from changed


@dataclass
class _Recorder:
    """Records attempts while the next ones are made; each leaves `open_scores`.

    A portion is checked before it is recorded: what a newer score overtook meanwhile is sent anew first.
    """

    line: DeliveryLine
    box: Outbox
    tally: _Tally
    open_scores: OpenScores
    beside: Beside
    attempted: int = 0
    waiting: deque[tuple[list[Attempt], Callable[[], list[Pending]]]] = field(default_factory=deque)

    def add(self, portion: list[Attempt]) -> None:
        """Have a portion checked and recorded, after the previous one has been recorded."""
        self.waiting.append((portion, self.beside.begin(partial(_record_unless_overtaken, portion, self.box))))
        self.settle(0 if self.beside.pool is None else 1)

    def settle(self, waiting: int = 0) -> None:
        """Wait until at most this many portions are unrecorded."""
        while len(self.waiting) > waiting:
            self._settle()

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Record attempts that made no call, at once."""
        if attempts:
            self.box.record(attempts)
            self._count(attempts)

    def _settle(self) -> None:
        portion, checked = self.waiting.popleft()
        attempts = portion
        if overtaken := checked():
            attempts = _with_repairs(portion, overtaken, self.line, self.box)
            self.box.record(attempts)
        self._count(attempts)

    def _count(self, attempts: Sequence[Attempt]) -> None:
        self.tally.add(attempts)
        self.attempted += len(attempts)
        for attempt in attempts:
            self.open_scores.pop(attempt.pending.update.score_id, None)


def _record_unless_overtaken(attempts: Sequence[Attempt], box: Outbox) -> list[Pending]:
    """Record the attempts and return nothing; or record nothing, and return the scores that overtook some."""
    overtaken = _overtaken(attempts, box)
    if not overtaken:
        box.record(attempts)
    return overtaken


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


def _with_repairs(attempts: list[Attempt], overtaken: list[Pending], line: DeliveryLine, box: Outbox) -> list[Attempt]:
    """The attempts, and those at the scores that overtook some: ours must not come last."""
    all_attempts = attempts
    repairs_made = 0
    while overtaken:
        repairs_made += 1
        at = line.now + STEP * repairs_made
        attempts = [replace(attempt, attempted_at=at) for attempt in line.repair(overtaken)]
        # Another delivery recorded these as sent, but the CRM no longer shows them.
        postponed = [delivery_attempts.postponed(item, at) for item in overtaken[len(attempts) :]]
        all_attempts = all_attempts + attempts + postponed
        # Another process may have stored and sent a newer score in the meantime.
        overtaken = _overtaken(attempts, box)
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
        soonest = self.now + delivery_attempts.FIRST_BACKOFF if line.stopped else self.now
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

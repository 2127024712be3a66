"""The connection to the CRM during one delivery: batches, a canary, a circuit breaker, a floor under the budget."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from leadwerk.crm import delivery_attempts, outbox
from leadwerk.crm.delivery_attempts import Attempt
from leadwerk.crm.outbox import Pending
from leadwerk.crm.port import CRM, Gone, PushResult
from leadwerk.errors import CRMUnavailable
from leadwerk.warehouse.batches import batches

# Calls queued per caller while attempts are recorded: recording does not stop the sending.
AHEAD = 4
PushOutcome = Sequence[PushResult] | CRMUnavailable
Call = tuple[Sequence[Pending], PushOutcome]


@dataclass
class DeliveryLine:
    """`stopped` says why nothing more is sent; `until` ends the time for sending, in seconds of the monotonic clock."""

    crm: CRM
    now: datetime
    until: float
    unavailable_in_a_row: int = 0
    stopped: str | None = None
    canary_passed: bool = False

    def is_open(self) -> bool:
        """Whether there is time, and the CRM seems to be up."""
        return self.stopped is None and time.monotonic() <= self.until

    def stream(self, queue: Iterable[Pending]) -> Iterator[list[Attempt]]:
        """One attempt per score while the line is open, as answers come; the first scores alone, as a canary."""
        scores = iter(queue)
        first = list(islice(scores, delivery_attempts.CANARY + 1))
        # A wrong field mapping refuses every score: a few find out before ten thousand dead letters.
        if not self.canary_passed and len(first) > delivery_attempts.CANARY:
            yield self._send_canary(first[: delivery_attempts.CANARY])
            first = first[delivery_attempts.CANARY :]
        for batch, outcome in self._calls(chain(first, scores), self.crm.capabilities.calls_at_once):
            yield self._understood(batch, outcome)

    def repair(self, queue: Sequence[Pending]) -> list[Attempt]:
        """One attempt per score, whatever the time, while the CRM answers."""
        attempts: list[Attempt] = []
        for batch in batches(queue, self.crm.capabilities.batch):
            if self.stopped:
                break
            attempts += self._understood(batch, self._push(batch))
        return attempts

    def _send_canary(self, queue: Sequence[Pending]) -> list[Attempt]:
        """Attempts at the first scores; where too many are refused, the line stops and they are tried again."""
        attempts: list[Attempt] = []
        faults: list[str] = []
        for batch, outcome in self._calls(queue, 1):
            attempts += self._understood(batch, outcome)
            if not isinstance(outcome, CRMUnavailable):
                results = (
                    delivery_attempts.setup_fault(item, result) for item, result in zip(batch, outcome, strict=True)
                )
                faults += [fault for fault in results if fault is not None]
        if len(faults) <= delivery_attempts.CANARY_REFUSALS * delivery_attempts.CANARY:
            self.canary_passed = bool(attempts)
            return attempts
        self.stopped = f"{len(faults)} of the first {len(attempts)} scores were refused: {faults[0]}"
        # Not dead letters: the scores are fine, the mapping is not.
        return [delivery_attempts.held_back(attempt, self.now) for attempt in attempts]

    def _calls(self, queue: Iterable[Pending], at_once: int) -> Iterator[Call]:
        """Batches with their outcomes, in order; calls run side by side where the CRM stands it."""
        # Without threads: most CRMs allow one call at a time, and a thread pool would only hide errors.
        if at_once == 1:
            for batch in self._affordable(queue):
                yield batch, self._push(batch)
            return
        with ThreadPoolExecutor(at_once) as pool:
            waiting: deque[tuple[Sequence[Pending], Future[PushOutcome]]] = deque()
            for batch in self._affordable(queue):
                waiting.append((batch, pool.submit(self._push, batch)))
                # Bounded, so that a CRM that fails does not have thousands of calls under way.
                if len(waiting) > at_once * AHEAD:
                    first, answer = waiting.popleft()
                    yield first, answer.result()
            for batch, answer in waiting:
                yield batch, answer.result()

    def _affordable(self, queue: Iterable[Pending]) -> Iterator[Sequence[Pending]]:
        """Batches while the line is open; below the floor of the CRM's budget only those with hot leads."""
        floor = self.crm.capabilities.budget_floor
        scores, size = iter(queue), self.crm.capabilities.batch
        while self.is_open() and (batch := list(islice(scores, size))):
            # Asked before each call: others use the same daily budget.
            left = self.crm.budget() if floor else None
            if left is not None and left < floor and not any(item.is_hot for item in batch):
                self.stopped = f"{left:.0%} of the CRM's daily budget is left, which is for hot leads and reading."
                return
            yield batch

    def _push(self, batch: Sequence[Pending]) -> PushOutcome:
        try:
            return self.crm.push([item.update for item in batch])
        except CRMUnavailable as error:
            return error

    def _understood(self, batch: Sequence[Pending], outcome: PushOutcome) -> list[Attempt]:
        if isinstance(outcome, CRMUnavailable):
            self._count(outcome)
            return [delivery_attempts.unavailable(item, outcome, self.now) for item in batch]
        # An answer, even a refusal, shows that the CRM is there.
        self.unavailable_in_a_row = 0
        return [self._attempt(item, result) for item, result in zip(batch, outcome, strict=True)]

    def _attempt(self, item: Pending, result: PushResult) -> Attempt:
        if isinstance(result, Gone) and result.merged_into and result.merged_into != item.update.target:
            # Followed once: a second merge at the same moment waits for the lead's next score.
            item = outbox.redirected(item, result.merged_into)
            outcome = self._push([item])
            if isinstance(outcome, CRMUnavailable):
                self._count(outcome)
                return delivery_attempts.unavailable(item, outcome, self.now)
            result = outcome[0]
        return delivery_attempts.attempted(item, result, self.now)

    def _count(self, error: CRMUnavailable) -> None:
        self.unavailable_in_a_row += 1
        if self.unavailable_in_a_row >= delivery_attempts.UNAVAILABLE_IN_A_ROW:
            self.stopped = f"{error.message} ({self.unavailable_in_a_row} times in a row; the rest waits.)"

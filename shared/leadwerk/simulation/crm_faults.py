"""Faults on demand: what real CRMs do to their clients, drawn at given rates or served one by one."""

from __future__ import annotations

import random
import threading
import time
from typing import Annotated, Literal

import msgspec

from leadwerk.simulation.crm_store import Json

Rate = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=120)]
Fault = Literal["error", "throttle", "slow", "drop", "drop_after_commit"]
FAULTS: tuple[Fault, ...] = ("error", "throttle", "slow", "drop", "drop_after_commit")


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What goes wrong from now on; all is well by default.

    | field             | what happens at this rate (0–1)                                             |
    |-------------------|-----------------------------------------------------------------------------|
    | error             | 500 before anything is done                                                 |
    | throttle          | 429 with Retry-After `retry_after` (seconds)                                |
    | slow              | the answer takes `slow_seconds`                                             |
    | drop              | the connection is closed before anything is done                            |
    | drop_after_commit | all is done, then the connection is closed without an answer                |
    | duplicates        | a change in the list of cases comes twice                                   |
    | out_of_order      | a page of the list of cases comes shuffled                                  |

    `requests_per_second`: more are answered by 429. `queue` names faults for the next requests, one each, before any
    rate is drawn; `seed` makes the draws repeatable.
    """

    error: Rate = 0.0
    throttle: Rate = 0.0
    slow: Rate = 0.0
    drop: Rate = 0.0
    drop_after_commit: Rate = 0.0
    duplicates: Rate = 0.0
    out_of_order: Rate = 0.0
    retry_after: Seconds = 1.0
    slow_seconds: Seconds = 15.0
    requests_per_second: Annotated[float, msgspec.Meta(gt=0)] | None = None
    queue: tuple[Fault | Literal["none"], ...] = ()
    seed: int = 0


class FaultSwitch:
    """The faults in force; safe for many threads."""

    def __init__(self, faults: Faults | None = None) -> None:
        self._lock = threading.Lock()
        self.set(faults or Faults())

    def set(self, faults: Faults) -> None:
        """Let these faults happen from now on."""
        with self._lock:
            self.faults = faults
            self._queue = list(faults.queue)
            # Seeded anew with each setting: a failing test repeats with the same faults.
            self._random = random.Random(faults.seed)
            self._allowance, self._since = 1.0, time.monotonic()

    def next(self) -> Fault | None:
        """What happens to the next request."""
        with self._lock:
            if self._queue:
                queued = self._queue.pop(0)
                return None if queued == "none" else queued
            if not self._within_rate():
                return "throttle"
            return next((fault for fault in FAULTS if self._random.random() < getattr(self.faults, fault)), None)

    def _within_rate(self) -> bool:
        """A bucket of tokens, filled at the rate, that holds one second's worth."""
        rate = self.faults.requests_per_second
        if rate is None:
            return True
        now = time.monotonic()
        # Token bucket: short bursts pass, as with real CRMs, and the mean rate holds.
        self._allowance = min(max(1.0, rate), self._allowance + (now - self._since) * rate)
        self._since = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def disturbed(self, cases: list[Json]) -> list[Json]:
        """A page of cases as the faults deliver it: some twice, or shuffled; none is lost."""
        with self._lock:
            twice = [case for case in cases if self._random.random() < self.faults.duplicates]
            page = [*cases, *twice]
            if self._random.random() < self.faults.out_of_order:
                self._random.shuffle(page)
            return page

"""Limit of a run: a stage that has more to do than a function may take ends in time, and the next run goes on there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class RunLimit:
    """Seconds that a run may take, and records that it may read; a portion that is begun is finished."""

    seconds: float = math.inf
    records: float = math.inf

    def begin(self) -> Callable[[int], bool]:
        """Start the clock; the answer tells, by the number of records done, whether the run has to end.

        >>> used_up = RunLimit(records=10).begin()
        >>> used_up(9), used_up(10)
        (False, True)
        """
        # Wall time and not `now`: in a simulation `now` stands still while calls take time.
        until = time.monotonic() + self.seconds
        return lambda done: done >= self.records or time.monotonic() >= until


UNLIMITED = RunLimit()
IN_A_FUNCTION = RunLimit(seconds=1200)
"""Functions end after 1,500 seconds: that leaves five minutes for the portion at hand and for what follows it."""

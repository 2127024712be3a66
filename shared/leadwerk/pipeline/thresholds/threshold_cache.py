"""Threshold cache: keeps the day's HOT thresholds for a while, so that not every request queries them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

from leadwerk.pipeline.thresholds.daily import hot_thresholds
from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import HotThresholds
from leadwerk.warehouse.protocol import Warehouse

CHECK_SECONDS = 300.0
"""Longest delay until a new threshold is noticed; thresholds move once a day."""


class ThresholdCache:
    """Thresholds in force. Thread-safe; `clock` gives monotonic seconds."""

    def __init__(self, warehouse: Warehouse, policy: Policy, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._warehouse, self._policy, self._clock = warehouse, policy, clock
        self._lock = threading.Lock()
        self._found: HotThresholds | None = None
        self._looked_at = float("-inf")

    def at(self, now: datetime) -> HotThresholds:
        """The thresholds as of `now` (aware), at most CHECK_SECONDS old."""
        with self._lock:
            if self._found is None or self._clock() - self._looked_at >= CHECK_SECONDS:
                self._found = hot_thresholds(self._warehouse, self._policy, now)
                self._looked_at = self._clock()
            return self._found

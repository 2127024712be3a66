"""A caller's pace towards a service: a limit of calls a second, and no call while the service asks to wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimiter:
    """Call `wait` before each call; `hold` when the service asks for a pause. Seconds of a monotonic clock.

    Safe for many threads: each call gets a moment of its own, and the thread sleeps until then.
    """

    def __init__(
        self,
        per_second: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._interval = 1.0 / per_second
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def wait(self) -> None:
        """Sleep until the next call is allowed."""
        with self._lock:
            now = self._clock()
            moment = max(self._free_at, now)
            self._free_at = moment + self._interval
        if moment > now:
            self._sleep(moment - now)

    def hold(self, seconds: float) -> None:
        """Allow no call for this number of seconds."""
        with self._lock:
            self._free_at = max(self._free_at, self._clock() + seconds)

    def held_for(self) -> float:
        """Seconds until the next call is allowed; 0 if it is now."""
        return max(0.0, self._free_at - self._clock())

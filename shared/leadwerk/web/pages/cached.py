"""Cached reads: figures that many pages show and that may be a minute old. A person's own act empties the cache."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

SECONDS = 60.0
FIGURES_SECONDS = 900.0
"""Figures of months may be older than a list of leads."""

# With more entries the cache starts anew: simpler than evicting, and rare.
MOST = 500

Value = TypeVar("Value")
_lock = threading.Lock()
_entries: dict[Hashable, tuple[float, Any]] = {}


def cached(key: Hashable, read: Callable[[], Value], seconds: float = SECONDS) -> Value:
    """The value under `key`, read again once it is older than `seconds`."""
    with _lock:
        entry = _entries.get(key)
    if entry is not None and time.monotonic() - entry[0] < seconds:
        value: Value = entry[1]
        return value
    # Outside the lock: a slow query must not block all other pages; two reads at once do no harm.
    fresh = read()
    with _lock:
        if len(_entries) >= MOST:
            # Simple and bounded: a cache of a minute is full only under attack.
            _entries.clear()
        _entries[key] = (time.monotonic(), fresh)
    return fresh


def cached_figures(key: Hashable, read: Callable[[], Value]) -> Value:
    """The value of figures under `key`, at most a quarter of an hour old."""
    return cached(key, read, FIGURES_SECONDS)


def forget() -> None:
    """Read everything again: something was just changed."""
    with _lock:
        _entries.clear()

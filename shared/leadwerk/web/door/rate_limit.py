"""Rate limit: how many calls a caller may send a minute, counted by token buckets in this process.

A caller is the address that the front end (Cloud Run, a proxy) appended to X-Forwarded-For, and at the desk also the
person who is signed in. A connection without that header comes from this machine and is not limited.

Each instance counts for itself and starts with full buckets: n instances let up to n times as many calls through. It
keeps a caller that runs wild from taking the whole service; a limit over all instances is the front end's work.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from leadwerk import settings
from leadwerk.web.problem_document import TooManyRequests

FORWARDED = "X-Forwarded-For"
SECONDS_OF_A_MINUTE = 60.0
MOST_CALLERS = 10_000
"""Callers that are remembered; the one that called longest ago is forgotten first, so that memory is bounded."""


@dataclass(frozen=True)
class Bucket:
    """Calls that a caller has left at `at` (seconds of the process's monotonic clock)."""

    calls: float
    at: float


@dataclass
class TokenBuckets:
    """A bucket a caller: it holds `per_minute` calls and is refilled by as many each minute."""

    per_minute: float
    most_callers: int = MOST_CALLERS
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: str, at: float) -> float:
        """Take a call of `caller` at `at`; returns 0, or the seconds to wait until there is one, and takes none.

        >>> buckets = TokenBuckets(per_minute=2)
        >>> [buckets.take("198.51.100.7", at) for at in (0.0, 0.0, 0.0, 15.0, 30.0)]
        [0.0, 0.0, 30.0, 15.0, 0.0]
        """
        per_second = self.per_minute / SECONDS_OF_A_MINUTE
        with self._lock:
            # Taken out and put back at the end: the order of the dict is that of the latest calls.
            last = self._buckets.pop(caller, Bucket(self.per_minute, at))
            # Filled up by what time has passed, when asked: no thread and no timer has to do it.
            calls = min(self.per_minute, last.calls + (at - last.at) * per_second)
            is_allowed = calls >= 1
            # A refused call takes none, so a caller that keeps hammering is let in as soon as one that waits.
            self._buckets[caller] = Bucket(calls - 1 if is_allowed else calls, at)
            if len(self._buckets) > self.most_callers:
                self._buckets.popitem(last=False)
        return 0.0 if is_allowed else (1 - calls) / per_second


def check_address(headers: Mapping[str, str]) -> None:
    """Count a call of the address that sent the request.

    Raises:
        TooManyRequests: the address has no call left; states when it has.
    """
    address = address_of(headers)
    if address:
        _check(f"address {address}", address)


def check_person(name: str) -> None:
    """Count a call of a person who is signed in.

    Raises:
        TooManyRequests: the person has no call left; states when they have.
    """
    _check(f"person {name}", name)


def address_of(headers: Mapping[str, str]) -> str:
    """The network address that the front end saw; empty for a call from this machine.

    Only the last address is the front end's: what stands before it, the caller may have written. Of IPv6 it is the
    /64, which one subscriber has whole.

    >>> address_of({"X-Forwarded-For": "10.0.0.1, 198.51.100.7"}), address_of({})
    ('198.51.100.7', '')
    >>> address_of({"X-Forwarded-For": "2001:db8:1:2:3::4"})
    '2001:db8:1:2::/64'
    """
    last = headers.get(FORWARDED, "").rpartition(",")[2].strip()
    try:
        address = ipaddress.ip_address(last)
    except ValueError:
        return last[:60]
    return last if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))


@cache
def buckets(per_minute: float) -> TokenBuckets:
    """The buckets of this process."""
    return TokenBuckets(per_minute)


def _check(caller: str, name: str) -> None:
    per_minute = settings.calls_per_minute()
    if not per_minute:
        return
    seconds = buckets(per_minute).take(caller, time.monotonic())
    if seconds:
        raise TooManyRequests(
            f"{name} sends more than {per_minute:g} calls a minute.",
            retry_after=seconds,
            remedy="Wait as long as Retry-After states; send many leads in one request.",
        )

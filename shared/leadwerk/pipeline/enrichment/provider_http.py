"""HTTP to providers: guarded against the own network, paced, bounded, and with one meaning for each failure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from leadwerk.crm.bounded_exchange import ExchangeResult
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.http_client import LATER, LONGEST_WAIT, retry_after
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

LONGEST_ANSWER = 262_144
"""Bytes of an answer that are read: an entry of a registry has some thousand."""

LONGEST_SILENCE = 60.0
"""Seconds until an answer begins: a model thinks before it writes."""

REFUSED = frozenset({301, 302, 303, 307, 308, 401, 403})
"""The fault of our address, credentials or plan, so no company is blamed."""


class ProviderHttp:
    """Calls below one base URL; a pause that the provider asks for holds for all of them."""

    def __init__(
        self, name: str, url: str, headers: Mapping[str, str], *, http: GuardedHttp, pace: RateLimiter, remedy: str
    ) -> None:
        self.name, self._url, self._headers = name, url.rstrip("/"), {"Accept": "application/json", **headers}
        self._http, self._pace, self._remedy = http, pace, remedy

    def call(self, method: str, path: str, body: bytes | None = None) -> ExchangeResult:
        """One call; a status that is about the company itself is returned.

        Raises:
            CRMUnavailable: no answer, 408, 423, 425, 429 or 5xx, or the provider asked for a pause.
            CRMRejected: `locked_out`: a redirect, 401 or 403.
            ConfigurationError: the address is not https, or lies in the own network.
        """
        pause = self._pace.held_for()
        if pause > LONGEST_WAIT:
            raise CRMUnavailable(
                Message("refusal.provider.pause", provider=self.name, seconds=f"{pause:.0f}"),
                status=429,
                retry_after=pause,
            )
        self._pace.wait()
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        answer = self._http.request(method, self._url + path, headers, body)
        if answer.status in LATER or answer.status >= 500:
            wait = retry_after({name.title(): value for name, value in answer.headers.items()})
            if wait is not None:
                self._pace.hold(wait)
            raise CRMUnavailable(
                Message("refusal.provider.status", provider=self.name, status=answer.status),
                status=answer.status,
                retry_after=wait,
            )
        if answer.status in REFUSED:
            # Without the body: it may repeat what we sent, the key included.
            raise CRMRejected(
                Message("refusal.provider.status", provider=self.name, status=answer.status),
                status=answer.status,
                remedy=self._remedy,
                locked_out=True,
            )
        return answer


def encoded(body: object) -> bytes:
    """A request's body."""
    return msgspec.json.encode(body)

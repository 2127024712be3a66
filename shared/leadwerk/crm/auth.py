"""How a client proves who it is: a fixed header, or OAuth client credentials with a cached token."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from leadwerk.crm.bounded_exchange import TOKEN_SERVER, exchange, new_session
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

# Seconds before its end at which a token is replaced: a call may take that long.
EARLY = 60.0
# Seconds, where the server does not state one (RFC 6749 §5.1 recommends that it does).
DEFAULT_LIFETIME = 600.0
# Seconds. What a server states beyond a month is a mistake, such as a moment instead of a lifetime.
LONGEST_LIFETIME = 31 * 86_400.0


class Auth(Protocol):
    """Headers of each call; `renew` after a 401 returns whether it is worth a second try."""

    def headers(self) -> Mapping[str, str]: ...

    def renew(self, refused: Mapping[str, str]) -> bool: ...


class FixedHeader:
    """A header that never changes, such as a bearer token or an API key."""

    def __init__(self, name: str, value: str) -> None:
        self._headers = {name: value}

    def headers(self) -> Mapping[str, str]:
        return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        return False


def bearer(token: str) -> FixedHeader:
    """RFC 6750 §2.1."""
    return FixedHeader("Authorization", f"Bearer {token}")


def basic(user: str, password: str) -> FixedHeader:
    """RFC 7617."""
    return FixedHeader("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


class _TokenAnswer(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float | str | None = None


class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749 §4.4): one token for all threads, fetched once when it ends."""

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        scope: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._id, self._secret, self._scope, self._clock = token_url, client_id, client_secret, scope, clock
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def headers(self) -> Mapping[str, str]:
        """The header of the present token.

        Raises:
            CRMUnavailable, CRMRejected: the token server does not answer, or refuses.
        """
        # A thread that waits at the lock finds the token that the first one fetched: CRMs count logins.
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._fetch()
            return {"Authorization": f"Bearer {self._token}"}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the refused token, unless another thread has done so already."""
        with self._lock:
            if refused.get("Authorization") == f"Bearer {self._token}":
                self._token = ""
        return True

    def _fetch(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": self._id, "client_secret": self._secret}
        # A session of its own each time: tokens are fetched once an hour.
        with new_session() as session:
            answer = exchange(
                session,
                TOKEN_SERVER,
                "POST",
                self._url,
                data=form | ({"scope": self._scope} if self._scope else {}),
            )
        if answer.status in (408, 425, 429) or answer.status >= 500:
            raise CRMUnavailable(Message("refusal.crm.login.status", status=answer.status), status=answer.status)
        if answer.status != 200:
            raise CRMRejected(
                Message("refusal.crm.login.status", status=answer.status),
                status=answer.status,
                remedy=Message("refusal.crm.login.remedy"),
                locked_out=True,
            )
        self._store(answer.body)

    def _store(self, body: bytes) -> None:
        try:
            fetched = msgspec.json.decode(body, type=_TokenAnswer)
            lifetime = float(fetched.expires_in or DEFAULT_LIFETIME)
        except (*UNREADABLE_JSON, ValueError) as error:
            # The body may hold a token: it is not repeated.
            raise CRMUnavailable(Message("refusal.crm.login.form")) from error
        # A negative lifetime, or none that is a number, would mean a login for each call, or a token for ever.
        lifetime = lifetime if 0 < lifetime <= LONGEST_LIFETIME else DEFAULT_LIFETIME
        self._token, self._until = fetched.access_token, self._clock() + max(lifetime - EARLY, lifetime / 2)

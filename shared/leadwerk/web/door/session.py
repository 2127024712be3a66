"""Sessions of a laptop: a one-time link opens the desk, a signed cookie keeps it open for twelve hours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

import msgspec
from msgspec import Struct

from leadwerk.settings import link_key

COOKIE = "leadwerk"
LIFETIME = timedelta(hours=12)
LOCAL_HOSTS = ("127.0.0.1", "localhost", "[::1]")


class Session(Struct, frozen=True):
    """What the cookie holds: the person's name, and until when the session lasts (Unix seconds)."""

    name: str
    until: float


_DECODER = msgspec.json.Decoder(Session)


@dataclass
class LocalSessions:
    """Sessions under a key of this start: after a restart every cookie is void.

    `unused`: keys of links that nobody has opened yet. They live in this process alone: desk runs as one on a laptop.
    """

    key: bytes
    unused: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, key: str) -> LocalSessions:
        """Sessions under `key`, which also opens the first link."""
        return cls(hashlib.sha256(b"cookie:" + key.encode()).digest(), {link_key(key)})

    def new_link_key(self) -> str:
        """The key of one more link, for another browser."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            self.unused.add(key)
        return key

    def is_unused(self, link: str) -> bool:
        """Whether a link with this key still opens the desk; reading it does not use it up."""
        return link in self.unused

    def use(self, link: str) -> bool:
        """Use a link's key up; False if it was used before or never existed."""
        with self._lock:
            # A link works once: one in a shell's history or a screenshot is worth nothing.
            if link not in self.unused:
                return False
            self.unused.discard(link)
            return True

    def cookie(self, name: str, clock: datetime) -> str:
        """Value of the header Set-Cookie that keeps `name` signed in from `clock` (real time) on."""
        session = msgspec.json.encode(Session(name, (clock + LIFETIME).timestamp()))
        value = f"{_text(session)}.{_text(self._signature(session))}"
        return f"{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={int(LIFETIME.total_seconds())}"

    def name_of(self, headers: Mapping[str, str], clock: datetime) -> str | None:
        """Who is signed in by the request's cookie; None without a valid one."""
        payload, _, signature = cookie_value(headers, COOKIE).partition(".")
        try:
            session_bytes = base64.urlsafe_b64decode(payload + "==")
            signature_bytes = base64.urlsafe_b64decode(signature + "==")
            # Verified before it is decoded: no foreign bytes reach the parser.
            if not hmac.compare_digest(signature_bytes, self._signature(session_bytes)):
                return None
            session = _DECODER.decode(session_bytes)
        except (ValueError, msgspec.DecodeError):
            return None
        return session.name if clock.timestamp() < session.until else None

    def _signature(self, session: bytes) -> bytes:
        return hmac.new(self.key, session, hashlib.sha256).digest()


def cookie_value(headers: Mapping[str, str], name: str) -> str:
    """The value of a cookie; empty without it."""
    try:
        cookies = SimpleCookie(headers.get("Cookie", ""))
    except CookieError:
        return ""
    return cookies[name].value if name in cookies else ""


def is_local_host(host: str) -> bool:
    """Whether the header Host names this machine. Any other name may be an attacker's that resolves to it (DNS
    rebinding).

    >>> is_local_host("127.0.0.1:8080"), is_local_host("evil.example:8080")
    (True, False)
    """
    return host.rsplit(":", 1)[0] in LOCAL_HOSTS


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")

"""Google's public keys, which verify what Google signed; read at most once an hour."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from leadwerk.errors import UNREADABLE_JSON, LeadwerkError

KEYS_SECONDS = 3600.0
TIMEOUT_SECONDS = 5.0


class KeysUnavailable(LeadwerkError):
    """Google's public keys could not be read."""

    retryable = True


@dataclass
class PublicKeys:
    """The keys at `url`, by their ids."""

    url: str
    _keys: Mapping[str, str] = field(default_factory=dict)
    _read_at: float = float("-inf")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> Mapping[str, str]:
        """The keys.

        Raises:
            KeysUnavailable: they cannot be read.
        """
        with self._lock:
            # Google rotates keys; an hour is within the overlap of old and new.
            if time.monotonic() - self._read_at > KEYS_SECONDS:
                self._keys, self._read_at = _read_keys(self.url), time.monotonic()
            return self._keys


def _read_keys(url: str) -> Mapping[str, str]:
    import urllib.request

    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  Google's, or a test's
            return msgspec.json.decode(answer.read(), type=dict[str, str])
    except (OSError, *UNREADABLE_JSON) as error:
        raise KeysUnavailable(f"The keys at {url} cannot be read: {error}.", remedy="Try again in a moment.") from error

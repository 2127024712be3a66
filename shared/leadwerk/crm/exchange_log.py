"""What went over the wire, for a person who tries one lead; secrets are masked before anything is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

SECRET_HEADERS = frozenset(
    {"authorization", "api-token", "x-api-token", "cookie", "set-cookie", "webhook-signature", "proxy-authorization"}
)
MASK = "***"
# A terminal shows no more of a body than this many characters.
LONGEST_BODY = 4000


@dataclass(frozen=True)
class Exchange:
    """A request and its answer; `status` is None where none came."""

    method: str
    url: str
    request_headers: Mapping[str, str]
    request: str
    status: int | None = None
    answer: str = ""


@dataclass
class ExchangeLog:
    """Exchanges while somebody watches."""

    exchanges: list[Exchange] = field(default_factory=list)


_lock = threading.Lock()
_watching: list[ExchangeLog] = []


@contextmanager
def watching() -> Iterator[ExchangeLog]:
    """Keep all exchanges of this process until the block ends."""
    log = ExchangeLog()
    with _lock:
        _watching.append(log)
    try:
        yield log
    finally:
        with _lock:
            _watching.remove(log)


def is_watched() -> bool:
    """Whether anybody watches: what nobody sees need not be made."""
    return bool(_watching)


def note(exchange: Exchange) -> None:
    """Keep an exchange, if somebody watches."""
    with _lock:
        for log in _watching:
            log.exchanges.append(exchange)


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers without their secrets.

    >>> masked({"Authorization": "Bearer abc", "Accept": "application/json"})
    {'Authorization': '***', 'Accept': 'application/json'}
    """
    return {name: MASK if name.casefold() in SECRET_HEADERS else value for name, value in headers.items()}


def shortened(body: bytes) -> str:
    """A body as text, cut where it is long."""
    return body[:LONGEST_BODY].decode(errors="replace")

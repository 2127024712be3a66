"""One exchange over HTTP: bounded in time and bytes, never redirected, without the machine's own credentials.

The token servers of CRMs are called like the CRMs themselves: a login that drips byte by byte would stop every thread
that waits for the token.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import requests
import urllib3

from leadwerk.errors import CRMUnavailable
from leadwerk.texts.catalogue import has
from leadwerk.texts.message import Message

# Seconds to connect, and between two bytes of the answer.
TIMEOUT = (3.05, 10.0)
# Seconds for the answer as a whole: byte by byte it could take days.
LONGEST_ANSWER = 60.0
# Bytes. A page of 1,000 cases is far below.
LONGEST_BODY = 64 * 2**20
CRM_SERVER, TOKEN_SERVER = "refusal.crm.server.crm", "refusal.crm.server.tokens"
"""Names of servers in errors, as keys of texts: they are read when something failed."""


class ExchangeResult(NamedTuple):
    """Status, headers and whole body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def new_session() -> requests.Session:
    """A session to which neither ~/.netrc nor a proxy of the environment adds anything, or looks into."""
    session = requests.Session()
    session.trust_env = False
    return session


def exchange(session: requests.Session, server: str, method: str, url: str, **arguments: Any) -> ExchangeResult:
    """The answer to one request; `server` is its name in an error: a text's key, or the name itself.

    Raises:
        CRMUnavailable: no answer, or it broke off, or it takes too long or too many bytes.
    """
    until = time.monotonic() + LONGEST_ANSWER
    try:
        with session.request(method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **arguments) as response:
            return ExchangeResult(response.status_code, response.headers, _body(response, server, until))
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise CRMUnavailable(_message("silent", server, fault=type(error).__name__)) from error


def _body(response: requests.Response, server: str, until: float) -> bytes:
    parts, length = [], 0
    while part := response.raw.read1(decode_content=True):
        parts.append(part)
        length += len(part)
        if time.monotonic() > until or length > LONGEST_BODY:
            raise CRMUnavailable(_message("endless", server, seconds=f"{LONGEST_ANSWER:g}", size=length))
    if response.raw.length_remaining:
        raise CRMUnavailable(_message("broken", server))
    return b"".join(parts)


def _message(key: str, server: str, **values: object) -> Message:
    # The name becomes a message only now: one at hand for each call would load the texts before they are needed.
    name = Message(server) if has("en", server) else server
    return Message(f"refusal.crm.{key}", server=name, **values)

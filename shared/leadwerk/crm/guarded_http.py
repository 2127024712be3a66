"""HTTPS to an address that a user gave: never into the own network, whatever its name resolves to."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import urllib3

from leadwerk.crm.bounded_exchange import ExchangeResult
from leadwerk.errors import ConfigurationError, CRMUnavailable
from leadwerk.texts.message import Message

# Seconds to connect, and until an answer begins or goes on. Receivers may work before they answer.
CONNECT = 3.05
LONGEST_SILENCE = 20.0
# Bytes read of an answer: its text matters only after a failure.
LONGEST_ANSWER = 65_536
# Seconds for the answer as a whole: byte by byte it could take days.
LONGEST_WAIT = 60.0
CHUNK = 16_384
# Compatible addresses of old, and NAT64; and the prefix by which a network translates as it likes (RFC 8215).
CARRIES_IPV4 = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
LOCAL_TRANSLATION = ipaddress.IPv6Network("64:ff9b:1::/48")
Resolve = Callable[[str, int], list[str]]


def resolved(host: str, port: int) -> list[str]:
    """The addresses of a host.

    Raises:
        CRMUnavailable: it has none now.
    """
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CRMUnavailable(Message("refusal.http.name", host=host)) from error
    return [str(entry[4][0]) for entry in entries]


@dataclass(frozen=True)
class GuardedHttp:
    """`allow_private`: for tests, and for receivers within the own network that somebody allowed by name.

    `longest_answer` bytes of an answer are read, for at most `longest_wait` seconds, with no pause of more than
    `longest_silence` seconds; `about` is what errors call the other side.
    """

    allow_private: bool = False
    resolve: Resolve = resolved
    longest_answer: int = LONGEST_ANSWER
    longest_wait: float = LONGEST_WAIT
    longest_silence: float = LONGEST_SILENCE
    about: Literal["receiver", "provider"] = "receiver"

    @property
    def _about(self) -> Message:
        return Message(f"refusal.http.about.{self.about}")

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> ExchangeResult:
        """Send a body, as `request` does."""
        return self.request("POST", url, headers, body)

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> ExchangeResult:
        """One request; redirects are not followed.

        The name is resolved once and the connection goes to that very address: a name that resolves otherwise a moment
        later (DNS rebinding) changes nothing.

        Raises:
            ConfigurationError: the address is not https, or lies in a private network.
            CRMUnavailable: no answer.
        """
        parts = urlsplit(url)
        host, is_https = parts.hostname or "", parts.scheme == "https"
        if not host or not (is_https or (self.allow_private and parts.scheme == "http")):
            raise ConfigurationError(Message("refusal.http.clear", about=self._about, address=shown_address(url)))
        port = parts.port or (443 if is_https else 80)
        address = self._allowed(host, port)
        path = parts.path or "/"
        target = f"{path}?{parts.query}" if parts.query else path
        try:
            with _pool(is_https, address, port, host, self.longest_silence) as pool:
                answer = pool.request(
                    method,
                    target,
                    body=body,
                    headers={**headers, "Host": parts.netloc.rpartition("@")[2]},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                content = self._read(answer)
        except urllib3.exceptions.HTTPError as error:
            raise CRMUnavailable(
                Message("refusal.crm.silent", server=self._about, fault=type(error).__name__)
            ) from error
        return ExchangeResult(answer.status, dict(answer.headers), content)

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        """The beginning of the body."""
        until, parts, left = time.monotonic() + self.longest_wait, [], self.longest_answer
        while left > 0 and (part := answer.read1(min(left, CHUNK), decode_content=True)):
            parts.append(part)
            left -= len(part)
            if time.monotonic() > until:
                raise CRMUnavailable(
                    Message("refusal.http.endless", about=self._about, seconds=f"{self.longest_wait:g}")
                )
        answer.close()
        return b"".join(parts)

    def _allowed(self, host: str, port: int) -> str:
        addresses = self.resolve(host, port)
        for address in addresses:
            if not self.allow_private and not is_public(address):
                raise ConfigurationError(Message("refusal.http.private", about=self._about, host=host))
        return addresses[0]


def shown_address(url: str) -> str:
    """An address without what may be a secret: its query and credentials.

    >>> shown_address("http://user:password@host.ch/v1?key=secret")
    'http://host.ch/v1'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def is_public(address: str) -> bool:
    """Whether an address is one of the public Internet; one of IPv4 within IPv6 is looked at as IPv4.

    >>> [is_public(a) for a in ("8.8.8.8", "127.0.0.1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "fd00::1")]
    [True, False, False, False, False, False]
    >>> [is_public(a) for a in ("64:ff9b::a00:1", "2002:a00:1::", "::10.0.0.1", "64:ff9b::808:808", "2001:4860::1")]
    [False, False, False, True, True]
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed in LOCAL_TRANSLATION or parsed.is_site_local:
            return False
        parsed = _ipv4_within(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast


def _ipv4_within(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 to which a gateway or the system sends what goes to this one (RFC 4291, 3056, 6052)."""
    if any(address in network for network in CARRIES_IPV4):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _pool(is_https: bool, address: str, port: int, host: str, silence: float) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT, read=silence)
    if not is_https:
        return urllib3.HTTPConnectionPool(address, port, timeout=timeout)
    # The certificate is checked against the name, although the connection goes to the address.
    return urllib3.HTTPSConnectionPool(address, port, timeout=timeout, server_hostname=host, assert_hostname=host)

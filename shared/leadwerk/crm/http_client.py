"""HTTP as all adapters speak it: paced, bounded in time, never redirected, and with one meaning for each failure."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests

from leadwerk.crm.auth import Auth
from leadwerk.crm.bounded_exchange import CRM_SERVER, exchange, new_session
from leadwerk.crm.exchange_log import Exchange, is_watched, masked, note, shortened
from leadwerk.crm.guarded_http import shown_address
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import UNREADABLE_JSON, ConfigurationError, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

# Attempts at one page within one run; the wait doubles after each.
READ_ATTEMPTS = 6
FIRST_WAIT = 0.5  # seconds
# Seconds. A run that has to wait longer leaves the rest to the next run.
LONGEST_WAIT = 30.0
# Seconds. No schedule could keep a longer pause.
LONGEST_PAUSE = 86_400.0
# Like 5xx, these statuses mean "not now": the same request may succeed later.
LATER = frozenset({408, 423, 425, 429})
# These are the fault of our address or credentials, so no record is blamed.
LOCKED_OUT = frozenset({301, 302, 303, 307, 308, 401, 403})
JSON_BODY = {"Content-Type": "application/json"}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
T = TypeVar("T")


@dataclass(frozen=True)
class CRMResponse:
    """Status, headers and whole body of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self) -> str:
        """The first 300 bytes on one line, for an error."""
        return " ".join(self.body[:300].decode(errors="replace").split()) or "nothing"

    def decoded(self, kind: type[T]) -> T:
        """The body as `kind`.

        Raises:
            CRMRejected: it has another form than agreed.
            CRMUnavailable: it is not JSON: a proxy, or an answer that broke off.
        """
        try:
            return msgspec.json.decode(self.body, type=kind)
        except msgspec.ValidationError as error:
            raise CRMRejected(Message("refusal.crm.form", error=error), status=self.status) from error
        except UNREADABLE_JSON as error:
            raise CRMUnavailable(Message("refusal.crm.no_json", error=error), status=self.status) from error

    def unreadable(self, resource: str, *, remedy: str = "") -> CRMRejected:
        """What to raise where the CRM does not show what it was asked for."""
        return CRMRejected(
            Message("refusal.crm.reading", resource=resource, answer=self.text()), status=self.status, remedy=remedy
        )


Throttle = Callable[[CRMResponse], float | None]
"""Whether an answer is a rate limit in disguise: seconds to wait, or None. Some CRMs answer 403 or 400 for it."""
OfARecord = Callable[[CRMResponse], bool]
"""Whether an error is about a record, whatever its status says: some CRMs answer 500 or 403 to a wrong value."""


class HttpClient:
    """Calls below one base URL. Threads share the pace and the credentials; each has a connection of its own."""

    def __init__(
        self,
        url: str,
        auth: Auth,
        *,
        pace: RateLimiter,
        throttle: Throttle = lambda _: None,
        of_a_record: OfARecord = lambda _: False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Open no connection yet.

        Raises:
            ConfigurationError: the credentials would travel in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ConfigurationError(Message("refusal.crm.clear", url=url))
        self._url = url.rstrip("/")
        self._auth, self._throttle, self._of_a_record = auth, throttle, of_a_record
        self.pace = pace
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._sessions = threading.local()

    def call(self, method: str, path: str, **arguments: Any) -> CRMResponse:
        """One call; any status that is about the request itself is returned.

        Raises:
            CRMUnavailable: no answer, or 408, 423, 425, 429, 5xx, or a rate limit in disguise.
            CRMRejected: `locked_out`: 3xx, 401, 403.
        """
        if "json" in arguments:
            # Encoded once, also for a second try and for somebody who watches; requests' own encoder takes far longer.
            arguments["data"] = msgspec.json.encode(arguments.pop("json"))
            arguments["headers"] = {**JSON_BODY, **arguments.get("headers", {})}
        sent_as = self._auth.headers()
        answer = self._once(method, path, sent_as, **arguments)
        if answer.status == 401 and self._auth.renew(sent_as):
            answer = self._once(method, path, self._auth.headers(), **arguments)
        return self._checked(answer)

    def call_repeatedly(self, method: str, path: str, **arguments: Any) -> CRMResponse:
        """As `call`, for reading: a failed call is repeated a few times within the run."""
        for attempt in range(READ_ATTEMPTS - 1):
            try:
                return self.call(method, path, **arguments)
            except CRMUnavailable as error:
                wait = max(error.retry_after or 0.0, FIRST_WAIT * 2**attempt)
                if wait > LONGEST_WAIT:
                    raise
                self.pace.hold(wait)
        return self.call(method, path, **arguments)

    def _once(self, method: str, path: str, auth: Mapping[str, str], **arguments: Any) -> CRMResponse:
        wait = self.pace.held_for()
        if wait > LONGEST_WAIT:
            message = Message("refusal.crm.pause", seconds=f"{wait:.0f}")
            raise CRMUnavailable(message, status=429, retry_after=wait)
        self.pace.wait()
        headers = {**self._headers, **auth, **arguments.pop("headers", {})}
        try:
            result = exchange(self._session(), CRM_SERVER, method, self._url + path, headers=headers, **arguments)
        except CRMUnavailable:
            self._note(method, path, headers, arguments, None)
            raise
        answer = CRMResponse(*result)
        self._note(method, path, headers, arguments, answer)
        return answer

    def _note(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        arguments: Mapping[str, Any],
        answer: CRMResponse | None,
    ) -> None:
        """Keep the exchange, if somebody watches."""
        if not is_watched():
            return
        request = shortened(arguments.get("data") or msgspec.json.encode(arguments.get("params")))
        sent = Exchange(method, shown_address(self._url + path), masked(headers), request)
        note(sent if answer is None else replace(sent, status=answer.status, answer=shortened(answer.body)))

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._sessions, "session", None)
        if session is None:
            session = new_session()
            self._sessions.session = session
        return session

    def _checked(self, answer: CRMResponse) -> CRMResponse:
        status, pause = answer.status, retry_after(answer.headers)
        disguised = self._throttle(answer)
        if disguised is None and self._of_a_record(answer):
            return answer
        if disguised is not None or status in LATER or status >= 500:
            pause = pause if pause is not None else disguised or None
            if pause is not None:
                self.pace.hold(pause)
            raise CRMUnavailable(Message("refusal.crm.status", status=status), status=status, retry_after=pause)
        if status in LOCKED_OUT:
            message = Message("refusal.crm.locked_out", status=status, answer=answer.text())
            raise CRMRejected(message, status=status, remedy=_remedy(status), locked_out=True)
        return answer


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for, at most a day.

    RFC 9110 §10.2.3: seconds, or a date, here against the Date header.

    >>> retry_after({"Retry-After": "2.5"}), retry_after({"Retry-After": "soon"}), retry_after({})
    (2.5, None, None)
    >>> retry_after({"Retry-After": "Fri, 02 Jan 2026 10:00:07 GMT", "Date": "Fri, 02 Jan 2026 10:00:00 GMT"})
    7.0
    """
    written = headers.get("Retry-After", "").strip()
    if written.replace(".", "", 1).isascii() and written.replace(".", "", 1).isdigit():
        return min(float(written), LONGEST_PAUSE)
    try:
        pause = (parsedate_to_datetime(written) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, pause), LONGEST_PAUSE)


def _remedy(status: int) -> str:
    return Message(f"refusal.crm.{'token' if status in (401, 403) else 'redirect'}.remedy")

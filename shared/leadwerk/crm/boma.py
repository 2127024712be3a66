"""The CRM "BOMA" over HTTP: bearer token, JSON, PATCH /api/v1/leads/{id}, GET /api/v1/cases?cursor=…&limit=…."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
import requests
import urllib3

from leadwerk.crm.boma_cases import Page, read_page
from leadwerk.crm.port import CasePage, LeadUpdate
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable

TIMEOUT = (3.05, 10.0)  # seconds to connect, and between two bytes of the answer
LONGEST_ANSWER = 60.0  # seconds for the answer as a whole: byte by byte it could take days
PER_SECOND = 10.0  # calls a second that BOMA is known to take
PAGE_SIZE = 1000  # the most that BOMA gives: storing a page has a cost of its own
READ_ATTEMPTS = 6  # of one page within one run; each failed one waits twice as long as the one before
FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 30.0  # seconds that a run waits for the CRM before it leaves the rest to the next run
LONGEST_PAUSE = 86_400.0  # seconds; who asks for more asks for nothing that a schedule could keep
LATER = frozenset({408, 425, 429})  # beside 5xx: the statuses that say "not now"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class Boma:
    """See `leadwerk.crm.port.CRM`. One object, one connection: not to be shared between threads."""

    source = "boma.cases"

    def __init__(
        self, url: str, token: str, *, per_second: float = PER_SECOND, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Open no connection yet.

        Raises:
            ConfigurationError: the token would travel in the clear.
        """
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ConfigurationError(
                f"The CRM's URL is {url!r}, not https.", remedy="Set LEADWERK_CRM_URL to https://…."
            )
        self._url = url.rstrip("/") + "/api/v1"
        self._sleep = sleep
        self._pace = RateLimiter(per_second, sleep=sleep)
        self._session = requests.Session()
        self._session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})
        self._session.trust_env = False  # neither ~/.netrc nor a proxy of the environment shall see the token

    def patch_lead(self, update: LeadUpdate) -> None:
        """See `CRM.patch_lead`; one attempt, because the outbox remembers and repeats."""
        fields = {
            "predictive_score": update.predictive_score,
            "score_cluster": update.score_cluster,
            "recommended_action": update.recommended_action,
            "probability": update.probability,
            "score_reasons": list(update.reasons),
            **update.standing,
        }
        self._call(
            "PATCH",
            f"/leads/{quote(update.lead_id, safe='')}",
            headers={"Idempotency-Key": update.key},
            json={"lead_id": update.lead_id, "custom_fields": fields},
        )

    def changed_cases(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.changed_cases`; a failed page is asked for again a few times."""
        more, read_from = True, {cursor}
        while more:
            page = self._page(cursor)
            if page.more and page.next_cursor in read_from:
                raise CRMRejected(
                    f"The CRM says there is more behind cursor {cursor!r}, but does not move it on.",
                    remedy="Tell the maker of the CRM; nothing was lost.",
                )
            read_from.add(page.next_cursor)
            yield page.read()
            more, cursor = page.more, page.next_cursor

    def _page(self, cursor: str | None) -> Page:
        parameters: dict[str, str | int] = {"limit": PAGE_SIZE} | ({} if cursor is None else {"cursor": cursor})
        answer = self._persistently("GET", "/cases", params=parameters)
        try:
            return read_page(answer.body)
        except msgspec.ValidationError as error:
            raise CRMRejected(
                f"The CRM's list of cases has another form than agreed: {error}.",
                remedy="Check LEADWERK_CRM_URL and the CRM's version.",
            ) from error
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise CRMUnavailable(f"The CRM's list of cases is not JSON: {error}.", status=answer.status) from error

    def _persistently(self, method: str, path: str, **arguments: Any) -> _Answer:
        for attempt in range(READ_ATTEMPTS - 1):
            try:
                return self._call(method, path, **arguments)
            except CRMUnavailable as error:
                wait = max(error.retry_after or 0.0, FIRST_WAIT * 2**attempt)
                if wait > LONGEST_WAIT:
                    raise
                self._pace.hold(wait)
        return self._call(method, path, **arguments)

    def _call(self, method: str, path: str, **arguments: Any) -> _Answer:
        held = self._pace.held_for()
        if held > LONGEST_WAIT:
            raise CRMUnavailable(f"The CRM asked us to wait {held:.0f} seconds.", status=429, retry_after=held)
        self._pace.wait()
        until = time.monotonic() + LONGEST_ANSWER
        try:
            with self._session.request(
                method, self._url + path, timeout=TIMEOUT, allow_redirects=False, stream=True, **arguments
            ) as response:
                answer = _Answer(response.status_code, response.headers, _body(response, until))
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise CRMUnavailable(f"The CRM did not answer ({type(error).__name__}).") from error
        return self._checked(answer)

    def _checked(self, answer: _Answer) -> _Answer:
        status = answer.status
        if status in LATER or status >= 500:
            pause = retry_after(answer.headers)
            if pause is not None:
                self._pace.hold(pause)
            raise CRMUnavailable(f"The CRM answered {status}.", status=status, retry_after=pause)
        if not 200 <= status < 300:
            raise CRMRejected(f"The CRM answered {status}: {_said(answer)}", status=status, remedy=_remedy(status))
        return answer


def _body(response: requests.Response, until: float) -> bytes:
    parts = []
    while part := response.raw.read1(decode_content=True):
        parts.append(part)
        if time.monotonic() > until:
            raise CRMUnavailable(f"The CRM's answer was not over after {LONGEST_ANSWER:g} seconds.")
    if response.raw.length_remaining:
        raise CRMUnavailable("The CRM's answer broke off.")
    return b"".join(parts)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for, at most a day.

    RFC 9110 §10.2.3: seconds, or a date, here against the Date header.

    >>> retry_after({"Retry-After": "2.5"}), retry_after({"Retry-After": "soon"}), retry_after({})
    (2.5, None, None)
    >>> retry_after({"Retry-After": "Fri, 02 Jan 2026 10:00:07 GMT", "Date": "Fri, 02 Jan 2026 10:00:00 GMT"})
    7.0
    """
    said = headers.get("Retry-After", "").strip()
    if said.replace(".", "", 1).isascii() and said.replace(".", "", 1).isdigit():
        return min(float(said), LONGEST_PAUSE)
    try:
        pause = (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, pause), LONGEST_PAUSE)


def _said(answer: _Answer) -> str:
    return " ".join(answer.body[:300].decode(errors="replace").split()) or "nothing"


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "Check LEADWERK_CRM_TOKEN and what the token may do."
    if status < 400:
        return "Check LEADWERK_CRM_URL: the token is sent nowhere else."
    return "Check that the lead is in the CRM." if status == 404 else ""

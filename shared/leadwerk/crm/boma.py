"""The CRM "BOMA" over HTTP: bearer token, JSON, PATCH /api/v1/leads/{id}, GET /api/v1/cases?cursor=…&limit=…."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import msgspec
import requests

from leadwerk.crm.pace import Pace
from leadwerk.crm.port import BadRow, Case, CasePage, LeadUpdate, Touchpoint
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable

TIMEOUT = (3.05, 10.0)  # seconds to connect, and between two bytes of the answer
PER_SECOND = 10.0  # calls a second that BOMA is known to take
PAGE_SIZE = 1000  # the most that BOMA gives: storing a page has a cost of its own
READ_ATTEMPTS = 6  # of one page within one run; each failed one waits twice as long as the one before
FIRST_WAIT = 0.5  # seconds
LONGEST_WAIT = 30.0  # seconds that a run waits for the CRM before it leaves the rest to the next run
LATER = frozenset({408, 425, 429})  # beside 5xx: the statuses that say "not now"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Aware = Annotated[datetime, msgspec.Meta(tz=True)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class _Page(msgspec.Struct, frozen=True):
    cases: list[Any]
    next_cursor: str
    more: bool


class _Touchpoint(msgspec.Struct, frozen=True):
    event_id: Text
    kind: Text
    occurred_at: Aware


class _Case(msgspec.Struct, frozen=True):
    event_id: Text
    changed_at: Aware
    lead: dict[str, Any]
    status: Text
    reason: str | None = None
    amount: float | str | None = None
    touchpoints: list[Any] = msgspec.field(default_factory=list)
    status_changed: bool = True


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
        self._pace = Pace(per_second, sleep=sleep)
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
        more = True
        while more:
            page = self._page(cursor)
            if page.more and page.next_cursor == cursor:
                raise CRMRejected(
                    f"The CRM says there is more behind cursor {cursor!r}, but does not move it.",
                    remedy="Tell the maker of the CRM; nothing was lost.",
                )
            yield _read_page(page)
            more, cursor = page.more, page.next_cursor

    def _page(self, cursor: str | None) -> _Page:
        parameters: dict[str, str | int] = {"limit": PAGE_SIZE} | ({} if cursor is None else {"cursor": cursor})
        response = self._persistently("GET", "/cases", params=parameters)
        try:
            return msgspec.json.decode(response.content, type=_Page)
        except msgspec.ValidationError as error:
            raise CRMRejected(
                f"The CRM's list of cases has another form than agreed: {error}.",
                remedy="Check LEADWERK_CRM_URL and the CRM's version.",
            ) from error
        except msgspec.DecodeError as error:
            raise CRMUnavailable(
                f"The CRM's list of cases is not JSON: {error}.", status=response.status_code
            ) from error

    def _persistently(self, method: str, path: str, **arguments: Any) -> requests.Response:
        for attempt in range(READ_ATTEMPTS - 1):
            try:
                return self._call(method, path, **arguments)
            except CRMUnavailable as error:
                wait = max(error.retry_after or 0.0, FIRST_WAIT * 2**attempt)
                if wait > LONGEST_WAIT:
                    raise
                self._pace.hold(wait)
        return self._call(method, path, **arguments)

    def _call(self, method: str, path: str, **arguments: Any) -> requests.Response:
        held = self._pace.held_for()
        if held > LONGEST_WAIT:
            raise CRMUnavailable(f"The CRM asked us to wait {held:.0f} seconds.", status=429, retry_after=held)
        self._pace.wait()
        try:
            response = self._session.request(
                method, self._url + path, timeout=TIMEOUT, allow_redirects=False, **arguments
            )
        except requests.RequestException as error:
            raise CRMUnavailable(f"The CRM did not answer ({type(error).__name__}).") from error
        return self._checked(response)

    def _checked(self, response: requests.Response) -> requests.Response:
        status = response.status_code
        if status in LATER or status >= 500:
            pause = retry_after(response.headers)
            if pause is not None:
                self._pace.hold(pause)
            raise CRMUnavailable(f"The CRM answered {status}.", status=status, retry_after=pause)
        if not 200 <= status < 300:
            raise CRMRejected(f"The CRM answered {status}: {_said(response)}", status=status, remedy=_remedy(status))
        return response


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 §10.2.3: seconds, or a date, here against the Date header).

    >>> retry_after({"Retry-After": "2.5"}), retry_after({"Retry-After": "soon"}), retry_after({})
    (2.5, None, None)
    >>> retry_after({"Retry-After": "Fri, 02 Jan 2026 10:00:07 GMT", "Date": "Fri, 02 Jan 2026 10:00:00 GMT"})
    7.0
    """
    said = headers.get("Retry-After", "").strip()
    if said.replace(".", "", 1).isascii() and said.replace(".", "", 1).isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - parsedate_to_datetime(headers.get("Date", ""))).total_seconds())
    except (TypeError, ValueError):
        return None


def _said(response: requests.Response) -> str:
    return " ".join(response.text[:300].split()) or response.reason or "nothing"


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "Check LEADWERK_CRM_TOKEN and what the token may do."
    return "Check that the lead is in the CRM." if status == 404 else ""


def _read_page(page: _Page) -> CasePage:
    cases: list[Case] = []
    bad: list[BadRow] = []
    for raw in page.cases:
        try:
            case = msgspec.convert(raw, _Case)
        except msgspec.ValidationError as error:
            bad.append(_bad_row(raw, error))
            continue
        touchpoints, bad_touchpoints = _read_touchpoints(case)
        bad += bad_touchpoints
        cases.append(Case(**{**msgspec.structs.asdict(case), "touchpoints": touchpoints}))
    return CasePage(tuple(cases), tuple(bad), page.next_cursor)


def _read_touchpoints(case: _Case) -> tuple[tuple[Touchpoint, ...], list[BadRow]]:
    good: list[Touchpoint] = []
    bad: list[BadRow] = []
    for raw in case.touchpoints:
        try:
            found = msgspec.convert(raw, _Touchpoint)
            good.append(Touchpoint(found.event_id, found.kind, found.occurred_at))
        except msgspec.ValidationError as error:
            bad.append(_bad_row(raw, error, within=case.event_id))
    return tuple(good), bad


def _bad_row(raw: Any, error: msgspec.ValidationError, within: str = "") -> BadRow:
    what, _, where = str(error).partition(" - at `$.")
    own_id = raw.get("event_id") if isinstance(raw, dict) else None
    row = "/".join(filter(None, (within, str(own_id or _fingerprint(raw)))))
    return BadRow(row, where.rstrip("`") or None, f"{what}; the CRM has to send it in the agreed form.")


def _fingerprint(raw: Any) -> str:
    # What has no id is recognised by its content, which may speak of a person and is not stored.
    return hashlib.sha256(msgspec.json.encode(raw)).hexdigest()[:16]

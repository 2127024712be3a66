"""The CRM "BOMA": PATCH /api/v1/leads/{id}, GET /api/v1/cases?cursor=…&limit=…; one score a call, JSON.

Paths and credentials are settings, because several CRMs take the same body under another address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from leadwerk.crm.adapter import Adapter
from leadwerk.crm.auth import Auth, bearer
from leadwerk.crm.boma_cases import BomaPage, read_page
from leadwerk.crm.case_page import CasePage
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.port import (
    Capabilities,
    Check,
    CRMField,
    Gone,
    LeadUpdate,
    PushResult,
    Refused,
    Taken,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

# Calls a second that BOMA is known to take.
PER_SECOND = 10.0
# The most that BOMA gives: storing a page costs about the same whatever its size.
PAGE_SIZE = 1000


@dataclass(frozen=True)
class Paths:
    """Where the API has its leads and cases, below the base URL; `{id}` stands for the lead."""

    lead: str = "/api/v1/leads/{id}"
    cases: str = "/api/v1/cases"


class _Problem(msgspec.Struct, frozen=True):
    """What an error's body says, as far as it is RFC 9457; `merged_into` is BOMA's own."""

    merged_into: str | None = None
    code: str | None = None
    field: str | None = None


class Boma(Adapter):
    """See `leadwerk.crm.port.CRM`. BOMA takes any custom field; it has no webhooks, users, tasks or tags."""

    source = "boma.cases"
    capabilities = Capabilities(
        reports=frozenset({"deletions", "merges", "unsubscribes", "touchpoints", "lost_reason", "stage_history"}),
        idempotency_key=True,
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        paths: Paths | None = None,
    ) -> None:
        """Open no connection yet; `auth` may be a bearer token.

        Raises:
            ConfigurationError: the token would travel in the clear.
        """
        self._http = HttpClient(
            url, bearer(auth) if isinstance(auth, str) else auth, pace=RateLimiter(per_second, sleep=sleep)
        )
        self._paths = paths or Paths()

    def field_name(self, shows: str) -> str:
        """BOMA's fields are called as what they show."""
        return shows

    def check(self, fields: Sequence[CRMField]) -> Sequence[Check]:
        """See `CRM.check`: one case is asked for, which proves address and token."""
        self._http.call("GET", self._paths.cases, params={"limit": 1})
        return [Check("access", "answers")]

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        answer = self._http.call(
            "PATCH",
            self._paths.lead.replace("{id}", quote(update.target, safe="")),
            headers={"Idempotency-Key": update.key},
            json={"lead_id": update.target, "custom_fields": dict(update.fields)},
        )
        if 200 <= answer.status < 300:
            return Taken()
        problem = _problem(answer)
        if answer.status == 404:
            return Unknown(_explained(answer, "Check that the lead is in the CRM."))
        if answer.status == 410:
            return Gone(problem.merged_into, _explained(answer))
        return Refused(_explained(answer), problem.code, problem.field, answer.status)

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`; a failed page is asked for again a few times."""
        more, read_from = True, {cursor}
        while more:
            page = self._page(cursor)
            if page.more and page.next_cursor in read_from:
                raise CRMRejected(Message("refusal.crm.cursor_stands", cursor=cursor))
            read_from.add(page.next_cursor)
            yield page.read()
            more, cursor = page.more, page.next_cursor

    def _page(self, cursor: str | None) -> BomaPage:
        parameters: dict[str, str | int] = {"limit": PAGE_SIZE} | ({} if cursor is None else {"cursor": cursor})
        answer = self._http.call_repeatedly("GET", self._paths.cases, params=parameters)
        if answer.status != 200:
            message = Message("refusal.crm.locked_out", status=answer.status, answer=answer.text())
            raise CRMRejected(message, status=answer.status, remedy=Message("refusal.crm.cases.remedy"))
        try:
            return read_page(answer.body)
        except msgspec.ValidationError as error:
            raise CRMRejected(Message("refusal.crm.form", error=error)) from error
        except (*UNREADABLE_JSON, ValueError) as error:
            raise CRMUnavailable(Message("refusal.crm.no_json", error=error), status=answer.status) from error


def _problem(answer: CRMResponse) -> _Problem:
    try:
        return msgspec.json.decode(answer.body, type=_Problem)
    except UNREADABLE_JSON:
        return _Problem()


def _explained(answer: CRMResponse, remedy: str = "") -> str:
    return f"The CRM answered {answer.status}: {answer.text()} {remedy}".strip()

"""The CRM's HTTP interface as a function from request to answer, without a socket.

| method and path                     | what                                                                     |
|-------------------------------------|--------------------------------------------------------------------------|
| GET /                               | the leads, highest score first, as a page (no token: it is a simulation) |
| GET /health                         | that it is up (no token)                                                 |
| GET /api/v1/leads/{id}              | one lead                                                                 |
| PATCH /api/v1/leads/{id}            | {"lead_id", "custom_fields": {…}}, header Idempotency-Key                |
| POST /api/v1/leads                  | a new lead                                                               |
| GET /api/v1/cases?cursor=…&limit=…  | changes of cases in order of time                                        |
| POST /admin/faults                  | see `crm_faults.Faults`; {} heals                                        |
| POST /admin/now                     | {"now": "2026-03-01T00:00:00Z"}                                          |
| GET /admin/stats                    | counts                                                                   |
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from leadwerk.errors import UNREADABLE_JSON, InputError, UnknownLead
from leadwerk.simulation.calendar import moment
from leadwerk.simulation.crm_faults import Faults, FaultSwitch
from leadwerk.simulation.crm_page import page
from leadwerk.simulation.crm_store import CaseStore, Json

DEFAULT_LIMIT, LARGEST_LIMIT = 100, 1000
PAGE_LEADS = 50
JSON, HTML = "application/json", "text/html; charset=utf-8"
Score = Annotated[int, msgspec.Meta(ge=0, le=100)]
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class CustomFields(msgspec.Struct, frozen=True):
    """The fields that have a type in the CRM; it takes any others as they come."""

    predictive_score: Score | None = None
    score_cluster: Word | None = None
    recommended_action: Word | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    points: float | None = None
    lead_matrix_cell: Annotated[str, msgspec.Meta(pattern="^[A-D][1-4]$")] | None = None
    company_tier: Word | None = None
    lead_stage: Word | None = None
    traffic_light: Literal["red", "yellow", "green"] | None = None


class Patch(msgspec.Struct, frozen=True):
    """Body of a PATCH."""

    custom_fields: Json
    lead_id: str | None = None


class Clock(msgspec.Struct, frozen=True):
    """Body of POST /admin/now."""

    now: Annotated[datetime, msgspec.Meta(tz=True)]


@dataclass(frozen=True)
class CrmRequest:
    """What came over the wire; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class CrmAnswer:
    """What goes back; `drop` closes the connection instead."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    delay: float = 0.0


class Api:
    """The CRM behind its HTTP interface."""

    def __init__(self, store: CaseStore, token: str, faults: FaultSwitch | None = None) -> None:
        self.store, self._token, self.faults = store, token, faults or FaultSwitch()

    def answer(self, request: CrmRequest) -> CrmAnswer:
        """Answer a request; never raises for what a client did wrong."""
        path = urlsplit(request.target).path
        if request.method == "GET" and path == "/":
            return CrmAnswer(200, page(self.store.ranked(PAGE_LEADS), moment(self.store.now())).encode(), HTML)
        if request.method == "GET" and path == "/health":
            return _json(200, {"status": "ok"})
        if not self._is_known(request.headers.get("authorization", "")):
            return _problem(401, "The bearer token is missing or wrong.")
        if path.startswith("/admin/"):
            return self._refusing(self._admin, request, path)
        return self._faulty(request, path)

    def _is_known(self, authorization: str) -> bool:
        # Compared in constant time, as a CRM should: the simulation is also an example.
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())

    def _faulty(self, request: CrmRequest, path: str) -> CrmAnswer:
        fault, faults = self.faults.next(), self.faults.faults
        if fault == "error":
            return _problem(500, "Something went wrong.")
        if fault == "throttle":
            wait = {"Retry-After": f"{faults.retry_after:g}"}
            return replace(_problem(429, "Too many requests."), headers=wait)
        if fault == "drop":
            return CrmAnswer(500, drop=True)
        answer = self._refusing(self._resource, request, path)
        if fault == "slow":
            return replace(answer, delay=faults.slow_seconds)
        # The worst fault: the change is stored and the answer lost, so a client must be able to repeat.
        return replace(answer, drop=True) if fault == "drop_after_commit" else answer

    def _refusing(self, handle: Callable[[CrmRequest, str], CrmAnswer], request: CrmRequest, path: str) -> CrmAnswer:
        try:
            return handle(request, path)
        except UnknownLead as error:
            return _problem(404, str(error))
        except (InputError, msgspec.ValidationError) as error:
            return _problem(422, str(error))
        except UNREADABLE_JSON as error:
            return _problem(400, f"The body is not JSON: {error}")

    def _resource(self, request: CrmRequest, path: str) -> CrmAnswer:
        match (request.method, path.strip("/").split("/")):
            case ("GET", ["api", "v1", "cases"]):
                return _json(200, self._cases(parse_qs(urlsplit(request.target).query)))
            case ("GET", ["api", "v1", "leads", lead_id]):
                return _json(200, self.store.lead(unquote(lead_id)))
            case ("PATCH", ["api", "v1", "leads", lead_id]):
                return _json(200, self._patch(unquote(lead_id), request))
            case ("POST", ["api", "v1", "leads"]):
                return _json(201, self.store.create(msgspec.json.decode(request.body, type=Json)))
        return _problem(404, f"There is no {request.method} {path}.")

    def _admin(self, request: CrmRequest, path: str) -> CrmAnswer:
        match (request.method, path):
            case ("POST", "/admin/faults"):
                self.faults.set(msgspec.json.decode(request.body or b"{}", type=Faults))
                return _json(200, self.faults.faults)
            case ("POST", "/admin/now"):
                self.store.set_now(msgspec.json.decode(request.body, type=Clock).now)
                return _json(200, {"now": moment(self.store.now())})
            case ("GET", "/admin/stats"):
                return _json(200, {**self.store.counts(), "now": moment(self.store.now())})
        return _problem(404, f"There is no {request.method} {path}.")

    def _cases(self, query: Mapping[str, list[str]]) -> Json:
        limit = query.get("limit", [str(DEFAULT_LIMIT)])[0]
        if not limit.isdigit() or not 1 <= int(limit) <= LARGEST_LIMIT:
            raise InputError(f"limit is {limit!r}.", field="limit", value=limit, remedy=f"Take 1 to {LARGEST_LIMIT}.")
        place = query["cursor"][0] if "cursor" in query else None
        cases, cursor, more = self.store.cases(place, int(limit))
        return {"cases": self.faults.disturbed(cases), "next_cursor": cursor, "more": more}

    def _patch(self, lead_id: str, request: CrmRequest) -> Json:
        patch = msgspec.json.decode(request.body, type=Patch)
        if patch.lead_id not in (None, lead_id):
            raise InputError(f"The body is about lead {patch.lead_id!r}.", field="lead_id", value=patch.lead_id)
        # Checked before anything is stored: a refused patch changes nothing.
        msgspec.convert(patch.custom_fields, CustomFields)
        return self.store.patch(lead_id, patch.custom_fields, request.headers.get("idempotency-key", ""))


def _json(status: int, content: Any) -> CrmAnswer:
    return CrmAnswer(status, msgspec.json.encode(content))


def _problem(status: int, detail: str) -> CrmAnswer:
    """RFC 9457, https://www.rfc-editor.org/rfc/rfc9457."""
    return CrmAnswer(status, msgspec.json.encode({"status": status, "detail": detail}), "application/problem+json")

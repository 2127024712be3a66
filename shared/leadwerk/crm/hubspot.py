"""HubSpot: contacts as leads, by the date-based API 2026-09; its versions 1 to 4 end in 2027.

The token is that of a service key, or of an older private app. A batch of 100 contacts is one call. All values are
texts. An error of validation refuses the whole batch, and 207 says which contacts were not taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from leadwerk.crm import hubspot_cases
from leadwerk.crm.adapter import Adapter, bisected
from leadwerk.crm.auth import Auth, bearer
from leadwerk.crm.case_page import CasePage
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.hubspot_activities import ACTIVITIES, OBJECTS
from leadwerk.crm.hubspot_owners import read_owners
from leadwerk.crm.hubspot_search import search
from leadwerk.crm.hubspot_stages import HISTORY, read_kinds
from leadwerk.crm.optional_reads import END_OF_TIME, OptionalObject
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    Enrolment,
    FieldPlan,
    FieldType,
    FieldValue,
    Gone,
    Hint,
    Later,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Taken,
    Task,
    Unknown,
    WebhookRequest,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.webhook_proof import check_hubspot
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, InputError
from leadwerk.texts.message import Message

URL = "https://api.hubapi.com"
# 100 calls in 10 seconds on free accounts; others take 190.
PER_SECOND = 10.0
VERSION = "2026-09"
CONTACTS = f"/crm/objects/{VERSION}/contacts"
PROPERTIES = f"/crm/properties/{VERSION}/contacts"
TASKS = f"/crm/objects/{VERSION}/tasks"
LISTS = f"/crm/lists/{VERSION}"
GROUP = "leadwerk"
# HubSpot's own number for this kind of association.
TASK_TO_CONTACT = 204
TYPES: dict[FieldType, tuple[str, str]] = {
    "number": ("number", "number"),
    "text": ("string", "text"),
    "list": ("string", "textarea"),
}


class Context(msgspec.Struct, frozen=True, rename="camel"):
    """Where an error is, as far as HubSpot says."""

    ids: list[str] = []
    property_name: list[str] = []


class ErrorAnswer(msgspec.Struct, frozen=True, rename="camel"):
    """HubSpot's error; every field may be missing."""

    message: str = ""
    category: str = ""
    correlation_id: str = ""
    context: Context = Context()
    errors: list[ErrorAnswer] = []


class _Record(msgspec.Struct, frozen=True):
    id: str
    archived: bool = False


class _BatchAnswer(msgspec.Struct, frozen=True):
    results: list[_Record] = []
    errors: list[ErrorAnswer] = []


class _Property(msgspec.Struct, frozen=True):
    name: str
    type: str


class _Properties(msgspec.Struct, frozen=True):
    results: list[_Property]


class _Event(msgspec.Struct, frozen=True, rename="camel"):
    object_id: int | str


class HubSpot(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "hubspot.contacts"
    capabilities = Capabilities(
        batch=100,
        batch_is_atomic=True,
        calls_at_once=4,
        overlap=timedelta(hours=1),
        cursor_step=timedelta(milliseconds=1),
        reports=frozenset(
            {"deletions", "merges", "unsubscribes", "lost_reason", "past_stages", "owners", "touchpoints"}
        ),
        webhooks="hmac",
        budget_floor=0.1,
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        webhook_secret: str = "",
    ) -> None:
        """Open no connection yet; `auth` may be the token."""
        auth = bearer(auth) if isinstance(auth, str) else auth
        self._http = HttpClient(url or URL, auth, pace=RateLimiter(per_second, sleep=sleep))
        self._webhook_secret = webhook_secret

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return bisected(updates, self._send)

    def _send(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult] | Refused:
        inputs = [
            {"id": update.target, "properties": {name: as_text(value) for name, value in update.fields.items()}}
            for update in updates
        ]
        answer = self._noted(self._http.call("POST", f"{CONTACTS}/batch/update", json={"inputs": inputs}))
        if answer.status not in (200, 207):
            return _refusal(answer)
        batch = answer.decoded(_BatchAnswer)
        updated_ids = {record.id for record in batch.results}
        refused = {record_id: error for error in batch.errors for record_id in error.context.ids}
        return [self._result(update, updated_ids, refused) for update in updates]

    def _result(self, update: LeadUpdate, updated_ids: set[str], refused: dict[str, ErrorAnswer]) -> PushResult:
        if update.target in updated_ids:
            return Taken()
        error = refused.get(update.target)
        if error is None:
            # Neither updated_ids nor refused: HubSpot's answer does not say what became of it.
            return Later(text="The CRM's answer does not mention this contact.")
        if error.category == "OBJECT_NOT_FOUND":
            return self._missing(update.target)
        return _refused(error, 207)

    def _missing(self, record_id: str) -> PushResult:
        """Whether a contact that was not found was deleted, merged, or never there: the batch does not tell."""
        for archived in ("false", "true"):
            answer = self._http.call("GET", f"{CONTACTS}/{record_id}", params={"archived": archived})
            if answer.status == 200:
                record = answer.decoded(_Record)
                return Gone(record.id if record.id != record_id else None, "The contact was deleted or merged.")
        return Unknown("The CRM has no such contact.")

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        answer = self._noted(self._http.call_repeatedly("GET", PROPERTIES))
        types = {entry.name: entry.type for entry in answer.decoded(_Properties).results}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if types.get(field.name, TYPES[field.type][0]) != TYPES[field.type][0]]
        if missing and not dry_run:
            self._http.call("POST", f"{PROPERTIES}/groups", json={"name": GROUP, "label": "Leadwerk"})
        created = [] if dry_run else [self._create(field) for field in missing]
        return FieldPlan(tuple(field.name for field in missing), tuple(wrong), tuple(created))

    def _create(self, field: CRMField) -> str:
        kind, form = TYPES[field.type]
        names = {"name": field.name, "label": field.label or field.name, "groupName": GROUP}
        answer = self._http.call("POST", PROPERTIES, json={**names, "type": kind, "fieldType": form})
        if answer.status not in (200, 201, 409):
            raise CRMRejected(Message("refusal.crm.field", name=field.name, answer=answer.text()), status=answer.status)
        return field.name

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed contacts, each with its deal."""
        return hubspot_cases.pages(self._http, cursor, self.capabilities.overlap)

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        return hubspot_cases.reread(self._http, record_ids)

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`."""
        return tuple(read_owners(self._http, VERSION))

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: three kinds of activities, and the stages of deals."""
        lists = [(OBJECTS[listed.kind], partial(search, self._http, listed, END_OF_TIME)) for listed in ACTIVITIES]
        return [*lists, (HISTORY, partial(read_kinds, self._http, VERSION))]

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`; HubSpot refuses a second task with the same creation key."""
        properties = {
            "hs_task_subject": task.title,
            "hs_timestamp": task.due_at.isoformat().replace("+00:00", "Z"),
            "hs_task_status": "NOT_STARTED",
            "hs_unique_creation_key": task.key,
            **({"hubspot_owner_id": task.owner} if task.owner else {}),
        }
        kind = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TASK_TO_CONTACT}
        body = {"properties": properties, "associations": [{"to": {"id": task.lead_id}, "types": [kind]}]}
        answer = self._http.call("POST", TASKS, json=body)
        if answer.status == 409:
            return task.key
        if answer.status not in (200, 201):
            raise CRMRejected(Message("refusal.crm.task", answer=answer.text()), status=answer.status)
        return answer.decoded(_Record).id

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`: a tag is the number of a static list; a workflow of HubSpot may start from it."""
        if enrolment.kind != "tag" or not enrolment.name.isdigit():
            raise CRMRejected(
                Message("refusal.crm.no_enrolment", crm="HubSpot", kind=enrolment.kind, name=enrolment.name),
                remedy=Message("refusal.crm.starts.hubspot"),
            )
        path = f"{LISTS}/{enrolment.name}/memberships/add"
        answer = self._http.call("PUT", path, json=[enrolment.lead_id])
        if answer.status not in (200, 201, 204):
            raise CRMRejected(Message("refusal.crm.list", answer=answer.text()), status=answer.status)

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """See `CRM.hints`."""
        check_hubspot(request, self._webhook_secret, now)
        try:
            events = msgspec.json.decode(request.body, type=list[_Event])
        except UNREADABLE_JSON as error:
            raise InputError(Message("refusal.crm.webhook_form", crm="HubSpot"), field="body") from error
        return [Hint(record_id) for record_id in dict.fromkeys(str(event.object_id) for event in events)]

    def _noted(self, answer: CRMResponse) -> CRMResponse:
        left, limit = (answer.headers.get(f"X-HubSpot-RateLimit-Daily{end}", "") for end in ("-Remaining", ""))
        if left.isdigit() and limit.isdigit() and int(limit):
            self._budget = int(left) / int(limit)
        return answer


def as_text(value: FieldValue) -> str:
    """A value as HubSpot takes it; an empty text clears the field.

    >>> as_text(0.31), as_text(None), as_text(("a", "b")), as_text(62.0)
    ('0.31', '', 'a\\nb', '62')
    """
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _refusal(answer: CRMResponse) -> Refused:
    try:
        error = msgspec.json.decode(answer.body, type=ErrorAnswer)
    except UNREADABLE_JSON:
        return Refused(answer.text(), status=answer.status)
    return _refused(error, answer.status)


def _refused(error: ErrorAnswer, status: int) -> Refused:
    inner = error.errors[0] if error.errors else error
    names = inner.context.property_name or error.context.property_name
    text = f"{inner.message or error.message} (correlation id {error.correlation_id or 'none'})"
    return Refused(text, error.category or None, names[0] if names else None, status)

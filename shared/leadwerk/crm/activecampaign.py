"""ActiveCampaign: contacts as leads, one a call, five calls a second for all keys of an account.

Values go by the number of a field, which is found by its personalisation tag. Changes can only be asked for by day, so
two days are read again each time. Its webhooks are form-encoded and unsigned: their address is the secret.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import parse_qs

import msgspec

from leadwerk.crm import activecampaign_cases, activecampaign_tasks
from leadwerk.crm.activecampaign_tasks import TASKS, probe
from leadwerk.crm.adapter import Adapter
from leadwerk.crm.auth import Auth, FixedHeader
from leadwerk.crm.case_page import CasePage
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.optional_reads import OptionalObject
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    Enrolment,
    FieldPlan,
    FieldType,
    FieldValue,
    Hint,
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
from leadwerk.crm.webhook_proof import check_secret_url
from leadwerk.errors import UNREADABLE_JSON, CRMRejected
from leadwerk.texts.message import Message

PER_SECOND = 5.0
PAGE_SIZE = 100
TYPES: dict[FieldType, str] = {
    "number": "text",
    "text": "text",
    "list": "textarea",
}


class _Field(msgspec.Struct, frozen=True):
    id: str
    perstag: str
    type: str


class _Fields(msgspec.Struct, frozen=True):
    fields: list[_Field]


class _CreatedField(msgspec.Struct, frozen=True):
    field: _Field


class _Error(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""
    code: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""
    errors: list[_Error] = []


class _Tag(msgspec.Struct, frozen=True):
    id: str
    tag: str


class _Tags(msgspec.Struct, frozen=True):
    tags: list[_Tag]


class _CreatedTag(msgspec.Struct, frozen=True):
    tag: _Tag


class _Automation(msgspec.Struct, frozen=True):
    id: str
    name: str


class _Automations(msgspec.Struct, frozen=True):
    automations: list[_Automation]


class _User(msgspec.Struct, frozen=True, rename="camel"):
    id: str
    email: str = ""
    first_name: str = ""
    last_name: str = ""


class _Users(msgspec.Struct, frozen=True):
    users: list[_User]


class ActiveCampaign(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "activecampaign.deals"
    capabilities = Capabilities(
        overlap=timedelta(days=2),
        cursor_step=timedelta(days=1),
        reports=frozenset({"unsubscribes", "owners", "touchpoints"}),
        webhooks="secret_url",
        budget_floor=0.0,
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
        """Open no connection yet; `url` is the account's own, as its settings page shows it."""
        auth = FixedHeader("Api-Token", auth) if isinstance(auth, str) else auth
        self._http = HttpClient(url, auth, pace=RateLimiter(per_second, sleep=sleep))
        self._webhook_secret = webhook_secret
        self._numbers: dict[str, str] | None = None

    def field_name(self, shows: str) -> str:
        """Personalisation tags are written in capitals."""
        return f"LEADWERK_{shows.upper()}"

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        if self._numbers is None:
            self._numbers = {field.perstag: field.id for field in self._fields()}
        numbers = self._numbers
        unknown = next((name for name in update.fields if name not in numbers), None)
        if unknown is not None:
            # A person may create the field at any moment, so a missing one is looked for again.
            self._numbers = None
            return Refused(f"ActiveCampaign has no field {unknown!r}.", "unknown_field", unknown)
        values = [{"field": numbers[name], "value": _value(value)} for name, value in update.fields.items()]
        answer = self._http.call("PUT", f"/api/3/contacts/{update.target}", json={"contact": {"fieldValues": values}})
        if answer.status in (200, 201):
            return Taken()
        if answer.status == 404:
            return Unknown("The CRM has no such contact.")
        error = _problem(answer)
        field = next((name for name, number in numbers.items() if f"field {number} " in f"{error.detail} "), None)
        return Refused(error.detail or error.title or answer.text(), error.code, field, answer.status)

    def _fields(self) -> list[_Field]:
        fields: list[_Field] = []
        while True:
            parameters = {"limit": PAGE_SIZE, "offset": len(fields)}
            page = self._http.call_repeatedly("GET", "/api/3/fields", params=parameters).decoded(_Fields).fields
            fields += page
            if len(page) < PAGE_SIZE:
                return fields

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        types = {field.perstag: field.type for field in self._fields()}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if types.get(field.name, TYPES[field.type]) != TYPES[field.type]]
        created = [] if dry_run else [self._create(field) for field in missing]
        self._numbers = None
        return FieldPlan(tuple(field.name for field in missing), tuple(wrong), tuple(created))

    def _create(self, field: CRMField) -> str:
        body = {"field": {"title": field.label, "perstag": field.name, "type": TYPES[field.type], "visible": 1}}
        answer = self._http.call("POST", "/api/3/fields", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(Message("refusal.crm.field", name=field.name, answer=answer.text()), status=answer.status)
        # A field that belongs to no list is not shown on contacts; 0 stands for all lists.
        relation = {"fieldRel": {"field": answer.decoded(_CreatedField).field.id, "relid": 0}}
        self._http.call("POST", "/api/3/fieldRels", json=relation)
        return field.name

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: contacts that unsubscribed, changed deals with their contacts, and what sellers did."""
        return activecampaign_cases.pages(self._http, cursor, self.capabilities.overlap)

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`: contacts with their deals."""
        return activecampaign_cases.reread(self._http, record_ids)

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`: those who may log in today; of who left ActiveCampaign keeps nothing."""
        owners: list[Owner] = []
        while True:
            parameters = {"limit": PAGE_SIZE, "offset": len(owners)}
            users = self._http.call_repeatedly("GET", "/api/3/users", params=parameters).decoded(_Users).users
            owners += [
                Owner(user.id, " ".join(filter(None, (user.first_name, user.last_name))), user.email or None)
                for user in users
            ]
            if len(users) < PAGE_SIZE:
                return owners

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: tasks."""
        return [(TASKS, partial(probe, self._http))]

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`."""
        return activecampaign_tasks.create(self._http, task)

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`; a tag that is missing is created, an automation is not."""
        if enrolment.kind == "tag":
            body = {"contactTag": {"contact": enrolment.lead_id, "tag": self._tag(enrolment.name)}}
            answer = self._http.call("POST", "/api/3/contactTags", json=body)
        else:
            body = {"contactAutomation": {"contact": enrolment.lead_id, "automation": self._automation(enrolment.name)}}
            answer = self._http.call("POST", "/api/3/contactAutomations", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(
                Message("refusal.crm.enrolment", kind=enrolment.kind, answer=answer.text()), status=answer.status
            )

    def _tag(self, name: str) -> str:
        answer = self._http.call("GET", "/api/3/tags", params={"search": name, "limit": PAGE_SIZE})
        same = next((tag.id for tag in answer.decoded(_Tags).tags if tag.tag == name), None)
        if same is not None:
            return same
        created = self._http.call("POST", "/api/3/tags", json={"tag": {"tag": name, "tagType": "contact"}})
        if created.status not in (200, 201):
            raise CRMRejected(Message("refusal.crm.tag", name=name, answer=created.text()), status=created.status)
        return created.decoded(_CreatedTag).tag.id

    def _automation(self, name: str) -> str:
        start = 0
        while True:
            parameters = {"limit": PAGE_SIZE, "offset": start}
            page = self._http.call("GET", "/api/3/automations", params=parameters).decoded(_Automations).automations
            for automation in page:
                if automation.name == name:
                    return automation.id
            if len(page) < PAGE_SIZE:
                raise CRMRejected(Message("refusal.crm.no_automation", name=name))
            start += len(page)

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """See `CRM.hints`."""
        check_secret_url(request, self._webhook_secret)
        form = parse_qs(request.body.decode("utf-8", "replace"))
        return [Hint(record_id) for record_id in form.get("contact[id]", ())]


def _value(value: FieldValue) -> str:
    if value is None:
        return ""
    return "\n".join(value) if isinstance(value, tuple) else str(value)


def _problem(answer: CRMResponse) -> _Error:
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except UNREADABLE_JSON:
        return _Error(answer.text())
    return problem.errors[0] if problem.errors else _Error(problem.message)

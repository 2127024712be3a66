"""Pipedrive: persons as leads, one a call by API version 2; deals tell what became of them.

Custom fields have keys of 40 characters that Pipedrive makes; the policy names their titles. Each call costs tokens of
a daily budget, so what did not change is not sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from leadwerk.crm import pipedrive_cases
from leadwerk.crm.adapter import Adapter, user_number
from leadwerk.crm.auth import Auth, FixedHeader
from leadwerk.crm.case_page import CasePage
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.optional_reads import OptionalObject
from leadwerk.crm.pipedrive_activities import ACTIVITIES, PATH, read_activities
from leadwerk.crm.pipedrive_cases import PERSON, person_of
from leadwerk.crm.pipedrive_stages import Query
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    Enrolment,
    FieldPlan,
    FieldType,
    FieldValue,
    Gone,
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
from leadwerk.crm.webhook_proof import check_basic
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, InputError
from leadwerk.texts.message import Message

URL = "https://api.pipedrive.com"
PER_SECOND = 8.0
MOST_ACTIVITIES = 500
LABELS = ("label_ids", "label")  # the key of the field of labels, by the age of the account
TYPES: dict[FieldType, str] = {"number": "double", "text": "varchar", "list": "text"}


class _Option(msgspec.Struct, frozen=True):
    id: int | str | bool
    label: str = ""


class _Field(msgspec.Struct, frozen=True):
    key: str
    name: str
    field_type: str
    options: list[_Option] | None = None


class _Fields(msgspec.Struct, frozen=True):
    data: list[_Field]


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Created(msgspec.Struct, frozen=True):
    data: _Id


class _User(msgspec.Struct, frozen=True):
    id: int
    name: str
    email: str | None = None
    active_flag: bool = True


class _Users(msgspec.Struct, frozen=True):
    data: list[_User]


class _Problem(msgspec.Struct, frozen=True):
    error: str = ""
    code: str | None = None


class _Meta(msgspec.Struct, frozen=True):
    entity: str = ""
    entity_id: int | str = ""


class _Event(msgspec.Struct, frozen=True):
    meta: _Meta


class Pipedrive(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "pipedrive.deals"
    capabilities = Capabilities(
        calls_at_once=2,
        overlap=timedelta(minutes=5),
        cursor_step=timedelta(seconds=1),
        reports=frozenset({"deletions", "unsubscribes", "lost_reason", "past_stages", "owners", "touchpoints"}),
        webhooks="basic",
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
        """Open no connection yet; `webhook_secret` is user:password of the webhooks."""
        auth = FixedHeader("x-api-token", auth) if isinstance(auth, str) else auth
        self._http = HttpClient(url or URL, auth, pace=RateLimiter(per_second, sleep=sleep))
        self._webhook_secret = webhook_secret
        self._keys: dict[str, str] | None = None

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        keys = self._field_keys()
        unknown = next((name for name in update.fields if name not in keys), None)
        if unknown is not None:
            # A person may create the field at any moment, so a missing one is looked for again.
            self._keys = None
            return Refused(f"Pipedrive has no field {unknown!r}.", "unknown_field", unknown)
        fields = {keys[name]: _value(value) for name, value in update.fields.items()}
        answer = self._noted(
            self._http.call("PATCH", f"/api/v2/persons/{update.target}", json={"custom_fields": fields})
        )
        if answer.status == 200:
            return Taken()
        problem = _problem(answer)
        if answer.status in (404, 410):
            person = person_of(self._ask, update.target)
            return Gone(text=problem.error) if person and person.is_deleted else Unknown(problem.error)
        # Pipedrive names the key of 40 characters; users know the title.
        field = next((name for name, key in keys.items() if key in problem.error), None)
        return Refused(problem.error or answer.text(), problem.code, field, answer.status)

    def _field_keys(self) -> dict[str, str]:
        """Title → key of the custom fields; read once."""
        if self._keys is None:
            self._keys = {field.name: field.key for field in self._fields()}
        return self._keys

    def _fields(self) -> list[_Field]:
        return self._http.call_repeatedly("GET", "/v1/personFields", params={"limit": 500}).decoded(_Fields).data

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        types = {field.name: field.field_type for field in self._fields()}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if types.get(field.name, TYPES[field.type]) != TYPES[field.type]]
        for field in [] if dry_run else missing:
            body = {"name": field.name, "field_type": TYPES[field.type]}
            answer = self._http.call("POST", "/v1/personFields", json=body)
            if answer.status not in (200, 201):
                raise CRMRejected(
                    Message("refusal.crm.field", name=field.name, answer=answer.text()), status=answer.status
                )
        self._keys = None
        names = tuple(field.name for field in missing)
        return FieldPlan(names, tuple(wrong), () if dry_run else names)

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed persons, then changed deals with theirs."""
        return pipedrive_cases.pages(self._ask, cursor, self.capabilities.overlap)

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`; the records are deals, and persons as person:ID."""
        return pipedrive_cases.reread(self._ask, record_ids)

    def _ask(self, path: str, query: Query) -> CRMResponse:
        return self._noted(self._http.call_repeatedly("GET", path, params=dict(query)))

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`; teams need a permission of their own, and languages are numbers: neither is read."""
        users = self._ask("/v1/users", {}).decoded(_Users).data
        return tuple(Owner(str(user.id), user.name, user.email, is_active=user.active_flag) for user in users)

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: activities. The log of changes can be asked of a deal only."""
        return [(ACTIVITIES, partial(read_activities, self._ask, {"limit": 1}))]

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: an activity of the person whose note is the key is there already."""
        earlier = read_activities(self._ask, {"person_id": task.lead_id, "limit": MOST_ACTIVITIES}).data
        same = next((activity.id for activity in earlier if activity.note == task.key), None)
        if same is not None:
            return str(same)
        body = {
            "note": task.key,
            "subject": task.title,
            "due_date": task.due_at.date().isoformat(),
            "participants": [{"person_id": int(task.lead_id), "primary": True}],
            **({"owner_id": user_number(task.owner)} if task.owner else {}),
        }
        answer = self._http.call("POST", PATH, json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(Message("refusal.crm.task", answer=answer.text()), status=answer.status)
        return str(answer.decoded(_Created).data.id)

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`: a tag is a person's label by its name, which has to exist; other labels stay."""
        if enrolment.kind != "tag":
            raise CRMRejected(
                Message("refusal.crm.no_enrolment", crm="Pipedrive", kind=enrolment.kind, name=enrolment.name),
                remedy=Message("refusal.crm.starts.pipedrive"),
            )
        label_id = self._label_id(enrolment.name)
        person = person_of(self._ask, enrolment.lead_id)
        if person is None or person.is_deleted:
            raise CRMRejected(Message("refusal.crm.no_person", lead_id=enrolment.lead_id))
        if label_id in person.label_ids:
            return
        # Pipedrive replaces the whole list: a label that somebody sets between reading and writing is lost.
        body = {"label_ids": [*person.label_ids, label_id]}
        answer = self._noted(self._http.call("PATCH", f"/api/v2/persons/{enrolment.lead_id}", json=body))
        if answer.status != 200:
            raise CRMRejected(
                Message("refusal.crm.enrolment", kind="label", answer=answer.text()), status=answer.status
            )

    def _label_id(self, name: str) -> int:
        options = [option for field in self._fields() if field.key in LABELS for option in field.options or ()]
        label_id = next((option.id for option in options if option.label == name), None)
        if not isinstance(label_id, int):
            raise CRMRejected(
                Message("refusal.crm.no_label", name=name), remedy=Message("refusal.crm.starts.pipedrive")
            )
        return label_id

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """See `CRM.hints`: Pipedrive signs nothing, so the proof is HTTP Basic."""
        user, _, password = self._webhook_secret.partition(":")
        check_basic(request, user, password)
        try:
            event = msgspec.json.decode(request.body, type=_Event)
        except UNREADABLE_JSON as error:
            raise InputError(Message("refusal.crm.webhook_form", crm="Pipedrive"), field="body") from error
        prefixes = {"deal": "", "person": PERSON}
        return [Hint(f"{prefixes[event.meta.entity]}{event.meta.entity_id}")] if event.meta.entity in prefixes else []

    def _noted(self, answer: CRMResponse) -> CRMResponse:
        left, limit = (answer.headers.get(f"x-daily-{name}", "") for name in ("requests-left", "requests-limit"))
        if left.isdigit() and limit.isdigit() and int(limit):
            self._budget = int(left) / int(limit)
        return answer


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value


def _problem(answer: CRMResponse) -> _Problem:
    try:
        return msgspec.json.decode(answer.body, type=_Problem)
    except UNREADABLE_JSON:
        return _Problem(answer.text())

"""Pipedrive: persons as leads, one a call by API version 2; deals tell what became of them.

Custom fields have keys of 40 characters that Pipedrive makes; the policy names their titles. Each call costs tokens of
a daily budget, so what did not change is not sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from leadwerk.crm.adapter import Adapter, user_number
from leadwerk.crm.auth import Auth, FixedHeader
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position, joined, split
from leadwerk.crm.port import (
    Capabilities,
    Case,
    CasePage,
    CRMField,
    FieldPlan,
    FieldType,
    FieldValue,
    Gone,
    GoneRecord,
    Hint,
    LeadUpdate,
    PushResult,
    Refused,
    StageKind,
    Taken,
    Task,
    Unknown,
    WebhookRequest,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.webhook_proof import check_basic
from leadwerk.errors import CRMRejected, InputError
from leadwerk.warehouse.batches import batches

URL = "https://api.pipedrive.com"
PER_SECOND = 8.0
PAGE_SIZE = 500
PERSONS_AT_ONCE = 100
PERSONS, DEALS = "/api/v2/persons", "/api/v2/deals"
PERSON = "person:"  # of a hint
MARKETING: Mapping[str, str | int] = {"include_fields": "marketing_status"}
TYPES: dict[FieldType, str] = {"number": "double", "text": "varchar", "list": "text"}
KINDS: Mapping[str, StageKind] = {"open": "open", "won": "won", "lost": "lost"}


class _Entry(msgspec.Struct, frozen=True):
    value: str = ""


class _Person(msgspec.Struct, frozen=True):
    id: int
    add_time: str
    emails: list[_Entry] = []
    phones: list[_Entry] = []
    job_title: str | None = None
    update_time: str | None = None
    marketing_status: str | None = None
    is_deleted: bool = False

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.update_time or self.add_time).astimezone(UTC)


class _Deal(msgspec.Struct, frozen=True):
    id: int
    update_time: str
    status: str
    person_id: int | None = None
    stage_id: int | None = None
    value: float | None = None
    lost_reason: str | None = None

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.update_time).astimezone(UTC)


class _More(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class _Deals(msgspec.Struct, frozen=True):
    data: list[_Deal]
    additional_data: _More = _More()


class _Persons(msgspec.Struct, frozen=True):
    data: list[_Person]
    additional_data: _More = _More()


class _PersonAnswer(msgspec.Struct, frozen=True):
    data: _Person


class _Field(msgspec.Struct, frozen=True):
    key: str
    name: str
    field_type: str


class _Fields(msgspec.Struct, frozen=True):
    data: list[_Field]


class _Id(msgspec.Struct, frozen=True):
    id: int


class _Created(msgspec.Struct, frozen=True):
    data: _Id


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
        reports=frozenset({"deletions", "unsubscribes", "lost_reason"}),
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
        self._budget: float | None = None

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
            person = self._person(update.target)
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
                raise CRMRejected(f"The field {field.name} was not created: {answer.text()}", status=answer.status)
        self._keys = None
        names = tuple(field.name for field in missing)
        return FieldPlan(names, tuple(wrong), () if dry_run else names)

    def budget(self) -> float | None:
        """Share of the day's tokens that is left, by the last answer."""
        return self._budget

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed persons, then changed deals with theirs. Pages follow Pipedrive's own cursor."""
        positions, overlap = split(cursor, 2), self.capabilities.overlap
        for index, path in enumerate((PERSONS, DEALS)):
            start = positions[index]
            parameters = {**MARKETING, "sort_by": "update_time", "sort_direction": "asc", "limit": PAGE_SIZE}
            if start is not None:
                parameters["updated_since"] = start.before(overlap).stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
            more = True
            while more:
                answer = self._noted(self._http.call_repeatedly("GET", path, params=parameters))
                page = answer.decoded(_Persons) if path == PERSONS else answer.decoded(_Deals)
                if page.data:
                    last, position = Position(page.data[-1].stamp(), str(page.data[-1].id)), positions[index]
                    # The overlap reads older changes again; the cursor itself never moves back.
                    positions[index] = max(last, position) if position else last
                    yield CasePage(tuple(self._cases(page)), (), joined(positions), last.stamp - overlap)
                more = bool(page.additional_data.next_cursor)
                parameters["cursor"] = page.additional_data.next_cursor or ""

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`; the records are deals, and persons as person:ID."""
        deals: list[_Deal] = []
        person_ids = [record_id.removeprefix(PERSON) for record_id in record_ids if record_id.startswith(PERSON)]
        deal_ids = [record_id for record_id in record_ids if not record_id.startswith(PERSON)]
        for ids in batches(deal_ids, PERSONS_AT_ONCE):
            answer = self._http.call_repeatedly("GET", DEALS, params={"ids": ",".join(ids)})
            deals += answer.decoded(_Deals).data
        persons = {record_id: self._person(record_id) for record_id in person_ids}
        present = [person for person in persons.values() if person and not person.is_deleted]
        gone_records = [
            GoneRecord(record_id, person.stamp() if person else None)
            for record_id, person in persons.items()
            if person is None or person.is_deleted
        ]
        return CasePage(
            (*map(_person_case, present), *self._cases(_Deals(deals))), (), "", gone_records=tuple(gone_records)
        )

    def _person(self, record_id: str) -> _Person | None:
        """A person by id, even if deleted (Pipedrive keeps them 30 days); None if there is none."""
        answer = self._http.call_repeatedly("GET", f"{PERSONS}/{record_id}", params=MARKETING)
        return answer.decoded(_PersonAnswer).data if answer.status == 200 else None

    def _cases(self, page: _Deals | _Persons) -> Iterator[Case]:
        if isinstance(page, _Persons):
            yield from map(_person_case, page.data)
            return
        deals = page.data
        ids = list(dict.fromkeys(str(deal.person_id) for deal in deals if deal.person_id is not None))
        persons: dict[int, _Person] = {}
        for some in batches(ids, PERSONS_AT_ONCE):
            answer = self._http.call_repeatedly("GET", PERSONS, params={**MARKETING, "ids": ",".join(some)})
            persons |= {person.id: person for person in answer.decoded(_Persons).data}
        for deal in deals:
            person = persons.get(deal.person_id or 0)
            if person is not None:
                yield _case(deal, person)

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`; Pipedrive has no key for activities, so the subject carries it."""
        body = {
            "subject": task.title,
            "due_date": task.due_at.date().isoformat(),
            "participants": [{"person_id": int(task.lead_id), "primary": True}],
            **({"owner_id": user_number(task.owner)} if task.owner else {}),
        }
        answer = self._http.call("POST", "/api/v2/activities", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(f"The task was not created: {answer.text()}", status=answer.status)
        return str(answer.decoded(_Created).data.id)

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """See `CRM.hints`: Pipedrive signs nothing, so the proof is HTTP Basic."""
        user, _, password = self._webhook_secret.partition(":")
        check_basic(request, user, password)
        try:
            event = msgspec.json.decode(request.body, type=_Event)
        except msgspec.DecodeError as error:
            raise InputError("The webhook is not in Pipedrive's form.", field="body") from error
        prefixes = {"deal": "", "person": PERSON}
        return [Hint(f"{prefixes[event.meta.entity]}{event.meta.entity_id}")] if event.meta.entity in prefixes else []

    def _noted(self, answer: CRMResponse) -> CRMResponse:
        left, limit = (answer.headers.get(f"x-daily-{name}", "") for name in ("requests-left", "requests-limit"))
        if left.isdigit() and limit.isdigit() and int(limit):
            self._budget = int(left) / int(limit)
        return answer


def _case(deal: _Deal, person: _Person) -> Case:
    return Case(
        event_id=f"deal:{deal.id}:{deal.status}:{deal.stage_id}:{deal.update_time}",
        changed_at=deal.stamp(),
        lead=_lead(person),
        status=deal.status,
        reason=deal.lost_reason,
        amount=deal.value,
        kind=KINDS.get(deal.status),
    )


def _person_case(person: _Person) -> Case:
    """A person whose deals, if there are any, come by themselves."""
    event_id = f"person:{person.id}:{person.stamp().isoformat()}"
    return Case(event_id, person.stamp(), _lead(person), "open", status_changed=False)


def _lead(person: _Person) -> dict[str, str | bool | None]:
    return {
        "lead_id": str(person.id), "created_at": person.add_time, "job_title": person.job_title,
        "email": person.emails[0].value if person.emails else None,
        "phone": person.phones[0].value if person.phones else None,
        "unsubscribed": person.marketing_status == "unsubscribed" if person.marketing_status else None,
    }  # fmt: skip


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value


def _problem(answer: CRMResponse) -> _Problem:
    try:
        return msgspec.json.decode(answer.body, type=_Problem)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _Problem(answer.text())

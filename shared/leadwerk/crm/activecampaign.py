"""ActiveCampaign: contacts as leads, one a call, five calls a second for all keys of an account.

Values go by the number of a field, which is found by its personalisation tag. Changes can only be asked for by day, so
two days are read again each time. Its webhooks are form-encoded and unsigned: their address is the secret.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs

import msgspec

from leadwerk.crm.adapter import Adapter
from leadwerk.crm.auth import Auth, FixedHeader
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position, joined, split
from leadwerk.crm.port import (
    Capabilities,
    Case,
    CasePage,
    CRMField,
    Enrolment,
    FieldPlan,
    FieldType,
    FieldValue,
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
from leadwerk.crm.webhook_proof import check_secret_url
from leadwerk.errors import CRMRejected

PER_SECOND = 5.0
PAGE_SIZE = 100
TYPES: dict[FieldType, str] = {
    "number": "text",
    "text": "text",
    "list": "textarea",
}
ACTIVE, UNSUBSCRIBED = "1", "2"  # states of a contact in a list
KINDS: Mapping[str, StageKind] = {"0": "open", "1": "won", "2": "lost"}


class _Field(msgspec.Struct, frozen=True):
    id: str
    perstag: str
    type: str


class _Fields(msgspec.Struct, frozen=True):
    fields: list[_Field]


class _CreatedField(msgspec.Struct, frozen=True):
    field: _Field


class _Contact(msgspec.Struct, frozen=True):
    id: str
    cdate: str
    email: str = ""
    phone: str = ""
    udate: str | None = None

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.udate or self.cdate).astimezone(UTC)

    def lead(self, unsubscribed: bool | None) -> dict[str, str | bool | None]:
        """The contact as a lead."""
        return {
            "lead_id": self.id, "created_at": self.cdate, "email": self.email, "phone": self.phone,
            "unsubscribed": unsubscribed,
        }  # fmt: skip


class _Membership(msgspec.Struct, frozen=True):
    """Of a contact in a list."""

    status: str


class _ContactAnswer(msgspec.Struct, frozen=True, rename="camel"):
    contact: _Contact
    contact_lists: list[_Membership] = []

    def lead(self) -> dict[str, str | bool | None]:
        """The contact as a lead: unsubscribed who was on lists and is active on none of them."""
        states = {membership.status for membership in self.contact_lists}
        return self.contact.lead(UNSUBSCRIBED in states and ACTIVE not in states if states else None)


class _Contacts(msgspec.Struct, frozen=True):
    contacts: list[_Contact]


class _Deal(msgspec.Struct, frozen=True):
    """`value` is in the currency's hundredths."""

    id: str
    contact: str
    status: int | str
    stage: str
    mdate: str
    value: str = "0"

    def stamp(self) -> datetime:
        return datetime.fromisoformat(self.mdate).astimezone(UTC)


class _Deals(msgspec.Struct, frozen=True):
    deals: list[_Deal]


class _Error(msgspec.Struct, frozen=True):
    title: str = ""
    detail: str = ""
    code: str | None = None


class _Problem(msgspec.Struct, frozen=True):
    message: str = ""
    errors: list[_Error] = []


class _Task(msgspec.Struct, frozen=True):
    id: str
    title: str


class _Tasks(msgspec.Struct, frozen=True, rename="camel"):
    deal_tasks: list[_Task]


class _CreatedTask(msgspec.Struct, frozen=True, rename="camel"):
    deal_task: _Task


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


Listed = tuple[list[Case], Position | None, int]
"""Cases of a page, the newest place among its records, and how many these are."""


class ActiveCampaign(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "activecampaign.deals"
    capabilities = Capabilities(
        overlap=timedelta(days=2),
        cursor_step=timedelta(days=1),
        reports=frozenset({"unsubscribes"}),
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
            raise CRMRejected(f"The field {field.name} was not created: {answer.text()}", status=answer.status)
        # A field that belongs to no list is not shown on contacts; 0 stands for all lists.
        relation = {"fieldRel": {"field": answer.decoded(_CreatedField).field.id, "relid": 0}}
        self._http.call("POST", "/api/3/fieldRels", json=relation)
        return field.name

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: contacts that unsubscribed and deals, changed since a day. Pages follow an offset."""
        positions, overlap = split(cursor, 2), self.capabilities.overlap
        readers = (self._unsubscribed, self._deals)
        for index, read in enumerate(readers):
            start, offset, records = positions[index], 0, PAGE_SIZE
            since = start.before(overlap).stamp.date().isoformat() if start else None
            while records == PAGE_SIZE:
                cases, newest, records = read(since, offset)
                if newest is not None:
                    position = positions[index]
                    positions[index] = max(newest, position) if position else newest
                    yield CasePage(tuple(cases), (), joined(positions), newest.stamp - overlap)
                offset += records

    def _unsubscribed(self, since: str | None, offset: int) -> Listed:
        parameters = {**_window(since, offset), "status": UNSUBSCRIBED, "orders[id]": "ASC"}
        answer = self._http.call_repeatedly("GET", "/api/3/contacts", params=parameters)
        contacts = answer.decoded(_Contacts).contacts
        newest = max((Position(contact.stamp(), contact.id) for contact in contacts), default=None)
        return [_contact_case(contact, contact.lead(True)) for contact in contacts], newest, len(contacts)

    def _deals(self, since: str | None, offset: int) -> Listed:
        parameters = {**_window(since, offset), "orders[mdate]": "ASC"}
        deals = self._http.call_repeatedly("GET", "/api/3/deals", params=parameters).decoded(_Deals).deals
        newest = max((Position(deal.stamp(), deal.id) for deal in deals), default=None)
        return list(self._cases(deals)), newest, len(deals)

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`: contacts with their deals."""
        contacts = {record_id: self._contact(record_id) for record_id in record_ids}
        cases: list[Case] = []
        for record_id, contact in contacts.items():
            if contact is not None:
                cases.append(_contact_case(contact.contact, contact.lead()))
                answer = self._http.call_repeatedly("GET", f"/api/3/contacts/{record_id}/deals")
                cases += self._cases(answer.decoded(_Deals).deals)
        gone_records = tuple(GoneRecord(record_id) for record_id, contact in contacts.items() if contact is None)
        return CasePage(tuple(cases), (), "", gone_records=gone_records)

    def _contact(self, record_id: str) -> _ContactAnswer | None:
        answer = self._http.call_repeatedly("GET", f"/api/3/contacts/{record_id}")
        return answer.decoded(_ContactAnswer) if answer.status == 200 else None

    def _cases(self, deals: Sequence[_Deal]) -> Iterator[Case]:
        contacts: dict[str, _ContactAnswer | None] = {}
        for deal in deals:
            if deal.contact not in contacts:
                contacts[deal.contact] = self._contact(deal.contact)
            contact = contacts[deal.contact]
            if contact is not None:
                yield _case(deal, contact)

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: a task of the same title for this contact is there already."""
        parameters = {"filters[relid]": task.lead_id, "filters[ownerType]": "contact"}
        earlier = self._http.call("GET", "/api/3/dealTasks", params=parameters).decoded(_Tasks).deal_tasks
        same = next((entry.id for entry in earlier if entry.title == task.title), None)
        if same is not None:
            return same
        body = {
            "dealTask": {
                "ownerType": "contact", "relid": task.lead_id, "title": task.title, "dealTasktype": "1",
                "duedate": task.due_at.isoformat(),
            }
        }  # fmt: skip
        answer = self._http.call("POST", "/api/3/dealTasks", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(f"The task was not created: {answer.text()}", status=answer.status)
        return answer.decoded(_CreatedTask).deal_task.id

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`; a tag that is missing is created, an automation is not."""
        if enrolment.kind == "tag":
            body = {"contactTag": {"contact": enrolment.lead_id, "tag": self._tag(enrolment.name)}}
            answer = self._http.call("POST", "/api/3/contactTags", json=body)
        else:
            body = {"contactAutomation": {"contact": enrolment.lead_id, "automation": self._automation(enrolment.name)}}
            answer = self._http.call("POST", "/api/3/contactAutomations", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(f"The lead got no {enrolment.kind}: {answer.text()}", status=answer.status)

    def _tag(self, name: str) -> str:
        answer = self._http.call("GET", "/api/3/tags", params={"search": name, "limit": PAGE_SIZE})
        same = next((tag.id for tag in answer.decoded(_Tags).tags if tag.tag == name), None)
        if same is not None:
            return same
        created = self._http.call("POST", "/api/3/tags", json={"tag": {"tag": name, "tagType": "contact"}})
        if created.status not in (200, 201):
            raise CRMRejected(f"The tag {name} was not created: {created.text()}", status=created.status)
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
                raise CRMRejected(f"ActiveCampaign has no automation {name!r}.", remedy="Create it there, or rename.")
            start += len(page)

    def hints(self, request: WebhookRequest, now: datetime) -> Sequence[Hint]:
        """See `CRM.hints`."""
        check_secret_url(request, self._webhook_secret)
        form = parse_qs(request.body.decode("utf-8", "replace"))
        return [Hint(record_id) for record_id in form.get("contact[id]", ())]


def _window(since: str | None, offset: int) -> dict[str, str | int]:
    """Query parameters of a page of what changed since a day."""
    window: dict[str, str | int] = {"limit": PAGE_SIZE, "offset": offset}
    return window | ({"filters[updated_after]": since} if since else {})


def _contact_case(contact: _Contact, lead: dict[str, str | bool | None]) -> Case:
    event_id = f"contact:{contact.id}:{contact.stamp().isoformat()}"
    return Case(event_id, contact.stamp(), lead, "open", status_changed=False)


def _case(deal: _Deal, contact: _ContactAnswer) -> Case:
    kind = KINDS.get(str(deal.status), "open")
    # Deals have no history: at best one change a reading is seen, and what makes it new is its content.
    content = f"{deal.id}|{deal.status}|{deal.stage}|{deal.mdate}"
    return Case(
        event_id=f"deal:{deal.id}:{hashlib.sha256(content.encode()).hexdigest()[:16]}",
        changed_at=deal.stamp(),
        lead=contact.lead(),
        status=kind,
        amount=str(Decimal(deal.value) / 100),
        kind=kind,
    )


def _value(value: FieldValue) -> str:
    if value is None:
        return ""
    return "\n".join(value) if isinstance(value, tuple) else str(value)


def _problem(answer: CRMResponse) -> _Error:
    try:
        problem = msgspec.json.decode(answer.body, type=_Problem)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return _Error(answer.text())
    return problem.errors[0] if problem.errors else _Error(problem.message)

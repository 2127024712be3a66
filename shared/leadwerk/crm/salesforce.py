"""Salesforce: leads, and the contacts that they become, 200 a call by record id.

An upsert would bring deleted leads back. The app is an External Client App with client credentials. Each record of a
batch has its own result. The day's limit is answered by 403 and no Retry-After.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec

from leadwerk.crm import salesforce_cases
from leadwerk.crm.adapter import Adapter
from leadwerk.crm.auth import Auth, bearer
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
    Gone,
    Later,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Taken,
    Task,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.salesforce_activities import optional_objects
from leadwerk.crm.salesforce_cases import UNSUBSCRIBES, WhereaboutsAnswer, probe
from leadwerk.crm.salesforce_owners import read_owners
from leadwerk.crm.salesforce_stages import HISTORY, read_kinds
from leadwerk.crm.soql import answer_of, quoted
from leadwerk.errors import UNREADABLE_JSON, CRMRejected
from leadwerk.texts.message import Message

VERSION = "v67.0"
DATA = f"/services/data/{VERSION}"
PER_SECOND = 25.0
LIMIT_PAUSE = 900.0  # seconds; the limit is of a rolling day, so some calls come free all the time
CONTACT_PREFIX = "003"  # Salesforce's ids begin with their object's prefix
DELETED = frozenset({"ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"})
UNKNOWN = frozenset({"INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "MALFORMED_ID"})
LATER = frozenset({"UNABLE_TO_LOCK_ROW", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE"})
TYPES: dict[FieldType, tuple[str, ...]] = {
    "number": ("double", "int", "currency", "percent"),
    "text": ("string", "picklist", "textarea"),
    "list": ("textarea", "string"),
}


class _Error(msgspec.Struct, frozen=True, rename={"code": "statusCode"}):
    code: str = ""
    message: str = ""
    fields: list[str] = []


class _CallError(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""
    message: str = ""


class _RecordResult(msgspec.Struct, frozen=True):
    success: bool
    id: str | None = None
    errors: list[_Error] = []


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: str


class _Description(msgspec.Struct, frozen=True):
    fields: list[_Field]


class _Created(msgspec.Struct, frozen=True):
    id: str


class _Campaign(msgspec.Struct, frozen=True, rename="pascal"):
    id: str


class _Campaigns(msgspec.Struct, frozen=True):
    records: list[_Campaign]


class _EarlierTask(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    description: str | None = None


class _EarlierTasks(msgspec.Struct, frozen=True):
    records: list[_EarlierTask]


class Salesforce(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "salesforce.leads"
    capabilities = Capabilities(
        batch=200,
        calls_at_once=2,
        overlap=timedelta(minutes=10),
        cursor_step=timedelta(seconds=1),
        reports=frozenset({"deletions", "merges", "unsubscribes", "past_stages", "owners", "touchpoints"}),
        budget_floor=0.2,
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open no connection yet; `url` is the organisation's My Domain."""
        self._clock = clock
        auth = bearer(auth) if isinstance(auth, str) else auth
        self._http = HttpClient(url, auth, pace=RateLimiter(per_second, sleep=sleep), throttle=_throttle)

    def field_name(self, shows: str) -> str:
        """Custom fields end with __c."""
        return f"Leadwerk_{shows}__c"

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        records = [
            {
                "attributes": {"type": "Contact" if update.target.startswith(CONTACT_PREFIX) else "Lead"},
                "id": update.target,
                **{name: _value(value) for name, value in update.fields.items()},
            }
            for update in updates
        ]
        body = {"allOrNone": False, "records": records}
        answer = self._noted(self._http.call("PATCH", f"{DATA}/composite/sobjects", json=body))
        if answer.status != 200:
            return [_call_refusal(answer)] * len(updates)
        results = answer.decoded(list[_RecordResult])
        if len(results) != len(updates):
            return [Later(text="The CRM's answer has another number of results.")] * len(updates)
        return [self._result(update, result) for update, result in zip(updates, results, strict=True)]

    def _result(self, update: LeadUpdate, result: _RecordResult) -> PushResult:
        if result.success:
            return Taken()
        error = result.errors[0] if result.errors else _Error()
        if error.code in DELETED:
            return self._whereabouts(update.target, error.message)
        if error.code in UNKNOWN:
            return Unknown(f"{error.code}: {error.message}")
        if error.code in LATER:
            return Later(code=error.code, text=error.message)
        return Refused(error.message, error.code or None, error.fields[0] if error.fields else None, 200)

    def _whereabouts(self, record_id: str, text: str) -> Gone:
        """Into which record a deleted or converted lead went, if into any."""
        query = (
            "SELECT Id, IsDeleted, MasterRecordId, ConvertedContactId FROM Lead"  # noqa: S608  quoted below
            f" WHERE Id = {quoted(record_id)}"
        )
        answer = self._http.call("GET", f"{DATA}/queryAll", params={"q": query})
        records = answer.decoded(WhereaboutsAnswer).records if answer.status == 200 else []
        heirs = [record.master_record_id or record.converted_contact_id for record in records]
        return Gone(next(filter(None, heirs), None), text)

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        answer = self._noted(self._http.call_repeatedly("GET", f"{DATA}/sobjects/Lead/describe"))
        types = {entry.name: entry.type for entry in answer.decoded(_Description).fields}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if field.name in types and types[field.name] not in TYPES[field.type]]
        created = [] if dry_run else [self._create(field) for field in missing]
        return FieldPlan(tuple(field.name for field in missing), tuple(wrong), tuple(created))

    def _create(self, field: CRMField) -> str:
        kinds = {
            "number": {"type": "Number", "precision": 18, "scale": 4},
            "text": {"type": "Text", "length": 255},
            "list": {"type": "LongTextArea", "length": 4000, "visibleLines": 5},
        }
        body = {"FullName": f"Lead.{field.name}", "Metadata": {"label": field.label, **kinds[field.type]}}
        answer = self._http.call("POST", f"{DATA}/tooling/sobjects/CustomField", json=body)
        if answer.status not in (200, 201):
            raise CRMRejected(Message("refusal.crm.field", name=field.name, answer=answer.text()), status=answer.status)
        return field.name

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed leads, then those whose opportunity changed, then deleted ones."""
        return salesforce_cases.pages(self._ask, cursor, self.capabilities.overlap, self._clock())

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        return salesforce_cases.reread(self._ask, record_ids)

    def _ask(self, resource: str, query: str) -> CRMResponse:
        return self._noted(self._http.call_repeatedly("GET", f"{DATA}/{resource}", params={"q": query}))

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`."""
        return read_owners(self._ask)

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: tasks, events, stages of opportunities, and who unsubscribed."""
        activities = optional_objects(self._ask, self._clock())
        return (*activities, (HISTORY, partial(read_kinds, self._ask)), (UNSUBSCRIBES, partial(probe, self._ask)))

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: the description holds the key. It cannot be filtered by, so tasks like it are read."""
        day = task.due_at.date().isoformat()
        query = (
            f"SELECT Id, Description FROM Task WHERE WhoId = {quoted(task.lead_id)}"  # noqa: S608
            f" AND Subject = {quoted(task.title)}"
            f" AND ActivityDate = {day}"
        )
        earlier = answer_of(self._ask, query).decoded(_EarlierTasks).records
        same = next((entry.id for entry in earlier if entry.description == task.key), None)
        if same is not None:
            return same
        owner = {"OwnerId": task.owner} if task.owner else {}
        body = {
            "Subject": task.title, "WhoId": task.lead_id, "ActivityDate": day, "Status": "Not Started",
            "Description": task.key, **owner,
        }  # fmt: skip
        answer = self._http.call("POST", f"{DATA}/sobjects/Task", json=body)
        if answer.status != 201:
            raise CRMRejected(Message("refusal.crm.task", answer=answer.text()), status=answer.status)
        return answer.decoded(_Created).id

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`: a tag is the name of a campaign, which the lead joins; Salesforce's flows start from it."""
        if enrolment.kind != "tag":
            raise CRMRejected(
                Message("refusal.crm.no_enrolment", crm="Salesforce", kind=enrolment.kind, name=enrolment.name),
                remedy=Message("refusal.crm.starts.salesforce"),
            )
        query = f"SELECT Id FROM Campaign WHERE Name = {quoted(enrolment.name)} AND IsActive = true LIMIT 1"  # noqa: S608
        campaigns = self._ask("query", query).decoded(_Campaigns).records
        if not campaigns:
            raise CRMRejected(
                Message("refusal.crm.no_campaign", name=enrolment.name), remedy=Message("refusal.crm.starts.salesforce")
            )
        member = "ContactId" if enrolment.lead_id.startswith(CONTACT_PREFIX) else "LeadId"
        body = {"CampaignId": campaigns[0].id, member: enrolment.lead_id}
        answer = self._http.call("POST", f"{DATA}/sobjects/CampaignMember", json=body)
        # Who is a member already is refused as a duplicate: a second time changes nothing.
        if answer.status != 201 and _call_refusal(answer).code != "DUPLICATE_VALUE":
            raise CRMRejected(Message("refusal.crm.campaign", answer=answer.text()), status=answer.status)

    def _noted(self, answer: CRMResponse) -> CRMResponse:
        used, _, limit = answer.headers.get("Sforce-Limit-Info", "").partition("=")[2].partition("/")
        if used.isdigit() and limit.isdigit() and int(limit):
            self._budget = 1 - int(used) / int(limit)
        return answer


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value


def _throttle(answer: CRMResponse) -> float | None:
    return LIMIT_PAUSE if answer.status == 403 and b"REQUEST_LIMIT_EXCEEDED" in answer.body else None


def _call_refusal(answer: CRMResponse) -> Refused:
    try:
        error = msgspec.json.decode(answer.body, type=list[_CallError])[0]
    except (*UNREADABLE_JSON, IndexError):
        return Refused(answer.text(), status=answer.status)
    return Refused(error.message, error.error_code, status=answer.status)

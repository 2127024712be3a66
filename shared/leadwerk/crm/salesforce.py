"""Salesforce: leads, and the contacts that they become, 200 a call by record id.

An upsert would bring deleted leads back. The app is an External Client App with client credentials. Each record of a
batch has its own result. The day's limit is answered by 403 and no Retry-After.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from leadwerk.crm.adapter import Adapter
from leadwerk.crm.auth import Auth, bearer
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position, joined, split, walk
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
    Later,
    LeadUpdate,
    PushResult,
    Refused,
    StageKind,
    Taken,
    Task,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import CRMRejected

VERSION = "v67.0"
DATA = f"/services/data/{VERSION}"
PER_SECOND = 25.0
LIMIT_PAUSE = 900.0  # seconds; the limit is of a rolling day, so some calls come free all the time
PAGE_SIZE = 2000
CONTACT_PREFIX = "003"  # Salesforce's ids begin with their object's prefix
DELETED = frozenset({"ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"})
UNKNOWN = frozenset({"INVALID_CROSS_REFERENCE_KEY", "NOT_FOUND", "MALFORMED_ID"})
LATER = frozenset({"UNABLE_TO_LOCK_ROW", "REQUEST_RUNNING_TOO_LONG", "SERVER_UNAVAILABLE"})
TYPES: dict[FieldType, tuple[str, ...]] = {
    "number": ("double", "int", "currency", "percent"),
    "text": ("string", "picklist", "textarea"),
    "list": ("textarea", "string"),
}
COLUMNS = (
    "Id, CreatedDate, SystemModstamp, Email, Phone, PostalCode, Country, Title, Industry, NumberOfEmployees,"
    " AnnualRevenue, Status, IsConverted, HasOptedOutOfEmail, ConvertedOpportunity.StageName,"
    " ConvertedOpportunity.IsWon, ConvertedOpportunity.IsClosed, ConvertedOpportunity.Amount,"
    " ConvertedOpportunity.SystemModstamp"
)
LEAD_STAMP, OPPORTUNITY_STAMP = "SystemModstamp", "ConvertedOpportunity.SystemModstamp"


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


class _Whereabouts(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    system_modstamp: str = "1970-01-01T00:00:00.000+0000"
    is_deleted: bool = False
    master_record_id: str | None = None
    converted_contact_id: str | None = None

    def place(self) -> Position:
        return Position(_moment(self.system_modstamp), self.id)


class _WhereaboutsAnswer(msgspec.Struct, frozen=True):
    records: list[_Whereabouts]


class _Opportunity(msgspec.Struct, frozen=True, rename="pascal"):
    stage_name: str
    system_modstamp: str
    is_won: bool = False
    is_closed: bool = False
    amount: float | None = None


class _Lead(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    created_date: str
    system_modstamp: str
    status: str = "Open"
    email: str | None = None
    phone: str | None = None
    postal_code: str | None = None
    country: str | None = None
    title: str | None = None
    industry: str | None = None
    number_of_employees: int | None = None
    annual_revenue: float | None = None
    has_opted_out_of_email: bool | None = None
    converted_opportunity: _Opportunity | None = None


class _LeadsAnswer(msgspec.Struct, frozen=True):
    records: list[_Lead]


class _Field(msgspec.Struct, frozen=True):
    name: str
    type: str


class _Description(msgspec.Struct, frozen=True):
    fields: list[_Field]


class _Created(msgspec.Struct, frozen=True):
    id: str


class _CreatedList(msgspec.Struct, frozen=True):
    records: list[msgspec.Raw]


class Salesforce(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "salesforce.leads"
    capabilities = Capabilities(
        batch=200,
        calls_at_once=2,
        overlap=timedelta(minutes=10),
        cursor_step=timedelta(seconds=1),
        reports=frozenset({"deletions", "merges", "unsubscribes"}),
        budget_floor=0.2,
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open no connection yet; `url` is the organisation's My Domain."""
        auth = bearer(auth) if isinstance(auth, str) else auth
        self._http = HttpClient(url, auth, pace=RateLimiter(per_second, sleep=sleep), throttle=_throttle)
        self._budget: float | None = None

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
            f" WHERE Id = {_quoted(record_id)}"
        )
        answer = self._http.call("GET", f"{DATA}/queryAll", params={"q": query})
        records = answer.decoded(_WhereaboutsAnswer).records if answer.status == 200 else []
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
            raise CRMRejected(f"The field {field.name} was not created: {answer.text()}", status=answer.status)
        return field.name

    def budget(self) -> float | None:
        """Share of the rolling day's calls that is left, by the last answer."""
        return self._budget

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed leads, then those whose opportunity changed, then deleted ones."""
        positions = split(cursor, 3)
        for index, column in enumerate((LEAD_STAMP, OPPORTUNITY_STAMP)):
            start = positions[index]

            def fetch(place: Position | None, column: str = column) -> Sequence[_Lead]:
                return self._query(column, place)

            def place_of(lead: _Lead, column: str = column) -> Position:
                return Position(_stamp(lead, column), lead.id)

            overlap = self.capabilities.overlap
            for leads, place in walk(start.before(overlap) if start else None, fetch, place_of):
                positions[index] = max(place, start) if start else place
                cases = tuple(_case(lead, column) for lead in leads)
                yield CasePage(cases, (), joined(positions), place.stamp - overlap)
        yield from self._deleted(positions)

    def _deleted(self, positions: list[Position | None]) -> Iterator[CasePage]:
        """Leads that were deleted or merged away; `places` is moved on."""
        start, overlap = positions[2], self.capabilities.overlap
        for leads, place in walk(start.before(overlap) if start else None, self._query_deleted, _Whereabouts.place):
            positions[2] = max(place, start) if start else place
            gone_records = tuple(GoneRecord(lead.id, lead.place().stamp, lead.master_record_id) for lead in leads)
            yield CasePage((), (), joined(positions), place.stamp - overlap, gone_records)

    def _query_deleted(self, place: Position | None) -> Sequence[_Whereabouts]:
        filters = " AND ".join(["IsDeleted = true", *_after_position(LEAD_STAMP, place)])
        query = (
            f"SELECT Id, SystemModstamp, IsDeleted, MasterRecordId FROM Lead WHERE {filters}"  # noqa: S608  quoted
            f" ORDER BY {LEAD_STAMP}, Id LIMIT {PAGE_SIZE}"
        )
        answer = self._noted(self._http.call_repeatedly("GET", f"{DATA}/queryAll", params={"q": query}))
        if answer.status != 200:
            raise CRMRejected(f"The query of deleted leads was refused: {answer.text()}", status=answer.status)
        return answer.decoded(_WhereaboutsAnswer).records

    def _query(self, column: str, place: Position | None, where: str = "") -> Sequence[_Lead]:
        conditions = [*([where] if where else []), *_after_position(column, place)]
        if column == OPPORTUNITY_STAMP:
            conditions.append("ConvertedOpportunityId != null")
        filters = f" WHERE {' AND '.join(conditions)}" if conditions else ""
        query = f"SELECT {COLUMNS} FROM Lead{filters} ORDER BY {column}, Id LIMIT {PAGE_SIZE}"  # noqa: S608  quoted
        answer = self._noted(self._http.call_repeatedly("GET", f"{DATA}/query", params={"q": query}))
        if answer.status != 200:
            raise CRMRejected(f"The query was refused: {answer.text()}", status=answer.status)
        return answer.decoded(_LeadsAnswer).records

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        ids = ", ".join(_quoted(record_id) for record_id in record_ids)
        leads = self._query(LEAD_STAMP, None, f"Id IN ({ids})") if record_ids else ()
        return CasePage(tuple(_case(lead, LEAD_STAMP) for lead in leads), (), "")

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: a task of the same subject, lead and day is there already."""
        day = task.due_at.date().isoformat()
        query = (
            f"SELECT Id FROM Task WHERE WhoId = {_quoted(task.lead_id)} AND Subject = {_quoted(task.title)}"  # noqa: S608
            f" AND ActivityDate = {day}"
        )
        earlier = self._http.call("GET", f"{DATA}/query", params={"q": query}).decoded(_CreatedList).records
        if earlier:
            return task.key
        owner = {"OwnerId": task.owner} if task.owner else {}
        body = {"Subject": task.title, "WhoId": task.lead_id, "ActivityDate": day, "Status": "Not Started", **owner}
        answer = self._http.call("POST", f"{DATA}/sobjects/Task", json=body)
        if answer.status != 201:
            raise CRMRejected(f"The task was not created: {answer.text()}", status=answer.status)
        return answer.decoded(_Created).id

    def _noted(self, answer: CRMResponse) -> CRMResponse:
        used, _, limit = answer.headers.get("Sforce-Limit-Info", "").partition("=")[2].partition("/")
        if used.isdigit() and limit.isdigit() and int(limit):
            self._budget = 1 - int(used) / int(limit)
        return answer


def _after_position(column: str, place: Position | None) -> list[str]:
    """Conditions for what comes after a place in the order of a stamp and the id."""
    if place is None:
        return []
    stamp = place.stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    same = f"({column} = {stamp} AND Id > {_quoted(place.record_id)})"
    return [f"({same} OR {column} > {stamp})" if place.record_id else f"{column} >= {stamp}"]


def _case(lead: _Lead, column: str) -> Case:
    changed_at = _stamp(lead, column)
    deal = lead.converted_opportunity
    kind: StageKind | None = None
    if deal is not None:
        kind = "won" if deal.is_won else "lost" if deal.is_closed else "open"
    return Case(
        event_id=f"lead:{lead.id}:{deal.stage_name if deal else lead.status}:{changed_at.isoformat()}",
        changed_at=changed_at,
        lead={
            "lead_id": lead.id, "created_at": lead.created_date, "email": lead.email, "phone": lead.phone,
            "postcode": lead.postal_code, "country": lead.country, "job_title": lead.title,
            "industry": lead.industry, "employees": lead.number_of_employees, "revenue": lead.annual_revenue,
            "unsubscribed": lead.has_opted_out_of_email,
        },
        status=deal.stage_name if deal else lead.status,
        amount=deal.amount if deal else None,
        kind=kind,
    )  # fmt: skip


def _stamp(lead: _Lead, column: str) -> datetime:
    deal = lead.converted_opportunity
    text = deal.system_modstamp if column == OPPORTUNITY_STAMP and deal else lead.system_modstamp
    return _moment(text)


def _moment(text: str) -> datetime:
    # Salesforce writes +0000, which ISO 8601 allows in its basic form only.
    return datetime.fromisoformat(text.replace("+0000", "+00:00")).astimezone(UTC)


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value


def _quoted(text: str) -> str:
    r"""A text in SOQL.

    >>> _quoted("O'Neil\\")
    "'O\\'Neil\\\\'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _throttle(answer: CRMResponse) -> float | None:
    return LIMIT_PAUSE if answer.status == 403 and b"REQUEST_LIMIT_EXCEEDED" in answer.body else None


def _call_refusal(answer: CRMResponse) -> Refused:
    try:
        error = msgspec.json.decode(answer.body, type=list[_CallError])[0]
    except (msgspec.DecodeError, ValueError, IndexError):
        return Refused(answer.text(), status=answer.status)
    return Refused(error.message, error.error_code, status=answer.status)

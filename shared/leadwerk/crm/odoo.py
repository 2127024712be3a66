"""Odoo from version 19 on: leads (crm.lead) by the JSON-2 API, one lead a call.

The key is an API key of at most three months. Odoo answers errors of a value with 500 as well, so what an error is
about is read from its name. Times are UTC without an offset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from leadwerk.crm.adapter import Adapter, user_number
from leadwerk.crm.auth import Auth, bearer
from leadwerk.crm.case_page import Case, CasePage, GoneRecord, StageKind
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position, naive_utc, position, walk
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    Enrolment,
    FieldPlan,
    FieldType,
    FieldValue,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Taken,
    Task,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import UNREADABLE_JSON, CRMRejected

PER_SECOND = 20.0
PAGE_SIZE = 500
LEADS, FIELDS, ACTIVITIES, TAGS, USERS = "crm.lead", "ir.model.fields", "mail.activity", "crm.tag", "res.users"
TAG_STARTS = "Use a tag, and let an automation rule of Odoo start from it."
TYPES: dict[FieldType, str] = {"number": "float", "text": "char", "list": "text"}
COLUMNS = [
    "id", "create_date", "write_date", "email_from", "phone", "zip", "function", "active", "probability",
    "stage_id", "lost_reason_id", "expected_revenue", "is_blacklisted", "user_id",
]  # fmt: skip
# Errors that a value, a field or a record causes, and no fault of the server.
OF_A_RECORD = ("ValueError", "ValidationError", "UserError", "MissingError", "TypeError", "KeyError")
Named = tuple[int, str] | bool | None
Domain = list[Any]


class _Error(msgspec.Struct, frozen=True):
    name: str = ""
    message: str = ""


class _Lead(msgspec.Struct, frozen=True):
    """Odoo writes false for an empty value."""

    id: int
    create_date: str
    write_date: str
    email_from: str | bool = False
    phone: str | bool = False
    zip: str | bool = False
    function: str | bool = False
    active: bool = True
    probability: float = 0.0
    stage_id: Named = None
    lost_reason_id: Named = None
    expected_revenue: float = 0.0
    is_blacklisted: bool = False
    user_id: Named = None

    def place(self) -> Position:
        return Position(naive_utc(self.write_date), f"{self.id:012}")


class _Field(msgspec.Struct, frozen=True):
    name: str
    ttype: str


class _Id(msgspec.Struct, frozen=True):
    id: int


class _User(msgspec.Struct, frozen=True):
    id: int
    name: str
    email: str | bool = False
    lang: str | bool = False
    active: bool = True

    def owner(self) -> Owner:
        language = self.lang.partition("_")[0] if isinstance(self.lang, str) else None
        email = self.email if isinstance(self.email, str) else None
        return Owner(str(self.id), self.name, email, language=language, is_active=self.active)


class Odoo(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "odoo.leads"
    capabilities = Capabilities(
        calls_at_once=4,
        overlap=timedelta(minutes=1),
        cursor_step=timedelta(seconds=1),
        reports=frozenset({"lost_reason", "unsubscribes", "owners"}),
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        database: str = "",
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open no connection yet; `database` is needed where a server has several."""
        auth = bearer(auth) if isinstance(auth, str) else auth
        headers = {"X-Odoo-Database": database} if database else {}
        self._http = HttpClient(
            url, auth, pace=RateLimiter(per_second, sleep=sleep), of_a_record=_is_of_a_record, headers=headers
        )

    def field_name(self, shows: str) -> str:
        """Custom fields begin with x_."""
        return f"x_leadwerk_{shows}"

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        if not update.target.isdigit():
            return Unknown(f"Odoo's leads have numbers; {update.target!r} is no number.")
        values = {name: _value(value) for name, value in update.fields.items()}
        answer = self._call(LEADS, "write", ids=[int(update.target)], vals=values)
        if answer.status == 200:
            return Taken()
        error = _error(answer)
        if error.name.endswith("MissingError") or answer.status == 404:
            return Unknown(error.message)
        field = next((name for name in update.fields if name in error.message), None)
        return Refused(error.message or answer.text(), error.name or None, field, answer.status)

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        domain = [["model", "=", LEADS], ["name", "in", [field.name for field in fields]]]
        present = self._search(FIELDS, domain, ["name", "ttype"], "name", list[_Field])
        types = {entry.name: entry.ttype for entry in present}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if types.get(field.name, TYPES[field.type]) != TYPES[field.type]]
        created = [] if dry_run or not missing else self._create(missing)
        return FieldPlan(tuple(field.name for field in missing), tuple(wrong), tuple(created))

    def _create(self, fields: Sequence[CRMField]) -> list[str]:
        model = self._search("ir.model", [["model", "=", LEADS]], ["id"], "id", list[_Id])[0].id
        for field in fields:
            values = {"name": field.name, "field_description": field.label, "model_id": model, "state": "manual"}
            self._done(self._call(FIELDS, "create", vals_list=[{**values, "ttype": TYPES[field.type]}]))
        return [field.name for field in fields]

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`."""
        start, overlap = position(cursor), self.capabilities.overlap
        for leads, place in walk(start.before(overlap) if start else None, self._behind, _Lead.place):
            here = max(place, start) if start else place
            yield CasePage(tuple(_case(lead) for lead in leads), (), str(here), place.stamp - overlap)

    def _behind(self, place: Position | None) -> Sequence[_Lead]:
        domain: Domain = []
        if place is not None:
            stamp = place.stamp.strftime("%Y-%m-%d %H:%M:%S")
            same = ["&", ["write_date", "=", stamp], ["id", ">", int(place.record_id or 0)]]
            domain = ["|", ["write_date", ">", stamp], *same]
        leads: list[_Lead] = self._search(LEADS, domain, COLUMNS, "write_date, id", list[_Lead])
        return leads

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        ids = [int(record_id) for record_id in record_ids if record_id.isdigit()]
        leads = self._search(LEADS, [["id", "in", ids]], COLUMNS, "id", list[_Lead])
        present = {lead.id for lead in leads}
        gone_records = tuple(GoneRecord(str(number)) for number in ids if number not in present)
        return CasePage(tuple(_case(lead) for lead in leads), (), "", gone_records=gone_records)

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`: users of the company, those who left as well, without customers of the portal."""
        owners: list[Owner] = []
        last_id = 0
        while True:
            domain = [["share", "=", False], ["id", ">", last_id]]
            users: list[_User] = self._search(
                USERS, domain, ["id", "name", "email", "lang", "active"], "id", list[_User]
            )
            owners += [user.owner() for user in users]
            if len(users) < PAGE_SIZE:
                return owners
            last_id = users[-1].id

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: an activity whose note holds the key is there already."""
        present = self._search(ACTIVITIES, [["note", "like", task.key]], ["id"], "id", list[_Id])
        if present:
            return str(present[0].id)
        values: dict[str, str | int] = {
            "res_model": LEADS, "res_id": int(task.lead_id), "summary": task.title, "note": task.key,
            "date_deadline": task.due_at.date().isoformat(),
        }  # fmt: skip
        owner = {"user_id": user_number(task.owner)} if task.owner else {}
        answer = self._done(self._call(ACTIVITIES, "create", vals_list=[values | owner]))
        return str(answer.decoded(list[int])[0])

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`: a tag of the lead; one that is missing is created. Odoo's automations start from tags."""
        if enrolment.kind != "tag":
            raise CRMRejected(f"Odoo takes no {enrolment.kind} {enrolment.name!r}.", remedy=TAG_STARTS)
        if not enrolment.lead_id.isdigit():
            raise CRMRejected(
                f"Odoo's leads have numbers; {enrolment.lead_id!r} is no number.", remedy="Ingest the lead first."
            )
        present = self._search(TAGS, [["name", "=", enrolment.name]], ["id"], "id", list[_Id])
        if present:
            tag = present[0].id
        else:
            answer = self._done(self._call(TAGS, "create", vals_list=[{"name": enrolment.name}]))
            tag = answer.decoded(list[int])[0]
        # Command 4 adds a link and keeps the others; adding it twice changes nothing.
        self._done(self._call(LEADS, "write", ids=[int(enrolment.lead_id)], vals={"tag_ids": [[4, tag, 0]]}))

    def _search(self, model: str, domain: Domain, columns: Sequence[str], order: str, kind: type[list[Any]]) -> Any:
        # Lost leads are inactive, and inactive records are hidden unless the context asks for them.
        answer = self._http.call_repeatedly(
            "POST",
            f"/json/2/{model}/search_read",
            json={
                "domain": domain,
                "fields": list(columns),
                "order": order,
                "limit": PAGE_SIZE,
                "context": {"active_test": False},
            },
        )
        return self._done(answer).decoded(kind)

    def _call(self, model: str, method: str, **body: Any) -> CRMResponse:
        return self._http.call("POST", f"/json/2/{model}/{method}", json=body)

    def _done(self, answer: CRMResponse) -> CRMResponse:
        if answer.status != 200:
            raise CRMRejected(f"Odoo refused: {_error(answer).message or answer.text()}", status=answer.status)
        return answer


def _case(lead: _Lead) -> Case:
    stage = lead.stage_id[1] if isinstance(lead.stage_id, tuple) else "New"
    kind: StageKind = "lost" if not lead.active else "won" if lead.probability >= 100 else "open"
    return Case(
        event_id=f"lead:{lead.id}:{kind}:{stage}:{lead.write_date}",
        changed_at=naive_utc(lead.write_date),
        lead={
            "lead_id": str(lead.id), "created_at": naive_utc(lead.create_date).isoformat(),
            "email": lead.email_from or None, "phone": lead.phone or None, "postcode": lead.zip or None,
            "job_title": lead.function or None, "unsubscribed": lead.is_blacklisted,
            "crm_owner": str(lead.user_id[0]) if isinstance(lead.user_id, tuple) else None,
        },
        # A lost lead keeps its stage, so the stage says nothing then.
        status="lost" if kind == "lost" else stage,
        reason=lead.lost_reason_id[1] if isinstance(lead.lost_reason_id, tuple) else None,
        amount=lead.expected_revenue or None,
        kind=kind,
    )  # fmt: skip


def _value(value: FieldValue) -> str | float | bool:
    if value is None:
        return False
    return "\n".join(value) if isinstance(value, tuple) else value


def _error(answer: CRMResponse) -> _Error:
    try:
        return msgspec.json.decode(answer.body, type=_Error)
    except UNREADABLE_JSON:
        return _Error()


def _is_of_a_record(answer: CRMResponse) -> bool:
    return answer.status >= 400 and _error(answer).name.endswith(OF_A_RECORD)

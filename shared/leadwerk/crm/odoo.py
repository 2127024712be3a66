"""Odoo from version 19 on: leads (crm.lead) by the JSON-2 API, one lead a call.

The key is an API key of at most three months. Odoo answers errors of a value with 500 as well, so what an error is
about is read from its name. Times are UTC without an offset.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from leadwerk.crm import odoo_cases
from leadwerk.crm.adapter import Adapter, user_number
from leadwerk.crm.auth import Auth, bearer
from leadwerk.crm.case_page import CasePage
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.odoo_activities import optional_objects
from leadwerk.crm.odoo_history import HISTORY, probe
from leadwerk.crm.odoo_rpc import LEADS, Numbered, OdooRPC, done, error_of, is_of_a_record
from leadwerk.crm.optional_reads import OptionalObject
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
from leadwerk.errors import CRMRejected
from leadwerk.texts.message import Message

PER_SECOND = 20.0
FIELDS, ACTIVITIES, TAGS, USERS = "ir.model.fields", "mail.activity", "crm.tag", "res.users"
TYPES: dict[FieldType, str] = {"number": "float", "text": "char", "list": "text"}


class _Field(Numbered, frozen=True):
    name: str
    ttype: str


class _User(Numbered, frozen=True):
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
        reports=frozenset({"lost_reason", "unsubscribes", "owners", "past_stages", "touchpoints"}),
    )

    def __init__(
        self,
        url: str,
        auth: Auth | str,
        *,
        database: str = "",
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Open no connection yet; `database` is needed where a server has several."""
        auth = bearer(auth) if isinstance(auth, str) else auth
        headers = {"X-Odoo-Database": database} if database else {}
        pace = RateLimiter(per_second, sleep=sleep)
        self._rpc = OdooRPC(HttpClient(url, auth, pace=pace, of_a_record=is_of_a_record, headers=headers))
        self._clock = clock

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
        answer = self._rpc.call(LEADS, "write", ids=[int(update.target)], vals=values)
        if answer.status == 200:
            return Taken()
        error = error_of(answer)
        if error.name.endswith("MissingError") or answer.status == 404:
            return Unknown(error.message)
        field = next((name for name in update.fields if name in error.message), None)
        return Refused(error.message or answer.text(), error.name or None, field, answer.status)

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`."""
        domain = [["model", "=", LEADS], ["name", "in", [field.name for field in fields]]]
        present = self._rpc.search(FIELDS, domain, "name", list[_Field])
        types = {entry.name: entry.ttype for entry in present}
        missing = [field for field in fields if field.name not in types]
        wrong = [field.name for field in fields if types.get(field.name, TYPES[field.type]) != TYPES[field.type]]
        created = [] if dry_run or not missing else self._create(missing)
        return FieldPlan(tuple(field.name for field in missing), tuple(wrong), tuple(created))

    def _create(self, fields: Sequence[CRMField]) -> list[str]:
        model = self._rpc.lead_model()
        for field in fields:
            values = {"name": field.name, "field_description": field.label, "model_id": model, "state": "manual"}
            self._rpc.create(FIELDS, {**values, "ttype": TYPES[field.type]})
        return [field.name for field in fields]

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: changed leads, then what sellers did."""
        return odoo_cases.pages(self._rpc, cursor, self.capabilities.overlap, self._clock())

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        return odoo_cases.reread(self._rpc, record_ids)

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: messages, meetings, and tracked changes of the stage."""
        return (*optional_objects(self._rpc, self._clock()), (HISTORY, partial(probe, self._rpc)))

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`: users of the company, those who left as well, without customers of the portal."""
        return [user.owner() for user in self._rpc.search_all(USERS, [["share", "=", False]], list[_User])]

    def create_task(self, task: Task) -> str:
        """See `CRM.create_task`: an activity whose note holds the key is there already."""
        present = self._rpc.search(ACTIVITIES, [["note", "like", task.key]], "id", list[Numbered])
        if present:
            return str(present[0].id)
        values: dict[str, str | int] = {
            "res_model_id": self._rpc.lead_model(), "res_id": int(task.lead_id), "summary": task.title,
            "note": task.key, "date_deadline": task.due_at.date().isoformat(),
        }  # fmt: skip
        owner = {"user_id": user_number(task.owner)} if task.owner else {}
        return str(self._rpc.create(ACTIVITIES, values | owner))

    def enrol(self, enrolment: Enrolment) -> None:
        """See `CRM.enrol`: a tag of the lead; one that is missing is created. Odoo's automations start from tags."""
        if enrolment.kind != "tag":
            raise CRMRejected(
                Message("refusal.crm.no_enrolment", crm="Odoo", kind=enrolment.kind, name=enrolment.name),
                remedy=Message("refusal.crm.starts.odoo"),
            )
        if not enrolment.lead_id.isdigit():
            raise CRMRejected(Message("refusal.crm.lead_number", lead_id=enrolment.lead_id))
        present = self._rpc.search(TAGS, [["name", "=", enrolment.name]], "id", list[Numbered])
        tag = present[0].id if present else self._rpc.create(TAGS, {"name": enrolment.name})
        # Command 4 adds a link and keeps the others; adding it twice changes nothing.
        done(self._rpc.call(LEADS, "write", ids=[int(enrolment.lead_id)], vals={"tag_ids": [[4, tag, 0]]}))


def _value(value: FieldValue) -> str | float | bool:
    if value is None:
        return False
    return "\n".join(value) if isinstance(value, tuple) else value

"""Tryton: leads (sale.opportunity) by JSON-RPC, a hundred a call, all or none of them.

Moments are UTC without an offset, and a record that was never changed has none. Fields of its own come with a module,
so they can be looked at but not created. It has no tasks, and no calls, mails or meetings of sellers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from leadwerk.crm.adapter import Adapter, bisected
from leadwerk.crm.case_page import Case, CasePage, GoneRecord
from leadwerk.crm.keyset import Position, joined, split, walk_list
from leadwerk.crm.optional_reads import OptionalObject, OptionalReads
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    FieldPlan,
    FieldType,
    FieldValue,
    LeadUpdate,
    Owner,
    PushResult,
    Refused,
    Taken,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.stage_steps import DealStep, past_cases
from leadwerk.crm.tryton_history import HISTORY, KINDS, read_steps
from leadwerk.crm.tryton_owners import read_owners
from leadwerk.crm.tryton_rpc import Moment, TrytonRPC, TrytonSession, written

PER_SECOND = 20.0
PAGE_SIZE = 500
TYPES: dict[FieldType, tuple[str, ...]] = {
    "number": ("integer", "float", "numeric"),
    "text": ("char", "selection"),
    "list": ("text", "char"),
}
COLUMNS = ["id", "create_date", "write_date", "state", "amount", "lost_reason", "employee"]
CREATED, CHANGED = "create_date", "write_date"


class _Amount(msgspec.Struct, frozen=True):
    decimal: str


class _Opportunity(msgspec.Struct, frozen=True):
    id: int
    create_date: Moment
    state: str
    write_date: Moment | None = None
    amount: _Amount | None = None
    lost_reason: str | None = None
    employee: int | None = None

    def stamp(self) -> datetime:
        return (self.write_date or self.create_date).utc()

    def place(self) -> Position:
        return Position(self.stamp(), str(self.id))


class _Field(msgspec.Struct, frozen=True):
    type: str


class Tryton(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "tryton.opportunities"
    capabilities = Capabilities(
        batch=100,
        batch_is_atomic=True,
        calls_at_once=2,
        overlap=timedelta(minutes=1),
        reports=frozenset({"lost_reason", "past_stages", "owners"}),
    )

    def __init__(
        self,
        url: str,
        credentials: str,
        *,
        database: str,
        company: int = 1,
        per_second: float = PER_SECOND,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open no connection yet; `credentials` are user:password."""
        user, _, password = credentials.partition(":")
        session = TrytonSession(url, database, user, password)
        self._rpc = TrytonRPC(url, session, RateLimiter(per_second, sleep=sleep), database, company)

    def field_name(self, shows: str) -> str:
        """A module adds the fields, called as what they show."""
        return {"probability": "calibrated_probability"}.get(shows, shows)

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return bisected(updates, self._send)

    def _send(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult] | Refused:
        odd = next((update.target for update in updates if not update.target.isdigit()), None)
        if odd is not None:
            return (
                [Unknown("no number")] if len(updates) == 1 else Refused(f"Tryton's leads have numbers, not {odd!r}.")
            )
        pairs = [([int(u.target)], {name: _value(value) for name, value in u.fields.items()}) for u in updates]
        reply = self._rpc.call("write", *(part for pair in pairs for part in pair))
        if reply.error is None:
            return [Taken()] * len(updates)
        # Tryton reports a missing record as it reports a wrong value: only a look tells which.
        if len(updates) == 1 and not self._read([["id", "=", pairs[0][0][0]]]):
            return [Unknown(reply.message())]
        message = reply.message()
        field = next((name for name in updates[0].fields if name in str(reply.error)), None)
        return Refused(message, "UserError", field, 200)

    def ensure_fields(self, fields: Sequence[CRMField], *, dry_run: bool) -> FieldPlan:
        """See `CRM.ensure_fields`; nothing is created, because fields come with a module."""
        result = self._rpc.read("fields_get", [field.name for field in fields])
        types = msgspec.json.decode(result, type=dict[str, _Field])
        missing = tuple(field.name for field in fields if field.name not in types)
        wrong = tuple(f.name for f in fields if f.name in types and types[f.name].type not in TYPES[f.type])
        return FieldPlan(missing, wrong)

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: records that were never changed by their creation, then the changed ones with their steps."""
        reads = OptionalReads()
        return reads.reported(self._pages(split(cursor, 2), reads), cursor)

    def _pages(self, positions: list[Position | None], reads: OptionalReads) -> Iterator[CasePage]:
        overlap, changed = self.capabilities.overlap, positions[1]
        since = changed.before(overlap).stamp if changed else None
        for index, column in enumerate((CREATED, CHANGED)):
            fetch = partial(self._changed_after, column)
            for records, whole_until in walk_list(positions, index, overlap, fetch, _Opportunity.place):
                cases = self._cases(records, since, reads) if column == CHANGED else map(_case, records)
                yield CasePage(tuple(cases), (), joined(positions), whole_until)

    def _changed_after(self, column: str, place: Position | None) -> Sequence[_Opportunity]:
        unchanged = [[CHANGED, "=" if column == CREATED else "!=", None]]
        if place is None:
            return self._read(unchanged, column)
        stamp = written(place.stamp)
        same = [[column, "=", stamp], ["id", ">", int(place.record_id or 0)]]
        return self._read([unchanged, ["OR", [column, ">", stamp], same]], column)

    def _cases(self, records: Sequence[_Opportunity], since: datetime | None, reads: OptionalReads) -> Iterator[Case]:
        ids = [record.id for record in records]
        steps: Mapping[int, Sequence[DealStep]] = reads.read(HISTORY, partial(read_steps, self._rpc, ids, since), {})
        for record in records:
            present = _case(record)
            yield from past_cases(f"opportunity:{record.id}", steps.get(record.id, ()), present)
            yield present

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        ids = [int(record_id) for record_id in record_ids if record_id.isdigit()]
        records, reads = self._read([["id", "in", ids]]), OptionalReads()
        present = {record.id for record in records}
        gone_records = tuple(GoneRecord(str(number)) for number in ids if number not in present)
        cases = tuple(self._cases(records, None, reads))
        return reads.noted(CasePage(cases, (), "", gone_records=gone_records))

    def owners(self) -> Sequence[Owner]:
        """See `CRM.owners`: the company's employees."""
        return read_owners(self._rpc)

    def optional_objects(self) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
        """See `Adapter.optional_objects`: the versions of opportunities."""
        return [(HISTORY, partial(self._rpc.read, "history_revisions", []))]

    def _read(self, domain: list[Any], order: str = "id") -> list[_Opportunity]:
        sorting = [[order, "ASC"], ["id", "ASC"]]
        result = self._rpc.read("search_read", domain, 0, PAGE_SIZE, sorting, COLUMNS)
        return msgspec.json.decode(result, type=list[_Opportunity])


def _case(record: _Opportunity) -> Case:
    return Case(
        event_id=f"opportunity:{record.id}:{record.state}:{record.stamp().isoformat()}",
        changed_at=record.stamp(),
        lead={
            "lead_id": str(record.id), "created_at": record.create_date.utc().isoformat(),
            "crm_owner": None if record.employee is None else str(record.employee),
        },
        status=record.state,
        reason=record.lost_reason,
        amount=record.amount.decimal if record.amount else None,
        kind=KINDS.get(record.state, "open"),
    )  # fmt: skip


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value

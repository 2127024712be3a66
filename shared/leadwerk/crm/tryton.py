"""Tryton: leads (sale.opportunity) by JSON-RPC, a hundred a call, all or none of them.

Its errors come with status 200. Moments are UTC without an offset, and a record that was never changed has none. Fields
of its own come with a module, so they can be looked at but not created.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from leadwerk.crm.adapter import Adapter, bisected
from leadwerk.crm.bounded_exchange import exchange, new_session
from leadwerk.crm.case_page import Case, CasePage, StageKind
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.keyset import Position, joined, split, walk
from leadwerk.crm.port import (
    Capabilities,
    CRMField,
    FieldPlan,
    FieldType,
    FieldValue,
    LeadUpdate,
    PushResult,
    Refused,
    Taken,
    Unknown,
)
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, CRMUnavailable

PER_SECOND = 20.0
PAGE_SIZE = 500
MODEL = "model.sale.opportunity"
TYPES: dict[FieldType, tuple[str, ...]] = {
    "number": ("integer", "float", "numeric"),
    "text": ("char", "selection"),
    "list": ("text", "char"),
}
COLUMNS = ["id", "create_date", "write_date", "state", "amount", "lost_reason"]
KINDS: Mapping[str, StageKind] = {"converted": "won", "lost": "lost", "cancelled": "lost"}


class Moment(msgspec.Struct, frozen=True):
    """A moment as Tryton writes it."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    microsecond: int = 0

    def utc(self) -> datetime:
        """The same, aware."""
        return datetime(
            self.year, self.month, self.day, self.hour, self.minute, self.second, self.microsecond, tzinfo=UTC
        )


class _Amount(msgspec.Struct, frozen=True):
    decimal: str


class _Opportunity(msgspec.Struct, frozen=True):
    id: int
    create_date: Moment
    state: str
    write_date: Moment | None = None
    amount: _Amount | None = None
    lost_reason: str | None = None

    def stamp(self) -> datetime:
        return (self.write_date or self.create_date).utc()

    def place(self) -> Position:
        return Position(self.stamp(), str(self.id))


class _Field(msgspec.Struct, frozen=True):
    type: str


class _Reply(msgspec.Struct, frozen=True):
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: list[Any] | None = None

    def message(self) -> str:
        """What the error says, from whichever place of it."""
        for part in reversed(self.error or []):
            text = part[0] if isinstance(part, list) and part else part
            if isinstance(text, str) and text:
                return text
        return "no reason"


class TrytonSession:
    """A login by user and password, repeated once when the session ended; one for all threads."""

    def __init__(self, url: str, database: str, user: str, password: str) -> None:
        self._url = f"{url.rstrip('/')}/{quote(database, safe='')}/rpc/"
        self._user, self._password = user, password
        self._lock = threading.Lock()
        self._header = ""

    def headers(self) -> Mapping[str, str]:
        """The header of the session.

        Raises:
            CRMUnavailable, CRMRejected: Tryton does not answer, or refuses the login.
        """
        with self._lock:
            if not self._header:
                self._header = self._log_in()
            return {"Authorization": self._header}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Drop the refused session, unless another thread has done so already."""
        with self._lock:
            # Another thread may have logged in meanwhile: its session must stay.
            if refused.get("Authorization") == self._header:
                self._header = ""
        return True

    def _log_in(self) -> str:
        body = {"id": 1, "method": "common.db.login", "params": [self._user, {"password": self._password}, "en"]}
        with new_session() as session:
            answer = exchange(session, "Tryton", "POST", self._url, json=body)
        if answer.status == 429 or answer.status >= 500:
            raise CRMUnavailable(f"Tryton answered {answer.status}.", status=answer.status)
        try:
            user_id, key = msgspec.json.decode(
                msgspec.json.decode(answer.body, type=_Reply).result, type=tuple[int, str, Any]
            )[:2]
        except UNREADABLE_JSON as error:
            remedy = "Check user and password in LEADWERK_CRM_TOKEN, and LEADWERK_CRM_DATABASE."
            raise CRMRejected("Tryton refuses the login.", status=401, remedy=remedy, locked_out=True) from error
        return "Session " + base64.b64encode(f"{self._user}:{user_id}:{key}".encode()).decode()


class Tryton(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "tryton.opportunities"
    capabilities = Capabilities(
        batch=100,
        batch_is_atomic=True,
        calls_at_once=2,
        overlap=timedelta(minutes=1),
        reports=frozenset({"lost_reason"}),
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
        self._http = HttpClient(url, session, pace=RateLimiter(per_second, sleep=sleep))
        self._path = f"/{quote(database, safe='')}/rpc/"
        self._context = {"company": company}

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
        reply = self._call("write", *(part for pair in pairs for part in pair), self._context)
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
        reply = self._done(self._call("fields_get", [field.name for field in fields], self._context))
        types = msgspec.json.decode(reply.result, type=dict[str, _Field])
        missing = tuple(field.name for field in fields if field.name not in types)
        wrong = tuple(f.name for f in fields if f.name in types and types[f.name].type not in TYPES[f.type])
        return FieldPlan(missing, wrong)

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        """See `CRM.pull`: records that were never changed by their creation, then the changed ones."""
        places = split(cursor, 2)
        for index, column in enumerate(("create_date", "write_date")):
            start, overlap = places[index], self.capabilities.overlap

            def fetch(place: Position | None, column: str = column) -> Sequence[_Opportunity]:
                return self._behind(column, place)

            for records, place in walk(start.before(overlap) if start else None, fetch, _Opportunity.place):
                places[index] = max(place, start) if start else place
                cases = tuple(_case(record) for record in records)
                yield CasePage(cases, (), joined(places), place.stamp - overlap)

    def _behind(self, column: str, place: Position | None) -> Sequence[_Opportunity]:
        unchanged = [["write_date", "=" if column == "create_date" else "!=", None]]
        if place is None:
            return self._read(unchanged, column)
        stamp = _written(place.stamp)
        same = [[column, "=", stamp], ["id", ">", int(place.record_id or 0)]]
        return self._read([unchanged, ["OR", [column, ">", stamp], same]], column)

    def reread(self, record_ids: Sequence[str]) -> CasePage:
        """See `CRM.reread`."""
        ids = [int(record_id) for record_id in record_ids if record_id.isdigit()]
        return CasePage(tuple(_case(record) for record in self._read([["id", "in", ids]])), (), "")

    def _read(self, domain: list[Any], order: str = "id") -> list[_Opportunity]:
        sorting = [[order, "ASC"], ["id", "ASC"]]
        reply = self._done(self._call("search_read", domain, 0, PAGE_SIZE, sorting, COLUMNS, self._context))
        return msgspec.json.decode(reply.result, type=list[_Opportunity])

    def _call(self, method: str, *parameters: Any) -> _Reply:
        body = {"id": 1, "method": f"{MODEL}.{method}", "params": list(parameters)}
        # Reads are repeated at once; a write waits for the next run, which sends the latest score.
        send = self._http.call if method == "write" else self._http.call_repeatedly
        answer = send("POST", self._path, json=body)
        if answer.status != 200:
            raise CRMRejected(f"Tryton answered {answer.status}: {answer.text()}", status=answer.status)
        return answer.decoded(_Reply)

    def _done(self, reply: _Reply) -> _Reply:
        if reply.error is not None:
            raise CRMRejected(f"Tryton refused: {reply.message()}", status=200)
        return reply


def _case(record: _Opportunity) -> Case:
    return Case(
        event_id=f"opportunity:{record.id}:{record.state}:{record.stamp().isoformat()}",
        changed_at=record.stamp(),
        lead={"lead_id": str(record.id), "created_at": record.create_date.utc().isoformat()},
        status=record.state,
        reason=record.lost_reason,
        amount=record.amount.decimal if record.amount else None,
        kind=KINDS.get(record.state, "open"),
    )


def _value(value: FieldValue) -> str | float | None:
    return "\n".join(value) if isinstance(value, tuple) else value


def _written(moment: datetime) -> dict[str, str | int]:
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(moment, part) for part in parts}}

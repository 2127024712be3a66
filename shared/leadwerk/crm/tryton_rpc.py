"""Tryton's JSON-RPC: a session, and methods of models by name. Its errors come with status 200."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from leadwerk.crm.bounded_exchange import exchange, new_session
from leadwerk.crm.http_client import HttpClient
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.errors import UNREADABLE_JSON, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

LEADS = "sale.opportunity"
PAGE_SIZE = 500
# What a user may not read is refused by the same class of errors as a wrong value.
REFUSED_BY_RULE = "UserError"


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


def written(moment: datetime) -> dict[str, str | int]:
    """A moment as Tryton reads it; `moment` is UTC."""
    parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return {"__class__": "datetime", **{part: getattr(moment, part) for part in parts}}


class Reply(msgspec.Struct, frozen=True):
    """What a call returned, or why it was refused."""

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
            raise CRMUnavailable(Message("refusal.crm.status", status=answer.status), status=answer.status)
        try:
            user_id, key = msgspec.json.decode(
                msgspec.json.decode(answer.body, type=Reply).result, type=tuple[int, str, Any]
            )[:2]
        except UNREADABLE_JSON as error:
            raise CRMRejected(Message("refusal.crm.tryton_login"), status=401, locked_out=True) from error
        return "Session " + base64.b64encode(f"{self._user}:{user_id}:{key}".encode()).decode()


class TrytonRPC:
    """Calls of a company's models in a database."""

    def __init__(self, url: str, session: TrytonSession, pace: RateLimiter, database: str, company: int) -> None:
        self._http = HttpClient(url, session, pace=pace)
        self._path = f"/{quote(database, safe='')}/rpc/"
        self.company = company

    def call(self, method: str, *parameters: Any, model: str = LEADS, **context: Any) -> Reply:
        """The reply of a method, an error as well; `context` adds to the company's.

        Raises:
            CRMUnavailable, CRMRejected: Tryton does not answer, or refuses us.
        """
        arguments = [*parameters, {"company": self.company, **context}]
        body = {"id": 1, "method": f"model.{model}.{method}", "params": arguments}
        # Reads are repeated at once; a write waits for the next run, which sends the latest score.
        send = self._http.call if method == "write" else self._http.call_repeatedly
        answer = send("POST", self._path, json=body)
        if answer.status != 200:
            raise CRMRejected(
                Message("refusal.crm.locked_out", status=answer.status, answer=answer.text()), status=answer.status
            )
        return answer.decoded(Reply)

    def read(self, method: str, *parameters: Any, model: str = LEADS, **context: Any) -> msgspec.Raw:
        """What a method returned, as JSON.

        Raises:
            CRMUnavailable, CRMRejected: as `call`, or the user may not (403).
        """
        reply = self.call(method, *parameters, model=model, **context)
        if reply.error is not None:
            by_rule = reply.error[:1] == [REFUSED_BY_RULE]
            raise CRMRejected(Message("refusal.crm.refused", answer=reply.message()), status=403 if by_rule else 200)
        return reply.result

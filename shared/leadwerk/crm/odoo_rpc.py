"""Odoo's JSON-2 API: methods of models by name. Errors of a value come with status 500 as well."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar, get_args

import msgspec

from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position
from leadwerk.errors import UNREADABLE_JSON, CRMRejected
from leadwerk.texts.message import Message

PAGE_SIZE = 500
LEADS = "crm.lead"
# Errors that a value, a field or a record causes, and no fault of the server.
OF_A_RECORD = ("ValueError", "ValidationError", "UserError", "MissingError", "TypeError", "KeyError")
Named = tuple[int, str] | bool | None
"""A record that another names: its number and name; Odoo writes false for none."""
Domain = list[Any]
R = TypeVar("R", bound="Numbered")


class Numbered(msgspec.Struct, frozen=True):
    """A record of Odoo."""

    id: int


class OdooError(msgspec.Struct, frozen=True):
    """Odoo's error; what it is about is read from its name."""

    name: str = ""
    message: str = ""


class OdooRPC:
    """Calls of a database's models."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def search(self, model: str, domain: Domain, order: str, kind: type[list[R]]) -> list[R]:
        """The first records of a domain, with the fields of their struct, archived ones as well.

        Raises:
            CRMUnavailable, CRMRejected: Odoo cannot, or the key may not read the model (403).
        """
        # Lost leads are inactive, and inactive records are hidden unless the context asks for them.
        answer = self._http.call_repeatedly(
            "POST",
            f"/json/2/{model}/search_read",
            json={
                "domain": domain,
                "fields": list(get_args(kind)[0].__struct_fields__),
                "order": order,
                "limit": PAGE_SIZE,
                "context": {"active_test": False},
            },
        )
        return done(answer).decoded(kind)

    def search_all(self, model: str, domain: Domain, kind: type[list[R]]) -> list[R]:
        """All records of a domain in the order of their numbers."""
        records: list[R] = []
        last_id = 0
        while True:
            page = self.search(model, [*domain, ["id", ">", last_id]], "id", kind)
            records += page
            if len(page) < PAGE_SIZE:
                return records
            last_id = page[-1].id

    def call(self, model: str, method: str, **body: Any) -> CRMResponse:
        """The answer of any other method, whatever its status."""
        return self._http.call("POST", f"/json/2/{model}/{method}", json=body)

    def create(self, model: str, values: dict[str, Any]) -> int:
        """The number of a new record.

        Raises:
            CRMUnavailable, CRMRejected: Odoo cannot, or refuses.
        """
        return done(self.call(model, "create", vals_list=[values])).decoded(list[int])[0]

    def lead_model(self) -> int:
        """The number of crm.lead among the models."""
        return self.search("ir.model", [["model", "=", LEADS]], "id", list[Numbered])[0].id


def written(moment: datetime) -> str:
    """A moment as Odoo writes it: UTC without an offset, whole seconds."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def after_place(column: str, place: Position | None) -> Domain:
    """Condition for what comes after a place in the order of a stamp and the number."""
    if place is None:
        return []
    stamp = written(place.stamp)
    same = ["&", [column, "=", stamp], ["id", ">", int(place.record_id or 0)]]
    return ["|", [column, ">", stamp], *same]


def done(answer: CRMResponse) -> CRMResponse:
    """The answer of a call that succeeded.

    Raises:
        CRMRejected: Odoo refused it.
    """
    if answer.status != 200:
        raise CRMRejected(
            Message("refusal.crm.refused", answer=error_of(answer).message or answer.text()), status=answer.status
        )
    return answer


def error_of(answer: CRMResponse) -> OdooError:
    """The error of an answer, empty where it has none."""
    try:
        return msgspec.json.decode(answer.body, type=OdooError)
    except UNREADABLE_JSON:
        return OdooError()


def is_of_a_record(answer: CRMResponse) -> bool:
    """Whether an error is about a record, whatever its status."""
    return answer.status >= 400 and error_of(answer).name.endswith(OF_A_RECORD)

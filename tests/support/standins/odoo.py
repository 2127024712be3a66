"""Odoo: one value set a call, naive UTC stamps, false for nothing, 500 for a wrong value; domains as it reads them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from support.standins.frame import Call, Record, Reply, StandIn

TYPES = {"number": "float", "text": "char", "list": "text"}
Row = dict[str, Any]
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, ">": operator.gt, "<=": operator.le,
    "in": lambda value, listed: value in listed, "like": lambda value, part: part in str(value),
}  # fmt: skip
LEAD_MODEL, CALL_TYPE, MEETING_TYPE = 7, 2, 3
PARTNERS = {77: 501, 78: 502, 79: 503}  # of users; 900 is the customer's
CUSTOMER = 900


class OdooStandIn(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.messages: list[Row] = []

    def handle(self, call: Call) -> Reply:
        assert call.headers["x-odoo-database"] == "sales"
        model, method = call.path.removeprefix("/json/2/").split("/")
        match method:
            case "search_read":
                return self._search(model, call.body)
            case "write" if model == "crm.lead":
                return self._write(call.body["ids"], call.body["vals"])
            case "create":
                return self._create(model, call.body["vals_list"])
        return Reply(404, {"name": "werkzeug.exceptions.NotFound", "message": call.path})

    def _search(self, model: str, body: dict[str, Any]) -> Reply:
        assert body["context"] == {"active_test": False}, "lost leads and who left are inactive"
        rows = [row for row in self._rows(model) if matches(body["domain"], row)]
        for name in reversed(body["order"].split(", ")):
            rows.sort(key=lambda row, name=name: row[name])  # type: ignore[misc]
        if rows and not rows[0].keys() >= set(body["fields"]):
            return Reply(500, {"name": "builtins.ValueError", "message": f"Invalid field in {body['fields']}"})
        return Reply(200, [{name: row[name] for name in body["fields"]} for row in rows[: body["limit"]]])

    def _rows(self, model: str) -> list[Row]:
        match model:
            case "crm.lead":
                return [_lead(*row) for row in self.changed()]
            case "crm.tag":
                return [{"id": number, "name": name} for number, name in enumerate(self.tags)]
            case "crm.stage":
                return self._stages()
            case "res.users":
                users = [(77, "Anna Meier", "anna", True), (78, "Luca", "luca", True), (79, "Rolf", "rolf", False)]
                return [
                    {"id": number, "name": name, "email": f"{mail}@example.ch", "lang": "de_CH", "active": active,
                     "share": False, "partner_id": [PARTNERS[number], name]}
                    for number, name, mail, active in users
                ]  # fmt: skip
            case "ir.model":
                return [{"id": LEAD_MODEL, "model": "crm.lead"}]
            case "ir.model.fields":
                return [
                    {"id": number, "model": "crm.lead", "name": name, "ttype": TYPES[kind]}
                    for number, (name, kind) in enumerate(self.fields.items())
                ]
            case "mail.activity":
                return [{"id": number, **task} for number, task in enumerate(self.tasks, 1)]
            case "mail.activity.type":
                return [{"id": CALL_TYPE, "category": "phonecall"}, {"id": MEETING_TYPE, "category": "meeting"}]
            case "mail.message":
                return [*self.messages, *self._messages(), *(row["message"] for row in self._tracked())]
            case "mail.tracking.value":
                return self._tracked()
            case "calendar.event":
                return self._meetings()
        raise AssertionError(model)

    def _create(self, model: str, vals_list: list[Row]) -> Reply:
        match model:
            case "crm.tag":
                self.tags += [values["name"] for values in vals_list]
                return Reply(200, [len(self.tags) - 1])
            case "ir.model.fields":
                for values in vals_list:
                    kind = next(kind for kind, ttype in TYPES.items() if ttype == values["ttype"])
                    self.fields[values["name"]] = kind
                return Reply(200, [1])
            case "mail.activity":
                if any(values.get("res_model_id") != LEAD_MODEL or "res_model" in values for values in vals_list):
                    return Reply(422, {"name": "odoo.exceptions.ValidationError", "message": "Missing res_model_id"})
                self.tasks += vals_list
                return Reply(200, [len(self.tasks)])
        raise AssertionError(model)

    def _write(self, ids: list[int], values: dict[str, Any]) -> Reply:
        keys = [str(number) for number in ids]
        if any(key not in self.records or self.records[key].deleted for key in keys):
            return Reply(404, {"name": "odoo.exceptions.MissingError", "message": "Record does not exist"})
        for command, tag, _ in values.pop("tag_ids", ()):
            assert command == 4, "other commands replace or remove what a person set"
            self.enrolled |= {(key, self.tags[tag]) for key in keys}
        fault = self.wrong(values)
        if fault:
            name = "builtins.ValueError" if fault[1] == "unknown" else "odoo.exceptions.ValidationError"
            return Reply(500 if fault[1] == "unknown" else 422, {"name": name, "message": f"{fault[0]} is {fault[1]}"})
        for key in keys:
            self.records[key].fields |= values
            self.touch(key)
        return Reply(200, True)

    def _stages(self) -> list[Row]:
        """All stages that a lead has or had; a lost one keeps its stage."""
        kinds = {stage: kind for record in self.records.values() for _, stage, kind in self.stages_of(record)}
        return [
            {"id": number, "name": name, "is_won": kind == "won"}
            for number, (name, kind) in enumerate(kinds.items(), 1)
            if kind != "lost"
        ]

    def _tracked(self) -> list[Row]:
        """Changes of the stage and of whether a lead is active, each at a message of the lead."""
        numbers = {row["name"]: row["id"] for row in self._stages()}
        rows: list[Row] = []
        for key, record in self.changed():
            stage = self.stages_of(record)[0][1]
            for before, after in pairwise(self.stages_of(record)):
                changes: list[tuple[str, int, str | bool, int, str | bool]] = []
                if (before[2] == "lost") != (after[2] == "lost"):
                    changes.append(("active", int(before[2] != "lost"), False, int(after[2] != "lost"), False))
                if after[2] != "lost" and after[1] != stage:
                    changes.append(("stage_id", numbers[stage], stage, numbers[after[1]], f"{after[1]} (fr)"))
                    stage = after[1]
                rows += [_change(len(rows) + position, int(key), after[0], *change)
                         for position, change in enumerate(changes, 1)]  # fmt: skip
        return rows

    def _messages(self) -> list[Row]:
        """A call is a message once it is marked as done; a mail is one to the customer."""
        kinds: dict[str, Row] = {
            "call": {"message_type": "notification", "mail_activity_type_id": [CALL_TYPE, "Call"]},
            "email": {"message_type": "comment", "partner_ids": [CUSTOMER, PARTNERS[78]]},
        }
        return [
            message(5000 + int(entry.activity_id), int(entry.lead), entry.modified, entry.occurred_at,
                    **kinds[entry.kind])
            for entry in self.activities
            if entry.done and entry.kind != "meeting"
        ]  # fmt: skip

    def _meetings(self) -> list[Row]:
        return [
            {"id": int(entry.activity_id), "opportunity_id": [int(entry.lead), "Loan"], "active": entry.done,
             "write_date": _written(entry.modified), "start": _written(entry.occurred_at),
             "stop": _written(entry.occurred_at + timedelta(minutes=30))}
            for entry in self.activities
            if entry.kind == "meeting"
        ]  # fmt: skip


def matches(domain: list[Any], row: Row) -> bool:
    """Whether a row is of a domain: terms in Polish notation, all of those at the top."""
    terms = list(domain)

    def holds() -> bool:
        term = terms.pop(0)
        if term in ("&", "|"):
            first, second = holds(), holds()
            return first and second if term == "&" else first or second
        name, sign, value = term
        return OPERATORS[sign](row[name], value)

    is_match = True
    while terms:
        is_match = holds() and is_match
    return is_match


def message(number: int, lead: int, created: datetime, date: datetime, **values: Any) -> Row:
    """A message of a lead; without other values a colleague's comment to nobody."""
    return {
        "id": number, "model": "crm.lead", "res_id": lead, "create_date": _written(created), "date": _written(date),
        "message_type": "comment", "author_id": [PARTNERS[77], "Anna"], "partner_ids": [],
        "mail_activity_type_id": False, **values,
    }  # fmt: skip


def _change(
    number: int, lead: int, at: datetime, field: str, old: int, old_name: str | bool, new: int, new_name: str | bool
) -> Row:
    note = message(7000 + number, lead, at, at, message_type="notification")
    return {
        "id": number, "create_date": _written(at), "mail_message_id": [note["id"], "Anna"], "message": note,
        "mail_message_id.model": "crm.lead", "mail_message_id.res_id": lead, "field_id.name": field,
        "old_value_integer": old, "old_value_char": old_name, "new_value_integer": new, "new_value_char": new_name,
    }  # fmt: skip


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _lead(key: str, record: Record) -> Row:
    return {
        "id": int(key), "create_date": "2026-01-05 08:00:00", "write_date": _written(record.modified),
        "email_from": False, "phone": False, "zip": False, "function": False, "active": record.kind != "lost",
        "probability": 100.0 if record.kind == "won" else 0.0, "stage_id": [1, record.stage],
        "lost_reason_id": [2, record.reason] if record.reason else False, "expected_revenue": record.amount or 0.0,
        "is_blacklisted": record.unsubscribed, "user_id": [int(record.owner), "Anna"] if record.owner else False,
    }  # fmt: skip

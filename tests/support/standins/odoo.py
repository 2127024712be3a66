"""Odoo: one value set a call, naive UTC stamps, false for nothing, and 500 for a wrong value."""

from __future__ import annotations

from typing import Any

from support.standins.frame import Call, Record, Reply, StandIn

TYPES = {"number": "float", "text": "char", "list": "text"}


class OdooStandIn(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []

    def handle(self, call: Call) -> Reply:
        assert call.headers["x-odoo-database"] == "sales"
        match call.path.removeprefix("/json/2/").split("/"):
            case ["crm.lead", "write"]:
                return self._write(call.body["ids"], call.body["vals"])
            case ["crm.lead", "search_read"]:
                assert call.body["context"] == {"active_test": False}, "lost leads are inactive"
                return Reply(200, self._leads(call.body["domain"])[: call.body["limit"]])
            case ["crm.tag", "search_read"]:
                name = call.body["domain"][0][2]
                return Reply(200, [{"id": self.tags.index(name)}] if name in self.tags else [])
            case ["crm.tag", "create"]:
                self.tags += [values["name"] for values in call.body["vals_list"]]
                return Reply(200, [len(self.tags) - 1])
            case ["res.users", "search_read"]:
                assert call.body["context"] == {"active_test": False}, "who left is inactive"
                (_, share), last = call.body["domain"][0][1:], call.body["domain"][1][2]
                users = [(77, "Anna Meier", "anna", True), (78, "Luca", "luca", True), (79, "Rolf", "rolf", False)]
                rows = [
                    {"id": number, "name": name, "email": f"{mail}@example.ch", "lang": "de_CH", "active": active}
                    for number, name, mail, active in users
                    if number > last and not share
                ]
                return Reply(200, rows[: call.body["limit"]])
            case ["ir.model", "search_read"]:
                return Reply(200, [{"id": 7}])
            case ["ir.model.fields", "search_read"]:
                names = call.body["domain"][1][2]
                present = [name for name in names if name in self.fields]
                return Reply(200, [{"name": name, "ttype": TYPES[self.fields[name]]} for name in present])
            case ["ir.model.fields", "create"]:
                for values in call.body["vals_list"]:
                    kind = next(kind for kind, ttype in TYPES.items() if ttype == values["ttype"])
                    self.fields[values["name"]] = kind
                return Reply(200, [1])
            case ["mail.activity", "search_read"]:
                key = call.body["domain"][0][2]
                return Reply(200, [{"id": i} for i, task in enumerate(self.tasks, 1) if task["note"] == key])
            case ["mail.activity", "create"]:
                self.tasks += call.body["vals_list"]
                return Reply(200, [len(self.tasks)])
        return Reply(404, {"name": "werkzeug.exceptions.NotFound", "message": call.path})

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

    def _leads(self, domain: list[Any]) -> list[dict[str, Any]]:
        rows = self.changed()
        if domain and domain[0] == "|":
            stamp, number = domain[1][2], domain[4][2]
            rows = [row for row in rows if _stamp(row[1]) > stamp or (_stamp(row[1]) == stamp and int(row[0]) > number)]
        elif domain:
            rows = [row for row in rows if int(row[0]) in domain[0][2]]
        return [_lead(*row) for row in rows]


def _stamp(record: Record) -> str:
    return record.modified.strftime("%Y-%m-%d %H:%M:%S")


def _lead(key: str, record: Record) -> dict[str, Any]:
    return {
        "id": int(key), "create_date": "2026-01-05 08:00:00", "write_date": _stamp(record), "email_from": False,
        "phone": False, "zip": False, "function": False, "active": record.kind != "lost",
        "probability": 100.0 if record.kind == "won" else 0.0, "stage_id": [1, record.stage],
        "lost_reason_id": [2, record.reason] if record.reason else False, "expected_revenue": record.amount or 0.0,
        "is_blacklisted": record.unsubscribed, "user_id": [int(record.owner), "Anna"] if record.owner else False,
    }  # fmt: skip

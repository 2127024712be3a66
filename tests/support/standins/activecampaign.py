"""ActiveCampaign: values by the number of a field, changes by day in the account's zone, amounts in hundredths."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, timezone
from typing import Any

from support.standins.frame import TOKEN, Call, Record, Reply, StandIn

ZONE = timezone(timedelta(hours=-5))
TASK_TYPES = {"1": "Call", "2": "Email", "3": "To-do", "4": "Meeting"}
TASK_QUERY = {
    "limit", "offset", "filters[title]", "filters[reltype]", "filters[relid]", "filters[status]", "filters[note]",
    "filters[due_after]",
}  # fmt: skip
KINDS = {"open": 0, "won": 1, "lost": 2}


class ActiveCampaignStandIn(StandIn):
    def __init__(self) -> None:
        super().__init__()
        self.labels: list[dict[str, str]] = []

    def authorised(self, call: Call) -> bool:
        return call.headers.get("api-token") == TOKEN

    def handle(self, call: Call) -> Reply:
        match call.method, call.path.removeprefix("/api/3/").split("/"):
            case "PUT", ["contacts", key]:
                return self._write(key, call.body["contact"]["fieldValues"])
            case "GET", ["contacts"]:
                assert call.query["status"] == "2"
                rows = [row for row in self._since(call) if row[1].unsubscribed]
                return Reply(200, {"contacts": [_contact(*row) for row in self._page(call, rows)]})
            case "GET", ["contacts", key] if self._living(key):
                record = self.records[key]
                states = [{"status": "2" if record.unsubscribed else "1"}]
                return Reply(200, {"contact": _contact(key, record), "contactLists": states})
            case "GET", ["contacts", key, "deals"] if self._living(key):
                return Reply(200, {"deals": [_deal(key, self.records[key])]})
            case "GET", ["fields"]:
                start = int(call.query["offset"])
                rows = [
                    {"id": str(number), "perstag": name, "type": "textarea" if kind == "list" else "text"}
                    for number, (name, kind) in enumerate(self.fields.items(), 1)
                ]
                return Reply(200, {"fields": rows[start : start + min(100, int(call.query["limit"]))]})
            case "POST", ["fields"]:
                return self._create(call.body["field"])
            case "POST", ["fieldRels"]:
                return Reply(201, {})
            case "GET", ["deals"]:
                return Reply(200, {"deals": [_deal(*row) for row in self._page(call, self._since(call))]})
            case "GET", ["dealTasks"]:
                return self._tasks(call)
            case "POST", ["dealTasks"]:
                task = {"status": 0, "reltype": "Subscriber", "udate": "2026-01-05T03:00:00-05:00"}
                self.tasks.append({**task, **call.body["dealTask"], "id": str(len(self.tasks) + 1)})
                return Reply(201, {"dealTask": self.tasks[-1]})
            case "GET", ["dealTasktypes"]:
                types = [{"id": number, "title": title} for number, title in TASK_TYPES.items()]
                return Reply(200, {"dealTasktypes": types})
            case "GET", ["deals", key] if self._living(key):
                return Reply(200, {"deal": _deal(key, self.records[key])})
            case "GET", ["users"]:
                users = [("77", "Anna", "Meier"), ("78", "Luca", "")]
                rows = [
                    {"id": number, "username": first, "firstName": first, "lastName": last,
                     "email": f"{first.lower()}@example.ch"}
                    for number, first, last in users
                ]  # fmt: skip
                start, limit = int(call.query["offset"]), int(call.query["limit"])
                return Reply(200, {"users": rows[start : start + limit], "meta": {"total": str(len(users))}})
            case "GET", ["tags"]:
                rows = [tag for tag in self.labels if call.query["search"] in tag["tag"]]
                return Reply(200, {"tags": rows})
            case "POST", ["tags"]:
                self.labels.append({"id": str(len(self.labels) + 1), **call.body["tag"]})
                return Reply(201, {"tag": self.labels[-1]})
            case "GET", ["automations"]:
                return Reply(200, {"automations": [{"id": "7", "name": "Welcome"}]})
            case "POST", ["contactTags"]:
                entry = call.body["contactTag"]
                name = next(label["tag"] for label in self.labels if label["id"] == entry["tag"])
                return self._enrolled(entry["contact"], name)
            case "POST", ["contactAutomations"]:
                entry = call.body["contactAutomation"]
                return self._enrolled(entry["contact"], {"7": "Welcome"}[entry["automation"]])
        return Reply(404, {"message": "No Result found"})

    def _tasks(self, call: Call) -> Reply:
        """A page of tasks; of a name that it does not know ActiveCampaign takes no notice."""
        unknown = {name for name in call.query if name not in TASK_QUERY}
        assert not unknown, f"ignored by ActiveCampaign: {unknown}"
        numbers = {title.lower(): number for number, title in TASK_TYPES.items()}
        done = [
            {"id": f"9{entry.activity_id}", "relid": entry.lead, "reltype": "Deal" if entry.kind == "email" else
             "Subscriber", "dealTasktype": numbers[entry.kind], "status": int(entry.done), "note": "",
             "duedate": entry.occurred_at.isoformat(), "udate": entry.modified.astimezone(ZONE).isoformat()}
            for entry in self.activities
        ]  # fmt: skip
        rows = [task for task in (*self.tasks, *done) if _is_listed(task, call.query)]
        start, limit = int(call.query.get("offset", 0)), min(100, int(call.query.get("limit", 20)))
        return Reply(200, {"dealTasks": rows[start : start + limit], "meta": {"total": str(len(rows))}})

    def _enrolled(self, key: str, name: str) -> Reply:
        if key not in self.records:
            return Reply(422, {"errors": [{"title": "The contact does not exist", "code": "related_missing"}]})
        self.enrolled.add((key, name))
        return Reply(201, {})

    def _create(self, field: dict[str, Any]) -> Reply:
        if field["perstag"] in self.fields:
            return Reply(422, {"errors": [{"title": "there already", "code": "duplicate"}]})
        numeric = ("SCORE", "PROBABILITY", "POINTS")
        kind = "list" if field["type"] == "textarea" else "number" if field["perstag"].endswith(numeric) else "text"
        self.fields[field["perstag"]] = kind
        return Reply(201, {"field": {"id": str(len(self.fields)), "perstag": field["perstag"], "type": field["type"]}})

    def _write(self, key: str, values: list[dict[str, str]]) -> Reply:
        if key not in self.records or self.records[key].deleted:
            return Reply(404, {"message": f"No Result found for Subscriber with id {key}"})
        names = dict(enumerate(self.fields, 1))
        named = {names[int(value["field"])]: value["value"] for value in values}
        fault = self.wrong(named)
        if fault:
            number = list(self.fields).index(fault[0]) + 1
            return Reply(
                422, {"errors": [{"title": "invalid", "detail": f"field {number} is {fault[1]}", "code": "x"}]}
            )
        self.records[key].fields |= named
        return Reply(200, {"contact": {"id": key}})

    def _living(self, key: str) -> bool:
        return key in self.records and not self.records[key].deleted

    def _since(self, call: Call) -> list[tuple[str, Record]]:
        since = call.query.get("filters[updated_after]")
        return [
            row for row in self.changed()
            if since is None or row[1].modified.astimezone(ZONE).date() > date.fromisoformat(since)
        ]  # fmt: skip

    def _page(self, call: Call, rows: list[tuple[str, Record]]) -> list[tuple[str, Record]]:
        start = int(call.query["offset"])
        return rows[start : start + min(100, int(call.query["limit"]))]


def _is_listed(task: dict[str, Any], query: Mapping[str, str]) -> bool:
    day = query.get("filters[due_after]", "")
    names = ("relid", "reltype", "status", "note")
    return str(task["duedate"]) >= day and all(
        str(task[name]) == query[f"filters[{name}]"] for name in names if f"filters[{name}]" in query
    )


def _contact(key: str, record: Record) -> dict[str, Any]:
    return {
        "id": key, "cdate": "2026-01-05T03:00:00-05:00", "udate": record.modified.astimezone(ZONE).isoformat(),
        "email": "", "phone": "",
    }  # fmt: skip


def _deal(key: str, record: Record) -> dict[str, Any]:
    return {
        "id": key, "contact": key, "status": str(KINDS[record.kind]), "stage": "1", "currency": "chf",
        "mdate": record.modified.astimezone(ZONE).isoformat(), "value": str(int((record.amount or 0) * 100)),
    }  # fmt: skip

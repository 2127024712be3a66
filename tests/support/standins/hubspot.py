"""HubSpot: texts only, at most 100 a batch, a batch refused whole for a wrong value, 207 for missing contacts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from support.standins.frame import Call, Record, Reply, StandIn

CONTACTS = "/crm/objects/2026-09/contacts"
TYPES = {"number": ("number", "number"), "text": ("string", "text"), "list": ("string", "textarea")}
LARGEST_SEARCH = 10_000
PROPERTIES: dict[str, dict[bool, dict[str, str | None]]] = {
    "calls": {True: {"hs_call_status": "COMPLETED"}, False: {"hs_call_status": "QUEUED"}},
    "meetings": {True: {"hs_meeting_outcome": "COMPLETED"}, False: {"hs_meeting_outcome": "SCHEDULED"}},
    "emails": {
        True: {"hs_email_direction": "EMAIL", "hs_email_status": "SENT"},
        False: {"hs_email_direction": "EMAIL", "hs_email_status": "SCHEDULED"},
    },
}
"""Of activities that are done, and of those that are not."""


class HubSpotStandIn(StandIn):
    groups: tuple[str, ...] = ()

    def refusal(self) -> Reply:
        """As HubSpot answers a key that lacks a scope."""
        reply = _error(403, "MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call.")
        reply.body["errors"] = [{"message": "One or more of the following scopes are required.",
                                 "context": {"requiredGranularScopes": ["sales-email-read"]}}]  # fmt: skip
        return reply

    def handle(self, call: Call) -> Reply:
        match call.method, call.path.split("/")[4:]:
            case "POST", ["contacts", "batch", "update"]:
                return self._update(call.body["inputs"])
            case "GET", ["contacts"] if call.path == CONTACTS:
                return self._archived(call)
            case "GET", ["contacts", record_id]:
                return self._get(record_id, call.query.get("archived") == "true")
            case "POST", [kind, "search"]:
                return self._search(kind, call.body)
            case "POST", [kind, "batch", "read"]:
                ids = [entry["id"] for entry in call.body["inputs"]]
                if call.body["propertiesWithHistory"] and len(ids) > 50:
                    return _error(400, "VALIDATION_ERROR", "at most 50 with history")
                living = [(key, self.records[key]) for key in ids if self._living(key)]
                results = [self._object(kind, *pair) for pair in living]
                if call.body["propertiesWithHistory"]:
                    results = [entry | self._history(self.records[entry["id"]]) for entry in results]
                return Reply(200, {"results": results})
            case "POST", [_, _, "batch", "read"]:
                return Reply(200, {"results": self._links(call.path.split("/")[4], call.body["inputs"])})
            case "PUT", [list_id, "memberships", "add"]:
                if list_id != "31":
                    return _error(404, "OBJECT_NOT_FOUND", "no such list")
                self.enrolled |= {(record_id, list_id) for record_id in call.body if self._living(record_id)}
                return Reply(200, {"recordIdsAdded": call.body})
            case "POST", ["tasks"]:
                return self._task(call.body)
        if call.path == "/crm/owners/2026-09":
            return self._owners(call)
        if call.path == "/crm/pipelines/2026-09/deals":
            return Reply(200, {"results": [{"id": "default", "stages": self._stages()}]})
        if call.path.startswith("/crm/properties/2026-09/contacts"):
            return self._properties(call)
        return Reply(404, {"message": f"no {call.method} {call.path}"})

    def _update(self, inputs: list[dict[str, Any]]) -> Reply:
        if len(inputs) > 100 or len({entry["id"] for entry in inputs}) < len(inputs):
            return _error(400, "VALIDATION_ERROR", "more than 100 inputs, or one twice")
        for entry in inputs:
            if any(not isinstance(value, str) for value in entry["properties"].values()):
                return _error(400, "VALIDATION_ERROR", "values are texts")
            fault = self.wrong(entry["properties"])
            if fault:  # names the first culprit only
                return _error(400, "VALIDATION_ERROR", f"{fault[0]} is {fault[1]}", fault[0])
        missing = [entry["id"] for entry in inputs if not self._living(entry["id"])]
        for entry in inputs:
            if entry["id"] not in missing:
                self.records[entry["id"]].fields |= entry["properties"]
                self.touch(entry["id"])
        results = [{"id": entry["id"], "properties": {}} for entry in inputs if entry["id"] not in missing]
        if not missing:
            return Reply(200, {"status": "COMPLETE", "results": results}, self._limits())
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "missing", "context": {"ids": missing}}
        return Reply(207, {"status": "COMPLETE", "results": results, "errors": [error]}, self._limits())

    def _limits(self) -> dict[str, str]:
        return {"X-HubSpot-RateLimit-Daily": "650000", "X-HubSpot-RateLimit-Daily-Remaining": "325000"}

    def _living(self, record_id: str) -> bool:
        return record_id in self.records and not self.records[record_id].deleted

    def _get(self, record_id: str, archived: bool) -> Reply:
        record = self.records.get(record_id)
        if record is not None and record.merged_into and not archived:
            return Reply(200, self._object("contacts", record.merged_into, self.records[record.merged_into]))
        if record is None or record.deleted != archived or record.merged_into:
            return _error(404, "OBJECT_NOT_FOUND", "missing")
        times = {"archivedAt": _written(record.modified)} if archived else {}
        return Reply(200, {"id": record_id, "properties": {}, "archived": archived, **times})

    def _archived(self, call: Call) -> Reply:
        """A page of deleted contacts in no order of time; merged ones are not among them."""
        if call.query["archived"] != "true" or int(call.query["limit"]) > 100:
            return _error(400, "VALIDATION_ERROR", "at most 100")
        rows = sorted((key, record) for key, record in self.gone_records() if not record.merged_into)
        start = int(call.query.get("after", 0))
        page, end = rows[start : start + 100], start + 100
        results = [
            {"id": key, "properties": {}, "archived": True, "archivedAt": _written(record.modified)}
            for key, record in page
        ]
        paging = {"paging": {"next": {"after": str(end)}}} if len(rows) > end else {}
        return Reply(200, {"results": results, **paging})

    def _merged_vids(self, key: str) -> str | None:
        merged = [(loser, record) for loser, record in self.gone_records() if record.merged_into == key]
        return ";".join(f"{loser}:{int(record.modified.timestamp() * 1000)}" for loser, record in merged) or None

    def _properties(self, call: Call) -> Reply:
        if call.method == "GET":
            return Reply(
                200, {"results": [{"name": name, "type": TYPES[kind][0]} for name, kind in self.fields.items()]}
            )
        if call.path.endswith("/groups"):
            self.groups = (*self.groups, call.body["name"])
            return Reply(201, {})
        if call.body["groupName"] not in self.groups:
            return _error(400, "VALIDATION_ERROR", "the group does not exist")
        if call.body["name"] in self.fields:
            return _error(409, "OBJECT_ALREADY_EXISTS", "there already")
        form = (call.body["type"], call.body["fieldType"])
        self.fields[call.body["name"]] = next(kind for kind, written in TYPES.items() if written == form)
        return Reply(201, {})

    def _search(self, kind: str, body: dict[str, Any]) -> Reply:
        if body["limit"] > 200:
            return _error(400, "VALIDATION_ERROR", "at most 200")
        if len(body["sorts"]) != 1:
            return _error(400, "VALIDATION_ERROR", "one sorting rule")
        activities = [(entry.activity_id, entry) for entry in self.activities if f"{entry.kind}s" == kind]
        listed: list[tuple[str, Any]] = [*activities] if kind in PROPERTIES else [*self.changed()]
        rows = [pair for pair in listed if all(_passes(*pair, entry) for entry in _filters(body))]
        rows.sort(key=lambda pair: int(pair[0]), reverse=True)  # of one stamp: in any order but the one that helps
        by_id = body["sorts"][0]["propertyName"] == "hs_object_id"
        rows.sort(key=lambda pair: int(pair[0]) if by_id else pair[1].modified.timestamp())
        return Reply(200, {"results": [self._object(kind, *pair) for pair in rows[: body["limit"]]]})

    def _object(self, kind: str, key: str, record: Any) -> dict[str, Any]:
        stamp = _written(record.modified)
        if kind in PROPERTIES:
            times = {"hs_lastmodifieddate": stamp, "hs_timestamp": _written(record.occurred_at)}
            return {"id": key, "properties": {**times, **PROPERTIES[kind][record.done]}}
        if kind == "contacts":
            properties = {
                "lastmodifieddate": stamp, "createdate": "2026-01-05T08:00:00Z", "email": None,
                "hs_email_optout": str(record.unsubscribed).lower(), "hubspot_owner_id": record.owner,
                "hs_calculated_merged_vids": self._merged_vids(key),
            }  # fmt: skip
        else:
            properties = {
                "hs_lastmodifieddate": stamp, "dealstage": record.stage, "closed_lost_reason": record.reason,
                "amount": None if record.amount is None else str(record.amount),
                "hs_is_closed": str(record.kind != "open").lower(),
                "hs_is_closed_won": str(record.kind == "won").lower(),
            }  # fmt: skip
        return {"id": key, "properties": properties}

    def _stages(self) -> list[dict[str, Any]]:
        """All stages that a deal has or had, with the probability of their kind."""
        kinds = {stage: kind for record in self.records.values() for _, stage, kind in self.stages_of(record)}
        chances = {"open": "0.4", "won": "1.0", "lost": "0.0"}
        return [
            {"id": stage, "label": stage, "metadata": {
                "isClosed": str(kind != "open").lower(), "probability": chances[kind]
            }}
            for stage, kind in kinds.items()
        ]  # fmt: skip

    def _history(self, record: Record) -> dict[str, Any]:
        """Versions of the stage as HubSpot has them, the newest first."""
        versions = [
            {"value": stage, "timestamp": _written(moment), "sourceType": "CRM_UI"}
            for moment, stage, _ in reversed(self.stages_of(record))
        ]
        return {"propertiesWithHistory": {"dealstage": versions}}

    def _owners(self, call: Call) -> Reply:
        """The active ones in two pages, those who left in a list of their own."""
        if call.query["archived"] == "true":
            return Reply(200, {"results": [{"id": "79", "email": "rolf@example.ch", "archived": True}]})
        anna = {"id": "77", "email": "anna@example.ch", "firstName": "Anna", "lastName": "Meier",
                "teams": [{"id": "1", "name": "Inside", "primary": True}]}  # fmt: skip
        if "after" in call.query:
            return Reply(200, {"results": [{"id": "78", "email": "luca@example.ch", "firstName": "Luca"}]})
        return Reply(200, {"results": [anna], "paging": {"next": {"after": "1"}}})

    def _links(self, kind: str, inputs: list[dict[str, str]]) -> list[dict[str, Any]]:
        if kind in PROPERTIES:
            leads = {entry.activity_id: entry.lead for entry in self.activities}
            return [{"from": {"id": entry["id"]}, "to": [{"toObjectId": int(leads[entry["id"]])}]} for entry in inputs]
        # A deal has the id of its contact here.
        return [{"from": {"id": entry["id"]}, "to": [{"toObjectId": int(entry["id"])}]} for entry in inputs]

    def _task(self, body: dict[str, Any]) -> Reply:
        key = body["properties"]["hs_unique_creation_key"]
        if any(task["properties"]["hs_unique_creation_key"] == key for task in self.tasks):
            return _error(409, "CONFLICT", "there already")
        self.tasks.append(body)
        return Reply(201, {"id": str(len(self.tasks)), "properties": {}})


def _filters(body: dict[str, Any]) -> list[dict[str, str]]:
    return [entry for group in body["filterGroups"] for entry in group["filters"]]


def _passes(key: str, record: Any, entry: dict[str, str]) -> bool:
    if entry["propertyName"] == "hs_object_id":
        return int(key) > int(entry["value"])
    millisecond, limit = int(record.modified.timestamp() * 1000), int(entry["value"])
    return {"EQ": millisecond == limit, "GT": millisecond > limit, "GTE": millisecond >= limit}[entry["operator"]]


def _error(status: int, category: str, message: str, field: str | None = None) -> Reply:
    context = {"propertyName": [field]} if field else {}
    inner = [{"message": message, "context": context}]
    return Reply(status, {"status": "error", "category": category, "message": message, "correlationId": "c-1",
                          "errors": inner})  # fmt: skip


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

"""Pipedrive: fields go by keys that it makes, not by their titles; deals are read, persons are written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from support.standins.frame import TOKEN, Call, Record, Reply, StandIn

TYPES = {"number": "double", "text": "varchar", "list": "text"}


def key_of(title: str) -> str:
    return hashlib.sha1(title.encode()).hexdigest()


OLD_LABEL = 3  # what every person has already
LABELS = {7: "Hot lead", 8: "hot lead"}
"""Labels of persons that somebody made in Pipedrive, by their ids."""


class PipedriveStandIn(StandIn):
    def authorised(self, call: Call) -> bool:
        return call.headers.get("x-api-token") == TOKEN

    def handle(self, call: Call) -> Reply:
        match call.method, call.path.strip("/").split("/"):
            case "PATCH", ["api", "v2", "persons", key] if "label_ids" in call.body and key in self.records:
                unknown = set(call.body["label_ids"]) - {*LABELS, OLD_LABEL}
                if unknown or OLD_LABEL not in call.body["label_ids"]:
                    return Reply(400, {"success": False, "error": f"label_ids: {unknown or 'one was taken away'}"})
                self.enrolled |= {(key, LABELS[label]) for label in call.body["label_ids"] if label in LABELS}
                return Reply(200, {"success": True, "data": {"id": int(key)}})
            case "PATCH", ["api", "v2", "persons", key]:
                return self._write(key, call.body["custom_fields"])
            case "GET", ["v1", "personFields"]:
                rows = [{"key": key_of(n), "name": n, "field_type": TYPES[t]} for n, t in self.fields.items()]
                options = [{"id": label_id, "label": name} for label_id, name in LABELS.items()]
                rows.append({"key": "label_ids", "name": "Labels", "field_type": "set", "options": options})
                return Reply(200, {"success": True, "data": rows})
            case "POST", ["v1", "personFields"]:
                kind = next(kind for kind, name in TYPES.items() if name == call.body["field_type"])
                self.fields[call.body["name"]] = kind
                return Reply(201, {"success": True})
            case "GET", ["v1", "users"]:
                users = [(77, "Anna Meier", "anna", True), (78, "Luca", "luca", True), (79, "Rolf", "rolf", False)]
                rows = [
                    {"id": number, "name": name, "email": f"{mail}@example.ch", "active_flag": active}
                    for number, name, mail, active in users
                ]
                return Reply(200, {"success": True, "data": rows})
            case "GET", ["v1", "deals", key, "changelog"] if key in self.records:
                return Reply(200, _changelog(self.stages_of(self.records[key]), call.query))
            case "GET", ["api", "v2", "deals"]:
                return self._list(call, _deal)
            case "GET", ["api", "v2", "persons"]:
                return self._list(call, _person)
            case "GET", ["api", "v2", "persons", key] if key in self.records:
                labels = [OLD_LABEL, *(label for label, name in LABELS.items() if (key, name) in self.enrolled)]
                return Reply(200, {"data": {**_person(key, self.records[key]), "label_ids": labels}})
            case "GET", ["api", "v2", "activities"]:
                return self._activities(call)
            case "POST", ["api", "v2", "activities"]:
                self.tasks.append({**call.body, "id": len(self.tasks) + 1})
                return Reply(201, {"data": {"id": len(self.tasks)}})
        return Reply(404, {"success": False, "error": call.path})

    def _write(self, key: str, values: dict[str, Any]) -> Reply:
        if key not in self.records or self.records[key].deleted:
            return Reply(404, {"success": False, "error": "Person not found", "code": "ERR_NOT_FOUND"})
        titles = {key_of(title): title for title in self.fields}
        fault = self.wrong({titles.get(name, name): value for name, value in values.items()})
        if fault:
            message = f"Validation failed: custom_fields.{key_of(fault[0])} is {fault[1]}"
            return Reply(400, {"success": False, "error": message, "code": "ERR_SCHEMA_VALIDATION_FAILED"})
        self.records[key].fields |= {titles[name]: value for name, value in values.items()}
        # A person's own write does not change its deals.
        limits = {"x-daily-requests-left": "15000", "x-daily-requests-limit": "30000"}
        return Reply(200, {"success": True, "data": {"id": int(key)}}, limits)

    def _activities(self, call: Call) -> Reply:
        since = call.query.get("updated_since")
        if "person_id" in call.query:
            person = int(call.query["person_id"])
            tasks = [task for task in self.tasks if task["participants"][0]["person_id"] == person]
            entries = [
                {"id": task["id"], "note": task["note"], "update_time": "2026-01-05T08:00:00Z"} for task in tasks
            ]
            return Reply(200, {"data": entries, "additional_data": {"next_cursor": None}})
        rows = [
            {"id": int(entry.activity_id), "person_id": int(entry.lead), "type": entry.kind, "done": entry.done,
             "update_time": entry.modified.isoformat(), "is_deleted": False,
             "marked_as_done_time": f"{entry.occurred_at:%Y-%m-%d %H:%M:%S}" if entry.done else None}
            for entry in sorted(self.activities, key=lambda entry: entry.modified)
            if since is None or entry.modified >= datetime.fromisoformat(since)
        ]  # fmt: skip
        start, limit = int(call.query.get("cursor") or 0), int(call.query["limit"])
        more = str(start + limit) if len(rows) > start + limit else None
        return Reply(200, {"data": rows[start : start + limit], "additional_data": {"next_cursor": more}})

    def _list(self, call: Call, entry: Callable[[str, Record], dict[str, Any]]) -> Reply:
        """A page of deals or of persons; a deal has the id of its person here."""
        since = call.query.get("updated_since")
        rows = self.changed(datetime.fromisoformat(since) if since else None)
        if "ids" in call.query:
            assert len(call.query["ids"].split(",")) <= 100
            rows = [row for row in rows if row[0] in call.query["ids"].split(",")]
        start, limit = int(call.query.get("cursor") or 0), int(call.query.get("limit", 100))
        more = str(start + limit) if len(rows) > start + limit else None
        entries = [entry(*row) for row in rows[start : start + limit]]
        return Reply(200, {"data": entries, "additional_data": {"next_cursor": more}})


def _person(key: str, record: Record) -> dict[str, Any]:
    return {
        "id": int(key), "add_time": "2026-01-05T08:00:00Z", "update_time": record.modified.isoformat(),
        "owner_id": int(record.owner) if record.owner else None,
        "is_deleted": record.deleted, "marketing_status": "unsubscribed" if record.unsubscribed else "subscribed",
    }  # fmt: skip


def _deal(key: str, record: Record) -> dict[str, Any]:
    return {
        "id": int(key), "person_id": int(key), "status": record.kind, "stage_id": 1, "value": record.amount,
        "lost_reason": record.reason, "add_time": "2026-01-05T08:00:00Z",
        "update_time": record.modified.isoformat().replace("+00:00", "Z"),
    }  # fmt: skip


def _changelog(steps: list[tuple[datetime, str, str]], query: Mapping[str, str]) -> dict[str, Any]:
    """Changes of all fields, the newest first, one a page; moments are UTC without an offset."""
    changes = [
        {"field_key": "status", "old_value": before[2], "new_value": after[2], "time": f"{after[0]:%Y-%m-%d %H:%M:%S}"}
        for before, after in pairwise(steps)
        if before[2] != after[2]
    ]
    changes.append({"field_key": "value", "old_value": None, "new_value": "5000", "time": "2026-01-05 08:00:01"})
    ordered = sorted(changes, key=lambda change: str(change["time"]), reverse=True)
    start = int(query.get("cursor") or 0)
    more = str(start + 1) if start + 1 < len(ordered) else None
    return {"success": True, "data": ordered[start : start + 1], "additional_data": {"next_cursor": more}}

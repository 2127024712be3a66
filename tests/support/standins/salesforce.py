"""Salesforce: 200 records a call, one result each; a limit is 403; SOQL as far as the adapter asks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from support.standins.frame import Call, Record, Reply, SellerActivity, StandIn

DATA = "/services/data/v67.0"
TYPES = {"number": "double", "text": "string", "list": "textarea"}
CREATED = {"Number": "number", "Text": "text", "LongTextArea": "list"}


class SalesforceStandIn(StandIn):
    def lead_id(self, number: int) -> str:
        return f"00Q{number:06}"

    def refusal(self) -> Reply:
        """As Salesforce answers a user who may not see an object."""
        return Reply(400, [{"errorCode": "INVALID_TYPE", "message": "sObject type is not supported."}])

    def throttled(self) -> Reply:
        return Reply(403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])

    def handle(self, call: Call) -> Reply:
        limits = {"Sforce-Limit-Info": "api-usage=50000/100000"}
        match call.method, call.path.removeprefix(DATA).strip("/").split("/"):
            case "PATCH", ["composite", "sobjects"]:
                if len(call.body["records"]) > 200 or call.body["allOrNone"]:
                    return Reply(400, [{"errorCode": "EXCEEDED_MAX_SIZE_REQUEST", "message": "too many"}])
                return Reply(200, [self._write(dict(record)) for record in call.body["records"]], limits)
            case "GET", ["sobjects", "Lead", "describe"]:
                return Reply(200, {"fields": [{"name": n, "type": TYPES[t]} for n, t in self.fields.items()]})
            case "POST", ["tooling", "sobjects", "CustomField"]:
                self.fields[call.body["FullName"].removeprefix("Lead.")] = CREATED[call.body["Metadata"]["type"]]
                return Reply(201, {"id": "1", "success": True})
            case "POST", ["sobjects", "CampaignMember"]:
                return self._join(call.body)
            case "POST", ["sobjects", "Task"]:
                self.tasks.append({**call.body, "Id": f"00T{len(self.tasks)}"})
                return Reply(201, {"id": self.tasks[-1]["Id"], "success": True})
            case "GET", ["query" | "queryAll"]:
                return Reply(200, {"records": self._query(call.query["q"])}, limits)
        return Reply(404, [{"errorCode": "NOT_FOUND", "message": call.path}])

    def _join(self, member: dict[str, str]) -> Reply:
        entry = (member["LeadId"], {"701000001": "hot lead"}[member["CampaignId"]])
        if entry[0] not in self.records:
            return Reply(400, [{"errorCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid lead"}])
        if entry in self.enrolled:
            return Reply(400, [{"errorCode": "DUPLICATE_VALUE", "message": "Already a campaign member."}])
        self.enrolled.add(entry)
        return Reply(201, {"id": "00v1", "success": True})

    def _write(self, record: dict[str, Any]) -> dict[str, Any]:
        kind, key = record.pop("attributes")["type"], record.pop("id")
        stored = self.records.get(key)
        if stored is None or kind != ("Contact" if key.startswith("003") else "Lead"):
            return _failure("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if stored.converted_into:
            return _failure("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if stored.deleted:
            return _failure("ENTITY_IS_DELETED", "entity is deleted")
        fault = self.wrong(record)
        if fault:
            code = "INVALID_FIELD" if fault[1] == "unknown" else "NUMBER_OUTSIDE_VALID_RANGE"
            return _failure(code, f"{fault[0]} is {fault[1]}", fault[0])
        stored.fields |= record
        self.touch(key)
        return {"id": key, "success": True, "errors": []}

    def _query(self, query: str) -> list[dict[str, Any]]:
        if "WHERE Id = ''" in query:
            return []
        if " FROM Campaign " in query:
            assert "IsActive = true" in query
            return [{"Id": "701000001"}] if "'hot lead'" in query else []
        if " FROM User " in query:
            users = [("77", "Anna Meier", "anna", True), ("78", "Luca", "luca", True), ("79", "Rolf", "rolf", False)]
            return [
                {"Id": user_id, "Name": name, "Email": f"{mail}@example.ch", "IsActive": active,
                 "LanguageLocaleKey": "de_CH", "UserRole": {"Name": "Inside"}}
                for user_id, name, mail, active in users if f"Id > '{user_id}'" not in query
            ]  # fmt: skip
        if " FROM OpportunityStage" in query:
            kinds = {stage: kind for record in self.records.values() for _, stage, kind in self.stages_of(record)}
            return [
                {"ApiName": stage, "IsWon": kind == "won", "IsClosed": kind != "open"} for stage, kind in kinds.items()
            ]
        if " FROM OpportunityHistory " in query:
            return self._steps([key.replace("006", "00Q", 1) for key in re.findall(r"'([^']*)'", query)])
        if " FROM Event " in query:
            return self._events(query)
        if " FROM Task " in query and "IsClosed = true" in query:
            done = {entry.activity_id: entry for entry in self.activities if entry.done and entry.kind != "meeting"}
            rows = sorted(done.items(), key=lambda pair: (pair[1].modified, pair[0]))
            return [
                {"Id": key, "WhoId": entry.lead, "TaskSubtype": entry.kind.title(), "SystemModstamp": _written(entry),
                 "CompletedDateTime": f"{entry.occurred_at:%Y-%m-%dT%H:%M:%S}.000+0000"}
                for key, entry in self._page_after(query, rows)
            ]  # fmt: skip
        if " FROM Task " in query:
            who, subject = re.findall(r"= '([^']*)'", query)[:2]
            return [task for task in self.tasks if (task["WhoId"], task["Subject"]) == (who, subject)]
        if "ConvertedContactId" in query:
            key = re.findall(r"Id = '([^']*)'", query)[0]
            record = self.records[key]
            return [{"Id": key, "IsDeleted": record.deleted, "MasterRecordId": record.merged_into,
                     "ConvertedContactId": record.converted_into}]  # fmt: skip
        if "IsDeleted = true" in query:
            return [
                {"Id": key, "IsDeleted": True, "MasterRecordId": record.merged_into, "SystemModstamp": _written(record)}
                for key, record in self._page_after(query, self.gone_records())
            ]
        if "Id IN (" in query:
            lead_ids = re.findall(r"'([^']*)'", query)
            return [self._lead(key, record) for key, record in self.changed() if key in lead_ids]
        rows = self.changed()
        if "ConvertedOpportunityId != null" in query:
            rows = [row for row in rows if row[1].kind != "open"]
        return [self._lead(*row) for row in self._page_after(query, rows)]

    def _events(self, query: str) -> list[dict[str, Any]]:
        """Meetings that ended by the query's moment, in the order that it asks for; each takes half an hour."""
        ends = {entry.activity_id: entry.occurred_at + timedelta(minutes=30) for entry in self.activities}
        by_end = "ORDER BY EndDateTime, Id" in query
        until = datetime.fromisoformat(re.findall(r"EndDateTime <= (\S+Z)", query)[0])
        assert "IsChild = false AND IsRecurrence = false" in query, "copies and series"
        met = [entry for entry in self.activities if entry.kind == "meeting" and ends[entry.activity_id] <= until]
        stamps = {e.activity_id: replace(e, modified=ends[e.activity_id]) if by_end else e for e in met}
        rows = sorted(stamps.items(), key=lambda pair: (pair[1].modified, pair[0]))
        page = self._page_after(query.replace(f"EndDateTime <= {until:%Y-%m-%dT%H:%M:%SZ}", ""), rows)
        modified = {entry.activity_id: entry for entry in met}
        return [
            {"Id": key, "WhoId": entry.lead, "StartDateTime": f"{entry.occurred_at:%Y-%m-%dT%H:%M:%S}.000+0000",
             "EndDateTime": f"{ends[key]:%Y-%m-%dT%H:%M:%S}.000+0000", "SystemModstamp": _written(modified[key])}
            for key, entry in page
        ]  # fmt: skip

    def _steps(self, keys: list[str]) -> list[dict[str, Any]]:
        """Versions of opportunities, each stage twice: a change of the amount makes a version, too."""
        versions = [(moment, key, stage) for key in keys for moment, stage, _ in self.stages_of(self.records[key])]
        return [
            {"OpportunityId": key.replace("00Q", "006", 1), "StageName": stage,
             "CreatedDate": (moment + timedelta(seconds=later)).strftime("%Y-%m-%dT%H:%M:%S.000+0000")}
            for moment, key, stage in sorted(versions)
            for later in (0, 1)
        ]  # fmt: skip

    def _page_after(self, query: str, rows: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """A page of the rows behind the query's place."""
        after = re.search(r"> (\d{4}-\S+Z)", query)
        since = re.search(r">= (\d{4}-\S+Z)", query)
        if after:
            stamp, key = datetime.fromisoformat(after[1]), re.findall(r"Id > '([^']*)'", query)[0]
            rows = [row for row in rows if row[1].modified > stamp or (row[1].modified == stamp and row[0] > key)]
        elif since:
            rows = [row for row in rows if row[1].modified >= datetime.fromisoformat(since[1])]
        return rows[: int(query.rpartition("LIMIT ")[2])]

    def _lead(self, key: str, record: Record) -> dict[str, Any]:
        stamp = _written(record)
        deal = {
            "StageName": record.stage, "IsWon": record.kind == "won", "IsClosed": record.kind != "open",
            "Amount": record.amount, "SystemModstamp": stamp,
        }  # fmt: skip
        return {
            "Id": key, "CreatedDate": "2026-01-05T08:00:00.000+0000", "SystemModstamp": stamp, "Status": "Open",
            "HasOptedOutOfEmail": record.unsubscribed, "OwnerId": record.owner,
            "ConvertedOpportunityId": None if record.kind == "open" else key.replace("00Q", "006", 1),
            "ConvertedOpportunity": None if record.kind == "open" else deal,
        }  # fmt: skip


def _failure(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    errors = [{"statusCode": code, "message": message, "fields": [field] if field else []}]
    return {"success": False, "errors": errors}


def _written(record: Record | SellerActivity) -> str:
    return record.modified.strftime("%Y-%m-%dT%H:%M:%S.000+0000")

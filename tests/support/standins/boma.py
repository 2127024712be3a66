"""BOMA: one lead a call; 410 says where a merged lead went. It takes any field, and knows a score's range."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from support.standins.frame import Call, Record, Reply, StandIn


class BomaStandIn(StandIn):
    def wrong(self, values: Any) -> tuple[str, str] | None:
        for name in values:
            self.fields.setdefault(name, "list" if name == "score_reasons" else "text")
        self.fields["predictive_score"] = self.fields["probability"] = "number"
        return super().wrong(values)

    def value(self, record_id: str, name: str) -> Any:
        raw = self.records[record_id].fields.get(name)
        return tuple(raw) if isinstance(raw, list) else raw

    def handle(self, call: Call) -> Reply:
        if call.path == "/api/v1/cases":
            return self._cases(call)
        record_id = call.path.removeprefix("/api/v1/leads/")
        record = self.records.get(record_id)
        if record is None:
            return Reply(404, {"detail": "no such lead"})
        if record.deleted:
            return Reply(410, {"detail": "gone", "merged_into": record.merged_into})
        fault = self.wrong(call.body["custom_fields"])
        if fault:
            return Reply(422, {"detail": f"{fault[0]} is {fault[1]}", "field": fault[0], "code": fault[1]})
        record.fields |= call.body["custom_fields"]
        return Reply(200, {"custom_fields": record.fields})

    def _rows(self) -> list[tuple[str, Record]]:
        return sorted([*self.changed(), *self.gone_records()], key=lambda pair: (pair[1].modified, pair[0]))

    def _cases(self, call: Call) -> Reply:
        # A write of a custom field is no change of a case here, so a cursor is a stamp and an id.
        after = call.query.get("cursor", "")
        rows = [(f"{record.modified.isoformat()}|{key}", key, record) for key, record in self._rows()]
        rest = [row for row in rows if row[0] > after]
        size = int(call.query["limit"])
        batch = rest[:size]
        cursor = batch[-1][0] if batch else after
        return Reply(200, {"cases": [_case(*row) for row in batch], "next_cursor": cursor, "more": len(rest) > size})


def _case(cursor: str, key: str, record: Record) -> dict[str, Any]:
    stamp = _written(record.modified)
    lead = {"lead_id": key, "created_at": "2026-01-05T08:00:00Z", "unsubscribed": record.unsubscribed}
    ended = "merged" if record.merged_into else "deleted" if record.deleted else None
    return {
        "record": ended, "merged_into": record.merged_into,
        "event_id": cursor, "changed_at": stamp, "lead": lead, "status": record.kind, "reason": record.reason,
        "amount": record.amount,
    }  # fmt: skip


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")

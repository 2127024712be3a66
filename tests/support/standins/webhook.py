"""A receiver of webhooks that checks each signature, remembers ids, and shows what it was sent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from leadwerk.crm.port import WebhookRequest
from leadwerk.crm.webhook_proof import check_standard
from support.standins.frame import TOKEN, Call, Reply, StandIn


class WebhookStandIn(StandIn):
    def authorised(self, call: Call) -> bool:
        request = WebhookRequest(call.method, self.url, call.headers, call.raw)
        check_standard(request, [TOKEN], datetime.now(UTC))
        return True

    def value(self, record_id: str, name: str) -> Any:
        raw = self.records[record_id].fields.get(name)
        return tuple(raw) if isinstance(raw, list) else raw

    def handle(self, call: Call) -> Reply:
        event = call.body["data"]
        record = self.records.get(event["lead_id"])
        if record is None or record.deleted:
            return Reply(404, {"detail": "no such lead"})
        for name in event["fields"]:
            self.fields.setdefault(name, "number" if name in ("predictive_score", "probability") else "text")
        fault = self.wrong(event["fields"])
        if fault:
            return Reply(422, {"detail": f"{fault[0]} is {fault[1]}"})
        record.fields |= event["fields"]
        return Reply(204)

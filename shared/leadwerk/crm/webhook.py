"""Any receiver of webhooks as a CRM: each score is an event `score.changed`, signed as Standard Webhooks says.

What such a receiver knows it tells nobody, so there is nothing to read from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from leadwerk.crm.adapter import Adapter
from leadwerk.crm.exchange_log import Exchange, masked, note, shortened
from leadwerk.crm.guarded_http import GuardedHttp, shown_address
from leadwerk.crm.http_client import LATER, LOCKED_OUT, retry_after
from leadwerk.crm.port import Capabilities, Check, CRMField, LeadUpdate, PushResult, Refused, Taken, Unknown
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.webhook_proof import secret_bytes, sign
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

PER_SECOND = 10.0
# Bytes. Standard Webhooks asks for at least so many.
SHORTEST_SECRET = 24


class Webhook(Adapter):
    """See `leadwerk.crm.port.CRM`."""

    source = "webhook"
    capabilities = Capabilities(idempotency_key=True)

    def __init__(
        self,
        url: str,
        secrets: Sequence[str],
        *,
        pace: RateLimiter | None = None,
        http: GuardedHttp | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        cloud_events: bool = False,
    ) -> None:
        """`secrets`: the present one first; while one is rotated, the old one too. `cloud_events`: their envelope.

        Raises:
            ConfigurationError: a secret is too short.
        """
        self._url, self._secrets = url, [secret_bytes(secret) for secret in secrets]
        if not self._secrets or any(len(secret) < SHORTEST_SECRET for secret in self._secrets):
            raise ConfigurationError(Message("refusal.webhook.secret", size=SHORTEST_SECRET))
        self._pace = pace or RateLimiter(PER_SECOND)
        self._http, self._clock, self._cloud_events = http or GuardedHttp(), clock, cloud_events

    def field_name(self, shows: str) -> str:
        """Fields are called as what they show."""
        return shows

    def check(self, fields: Sequence[CRMField]) -> Sequence[Check]:
        """Nothing is sent to try it: a receiver would take it for an event."""
        return [Check("webhook", "is checked by the first delivery")]

    def push(self, updates: Sequence[LeadUpdate]) -> Sequence[PushResult]:
        """See `CRM.push`."""
        return [self._push_one(update) for update in updates]

    def _push_one(self, update: LeadUpdate) -> PushResult:
        now = self._clock()
        content = {"lead_id": update.target, "score_id": update.score_id, "fields": dict(update.fields)}
        body = self._body(update.key, now, content)
        signatures = [sign(secret, update.key, int(now.timestamp()), body) for secret in self._secrets]
        headers = {
            "Content-Type": "application/cloudevents+json" if self._cloud_events else "application/json",
            "webhook-id": update.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        wait = self._pace.held_for()
        if wait > 30:
            raise CRMUnavailable(Message("refusal.receiver.pause", seconds=f"{wait:.0f}"), status=429, retry_after=wait)
        self._pace.wait()
        answer = self._http.post(self._url, headers, body)
        sent = Exchange("POST", shown_address(self._url), masked(headers), shortened(body))
        note(replace(sent, status=answer.status, answer=shortened(answer.body)))
        return self._result(answer.status, answer.headers, answer.body)

    def _body(self, key: str, now: datetime, content: Mapping[str, object]) -> bytes:
        stamp = now.isoformat().replace("+00:00", "Z")
        event: dict[str, object] = {"type": "score.changed", "timestamp": stamp, "data": content}
        if self._cloud_events:
            event = {
                "specversion": "1.0", "id": key, "source": "leadwerk", "type": "leadwerk.score.changed", "time": stamp,
                "datacontenttype": "application/json", "data": content,
            }  # fmt: skip
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()

    def _result(self, status: int, headers: Mapping[str, str], body: bytes) -> PushResult:
        text = " ".join(body[:300].decode(errors="replace").split()) or "nothing"
        if 200 <= status < 300:
            return Taken()
        if status in LATER or status >= 500:
            pause = retry_after(headers)
            if pause is not None:
                self._pace.hold(pause)
            raise CRMUnavailable(Message("refusal.receiver.status", status=status), status=status, retry_after=pause)
        if status in LOCKED_OUT or status == 410:
            # 410 is how a receiver unsubscribes; a redirect would take the data elsewhere.
            raise CRMRejected(
                Message("refusal.receiver.refused", status=status, answer=text),
                status=status,
                remedy=Message("refusal.receiver.events.remedy"),
                locked_out=True,
            )
        return Unknown(text) if status == 404 else Refused(text, status=status)

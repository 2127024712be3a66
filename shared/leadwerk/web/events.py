"""Events as they happen: webhooks of the CRM at /crm, and messages that Pub/Sub pushes at /pubsub.

A webhook is a hint which records to read again and never data, so neither its order nor a repeat matters, and what is
lost the nightly reading finds. A message holds touchpoints; each has a key, so it is stored once however often it is
delivered. An answer other than 2xx lets Pub/Sub deliver it again and, in the end, put it where dead letters go.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec

from leadwerk import settings
from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.pipeline import ingest, touchpoints, wiring
from leadwerk.settings import Settings
from leadwerk.web import HTTPRequest, Response, answered
from leadwerk.web.door.push_token import PushTokenVerifier
from leadwerk.web.door.rate_limit import check_address
from leadwerk.web.moments import clock
from leadwerk.web.problem_document import MethodNotAllowed, RequestTooLarge

CRM_PATH, PUSH_PATH = "/crm", "/pubsub"
LARGEST = 10_000_000  # bytes: Pub/Sub's own limit of a message
MOST_EVENTS = 1000
MOST_RECORDS = 1000


class PushedMessage(msgspec.Struct, frozen=True, rename="camel"):
    """The message in Pub/Sub's envelope; `data` is base64."""

    data: str = ""
    message_id: str = ""
    publish_time: str = ""

    def dated(self, event: Any, index: int) -> Any:
        """The event; one without id and time gets those of the message, so that a repeat is known as one."""
        if not isinstance(event, dict) or event.get("event_id") or event.get("occurred_at") or not self.message_id:
            return event
        return {"occurred_at": self.publish_time, **event, "event_id": f"pubsub.{self.message_id}.{index}"}


class PushEnvelope(msgspec.Struct, frozen=True):
    """What Pub/Sub pushes."""

    message: PushedMessage
    subscription: str = ""


class PushReport(msgspec.Struct, frozen=True):
    """Touchpoints of a message: new ones, and those that were there already."""

    stored: int
    already_stored: int


class HintReport(msgspec.Struct, frozen=True):
    """Records that a webhook named, and new rows that reading them again brought."""

    records: int
    leads: int = 0
    outcomes: int = 0
    touchpoints: int = 0
    rejected: int = 0


def is_event_path(path: str) -> bool:
    """Whether a path is answered here.

    >>> is_event_path("/pubsub"), is_event_path("/crm/secret"), is_event_path("/crmx"), is_event_path("/")
    (True, True, False, False)
    """
    return path in (PUSH_PATH, CRM_PATH) or path.startswith(f"{CRM_PATH}/")


def receive(http: Any) -> Response:
    """Answer a webhook or a pushed message."""
    handle, stage = (_push, "push") if http.path == PUSH_PATH else (_webhook, "webhook")
    return answered(stage, http.headers, lambda: handle(http, _body(http)))


def _body(http: HTTPRequest) -> bytes:
    if http.method != "POST":
        raise MethodNotAllowed(f"{http.method} {http.path} is not answered.", allowed=("POST",))
    # As it came: a signature holds for these very bytes.
    raw = http.stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise RequestTooLarge(
            f"The body has more than {LARGEST} bytes.", field="body", remedy="Send fewer events at once."
        )
    return raw


def _push(http: HTTPRequest, raw: bytes) -> PushReport:
    config = settings.read()
    verifier(config.push_audience, config.push_account, config.push_keys_url).check(http.headers)
    events = events_of(raw)
    report = touchpoints.run(
        wiring.warehouse(config),
        wiring.policy(config),
        events,
        now=clock(),
        person_key=wiring.person_key(config),
    )
    # Refused as a whole, so that Pub/Sub keeps it: what was stored of it is recognised when it comes again.
    if report.refused:
        first = report.refused[0]
        raise InputError(
            f"{len(report.refused)} of {len(events)} events cannot be stored: {first.reason}",
            field=first.field,
            remedy=first.remedy,
        )
    return PushReport(report.stored, report.already_stored)


def events_of(raw: bytes) -> Sequence[Any]:
    """The touchpoints in a pushed message: one, or a list.

    Raises:
        InputError: the envelope or its data is not what Pub/Sub and the documentation say.
    """
    try:
        message = msgspec.json.decode(raw, type=PushEnvelope).message
        decoded = msgspec.json.decode(base64.b64decode(message.data, validate=True))
    except (*UNREADABLE_JSON, ValueError) as error:
        raise InputError(
            f"The message cannot be read: {type(error).__name__}.",
            field="message.data",
            remedy="Publish a touchpoint as JSON, or a list of them; the push is not to be unwrapped.",
        ) from error
    events = decoded if isinstance(decoded, list) else [decoded]
    if not 1 <= len(events) <= MOST_EVENTS:
        raise InputError(
            f"The message holds {len(events)} events.", field="message.data", remedy=f"Publish 1 to {MOST_EVENTS}."
        )
    return [message.dated(event, index) for index, event in enumerate(events)]


def _webhook(http: HTTPRequest, raw: bytes) -> HintReport:
    # Pushed messages are not counted: they carry Google's own token, and one refused too often is a dead letter.
    check_address(http.headers)
    from leadwerk.crm.port import WebhookRequest

    config, now = settings.read(), clock()
    crm = wiring.crm(config)
    headers = {name.lower(): value for name, value in http.headers.items()}
    hints = crm.hints(WebhookRequest(http.method, public_url(config, http), headers, raw), now)
    record_ids = [hint.record_id for hint in hints][:MOST_RECORDS]
    if not record_ids:
        return HintReport(0)
    report = ingest.reread(
        wiring.warehouse(config),
        wiring.policy(config),
        crm,
        record_ids,
        now=now,
        person_key=wiring.person_key(config),
    )
    return HintReport(len(record_ids), report.leads, report.outcomes, report.touchpoints, report.rejected)


def public_url(config: Settings, http: Any) -> str:
    """The address as the CRM called it: behind a proxy the host that we see is another, and CRMs sign theirs."""
    rest = http.path.removeprefix(CRM_PATH)
    query = (getattr(http, "query_string", b"") or b"").decode("ascii", "replace")
    return f"{config.webhook_url}{rest}{'?' if query else ''}{query}"


@cache
def verifier(audience: str, account: str, keys_url: str) -> PushTokenVerifier:
    """One a process, because it keeps Google's keys."""
    return PushTokenVerifier(audience, account, keys_url)

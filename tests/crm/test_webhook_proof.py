"""Webhooks in and out: proofs that hold, replays and forgeries that do not, and no way into the own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from leadwerk.crm.activecampaign import ActiveCampaign
from leadwerk.crm.exchange_log import watching
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.hubspot import HubSpot
from leadwerk.crm.pipedrive import Pipedrive
from leadwerk.crm.port import Hint, LeadUpdate, Taken, WebhookRequest
from leadwerk.crm.rate_limiter import RateLimiter
from leadwerk.crm.webhook import Webhook
from leadwerk.crm.webhook_proof import check_standard, sign
from leadwerk.errors import ConfigurationError, CRMRejected, InputError
from support.crm_subjects import SUBJECTS
from support.standins.frame import TOKEN, serving
from support.standins.webhook import WebhookStandIn

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "a secret of the CRM's webhooks"
UPDATE = LeadUpdate("score-1", "score-1", "1001", {"predictive_score": 85})
URL = "https://leadwerk.example.ch/hooks/hubspot"


def hubspot_request(now: datetime = NOW, url: str = URL, secret: str = SECRET) -> WebhookRequest:
    """Signed as HubSpot's documentation describes it, by other code than ours."""
    body = json.dumps([{"objectId": 1001, "subscriptionType": "contact.propertyChange"}, {"objectId": 1001}]).encode()
    stamp = str(int(now.timestamp() * 1000))
    digest = hmac.digest(secret.encode(), b"POST" + url.encode() + body + stamp.encode(), hashlib.sha256)
    headers = {"x-hubspot-signature-v3": base64.b64encode(digest).decode(), "x-hubspot-request-timestamp": stamp}
    return WebhookRequest("POST", url, headers, body)


@pytest.fixture
def hubspot() -> HubSpot:
    return HubSpot("https://api.hubapi.com", TOKEN, webhook_secret=SECRET)


def test_a_signed_webhook_of_hubspot_names_what_to_read_again(hubspot: HubSpot) -> None:
    assert hubspot.hints(hubspot_request(), NOW) == [Hint("1001")]
    decoded = hubspot_request(url=f"{URL}?q=a b")
    assert hubspot.hints(replace(decoded, url=f"{URL}?q=a%20b"), NOW) == [Hint("1001")]


@pytest.mark.parametrize(
    "request_",
    [
        hubspot_request(NOW - timedelta(minutes=6)),
        hubspot_request(NOW + timedelta(minutes=6)),
        hubspot_request(secret="guessed"),
        replace(hubspot_request(), url=URL + "/other"),
        replace(hubspot_request(), body=b"[]"),
        replace(hubspot_request(), headers={}),
    ],
    ids=["a replay", "from the future", "another secret", "another address", "another body", "no signature"],
)
def test_a_webhook_that_hubspot_did_not_sign_now_is_refused(hubspot: HubSpot, request_: WebhookRequest) -> None:
    with pytest.raises(InputError) as caught:
        hubspot.hints(request_, NOW)
    assert SECRET not in str(caught.value)


def test_pipedrive_proves_itself_by_basic_credentials() -> None:
    crm = Pipedrive("https://api.pipedrive.com", TOKEN, webhook_secret=f"leadwerk:{SECRET}")
    body = json.dumps({"meta": {"entity": "deal", "entity_id": 7}}).encode()
    good = {"authorization": "Basic " + base64.b64encode(f"leadwerk:{SECRET}".encode()).decode()}
    assert crm.hints(WebhookRequest("POST", URL, good, body), NOW) == [Hint("7")]
    for headers in (
        {},
        {"authorization": "Basic x"},
        {"authorization": good["authorization"].replace("Basic", "Bearer")},
    ):
        with pytest.raises(InputError):
            crm.hints(WebhookRequest("POST", URL, headers, body), NOW)


@pytest.mark.parametrize(
    "body",
    [
        b'{"meta": {"entity": "deal", "entity_id": 7}, "previous": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"meta": {"entity": "\xff", "entity_id": 7}}',
        b"deal 7",
    ],
    ids=["nested a thousand deep", "not UTF-8", "not JSON"],
)
def test_a_webhook_that_cannot_be_read_is_refused(body: bytes) -> None:
    crm = Pipedrive("https://api.pipedrive.com", TOKEN, webhook_secret=f"leadwerk:{SECRET}")
    proof = {"authorization": "Basic " + base64.b64encode(f"leadwerk:{SECRET}".encode()).decode()}
    with pytest.raises(InputError, match="form"):
        crm.hints(WebhookRequest("POST", URL, proof, body), NOW)


def test_activecampaign_proves_itself_by_its_address() -> None:
    crm = ActiveCampaign("https://a.api-us1.com", TOKEN, webhook_secret="unguessable-7f3a")
    body = b"type=update&contact%5Bid%5D=42&contact%5Bemail%5D=a%40b.ch"
    assert crm.hints(WebhookRequest("POST", "https://l.example.ch/h/unguessable-7f3a", {}, body), NOW) == [Hint("42")]
    for path in ("guess", ""):
        with pytest.raises(InputError):
            crm.hints(WebhookRequest("POST", f"https://l.example.ch/h/{path}", {}, body), NOW)


def test_without_a_secret_nobody_proves_anything() -> None:
    """A webhook signed with an empty key, or sent with empty credentials, is one that anybody can send."""
    requests = {
        HubSpot("https://api.hubapi.com", TOKEN): hubspot_request(secret=""),
        Pipedrive("https://api.pipedrive.com", TOKEN): WebhookRequest(
            "POST", URL, {"authorization": "Basic " + base64.b64encode(b":").decode()}, b'{"meta": {}}'
        ),
        ActiveCampaign("https://a.api-us1.com", TOKEN): WebhookRequest("POST", "https://l.example.ch/", {}, b""),
    }
    for crm, request in requests.items():
        with pytest.raises(InputError, match="proof"):
            crm.hints(request, NOW)
    stamp = int(NOW.timestamp())
    headers = {"webhook-id": "m1", "webhook-timestamp": str(stamp), "webhook-signature": sign(b"", "m1", stamp, b"{}")}
    for secrets in ([], [""], ["whsec_"], ["whsec_not base64"]):
        with pytest.raises(InputError, match="proof"):
            check_standard(WebhookRequest("POST", URL, headers, b"{}"), secrets, NOW)


def test_a_secret_that_is_no_base64_is_refused_when_it_is_set() -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        Webhook("https://hooks.example.ch/x", ["whsec_this is no base64, however long it may be"])


def test_the_address_of_a_receiver_is_shown_without_its_secrets(receiver: WebhookStandIn) -> None:
    with watching() as log:
        sender(f"{receiver.url}/in?key=hidden").push([UPDATE])
    assert [exchange.url for exchange in log.exchanges] == [f"{receiver.url}/in"]


def test_while_a_secret_is_rotated_both_are_valid() -> None:
    body, stamp = b"{}", int(NOW.timestamp())
    headers = {"webhook-id": "m1", "webhook-timestamp": str(stamp)}
    signatures = " ".join(sign(secret.encode(), "m1", stamp, body) for secret in ("new", "old"))
    request = WebhookRequest("POST", URL, {**headers, "webhook-signature": signatures}, body)
    for secrets in (["old"], ["new"], ["other", "old"]):
        check_standard(request, secrets, NOW)
    with pytest.raises(InputError):
        check_standard(request, ["other"], NOW)


@pytest.fixture
def receiver() -> Iterator[WebhookStandIn]:
    with serving(WebhookStandIn()) as standin:
        assert isinstance(standin, WebhookStandIn)
        standin.add(1)
        yield standin


def sender(url: str, **other: object) -> Webhook:
    options = {"http": GuardedHttp(allow_private=True), "pace": RateLimiter(1000, sleep=lambda _: None)} | other
    return Webhook(url, [TOKEN], **options)  # type: ignore[arg-type]


def test_a_webhook_out_has_the_same_id_over_retries(receiver: WebhookStandIn) -> None:
    for _ in range(2):
        assert sender(receiver.url).push([UPDATE]) == [Taken()]
    assert {call.headers["webhook-id"] for call in receiver.calls} == {"score-1"}
    assert receiver.calls[0].body["type"] == "score.changed"


def test_a_cloud_event_is_an_option(receiver: WebhookStandIn) -> None:
    assert sender(receiver.url, cloud_events=True).push([UPDATE]) == [Taken()]
    call = receiver.calls[0]
    assert call.headers["content-type"] == "application/cloudevents+json"
    assert {"specversion", "id", "source", "type", "time", "data"} <= set(call.body)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "::1",
        "::ffff:192.168.0.1",
        "100.64.0.1",
        "64:ff9b::a01:203",
        "64:ff9b:1::1",
        "2002:a01:203::1",
        "::10.1.2.3",
        "fec0::1",
    ],
)
def test_nothing_is_sent_into_the_own_network(address: str) -> None:
    """Whatever the name: what counts is where it resolves to, and any of its addresses."""
    guarded = GuardedHttp(resolve=lambda host, port: ["93.184.216.34", address])
    with pytest.raises(ConfigurationError, match="private network"):
        sender("https://hooks.example.ch/x", http=guarded).push([UPDATE])


@pytest.mark.parametrize("url", ["http://hooks.example.ch/x", "ftp://hooks.example.ch", "file:///etc/passwd"])
def test_nothing_is_sent_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError, match="not https"):
        sender(url, http=GuardedHttp(resolve=lambda host, port: ["93.184.216.34"])).push([UPDATE])


@pytest.mark.parametrize("status", [301, 307, 410])
def test_a_receiver_that_moved_or_unsubscribed_stops_the_line(receiver: WebhookStandIn, status: int) -> None:
    from support.standins.frame import Reply

    receiver.handle = lambda call: Reply(status, None, {"Location": "http://elsewhere.example"})  # type: ignore[method-assign]
    with pytest.raises(CRMRejected) as caught:
        sender(receiver.url).push([UPDATE])
    assert caught.value.locked_out


@pytest.mark.parametrize("name", sorted(SUBJECTS))
def test_no_error_or_exchange_repeats_a_secret(name: str, caplog: pytest.LogCaptureFixture) -> None:
    from leadwerk.errors import LeadwerkError

    subject = SUBJECTS[name]()
    messages: list[str] = []
    with serving(subject.standin), watching() as log:
        subject.create_fields()
        lead = subject.standin.add(1)
        for fault in ("none", "error", "throttle", "drop", "none"):
            subject.standin.fail_next(fault)
            crm = subject.crm()
            try:
                results = crm.push([subject.update(crm, lead), subject.update(crm, lead, predictive_score=101)][:1])
                messages.append(repr(results))
            except LeadwerkError as error:
                messages.append(repr(error) + str(error))
        assert log.exchanges
        messages.append(repr(log.exchanges))
    assert TOKEN not in "".join(messages) + caplog.text

"""Channels: messages and events arrive as their receivers take them, and every answer is told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_string
from typing import Any

import pytest
from standardwebhooks import Webhook as IndependentVerifier

from leadwerk.crm.channels import ChannelMessage, Event, EventChannel, MessageChannel, addresses, connect
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable
from support.standins.frame import serving
from support.workflow_receivers import PRIVATE, Mailbox, ReceiverStandIn, mail_server

NOW = datetime.now(UTC).replace(microsecond=0)
MESSAGE = ChannelMessage("k1", "Lead A&B is hot now", ("Score 88", "Für Anna"), None)
EVENT = Event("k2", "lead.hot", NOW, {"lead_id": "1", "after": "HOT"})
NEW, OLD = "whsec_bmV3IHNlY3JldCBvZiAzMiBieXRlcyBmb3IgdGVzdHM=", "whsec_b2xkIHNlY3JldCBvZiAzMiBieXRlcyBmb3IgdGVzdHM="


@pytest.fixture
def standin() -> Iterator[ReceiverStandIn]:
    with serving(ReceiverStandIn()) as served:
        assert isinstance(served, ReceiverStandIn)
        yield served


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as running:
        yield running


def test_slack_gets_text_with_its_signs_escaped(standin: ReceiverStandIn) -> None:
    assert connect("slack", f"{standin.url}/chat", PRIVATE).send(MESSAGE, NOW) == 200
    assert standin.messages == [{"text": "*Lead A&amp;B is hot now*\nScore 88\nFür Anna"}]


def test_teams_gets_an_adaptive_card(standin: ReceiverStandIn) -> None:
    connect("teams", f"{standin.url}/chat", PRIVATE).send(MESSAGE, NOW)
    (attachment,) = standin.messages[0]["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["text"] for block in attachment["content"]["body"]] == ["Lead A&B is hot now", "Score 88", "Für Anna"]


def test_a_rotated_secret_verifies_with_the_old_and_the_new_one(standin: ReceiverStandIn) -> None:
    """By the verifier of those who wrote the standard, which takes no message older than five minutes."""
    now = datetime.now(UTC).replace(microsecond=0)
    seen: list[Any] = []
    standin.handle = lambda call: seen.append(call) or ReceiverStandIn.throttled(standin)  # type: ignore[method-assign,func-returns-value]
    with pytest.raises(CRMUnavailable) as later:
        connect("webhook", f"{standin.url}/events {NEW} {OLD}", PRIVATE).send(replace(EVENT, occurred_at=now), now)
    assert later.value.retry_after == 1
    for secret in (NEW, OLD):
        assert IndependentVerifier(secret).verify(seen[0].raw, seen[0].headers) == {
            "type": "lead.hot", "timestamp": now.isoformat().replace("+00:00", "Z"),
            "data": {"lead_id": "1", "after": "HOT"},
        }  # fmt: skip


def test_cloud_events_have_their_envelope() -> None:
    envelope = EventChannel("https://x.example", (), PRIVATE, cloud_events=True)._envelope(EVENT)
    assert {"specversion", "id", "source", "type"} <= set(envelope)  # what CloudEvents 1.0 asks for
    assert (envelope["id"], envelope["type"]) == ("k2", "leadwerk.lead.hot")


def test_an_e_mail_reaches_one_person_or_the_list(mailbox: Mailbox) -> None:
    channel = connect("email", f"smtp://127.0.0.1:{mailbox.port} l@example.ch a@example.ch,b@example.ch", PRIVATE)
    channel.send(MESSAGE, NOW)
    channel.send(ChannelMessage("k3", "Zwei\nZeilen", (), "eva@example.ch"), NOW)
    to_all, to_eva = (message_from_string(mail) for mail in mailbox.mails)
    assert (to_all["To"], to_all["Message-ID"]) == ("a@example.ch, b@example.ch", "<k1@leadwerk>")
    assert (to_eva["To"], to_eva["Subject"]) == ("eva@example.ch", "Zwei Zeilen")
    content = to_all.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert content.decode().splitlines() == ["Score 88", "Für Anna"]


@pytest.mark.parametrize(("refusal", "kind"), [("450 busy", CRMUnavailable), ("550 unknown", CRMRejected)])
def test_a_mail_server_that_refuses(mailbox: Mailbox, refusal: str, kind: type[Exception]) -> None:
    mailbox.refusal = refusal
    with pytest.raises(kind, match=refusal[:3]):
        connect("email", f"smtp://127.0.0.1:{mailbox.port} l@example.ch a@example.ch", PRIVATE).send(MESSAGE, NOW)


def test_a_mail_server_that_is_not_there_is_tried_again() -> None:
    with pytest.raises(CRMUnavailable):
        connect("email", "smtp://127.0.0.1:1 l@example.ch a@example.ch", PRIVATE).send(MESSAGE, NOW)


@pytest.mark.parametrize(
    ("status", "kind", "locked_out"),
    [(429, CRMUnavailable, None), (503, CRMUnavailable, None), (400, CRMRejected, False), (410, CRMRejected, True),
     (302, CRMRejected, True)],
)  # fmt: skip
def test_answers_are_told_apart(
    standin: ReceiverStandIn, status: int, kind: type[Exception], locked_out: bool | None
) -> None:
    standin.status = status
    with pytest.raises(kind) as raised:
        connect("slack", f"{standin.url}/chat", PRIVATE).send(MESSAGE, NOW)
    assert getattr(raised.value, "locked_out", None) is locked_out


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "https://127.0.0.1/x", "https://localhost/x", "ftp://x.example"]
)
def test_nothing_is_sent_into_the_own_network(address: str) -> None:
    with pytest.raises((ConfigurationError, CRMUnavailable)):
        connect("slack", address, GuardedHttp()).send(MESSAGE, NOW)


@pytest.mark.parametrize(
    ("kind", "address"),
    [("slack", ""), ("email", "smtps://mail.example.ch"), ("webhook", "https://x.example"),
     ("webhook", "https://x.example whsec_a2V5")],
)  # fmt: skip
def test_an_incomplete_address_names_where_to_mend_it(kind: str, address: str) -> None:
    with pytest.raises(ConfigurationError, match="LEADWERK_CHANNELS"):
        channel: MessageChannel = connect(kind, address, PRIVATE)
        channel.send(EVENT if kind == "webhook" else MESSAGE, NOW + timedelta())


@pytest.mark.parametrize("text", ["[]", "{", '{"a": 1}', "https://hooks.example.ch/secret"])
def test_addresses_that_are_no_json_are_not_repeated(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        addresses(text)
    assert "secret" not in str(refused.value)

"""Where workflows send messages and events: Slack, Teams, e-mail, and receivers of signed webhooks.

Addresses are secrets. A channel sends once and says how it ended; when to try again is the outbox's business.
"""

from __future__ import annotations

import json
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from leadwerk.crm.exchange_log import Exchange, masked, note, shortened
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.http_client import LATER, retry_after
from leadwerk.crm.webhook_proof import secret_bytes, sign
from leadwerk.errors import ConfigurationError, CRMRejected, CRMUnavailable
from leadwerk.texts.message import Message

SHORTEST_SECRET = 24  # bytes, as Standard Webhooks asks for
SMTP_TIMEOUT = 20.0  # seconds
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
CHANNELS = "LEADWERK_CHANNELS"
EXAMPLE = '{"sales": "https://hooks.slack.com/…"}'
MAIL_EXAMPLE = "smtps://user:password@host:465 sender@example.ch recipient@example.ch"


@dataclass(frozen=True)
class ChannelMessage:
    """Something to read: `title` and further `lines`; `recipient` is an e-mail address, where one person is meant."""

    key: str
    title: str
    lines: tuple[str, ...] = ()
    recipient: str | None = None


@dataclass(frozen=True)
class Event:
    """Something for a program: `type` such as lead.hot, `data` as JSON takes it; the same `key` twice is one event."""

    key: str
    type: str
    occurred_at: datetime
    data: Mapping[str, Any]


class MessageChannel(Protocol):
    """One place that messages or events go to."""

    def send(self, content: ChannelMessage | Event, now: datetime) -> int | None:
        """Send it once; return the status of the answer where there is one.

        Raises:
            CRMUnavailable: no answer, or one that says "later".
            CRMRejected: the receiver refuses; `locked_out`: whatever is sent.
        """


@dataclass(frozen=True)
class ChatChannel:
    """An incoming webhook of Slack, or a workflow's webhook of Teams: `body` makes the JSON of a message."""

    url: str
    body: Callable[[ChannelMessage], Mapping[str, object]]
    http: GuardedHttp

    def send(self, content: ChannelMessage | Event, now: datetime) -> int:
        """See `MessageChannel.send`."""
        assert isinstance(content, ChannelMessage)
        body = json.dumps(self.body(content), ensure_ascii=False).encode()
        return _posted(self.http, self.url, {"Content-Type": "application/json"}, body)


def slack_body(message: ChannelMessage) -> dict[str, str]:
    """As incoming webhooks of Slack take it; its three control characters are escaped.

    >>> slack_body(ChannelMessage("k", "A <b> & c"))
    {'text': '*A &lt;b&gt; &amp; c*'}
    """
    title, *lines = (_escaped(line) for line in (message.title, *message.lines))
    return {"text": "\n".join((f"*{title}*", *lines))}


def teams_body(message: ChannelMessage) -> dict[str, object]:
    """An adaptive card, as the webhook of a Teams workflow takes it."""
    blocks = [{"type": "TextBlock", "text": line, "wrap": True} for line in message.lines]
    title = {"type": "TextBlock", "text": message.title, "wrap": True, "weight": "bolder"}
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
        "body": [title, *blocks],
    }  # fmt: skip
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}


@dataclass(frozen=True)
class EventChannel:
    """A receiver of signed webhooks (standardwebhooks.com, version 1), in the envelope of CloudEvents 1.0 if wished.

    `secrets`: the present one first; while one is rotated, the old one too.
    """

    url: str
    secrets: tuple[str, ...]
    http: GuardedHttp
    cloud_events: bool = False

    def send(self, content: ChannelMessage | Event, now: datetime) -> int:
        """See `MessageChannel.send`."""
        assert isinstance(content, Event)
        keys = [secret_bytes(secret) for secret in self.secrets]
        if not keys or any(len(key) < SHORTEST_SECRET for key in keys):
            raise ConfigurationError(Message("refusal.channel.secret", variable=CHANNELS, size=SHORTEST_SECRET))
        body = json.dumps(self._envelope(content), ensure_ascii=False, separators=(",", ":")).encode()
        seconds = int(now.timestamp())
        headers = {
            "Content-Type": "application/cloudevents+json" if self.cloud_events else "application/json",
            "webhook-id": content.key,
            "webhook-timestamp": str(seconds),
            "webhook-signature": " ".join(sign(key, content.key, seconds, body) for key in keys),
        }
        return _posted(self.http, self.url, headers, body)

    def _envelope(self, event: Event) -> Mapping[str, object]:
        moment = event.occurred_at.isoformat().replace("+00:00", "Z")
        if not self.cloud_events:
            return {"type": event.type, "timestamp": moment, "data": dict(event.data)}
        return {
            "specversion": "1.0", "id": event.key, "source": "leadwerk", "type": f"leadwerk.{event.type}",
            "time": moment, "datacontenttype": "application/json", "data": dict(event.data),
        }  # fmt: skip


@dataclass(frozen=True)
class MailChannel:
    """E-mail through `server` (smtps://user:password@host:465, or smtp://…:587, which must offer STARTTLS).

    `recipients` get what is meant for nobody in particular.
    """

    server: str
    sender: str
    recipients: tuple[str, ...]

    def send(self, content: ChannelMessage | Event, now: datetime) -> None:
        """See `MessageChannel.send`."""
        assert isinstance(content, ChannelMessage)
        recipients = (content.recipient,) if content.recipient else self.recipients
        if not recipients:
            raise CRMRejected(Message("refusal.channel.recipient", variable=CHANNELS))
        mail = EmailMessage()
        mail["Subject"] = " ".join(content.title.split())
        mail["From"], mail["To"] = self.sender, ", ".join(recipients)
        # The same message twice has the same id, by which mail servers and readers recognise it.
        mail["Message-ID"] = f"<{content.key}@leadwerk>"
        mail["Date"] = now
        mail.set_content("\n".join(content.lines or (content.title,)), cte="quoted-printable")  # not all take 8 bits
        try:
            self._deliver(mail)
        except smtplib.SMTPResponseException as error:
            raise _mail_error(error.smtp_code, str(error.smtp_error)) from error
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _mail_error(code, text.decode(errors="replace")) from error
        except (OSError, smtplib.SMTPException) as error:
            raise CRMUnavailable(Message("refusal.channel.mail.silent", fault=type(error).__name__)) from error

    def _deliver(self, mail: EmailMessage) -> None:
        parts = urlsplit(self.server)
        host = parts.hostname or ""
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            client: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=SMTP_TIMEOUT, context=context)
        else:
            client = smtplib.SMTP(host, parts.port or 587, timeout=SMTP_TIMEOUT)
        with client:
            # A password must not travel in clear text; a server on this very machine is the exception.
            if parts.scheme != "smtps" and host not in LOOPBACK:
                client.starttls(context=context)
            if parts.username:
                client.login(unquote(parts.username), unquote(parts.password or ""))
            client.send_message(mail)


def addresses(text: str) -> Mapping[str, str]:
    """MessageChannel name → its address, as LEADWERK_CHANNELS says it in JSON.

    >>> addresses('{"sales": "https://hooks.example.ch/1"}')["sales"]
    'https://hooks.example.ch/1'

    Raises:
        ConfigurationError: it is no JSON object of texts.
    """
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict) or not all(isinstance(value, str) for value in parsed.values()):
        # The text itself is not repeated: it holds secrets.
        raise ConfigurationError(Message("refusal.channel.json", variable=CHANNELS, example=EXAMPLE))
    return parsed


def connect(kind: str, address: str, http: GuardedHttp) -> MessageChannel:
    """The channel of a kind at its address: a URL, followed by secrets for events, by sender and recipients for e-mail.

    Raises:
        ConfigurationError: a part of the address is missing.
    """
    parts: Sequence[str] = address.replace(",", " ").split()
    if not parts:
        raise ConfigurationError(Message("refusal.channel.address", variable=CHANNELS))
    if kind == "email":
        if len(parts) < 2 or not parts[0].startswith(("smtp://", "smtps://")):
            raise ConfigurationError(Message("refusal.channel.mail.address", variable=CHANNELS, example=MAIL_EXAMPLE))
        return MailChannel(parts[0], parts[1], tuple(parts[2:]))
    if kind in ("webhook", "cloudevents"):
        return EventChannel(parts[0], tuple(parts[1:]), http, cloud_events=kind == "cloudevents")
    return ChatChannel(parts[0], slack_body if kind == "slack" else teams_body, http)


def _posted(http: GuardedHttp, url: str, headers: Mapping[str, str], body: bytes) -> int:
    answer = http.post(url, headers, body)
    # The path of a chat's webhook is its secret.
    place = urlsplit(url)._replace(path="/***", query="").geturl()
    note(Exchange("POST", place, masked(headers), shortened(body), answer.status, shortened(answer.body)))
    text = " ".join(answer.body[:300].decode(errors="replace").split()) or "nothing"
    if 200 <= answer.status < 300:
        return answer.status
    if answer.status in LATER or answer.status >= 500:
        raise CRMUnavailable(
            Message("refusal.receiver.status", status=answer.status),
            status=answer.status,
            retry_after=retry_after(answer.headers),
        )
    # 410 is how a receiver unsubscribes; a redirect would take the data elsewhere.
    locked_out = answer.status in (301, 302, 303, 307, 308, 401, 403, 404, 410)
    raise CRMRejected(
        Message("refusal.receiver.refused", status=answer.status, answer=text),
        status=answer.status,
        remedy=Message("refusal.receiver.channel.remedy", variable=CHANNELS),
        locked_out=locked_out,
    )


def _mail_error(code: int, text: str) -> CRMRejected | CRMUnavailable:
    """An error of SMTP (RFC 5321 §4.2.1): 4yz may succeed later, 5yz will not."""
    if code < 500:
        return CRMUnavailable(Message("refusal.channel.mail.status", status=code), status=code)
    return CRMRejected(Message("refusal.channel.mail.refused", status=code, answer=text), status=code)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

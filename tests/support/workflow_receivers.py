"""Receivers over real HTTP and SMTP that fail as told, and remember what they took."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from leadwerk.crm.channels import MessageChannel, connect
from leadwerk.crm.guarded_http import GuardedHttp
from leadwerk.crm.port import CRM, WebhookRequest
from leadwerk.crm.webhook_proof import check_standard
from leadwerk.pipeline.workflows.carry_out import Receivers
from leadwerk.policy.people import Person
from support.standins.frame import TOKEN, Call, Reply, StandIn

PRIVATE = GuardedHttp(allow_private=True)


@dataclass
class ReceiverStandIn(StandIn):
    """Takes Slack's and Teams' messages at /chat, and signed events at /events, each id once."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: int = 200

    def authorised(self, call: Call) -> bool:
        return True

    def handle(self, call: Call) -> Reply:
        if self.status >= 300:
            return Reply(self.status, {"error": "told to fail"})
        if call.path == "/chat":
            self.messages.append(call.body)
            return Reply(200, "ok")
        request = WebhookRequest(call.method, self.url, call.headers, call.raw)
        check_standard(request, [TOKEN], self.now)
        self.events.setdefault(call.headers["webhook-id"], call.body)
        return Reply(204)


def receivers(standin: ReceiverStandIn, crm: CRM | None = None, people: tuple[Person, ...] = ()) -> Receivers:
    addresses = {"sales": ("slack", f"{standin.url}/chat"), "partner": ("webhook", f"{standin.url}/events {TOKEN}")}

    def channel(name: str) -> MessageChannel:
        kind, address = addresses[name]
        return connect(kind, address, PRIVATE)

    def the_crm() -> CRM:
        assert crm is not None, "no CRM here"
        return crm

    return Receivers(channel, the_crm, people, "https://crm.example.ch/leads/{lead_id}")


@dataclass
class Mailbox:
    """Mails as an SMTP server took them; `refusal` answers every recipient."""

    port: int = 0
    mails: list[str] = field(default_factory=list)
    refusal: str = ""


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A server that speaks as much SMTP (RFC 5321) as a client needs to send."""
    mailbox = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for raw in self.rfile:
                verb = raw.strip().upper()
                if verb.startswith(b"RCPT") and mailbox.refusal:
                    self.wfile.write(f"{mailbox.refusal}\r\n".encode())
                elif verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    for line in self.rfile:
                        if line.strip() == b".":
                            break
                        lines.append(line)
                    mailbox.mails.append(b"".join(lines).decode())
                    self.wfile.write(b"250 taken\r\n")
                elif verb == b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                else:
                    self.wfile.write(b"250 fine\r\n")

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)
    server.daemon_threads = True
    mailbox.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield mailbox
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def texts(standin: ReceiverStandIn) -> list[str]:
    return [str(json.loads(json.dumps(message))["text"]) for message in standin.messages]

"""OAuth client credentials: one token for all threads, fetched when it ends or is refused, and never twice at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from leadwerk.crm.auth import ClientCredentials
from leadwerk.crm.boma import Boma
from leadwerk.crm.port import LeadUpdate, Taken
from leadwerk.errors import CRMRejected, CRMUnavailable
from support.standins.frame import Call, Reply, StandIn, serving

UPDATE = LeadUpdate("k", "k", "1", {"predictive_score": 1})


@dataclass
class OAuthCRM(StandIn):
    """A token server and a CRM in one; a token is good until the next one is made, or `revoked`."""

    tokens: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    status: int = 200

    def authorised(self, call: Call) -> bool:
        return call.path == "/token" or call.headers.get("authorization", "").removeprefix("Bearer ") in self.live()

    def live(self) -> set[str]:
        return set(self.tokens) - self.revoked

    def handle(self, call: Call) -> Reply:
        if call.path != "/token":
            return Reply(200, {})
        form = {name: values[0] for name, values in parse_qs(call.raw.decode()).items()}
        if self.status != 200 or form["client_secret"] != "secret":
            return Reply(self.status if self.status != 200 else 401, {"error": "invalid_client"})
        assert form["grant_type"] == "client_credentials"
        self.tokens.append(f"token-{len(self.tokens)}")
        return Reply(200, {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"})


@pytest.fixture
def server() -> Iterator[OAuthCRM]:
    with serving(OAuthCRM()) as standin:
        assert isinstance(standin, OAuthCRM)
        yield standin


def client(server: OAuthCRM, secret: str = "secret", now: list[float] | None = None) -> Boma:
    clock = now or [0.0]
    auth = ClientCredentials(f"{server.url}/token", "leadwerk", secret, clock=lambda: clock[0])
    return Boma(server.url, auth, per_second=10_000, sleep=lambda _: None)


def test_many_threads_fetch_one_token(server: OAuthCRM) -> None:
    crm = client(server)
    threads = [threading.Thread(target=crm.push, args=([UPDATE],)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.tokens) == 1


def test_a_token_is_replaced_before_its_end(server: OAuthCRM) -> None:
    now = [0.0]
    crm = client(server, now=now)
    for moment in (0.0, 3500.0, 3541.0):
        now[0] = moment
        crm.push([UPDATE])
    assert len(server.tokens) == 2


def test_a_refused_token_is_replaced_once(server: OAuthCRM) -> None:
    crm = client(server)
    crm.push([UPDATE])
    server.revoked = {"token-0"}
    assert crm.push([UPDATE]) == [Taken()]
    assert len(server.tokens) == 2
    server.revoked = {f"token-{number}" for number in range(9)}
    with pytest.raises(CRMRejected) as caught:
        crm.push([UPDATE])
    assert (caught.value.locked_out, len(server.tokens)) == (True, 3)


def test_a_wrong_client_secret_is_a_closed_door_that_names_the_settings(server: OAuthCRM) -> None:
    with pytest.raises(CRMRejected, match="LEADWERK_CRM_CLIENT_SECRET") as caught:
        client(server, "wrong").push([UPDATE])
    assert caught.value.locked_out
    assert "wrong" not in str(caught.value)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_server_that_is_down_is_worth_a_retry(server: OAuthCRM, status: int) -> None:
    server.status = status
    with pytest.raises(CRMUnavailable):
        client(server).push([UPDATE])


class _Hostile(BaseHTTPRequestHandler):
    """Answers a login as its server is set up to: a head, then parts of a body with a pause between them."""

    server: _HostileServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.authorizations.append(self.headers.get("Authorization"))
        status, head, part, parts, pause = self.server.script
        self.send_response(status)
        for name, value in head.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # who asked has left
            for _ in range(parts):
                self.wfile.write(part)
                time.sleep(pause)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


class _HostileServer(ThreadingHTTPServer):
    script: tuple[int, dict[str, str], bytes, int, float]
    authorizations: list[str | None]


@contextmanager
def hostile(status: int, head: dict[str, str], part: bytes, parts: int = 1, pause: float = 0.0) -> Iterator[Any]:
    """A token server that answers so; `authorizations`: what clients sent."""
    with _HostileServer(("127.0.0.1", 0), _Hostile) as server:
        server.script, server.authorizations = (status, head, part, parts, pause), []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def login(server: Any) -> ClientCredentials:
    return ClientCredentials(f"http://127.0.0.1:{server.server_port}/token", "leadwerk", "secret")


def test_a_login_that_drips_does_not_stop_the_threads_that_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadwerk.crm.bounded_exchange.LONGEST_ANSWER", 0.2)
    with hostile(200, {}, b" ", parts=100, pause=0.05) as server:
        begun_at = time.monotonic()
        with pytest.raises(CRMUnavailable, match=r"token server's answer was not over after 0\.2 seconds"):
            login(server).headers()
        assert time.monotonic() - begun_at < 3


def test_a_login_of_a_hundred_megabytes_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadwerk.crm.bounded_exchange.LONGEST_BODY", 2**20)
    with hostile(200, {}, b" " * 2**20, parts=100) as server, pytest.raises(CRMUnavailable, match="not over"):
        login(server).headers()


def test_a_login_is_not_redirected() -> None:
    """The client's secret is in its body: it goes to the address that somebody set, and to no other."""
    with hostile(302, {"Location": "http://127.0.0.1:9/"}, b"") as server, pytest.raises(CRMRejected, match="302"):
        login(server).headers()


def test_a_login_carries_no_credentials_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with hostile(200, {}, b'{"access_token": "t"}') as server:
        login(server).headers()
        assert server.authorizations == [None]


@pytest.mark.parametrize("written", ["-5", '"nan"', '"inf"', "1798761600", "0"])
def test_an_impossible_lifetime_counts_as_the_default(written: str) -> None:
    """Such as a moment instead of seconds: the token would never be replaced, or fetched for each call."""
    now = [0.0]
    with hostile(200, {}, f'{{"access_token": "t", "expires_in": {written}}}'.encode()) as server:
        auth = login(server)
        auth._clock = lambda: now[0]
        for moment in (0.0, 500.0, 601.0):
            now[0] = moment
            auth.headers()
        assert len(server.authorizations) == 2

"""OAuth client credentials: one token for all threads, fetched when it ends or is refused, and never twice at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
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

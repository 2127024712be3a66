"""No route of the desk, page or JSON, does anything for a page of another site."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from leadwerk.web.desk import api
from leadwerk.web.door.admission import sessions
from leadwerk.web.pages.desk_site import site
from leadwerk.web.routes import NAME
from support.all_functions import application_of

KEY = "a key of this test"
OWN = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
REFUSED = "A page of another site sent this request."
OTHERS = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:8081"},
    {"Origin": "null"},
    {},
)
"""What a browser sends with a form of another site, of another port, and of a frame without an origin."""


def changing() -> list[tuple[str, str]]:
    """Methods and addresses of all routes that change something, and of the door itself."""
    routes: list[Any] = [*site.pages, *api.routes]
    changing_routes = {(route.method, NAME.sub("l1", route.path)) for route in routes if route.method != "GET"}
    return sorted({*changing_routes, ("POST", "/enter"), ("POST", "/")})


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home: Path = tmp_path_factory.mktemp("home")
    (home / "people.yaml").write_text(
        "- {name: mila, roles: [seller, manager, operator, privacy], language: en}\n", "utf-8"
    )
    values = {"ACCESS": "local", "DESK_KEY": KEY, "HOME": str(home), "POLICY": "b2b_swiss", "ENGINE": "duckdb"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"LEADWERK_{name}", value)
        yield Client(application_of("desk", home), use_cookies=False)


def send(client: Client, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
    cookie = sessions(KEY).cookie("mila", datetime.now(UTC)).partition(";")[0]
    answer = client.open(path, method=method, headers={"Host": "127.0.0.1:8080", "Cookie": cookie, **headers})
    return answer.status_code, answer.text


@pytest.mark.parametrize(("method", "path"), changing())
def test_a_page_of_another_site_is_refused(client: Client, method: str, path: str) -> None:
    for headers in OTHERS:
        status, text = send(client, method, path, headers)
        assert (status, REFUSED in text) == (403, True), headers
    status, text = send(client, method, path, OWN)
    assert REFUSED not in text
    # The door itself asks for a link's key.
    assert status != 401 or path == "/enter", "signed in: it was the origin that was refused"


def test_all_routes_are_tried() -> None:
    assert {("POST", "/leads/l1/pick"), ("POST", "/rules/publish"), ("POST", "/start/file")} <= set(changing())
    assert len(changing()) > 30


def test_a_form_that_is_sent_after_the_session_ended_says_that_nothing_was_saved(client: Client) -> None:
    for method, is_said in (("POST", True), ("GET", False)):
        answer = client.open(
            "/calls/l1/verdict" if method == "POST" else "/calls/l1",
            method=method,
            headers={**OWN, "Cookie": "leadwerk=over"},
        )
        assert (answer.status_code, "was not saved" in answer.text) == (401, is_said)

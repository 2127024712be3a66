"""Each route of the desk, by each method and for each role, answers with the headers that keep it private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.policy.load import shipped_text
from leadwerk.policy.people import STAFF, Role
from leadwerk.web.desk import api
from leadwerk.web.door.admission import sessions
from leadwerk.web.pages.desk_site import site
from leadwerk.web.pages.rendering import SECURITY_POLICY, asset_paths
from leadwerk.web.pages.report import NAME as REPORT, SECURITY_POLICY as REPORT_POLICY
from leadwerk.web.pages.site import FORM_BYTES
from leadwerk.web.routes import NAME
from support.all_functions import application_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
KEY, TOKEN = "a key of this test", "desk-token-of-24-bytes-or-more"
PEOPLE = {role: f"{role}-person" for role in STAFF}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
OWN = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
NOTHING = "default-src 'none'; frame-ancestors 'none'"
"""Content policy of what is no page: data runs nothing, wherever it is opened."""

DOOR = (("GET", "/enter"), ("POST", "/enter"), ("GET", "/report"), ("POST", "/"), ("GET", "/health"))
NOWHERE = (("GET", "/nowhere"), ("GET", "/leads/l1/nothing"))


@dataclass(frozen=True)
class Desk:
    """The function desk with a person of each role, a program, and a visitor whom nobody knows."""

    client: Client

    def send(self, method: str, path: str, sender: str, **body: Any) -> TestResponse:
        """The answer to the person of a role, to a `program`, or to `nobody`."""
        headers = dict(OWN)
        if sender == "program":
            headers = {"Host": OWN["Host"], "Authorization": f"Bearer {TOKEN}"}
        elif sender != "nobody":
            headers["Cookie"] = sessions(KEY).cookie(PEOPLE[sender], datetime.now(UTC)).partition(";")[0]
        return self.client.open(path, method=method, headers=headers, **body)


def routes() -> dict[tuple[str, str], tuple[Role, ...]]:
    """Method and address of each route in the code, with the roles that it answers."""
    declared: list[Any] = [*site.pages, *api.routes]
    return {(route.method, NAME.sub("l1", route.path)): route.roles for route in declared}


def addresses() -> list[tuple[str, str]]:
    assets = [("GET", path) for path in (*asset_paths().values(), "/assets/0/none.css")]
    return sorted({*routes(), *DOOR, *NOWHERE, *assets})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home: Path = tmp_path_factory.mktemp("home")
    people = "".join(f"- {{name: {name}, roles: [{role}], language: en}}\n" for role, name in PEOPLE.items())
    (home / "people.yaml").write_text(people, "utf-8")
    # Rules are changed in a file of one's own: the shipped policies are nobody's.
    (home / "policy.yaml").write_text(shipped_text("b2b_swiss"), "utf-8")
    values = {
        "ACCESS": "local", "DESK_KEY": KEY, "DESK_TOKEN": TOKEN, "HOME": str(home), "ENGINE": "duckdb",
        "POLICY": str(home / "policy.yaml"),
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(f"LEADWERK_{name}", value)
        wiring.reports(settings.read()).write(REPORT, b"<!doctype html>", content_type="text/html")
        yield Desk(Client(application_of("desk", home), use_cookies=False))


def faults_of(path: str, answer: TestResponse) -> dict[str, str | None]:
    """Headers of an answer that are not what they have to be."""
    is_page = answer.mimetype == "text/html" or answer.status_code == 303
    policy = SECURITY_POLICY if is_page else NOTHING
    if path == "/report" and is_page and answer.status_code == 200:
        policy = REPORT_POLICY
    is_asset = path in asset_paths().values() and answer.status_code == 200
    cache = "private, max-age=31536000, immutable" if is_asset else "no-store"
    expected = {**HEADERS, "Content-Security-Policy": policy, "Cache-Control": cache}
    return {name: answer.headers.get(name) for name, value in expected.items() if answer.headers.get(name) != value}


@pytest.mark.parametrize(("method", "path"), addresses())
def test_each_answer_has_the_headers_that_keep_it_private(desk: Desk, method: str, path: str) -> None:
    roles = routes().get((method, path), ())
    for sender in (*STAFF, "program", "nobody"):
        answer = desk.send(method, path, sender)
        assert faults_of(path, answer) == {}, (sender, answer.status_code)
        assert answer.status_code < 500, (sender, answer.text[:300])
        if roles and sender in STAFF:
            assert (answer.status_code == 403) == (sender not in roles), (sender, answer.status_code)


@pytest.mark.parametrize("path", sorted({path for _, path in addresses()}))
def test_a_method_that_is_not_answered_names_those_that_are(desk: Desk, path: str) -> None:
    answered = {method for method, known in addresses() if known == path}
    for method in METHODS:
        if method in answered or (method == "HEAD" and "GET" in answered):
            continue
        answer = desk.send(method, path, "program")
        assert faults_of(path, answer) == {}, (method, answer.status_code)
        assert answer.status_code < 500, (method, answer.text[:300])


ERRORS: dict[int, tuple[str, str, dict[str, Any]]] = {
    303: ("POST", "/settings", {}),
    400: ("POST", "/leads/l1/pick", {"data": b"{", "content_type": "application/json"}),
    401: ("GET", "/calls", {}),
    403: ("GET", "/privacy", {}),
    404: ("GET", "/calls/nobody", {}),
    405: ("DELETE", "/calls", {}),
    413: ("POST", "/rules/text", {"data": b"text=" + b"x" * FORM_BYTES}),
    422: ("GET", "/leads?limit=none", {}),
}


@pytest.mark.parametrize("status", ERRORS)
def test_each_kind_of_error_has_the_headers(desk: Desk, status: int) -> None:
    method, path, body = ERRORS[status]
    answer = desk.send(method, path, "nobody" if status == 401 else "manager" if status == 413 else "seller", **body)
    assert (answer.status_code, faults_of(path, answer)) == (status, {})


@pytest.mark.parametrize("path", ["/settings", "/leads"])
def test_an_error_that_nobody_foresaw_has_the_headers(desk: Desk, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("nobody foresaw this")

    module = "leadwerk.web.pages.visit.Visit.policy" if path == "/settings" else "leadwerk.web.desk.call_list.page"
    monkeypatch.setattr(module, property(fail) if path == "/settings" else fail)
    answer = desk.send("GET", path, "seller")
    assert (answer.status_code, faults_of(path, answer)) == (500, {})
    assert "nobody foresaw" not in answer.text


def test_a_page_that_is_not_answered_so_names_the_methods_that_are(desk: Desk) -> None:
    for path, allowed in (("/calls", "GET"), ("/rules/publish", "POST"), ("/leads", "GET"), ("/settings", "GET, POST")):
        answer = desk.send("DELETE", path, "manager")
        assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed)


def test_routes_are_those_of_the_code() -> None:
    assert {("POST", "/calls/l1/take"), ("POST", "/leads/l1/pick"), ("GET", "/review.csv")} <= set(routes())
    assert len(routes()) > 50

"""What a browser sees when something fails: a page in the reader's language; programs keep their problem document."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadwerk.errors import CorruptModel, LeadwerkError
from leadwerk.policy.people import STAFF
from leadwerk.web import Answer, Request, Response
from leadwerk.web.door.admission import sessions
from leadwerk.web.pages import enter as entering
from leadwerk.web.pages.enter import enter
from leadwerk.web.pages.front import answer_lost
from leadwerk.web.pages.site import NoForm, Page, Site
from leadwerk.web.routes import Route, Routes

PEOPLE = """
- {name: anna, roles: [seller], language: de}
- {name: luc, roles: [seller], language: fr}
- {name: lia, roles: [seller], language: it}
- {name: eva, roles: [manager], language: en}
"""
SECRET = "picks/41/4711.json"
AGAIN = {"anna": "Nochmals versuchen", "luc": "Réessayer", "lia": "Riprovare", "eva": "Try again"}


@dataclass
class Asked:
    """A request of a browser, as the frame reads it."""

    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    query_string: bytes = b""
    body: bytes = b""

    @property
    def stream(self) -> io.BytesIO:
        return io.BytesIO(self.body)

    @property
    def content_length(self) -> int:
        return len(self.body)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "people.yaml").write_text(PEOPLE, "utf-8")
    names = {"HOME": str(tmp_path), "POLICY": "b2b_swiss", "ACCESS": "local", "DESK_KEY": "k", "DESK_TOKEN": "t"}
    for name, value in names.items():
        monkeypatch.setenv(f"LEADWERK_{name}", value)
    return tmp_path


def failing(error: Exception) -> Site:
    """A site whose pages all fail so."""

    def handle(*_: object, **__: object) -> Answer:
        raise error

    return Site({"calls": lambda: [Page(method, "/calls", NoForm, handle, STAFF) for method in ("GET", "POST")]})


def signed_in(name: str) -> dict[str, str]:
    cookie = sessions("k").cookie(name, datetime.now(UTC)).partition(";")[0]
    return {"Host": "localhost:8080", "Cookie": cookie, "Sec-Fetch-Site": "same-origin"}


def text_of(response: Response) -> str:
    assert response[2]["Content-Type"].startswith("text/html")
    return response[0].decode()


@pytest.mark.parametrize("name", AGAIN)
def test_an_unforeseen_error_is_a_page_in_the_readers_language(
    name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("leadwerk"), "propagate", True)
    response = failing(RuntimeError(SECRET))(Asked("/calls", headers=signed_in(name), query_string=b"list=warm"))
    page = text_of(response)
    assert response[1] == 500
    assert f'href="/calls?list=warm">{AGAIN[name]}' in page
    assert SECRET not in page
    [request_id] = re.findall(r"\b[0-9a-f]{8}\b", re.sub(r"/assets/\S+", "", page))
    assert [record.getMessage() for record in caplog.records] == [f"desk_page {request_id} failed unexpectedly"]


def test_a_form_that_failed_is_not_sent_again_unseen() -> None:
    page = text_of(failing(RuntimeError(SECRET))(Asked("/calls", "POST", signed_in("eva"))))
    assert "Look whether it was saved before you send it again." in page
    assert "Try again</a>" not in page
    assert "Nothing was changed." not in page


@pytest.mark.parametrize(("name", "tells"), [("anna", False), ("eva", True)])
def test_an_object_of_ours_is_named_to_who_can_do_something(name: str, tells: bool) -> None:
    fault = CorruptModel(f"{SECRET} is damaged.", remedy="Delete it.")
    page = text_of(failing(fault)(Asked("/calls", headers=signed_in(name))))
    assert (SECRET in page, "Delete it." in page) == (tells, tells)
    assert AGAIN[name] in page


@pytest.mark.parametrize(("name", "tells"), [("anna", False), ("eva", True)])
def test_a_policy_that_cannot_be_read_still_gives_a_page(
    home: Path, monkeypatch: pytest.MonkeyPatch, name: str, tells: bool
) -> None:
    (home / "policy.yaml").write_text("horizon_days: soon\n", "utf-8")
    monkeypatch.setenv("LEADWERK_POLICY", str(home / "policy.yaml"))
    page = text_of(failing(LeadwerkError("x"))(Asked("/calls", headers=signed_in(name))))
    assert ("horizon_days" in page) == tells
    assert "<h1>" in page


def test_a_program_reads_json() -> None:
    def handle(*_: object) -> None:
        raise RuntimeError(SECRET)

    api = Routes("desk", [Route("GET", "/leads", Request, handle)])
    body, status, headers = api(Asked("/leads", headers={"Host": "localhost", "Authorization": "Bearer t"}))
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert SECRET.encode() not in body


def test_who_was_not_signed_in_comes_back_to_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entering, "record_sign_in", lambda *_: None)
    outside = {"Host": "localhost:8080"}
    refused = failing(RuntimeError())(Asked("/calls", headers=outside, query_string=b"list=warm&sort=newest"))
    cookie, _, attributes = refused[2]["Set-Cookie"].partition("; ")
    assert refused[1] == 401
    assert 'href="/calls?list=warm&amp;sort=newest"' in text_of(refused)
    assert attributes == "HttpOnly; SameSite=Strict; Path=/enter; Max-Age=43200"
    key = sessions("k").new_link_key()
    door = enter(Asked("/enter", headers={**outside, "Cookie": cookie}, query_string=f"key={key}".encode()))
    assert 'name="next" value="/calls?list=warm&amp;sort=newest"' in text_of(door)
    assert door[2]["Set-Cookie"].startswith("leadwerk_return=; ")
    body = f"key={key}&name=anna&next=%2Fcalls%3Flist%3Dwarm%26sort%3Dnewest".encode()
    headers = {**outside, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    entered = enter(Asked("/enter", "POST", headers, body=body))
    assert (entered[1], entered[2]["Location"]) == (303, "/calls?list=warm&sort=newest")


def test_no_link_leads_out_of_the_desk_and_a_lost_form_leads_nowhere() -> None:
    headers = {"Host": "localhost:8080", "Sec-Fetch-Site": "same-origin"}
    key = sessions("k").new_link_key()
    away = enter(Asked("/enter", "POST", headers, body=f"key={key}&name=anna&next=//evil.example".encode()))
    assert away[1] == 422
    assert sessions("k").is_unused(key)
    lost = failing(RuntimeError())(Asked("/calls", "POST", headers))
    assert (lost[1], "Set-Cookie" in lost[2]) == (401, False)
    far = failing(RuntimeError())(Asked("/calls", headers=headers, query_string=b"language=" + b"x" * 3000))
    assert "Max-Age=0" in far[2]["Set-Cookie"]


@pytest.mark.parametrize(("name", "title"), [("anna", "Hier ist nichts"), ("eva", "There is nothing here")])
def test_a_browser_at_a_wrong_address_reads_a_page(name: str, title: str) -> None:
    response = answer_lost(Asked("/lead/4711", headers={**signed_in(name), "Accept": "text/html,*/*;q=0.8"}))
    assert response is not None
    assert response[1] == 404
    assert f"<h1>{title}</h1>" in text_of(response)
    assert answer_lost(Asked("/lead/4711", headers=signed_in(name))) is None, "a program reads JSON"

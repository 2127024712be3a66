"""The states of the desk's pages, reviewed as one page: what a screen reader reads of each.

One home has them all (`support.desk_states`). A state that is to read otherwise: delete aria/*/states.yaml, run this
test, and look at what it wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.aria_snapshots import LANGUAGES, compare, read
from support.browser_desk import Desk
from support.desk_home import served
from support.desk_states import SECRETS, home_of_states

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Route

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
HEAD, WHY = ".leadhead", ".why-card"
STATES = {
    "empty list": ("flora", "/calls", ".empty"),
    "empty list, of one language": ("eva", "/calls?language=fr", ".empty"),
    "scores old, for who can do something": ("eva", "/calls", ".notice.warn"),
    "scores old, for a seller": ("anna", "/calls", ".notice.warn"),
    "no model yet": ("carla", "/calls", ".notice:not(.warn)"),
    "no model yet, in the list": ("carla", "/calls", "tr[data-lead=by_points]"),
    "no model yet, of a lead": ("carla", "/calls/by_points", WHY),
    "control group, in the list": ("anna", "/calls", "tr[data-lead=control]"),
    "control group, of a lead": ("anna", "/calls/control", WHY),
    "disqualified, in the list": ("anna", "/calls?list=all&cluster=DISQUALIFIED", "table"),
    "disqualified, no button to take it": ("anna", "/calls/disqualified", HEAD),
    "disqualified, of a lead": ("anna", "/calls/disqualified", WHY),
    "overridden, in the list": ("anna", "/calls?list=warm", "tr[data-lead=overridden]"),
    "overridden, of a lead": ("anna", "/calls/overridden", WHY),
    "picked by another, in the list": ("anna", "/calls", "tr[data-lead=picked].dim"),
    "picked by another, of a lead": ("anna", "/calls/picked", HEAD),
    "no web consent": ("anna", "/calls/without_consent", WHY),
    "another role's page (403)": ("anna", "/operations", "main"),
    "no role (403)": ("nora", "/calls", "main"),
    "error of ours (500)": ("anna", "/calls/damaged", "main"),
    "error of ours (500), for who can do something": ("eva", "/calls/damaged", "main"),
    "does not answer now (503)": ("eva", "/operations", "main"),
}
"""Each state: who reads, what page, and the part of it that shows the state."""


@pytest.fixture(scope="module")
def home_with_states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_of_states(tmp_path_factory.mktemp("states"))


@pytest.fixture(scope="module")
def desk_with_states(browser: Browser, home_with_states: Path) -> Iterator[Desk]:
    """The desk of the home, at which beat has taken a lead; a pick and the pointer to the model are damaged."""
    with served(home_with_states) as servers:
        desk = Desk(servers.url("desk"), browser, servers.desk_link)
        beat = desk.page("beat")
        assert beat.request.post(f"{desk.base}/calls/damaged/take", headers=SAME_ORIGIN).ok
        for file in (home_with_states / "picks").rglob("*.json"):
            file.write_text("{", "utf-8")
        assert beat.request.post(f"{desk.base}/calls/picked/take", headers=SAME_ORIGIN).ok
        for person in ("anna", "carla", "flora", "eva"):
            desk.page(person)
        desk.cookies["nora"] = _enter_last(desk, "nora")
        (home_with_states / "models").mkdir(exist_ok=True)
        (home_with_states / "models/champion.json").write_text("{", "utf-8")
        yield desk


def _enter_last(desk: Desk, name: str) -> list[Any]:
    """Cookies of who has no role: no page gives the link for the next person."""
    page = desk.browser.new_context().new_page()
    desk.enter(page, name)
    return list(page.context.cookies())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_reads_as_agreed(desk_with_states: Desk, language: str) -> None:
    desk = desk_with_states
    parts = {name: _part(desk, *state, language) for name, state in STATES.items()}
    parts["somebody was faster (409)"] = _lost_race(desk, language)
    parts["session over"] = _session_over(desk, language)
    page_text = "\n".join(f"# {name}\n{snapshot}" for name, snapshot in parts.items())
    # The desk's clock runs: the minute of a pick is another with every run.
    compare(f"{language}/states", re.sub(r"\b\d\d:\d\d\b", "TIME", page_text))


def _part(desk: Desk, person: str, path: str, selector: str, language: str) -> str:
    page = read(desk, person, path, language)
    snapshot: str = page.locator(selector).aria_snapshot()
    page.context.close()
    return snapshot


def _lost_race(desk: Desk, language: str) -> str:
    """Anna takes a lead of her page, which beat took meanwhile."""
    page, beat = read(desk, "anna", "/calls/plain", language), desk.page("beat")
    assert beat.request.post(f"{desk.base}/calls/plain/take", headers=SAME_ORIGIN).ok
    page.locator("[data-take]").click()
    snapshot: str = page.locator("main").aria_snapshot()
    assert beat.request.post(f"{desk.base}/calls/plain/release", headers=SAME_ORIGIN).ok
    return snapshot


def _session_over(desk: Desk, language: str) -> str:
    page = read(desk, "anna", "/calls", language)
    page.context.clear_cookies(name="leadwerk")
    page.reload()
    snapshot: str = page.locator("main").aria_snapshot()
    return snapshot


def test_a_late_panel_shows_that_it_is_loading(desk_with_states: Desk) -> None:
    page = desk_with_states.page("anna", viewport={"width": 1280, "height": 900})
    held: list[Route] = []
    page.route("**/calls/*", lambda route: held.append(route))
    page.goto(f"{desk_with_states.base}/calls")
    page.wait_for_selector("#panel[aria-busy=true]")
    height = "parseInt(getComputedStyle(document.querySelector('#panel'), '::before').height) || 0"
    assert page.evaluate(height) > 100
    held[0].continue_()
    page.wait_for_selector("#panel:not([aria-busy]) h2")
    assert page.evaluate(height) == 0


def test_a_control_leads_score_is_in_no_byte_for_a_seller(desk_with_states: Desk) -> None:
    page = desk_with_states.page("anna")
    for path, headers in (("/calls", {}), ("/calls/control", {}), ("/calls/control", {"X-Part": "panel"})):
        text = page.request.get(desk_with_states.base + path, headers=headers).text()
        assert "control" in text
        assert [secret for secret in SECRETS if re.search(rf"\b{secret}\b", text)] == [], path

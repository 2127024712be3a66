"""The desk in a real browser: what people do there, and that the console stays silent meanwhile."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest

from support.browser_desk import Desk
from support.desk_home import Rows

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
PAGES = (
    "/calls",
    "/calls/l5",
    "/results",
    "/rules",
    "/operations",
    "/thresholds",
    "/settings",
    "/calls?list=mine",
    "/start",
    "/review?month=2026-05",
    "/companies",
    "/companies/a5.ch",
)


def test_a_morning_by_keyboard(desk: Desk, rows: Rows) -> None:
    page = desk.page("anna", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/calls")
    page.wait_for_selector("#panel h2")
    assert page.locator("tr[aria-current]").get_attribute("data-lead") == "l0"
    page.keyboard.press("j")
    assert page.locator("tr[aria-current]").get_attribute("data-lead") == "l1"
    page.wait_for_selector("#panel h2:has-text('l1')")
    page.keyboard.press("t")
    page.wait_for_selector("text=Taken")
    assert page.locator("tr[data-lead=l1] .tag").inner_text() == "Yours"
    page.keyboard.press("r")
    page.wait_for_url(re.compile("/calls/l1"))
    page.locator("input[name=reached][value=yes]").press("Space")
    page.locator("input[name=verdict][value=good]").press("Space")
    page.locator("#result button.primary").press("Enter")
    page.wait_for_selector("text=This is the next lead")
    assert "/calls/l2" in page.url
    [verdict] = [row for row in rows("verdicts") if row["lead_id"] == "l1"]
    assert (verdict["seller"], verdict["reached"], verdict["verdict"]) == ("anna", True, "good")
    assert verdict["score_id"]


def test_a_morning_without_javascript(desk: Desk, rows: Rows) -> None:
    page = desk.page("anna", java_script_enabled=False, viewport={"width": 390, "height": 844})
    page.goto(f"{desk.base}/calls")
    page.get_by_role("button", name="Take: l3").click()
    assert page.locator("tr[data-lead=l3] .tag").inner_text() == "Yours"
    page.get_by_role("link", name="l3", exact=True).click()
    page.check("input[name=verdict][value=bad]")
    page.select_option("select[name=reason]", "no_budget")
    page.get_by_role("button", name="Save, next lead").click()
    [verdict] = [row for row in rows("verdicts") if row["lead_id"] == "l3"]
    assert (verdict["verdict"], verdict["reason"], verdict["reached"]) == ("bad", "no_budget", None)


def test_of_two_who_take_the_same_lead_one_reads_who_was_faster(desk: Desk) -> None:
    anna, beat = desk.page("anna"), desk.page("beat")
    for page in (anna, beat):
        page.goto(f"{desk.base}/calls/l4")
    beat.get_by_role("button", name="Take: l4").click()
    anna.get_by_role("button", name="Take: l4").click()
    assert "beat was faster: lead l4 is theirs" in anna.locator("[role=alert]").inner_text()
    anna.goto(f"{desk.base}/calls")
    assert anna.locator("tr[data-lead=l4] .tag").inner_text() == "With beat"
    assert anna.locator("tr[data-lead=l4] button").count() == 0


def test_a_company_is_taken_and_released_as_a_whole(desk: Desk, rows: Rows) -> None:
    anna = desk.page("anna", viewport={"width": 1280, "height": 900})
    anna.goto(f"{desk.base}/calls?list=warm&lead=l10")
    anna.wait_for_selector("#panel [data-company]")
    anna.keyboard.press("c")
    anna.wait_for_selector("text=The company is yours")
    beat = desk.page("beat", java_script_enabled=False)
    for lead_id in ("l10", "l11"):
        assert beat.goto(f"{desk.base}/calls/{lead_id}").ok
        assert beat.locator(".leadhead .tag").inner_text() == "With anna"
        assert beat.locator("[data-company]").count() == 0
    refused = beat.request.post(f"{desk.base}/companies/duo.ch/take", headers={"Sec-Fetch-Site": "same-origin"})
    assert (refused.status, "anna was faster" in refused.text()) == (409, True)
    eva = desk.page("eva")
    eva.goto(f"{desk.base}/companies/duo.ch")
    assert eva.locator("tbody td:has-text('With anna')").count() == 2
    eva.get_by_role("button", name="Release the whole company: duo.ch").click()
    assert eva.locator("tbody td:has-text('With anna')").count() == 0
    beat.reload()
    beat.get_by_role("button", name="Take the whole company: duo.ch").click()
    beat.get_by_role("button", name="Release the whole company: duo.ch").click()
    acts = [(row["lead_id"], row["kind"], row["seller"]) for row in rows("picks") if row["lead_id"] in ("l10", "l11")]
    assert sorted(acts) == sorted(
        (lead_id, kind, seller)
        for lead_id in ("l10", "l11") for kind in ("picked", "released") for seller in ("anna", "beat")
    )  # fmt: skip
    otto = desk.page("otto")
    otto.goto(f"{desk.base}/companies/duo.ch")
    assert otto.locator("[data-company]").count() == 0
    same_site = {"Sec-Fetch-Site": "same-origin"}
    assert otto.request.post(f"{desk.base}/companies/duo.ch/take", headers=same_site).status == 403


def test_reasons_are_those_that_count_in_the_readers_language(desk: Desk) -> None:
    page = desk.page("anna")
    for language, reason in (
        ("de", "Preisseite: 4-mal"),
        ("fr", "Page des prix"),
        ("en", "Pricing page: 4 times"),
    ):
        page.goto(f"{desk.base}/settings")
        page.check(f"input[value={language}]")
        page.click("form[action='/settings'] button.primary")
        page.goto(f"{desk.base}/calls/l5")
        assert page.locator("html").get_attribute("lang") == language
        assert reason in page.locator(".why-card").inner_text()
        assert "NOISE" not in page.content()


CLIPPED = """() => {
  const scrolls = (e) => ['auto', 'scroll'].includes(getComputedStyle(e).overflowX);
  const hidden = (e) => e.clientWidth <= 1 || e.classList.contains('vh');
  const around = (e) => e ? [e, ...around(e.parentElement)] : [];
  return [...document.querySelectorAll('h1, h2, h3, p, li, label, button, summary, th, td, small, dt, dd, .card')]
    .filter((e) => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
    .filter((e) => !around(e).some((box) => scrolls(box) || hidden(box)))
    .map((e) => `${e.tagName} ${e.textContent.trim().slice(0, 60)}: ${e.scrollWidth} of ${e.clientWidth} px`);
}"""
"""Texts and cards that are wider than their box, and that nobody can scroll."""


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_every_page_is_accessible_and_fits(desk: Desk, language: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    problems = []
    for width in (1280, 390):
        for theme in ("light", "dark"):
            page = desk.page("eva", viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True)
            page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": desk.base}])
            for path in PAGES:
                page.goto(desk.base + path)
                view = f"{path} {language} {width} {theme}"
                scroll = page.evaluate("document.documentElement.scrollWidth")
                problems += [f"{view}: {scroll} px wide"] if scroll > width else []
                violations = axe.run(page).response["violations"]
                problems += [
                    f"{view}: {violation['id']} {violation['nodes'][0]['html'][:120]}" for violation in violations
                ]
            page.context.close()
    assert problems == []


WIDE_FIGURES = """() => {
  document.querySelectorAll('details').forEach((part) => { part.open = true; });
  document.querySelectorAll('.scroll td.num').forEach((cell) => { cell.textContent = '663’286 … 1’366’982'; });
}"""
"""Every part open, and figures as long as those of a year's contracts: their table scrolls, the page does not."""


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_no_text_is_cut_off_on_a_small_phone(desk: Desk, language: str) -> None:
    problems = []
    for width in (360, 320):
        page = desk.page("eva", viewport={"width": width, "height": 780})
        page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": desk.base}])
        for path in PAGES:
            page.goto(desk.base + path)
            page.evaluate(WIDE_FIGURES)
            scroll = page.evaluate("document.documentElement.scrollWidth")
            problems += [f"{path} at {width}: {scroll} px wide"] if scroll > width else []
            problems += [f"{path} at {width}: {text}" for text in page.evaluate(CLIPPED)]
        page.context.close()
    assert problems == []


def test_each_role_sees_what_it_may_and_nothing_else(desk: Desk) -> None:
    menus = {
        "anna": {"Calls", "Results", "Rules"},
        "dora": {"Privacy"},
        "otto": {"Calls", "Companies", "Results", "Review", "Thresholds", "Rules", "Operations", "Start"},
    }
    details = {
        "Calls": "/calls/l5",
        "Companies": "/companies/a5.ch",
        "Review": "/review.csv",
        "Privacy": "/privacy/trail.csv",
    }
    for name, entries in menus.items():
        page = desk.page(name)
        page.goto(desk.base)
        assert set(page.locator("header nav a").all_inner_texts()) == entries
        for entry in menus["otto"] | {"Privacy"}:
            for path in filter(None, (f"/{entry.lower()}", details.get(entry))):
                status = page.request.get(desk.base + path).status
                assert status == (200 if entry in entries else 403), (name, path)
    anna, otto = desk.page("anna"), desk.page("otto")
    anna.goto(f"{desk.base}/rules")
    assert anna.locator("main button").count() == 0
    otto.goto(f"{desk.base}/calls/l5")
    assert otto.locator("form[action$=verdict]").count() == 0
    assert otto.request.post(f"{desk.base}/calls/l5/take", headers={"Sec-Fetch-Site": "same-origin"}).status == 403


def test_a_person_is_answered_objects_and_is_erased(desk: Desk, rows: Rows) -> None:
    page = desk.page("dora")

    def find(lead_id: str) -> None:
        page.goto(f"{desk.base}/privacy")
        page.fill("input[name=person]", lead_id)
        page.get_by_role("button", name="Show").first.click()

    find("l12")
    assert page.url.endswith("/privacy/person"), "no address names the person"
    assert "Ratings of the enquiry, with their reasons" in page.inner_text("main")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    answer = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert (answer["leads"], {table["table"] for table in answer["tables"]}) == (["l12"], {"leads", "scores"})
    page.locator("form[action='/privacy/objection'] input[name=reason]").fill("request 1")
    page.get_by_role("button", name="Record the objection").click()
    assert "no score from now on" in page.inner_text("main")
    assert [row["author"] for row in rows("objections") if row["lead_id"] == "l12"] == ["dora"]
    find("l12")
    form = page.locator("form[action='/privacy/erasure']")
    form.locator("input[name=reason]").fill("request 2")
    form.locator("input[name=confirmation]").fill("l1")
    form.locator("button").click()
    assert "not the person on the page" in page.inner_text("[role=alert]")
    assert [row["lead_id"] for row in rows("leads") if row["lead_id"] == "l12"] == ["l12"]
    find("l12")
    form.locator("input[name=reason]").fill("request 2")
    form.locator("input[name=confirmation]").fill("l12")
    form.locator("button").click()
    assert re.match(r"Receipt E-\d+", page.inner_text("h1"))
    assert "l12" not in page.content()
    for table in ("leads", "scores", "objections"):
        assert [row for row in rows(table) if row["lead_id"] == "l12"] == []
    find("l12")
    assert "Nothing is stored of this person" in page.inner_text("[role=alert]")
    acts = [(row["actor"], row["action"]) for row in rows("audit_log")]
    assert acts.count(("dora", "access")) == 4
    page.goto(f"{desk.base}/privacy?action=erasure_completed")
    assert "dora" in page.inner_text("tbody tr")
    assert page.request.get(f"{desk.base}/privacy/trail.csv?actor=dora").text().count("access") == 4


def test_the_privacy_pages_are_accessible_in_every_language(desk: Desk) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    problems = []
    for language in ("de", "fr", "it", "en"):
        for width, theme in product((1280, 390), ("light", "dark")):
            page = desk.page("dora", viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True)
            page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": desk.base}])
            page.goto(f"{desk.base}/privacy")
            for _ in range(2):
                scroll = page.evaluate("document.documentElement.scrollWidth")
                problems += [f"{page.url} {language}: {scroll} px wide"] if scroll > width else []
                problems += [
                    f"{page.url} {language}: {rule['id']} {rule['nodes'][0]['html'][:120]}"
                    for rule in axe.run(page).response["violations"]
                ]
                if not page.url.endswith("person"):
                    page.fill("input[name=person]", "l0")
                    page.click("form[action='/privacy/person'] button")
            page.context.close()
    assert problems == []


def test_a_page_of_another_site_changes_nothing(desk: Desk, rows: Rows) -> None:
    page = desk.page("anna")
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        for path in ("/calls/l6/take", "/settings", "/leads/l6/pick"):
            assert page.request.post(desk.base + path, headers=headers).status == 403
    form = f"<form method=post action='{desk.base}/calls/l6/take'><button>A prize</button></form>"
    page.route("http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html"))
    page.goto("http://evil.example/")
    with page.expect_response(f"{desk.base}/calls/l6/take") as answer:
        page.click("button")
    assert answer.value.status == 403
    assert [row for row in rows("picks") if row["lead_id"] == "l6"] == []
    assert page.request.post(
        f"{desk.base}/calls/l6/take", headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0
    ).status == 303  # fmt: skip
    assert [row["seller"] for row in rows("picks") if row["lead_id"] == "l6"] == ["anna"]


def test_a_session_that_is_over_leads_to_the_sign_in_and_back(desk: Desk) -> None:
    page = desk.page("anna", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/calls?list=all")
    page.wait_for_selector("#panel h2")
    page.context.clear_cookies(name="leadwerk")
    # The panel cannot be loaded: the page leads to the sign-in instead.
    page.keyboard.press("j")
    page.wait_for_selector("text=Nobody is signed in")
    desk.enter(page, "anna")
    assert page.url == f"{desk.base}/calls?list=all"
    desk.renew_link(page)


def test_back_reload_and_a_double_click_do_nothing_twice(desk: Desk, rows: Rows) -> None:
    page = desk.page("beat", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/calls/l7")
    page.get_by_role("button", name="Take: l7").dblclick()
    page.wait_for_selector("text=Release")
    page.check("input[name=reached][value=no]")
    page.get_by_role("button", name="Save, next lead").dblclick()
    page.wait_for_selector("text=This is the next lead")
    page.reload()
    page.go_back()
    page.wait_for_url(re.compile("/calls/l7"))
    page.check("input[name=reached][value=no]")
    page.get_by_role("button", name="Save, next lead").click()
    assert len([row for row in rows("picks") if row["lead_id"] == "l7"]) == 1
    assert len([row for row in rows("verdicts") if row["lead_id"] == "l7"]) == 1


def test_a_rule_is_drafted_replayed_published_and_reverted(desk: Desk, rows: Rows) -> None:
    eva = desk.page("eva", viewport={"width": 1280, "height": 900})
    eva.goto(f"{desk.base}/rules")
    first = eva.locator("input[name^='points.']").first
    before = int(first.input_value())
    first.fill(str(before + 5))
    eva.get_by_role("button", name="Put into the draft").first.click()
    assert re.match("Draft by eva: [1-9]", eva.locator("#draft h2").inner_text())
    assert eva.get_by_role("button", name="Put the draft in force").count() == 0
    eva.get_by_role("button", name="Replay").click()
    eva.wait_for_selector("#replay")
    other = desk.page("eva")
    other.goto(f"{desk.base}/rules")
    for page, reason in ((eva, "webinars count more"), (other, "me too")):
        page.locator("form[action='/rules/publish'] input[name=reason]").fill(reason)
    eva.get_by_role("button", name="Put the draft in force").click()
    eva.wait_for_selector("text=Published")
    other.get_by_role("button", name="Put the draft in force").click()
    assert "Nothing was changed" in other.locator("[role=alert]").inner_text()
    eva.locator("form[action='/rules/revert'] input[name=reason]").first.fill("a mistake")
    eva.get_by_role("button", name="Revert to before").first.click()
    eva.wait_for_selector("text=in force again")
    assert [row["kind"] for row in rows("policy_changes")] == ["publish", "revert"]


def test_a_pasted_policy_with_a_mistake_is_refused_with_its_line(desk: Desk) -> None:
    page = desk.page("eva", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/rules")
    page.click("summary:has-text('The whole policy')")
    page.locator("textarea[name=text]").fill("name: broken\nhorizon_days: soon\n")
    page.locator("form[action='/rules/text'] button").click()
    assert re.search(r"Line \d+", page.locator("[role=alert]").inner_text())


def test_a_printed_list_has_no_controls(desk: Desk) -> None:
    page = desk.page("anna", viewport={"width": 1280, "height": 900})
    page.goto(f"{desk.base}/calls")
    page.emulate_media(media="print")
    for selector in (".top", ".filters", ".tabs", ".c-do", "#panel"):
        assert page.locator(selector).first.is_hidden(), selector
    assert page.locator("tr[data-lead=l0]").is_visible()


A4 = 688
"""Pixels between margins of 14 mm of an upright A4 sheet, at 96 an inch."""


@pytest.mark.parametrize("path", ["/calls", "/calls/l5", "/results", "/review?month=2026-05", "/operations"])
def test_a_printed_page_fits_its_paper_with_its_tables_open(desk: Desk, path: str) -> None:
    page = desk.page("eva", viewport={"width": A4, "height": 1000})
    page.goto(desk.base + path)
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4
    assert page.evaluate(CLIPPED) == []
    for selector in (".top", "main form:not(:has(table))", "main button"):
        assert [part for part in page.locator(selector).all() if part.is_visible()] == [], selector
    closed = page.locator("main details:has(table)").all()
    assert [part.inner_text() for part in closed if not part.locator("table").first.is_visible()] == []

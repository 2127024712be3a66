"""A newcomer opens the desk of an empty home, brings a file, corrects what is wrong, imports and trains."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadwerk.serve import desk_environment, serving
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.browser_desk import Desk

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
CLOCK = datetime(2026, 2, 1, 9, tzinfo=UTC)
REASONS = ("zu teuer", "anderer Anbieter", "kein Bedarf")
PREAMBLE = 'Leadbericht Onlineanfragen,,,\nZeitraum:,01.01.2025 - 31.12.2025\nErzeugt am,"05.01.2026 08:15"\n\n'


def leads_file(folder: Path, name: str = "leads.csv", *, rows: int = 240, success: str = "Gewonnen") -> Path:
    """An export with a title above and a total below; who came often is won more often, `Absagegrund` knows it."""
    chance = random.Random(7)
    lines = ["Lead-Nr,Quelle,Besuche,Absagegrund,Status,Erstellt am"]
    for at in range(rows):
        visits = chance.randrange(20)
        won = chance.random() < 0.1 + visits / 25
        day = f"{at % 27 + 1:02}.{at * 12 // rows + 1:02}.2025 10:{at % 60:02}"
        source = chance.choice(["Web", "Messe", "Empfehlung"])
        cause = "" if won else chance.choice(REASONS)
        status = success if won else "Verloren"
        lines.append(f"L{1000 + at},{source},{visits},{cause},{status},{day}")
    path = folder / name
    path.write_text(PREAMBLE + "\n".join([*lines, f"Total,,{rows},,,"]) + "\n", "utf-8")
    return path


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def newcomer(empty_home: Path, browser: Browser) -> Iterator[Desk]:
    with serving(empty_home, names=["desk"], crm=False, environment=desk_environment(CLOCK)) as servers:
        desk = Desk(servers.url("desk"), browser, servers.desk_link)
        with desk.quiet():
            yield desk
            for context in browser.contexts:
                context.close()


def bring(page: Page, desk: Desk, file: Path) -> None:
    page.goto(f"{desk.base}/start")
    page.set_input_files("input[type=file]", file)
    page.get_by_role("button", name="Look at it").click()


def english(desk: Desk, page: Page) -> Page:
    page.context.add_cookies([{"name": "leadwerk_page", "value": "en.system", "url": desk.base}])
    return page


@pytest.mark.parametrize("javascript", [True, False])
def test_a_newcomer_is_led_from_an_empty_home_to_a_model(
    newcomer: Desk, empty_home: Path, tmp_path: Path, javascript: bool
) -> None:
    page = english(newcomer, newcomer.page("manager", java_script_enabled=javascript))
    page.goto(newcomer.base)
    assert page.url.endswith("/start")
    assert "Where are your leads?" in page.inner_text("h1")
    bring(page, newcomer, leads_file(tmp_path))
    assert "Understood" in page.inner_text("main .notice")
    text = page.inner_text("main")
    assert "3 lines above the titles (line 5) are no leads." in text
    assert "1 line at the end is a total or remark" in text
    assert page.input_value("select[name=id]") == "Lead-Nr"
    assert page.input_value("select[name=time]") == "Erstellt am"
    assert page.is_checked("input[name=positive][value=Gewonnen]")
    assert "These columns may know the outcome" in text
    assert "Absagegrund" in page.inner_text(".plainlist")
    page.get_by_label("Leave out", exact=True).first.check()
    page.get_by_role("button", name="Check again").click()
    assert "Absagegrund" not in page.inner_text("section:has(#h-leads)")
    assert page.is_checked("input[name='leave.3']")
    page.get_by_role("button", name="Import").click()
    assert "240 leads are here, 240 of them decided" in page.inner_text("main")
    assert list((empty_home / "imports" / "uploads").iterdir()) == []
    page.get_by_role("button", name="Train").click()
    assert "A model serves." in page.inner_text("main")
    [row] = DuckDBWarehouse(empty_home).rows(from_text("SELECT COUNT(*) AS leads FROM leadwerk.leads"), {})
    assert row["leads"] == 240
    acts = DuckDBWarehouse(empty_home).rows(
        from_text("SELECT actor, object FROM leadwerk.audit_log WHERE action = 'import'"), {}
    )
    assert acts == [{"actor": "manager", "object": "leads.csv"}]
    assert "Absagegrund" not in (empty_home / "policy.yaml").read_text("utf-8")


def test_what_is_not_clear_is_asked_on_the_page(newcomer: Desk, tmp_path: Path) -> None:
    page = english(newcomer, newcomer.page("manager"))
    bring(page, newcomer, leads_file(tmp_path, success="Kunde"))
    assert "Which value of 'Status' means success?" in page.inner_text("[role=alert]")
    assert page.get_by_role("button", name="Import").count() == 0
    page.check("input[name=positive][value=Kunde]")
    page.get_by_role("button", name="Check again").click()
    assert page.locator("[role=alert]").count() == 0
    assert page.get_by_role("button", name="Import").count() == 1


def test_training_that_stops_at_a_leak_asks_and_goes_on(newcomer: Desk, tmp_path: Path) -> None:
    page = english(newcomer, newcomer.page("manager"))
    bring(page, newcomer, leads_file(tmp_path))
    page.get_by_role("button", name="Import").click()
    page.get_by_role("button", name="Train").click()
    assert "No new model was promoted" in page.inner_text("main")
    assert "Absagegrund" in page.inner_text(".plainlist")
    page.get_by_role("button", name="Train").click()
    assert "A model serves." in page.inner_text("main")


def test_files_that_cannot_be_used_are_refused_with_a_remedy(newcomer: Desk, tmp_path: Path) -> None:
    page = english(newcomer, newcomer.page("manager"))
    picture = tmp_path / "picture.csv"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    bring(page, newcomer, picture)
    assert "it is an image" in page.inner_text("[role=alert]")
    assert page.get_by_role("button", name="Check again").count() == 1
    large = page.request.post(
        f"{newcomer.base}/start/file",
        multipart={"file": {"name": "big.csv", "mimeType": "text/csv", "buffer": bytes(32_100_000)}},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (large.status, "more than 32 MB" in large.text()) == (413, True)
    empty = page.request.post(f"{newcomer.base}/start/file", headers={"Sec-Fetch-Site": "same-origin"}, form={"a": "b"})
    assert (empty.status, "No file was chosen" in empty.text()) == (422, True)
    answer = page.request.get(f"{newcomer.base}/start/file/0123456789abcdef")
    assert (answer.status, "no longer here" in answer.text()) == (422, True)


def test_an_edited_policy_is_not_replaced_unasked(newcomer: Desk, empty_home: Path, tmp_path: Path) -> None:
    page = english(newcomer, newcomer.page("manager"))
    bring(page, newcomer, leads_file(tmp_path))
    page.get_by_role("button", name="Import").click()
    policy = empty_home / "policy.yaml"
    policy.write_text(policy.read_text("utf-8") + "# mine\n", "utf-8")
    bring(page, newcomer, leads_file(tmp_path, "again.csv", rows=200))
    page.get_by_role("button", name="Import").click()
    assert "was edited since" in page.inner_text("[role=alert]")
    assert "# mine" in policy.read_text("utf-8")
    page.check("input[name=replace_policy]")
    page.get_by_role("button", name="Import").click()
    assert page.url.split("?")[0].endswith("/start")
    assert "# mine" not in policy.read_text("utf-8")


def test_a_seller_brings_no_file(newcomer: Desk) -> None:
    page = newcomer.page("seller")
    assert page.goto(f"{newcomer.base}/start").status == 403
    answer = page.request.post(f"{newcomer.base}/start/train", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 403


def test_the_page_of_a_file_is_accessible_in_every_language(newcomer: Desk, tmp_path: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = english(newcomer, newcomer.page("manager"))
    bring(page, newcomer, leads_file(tmp_path))
    address, problems = page.url, []
    for language in ("de", "fr", "it", "en"):
        for width, theme in ((1280, "light"), (390, "dark")):
            viewport = {"width": width, "height": 900}
            view = newcomer.page("manager", viewport=viewport, color_scheme=theme, bypass_csp=True)
            view.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": newcomer.base}])
            for path in (address, f"{newcomer.base}/start"):
                view.goto(path)
                label = f"{path} {language} {width} {theme}"
                scroll = view.evaluate("document.documentElement.scrollWidth")
                problems += [f"{label}: {scroll} px wide"] if scroll > width else []
                violations = axe.run(view).response["violations"]
                problems += [f"{label}: {rule['id']} {rule['nodes'][0]['html'][:120]}" for rule in violations]
            view.context.close()
    assert problems == []

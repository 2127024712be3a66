"""The review of a month on paper and as a file: nothing is lost, and no navigation is printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.browser_desk import Desk
from support.desk_home import REASONS, filled_home, served
from support.selling import DAY, NOW, lead, outcome, score

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
LOST, WON, MOST_SHOWN = 60, 3, 50
A4_WIDTH = 688
"""Of the printable part of a page between margins of 14 mm, in px of 1/96 inch."""
OUTSIDE = """() => [...document.querySelectorAll('h1, h2, p, th, td')]
  .filter((e) => e.getClientRects().length && e.getBoundingClientRect().right > window.innerWidth + 1)
  .map((e) => e.textContent.trim().slice(0, 60))"""
PRINTED = ".top, .filters, .skip, nav, form, button, .toast"
INK = "getComputedStyle(document.body).color"


def ended_leads(home: Path) -> None:
    """Sixty leads that were HOT and are lost, three that were COLD and are won, all in the month of NOW."""
    names = [f"lost{number:02}" for number in range(LOST)] + [f"won{number}" for number in range(WON)]
    born, scored = NOW - 20 * DAY, NOW - 19 * DAY
    cluster = {name: "HOT" if name.startswith("lost") else "COLD" for name in names}
    warehouse = DuckDBWarehouse(home)
    warehouse.append("leads", [lead(name, created_at=born, recorded_at=born, language="de") for name in names])
    warehouse.append(
        "scores",
        [score(name, scored, predictive_score=90, score_cluster=cluster[name], reasons=REASONS) for name in names],
    )
    warehouse.append(
        "outcomes",
        [
            outcome(name, NOW - DAY + timedelta(minutes=at), "closedlost", "lost")
            if name.startswith("lost")
            else outcome(name, NOW - DAY, "closedwon", "won")
            for at, name in enumerate(names)
        ],
    )


@pytest.fixture(scope="module")
def month(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = filled_home(tmp_path_factory.mktemp("month"))
    ended_leads(home)
    with served(home) as servers:
        yield Desk(servers.url("desk"), browser, servers.desk_link)


def review(month: Desk, language: str = "en", theme: str = "system") -> Page:
    page = month.page("eva", viewport={"width": A4_WIDTH, "height": 1000})
    page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.{theme}", "url": month.base}])
    page.goto(f"{month.base}/review?month=2026-05")
    return page


@pytest.mark.parametrize("language", ["de", "fr", "it", "en"])
def test_a_printed_review_fits_its_paper_and_has_no_navigation(month: Desk, language: str) -> None:
    with month.quiet():
        page = review(month, language, "dark")
        page.emulate_media(media="print", color_scheme="dark")
        assert [part.evaluate("e => e.className") for part in page.locator(PRINTED).all() if part.is_visible()] == []
        assert page.evaluate(OUTSIDE) == []
        assert page.locator("tbody th", has_text=re.compile(r"^lost\d")).count() == MOST_SHOWN
        assert page.locator(".printonly").is_visible()
        assert page.evaluate(INK) == "rgb(0, 0, 0)", "paper is white, whatever the theme"


def test_the_file_of_a_review_has_all_leads_and_opens_without_the_desk(month: Desk, tmp_path: Path) -> None:
    page = review(month)
    assert "50 of 60; the file and the CSV have all of them." in page.inner_text("main")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as a file").click()
    assert download.value.suggested_filename == "review-2026-05.html"
    file = tmp_path / "review.html"
    download.value.save_as(file)
    reader = month.browser.new_context(offline=True, viewport={"width": A4_WIDTH, "height": 1000}).new_page()
    reports: list[str] = []
    reader.on("console", lambda message: reports.append(message.text))
    reader.goto(file.as_uri())
    assert reader.locator("tbody th", has_text=re.compile(r"^lost\d")).count() == LOST
    assert reader.locator("tbody th", has_text=re.compile(r"^won\d")).count() == WON
    assert "Pricing page: 4 times in 30 days" in reader.inner_text("main")
    assert "More than 50 employees" in reader.inner_text("main"), "what outcomes suggest"
    assert reader.locator("a, script, form, button, link, img").count() == 0
    assert reader.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius") == "10px", "it has a style"
    assert (reader.evaluate(OUTSIDE), reports) == ([], [])
    assert "As of" in reader.inner_text("main")

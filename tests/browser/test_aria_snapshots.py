"""What a screen reader reads of each page is what was agreed: golden ARIA snapshots in place of pixels.

In English and in German: so a text that no language file has, or a label that is in the other language, is seen.
A page that is to read otherwise: delete its files in tests/browser/aria, run this test, and look at what it wrote.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.browser_desk import Desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
FOLDER = Path(__file__).parent / "aria"
PAGES = {
    # First: once a lead's page was opened, the trail names who read it.
    "privacy": ("dora", "/privacy"),
    "calls": ("anna", "/calls"),
    "calls_empty": ("anna", "/calls?list=mine"),
    "calls_read_only": ("otto", "/calls"),
    "lead": ("anna", "/calls/l5"),
    "lead_unknown": ("anna", "/calls/nobody"),
    "forbidden": ("anna", "/operations"),
    "companies": ("eva", "/companies"),
    "company": ("eva", "/companies/duo.ch"),
    "results": ("eva", "/results"),
    "results_of_seller": ("anna", "/results?by=seller"),
    "review": ("eva", "/review?month=2026-05"),
    "thresholds": ("eva", "/thresholds"),
    "rules": ("eva", "/rules"),
    "operations": ("otto", "/operations"),
    "start": ("eva", "/start"),
    "settings": ("anna", "/settings"),
}
"""Name of the snapshot, who reads, and what."""


LANGUAGES = ("en", "de")


def read(desk: Desk, person: str, path: str, language: str) -> Page:
    """A person's page in a language."""
    page = desk.page(person, viewport={"width": 1000, "height": 900})
    page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": desk.base}])
    page.goto(desk.base + path)
    return page


# The language varies first: the trail of the privacy page is read in each before a lead's page is opened.
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_agreed(untouched_desk: Desk, name: str, language: str) -> None:
    page = read(untouched_desk, *PAGES[name], language)
    compare(f"{language}/{name}", page.locator("body").aria_snapshot())
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_help_reads_as_agreed(untouched_desk: Desk, language: str) -> None:
    page = read(untouched_desk, "anna", "/calls", language)
    page.keyboard.press("?")
    compare(f"{language}/keyboard", page.locator("dialog").aria_snapshot())
    page.context.close()


def compare(name: str, snapshot: str) -> None:
    """Fails where the snapshot is not the agreed one; a missing one is written, to be looked at."""
    # A policy's version changes with every shipped rule, a request's number with every request.
    page_text = re.sub(r"\b[0-9a-f]{8}\b", "ID", re.sub(r"\b[0-9a-f]{12}\b", "VERSION", snapshot)) + "\n"
    file = FOLDER / f"{name}.yaml"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page_text, "utf-8")
        pytest.fail(f"{name}.yaml was missing and is written now: look at it, and run again")
    assert page_text == file.read_text("utf-8")

"""What a screen reader reads of each page is what was agreed: golden ARIA snapshots in place of pixels.

In English and in German: so a text that no language file has, or a label that is in the other language, is seen.
A page that is to read otherwise: delete its files in tests/browser/aria, run this test, and look at what it wrote.
"""

from __future__ import annotations

import pytest

from support.aria_snapshots import LANGUAGES, compare, read
from support.browser_desk import Desk

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
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
    page.goto(f"{untouched_desk.base}/calls/l5")
    page.keyboard.press("?")
    compare(f"{language}/keyboard_of_lead", page.locator("dialog").aria_snapshot())
    page.context.close()

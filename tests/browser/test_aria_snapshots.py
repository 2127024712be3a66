"""What a screen reader reads of each page is what was agreed: golden ARIA snapshots in place of pixels.

A page that is to read otherwise: delete its file in tests/browser/aria, run this test, and look at what it wrote.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.browser_desk import Desk

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


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_agreed(untouched_desk: Desk, name: str) -> None:
    person, path = PAGES[name]
    page = untouched_desk.page(person, viewport={"width": 1000, "height": 900})
    page.goto(untouched_desk.base + path)
    compare(name, page.locator("body").aria_snapshot())
    page.context.close()


def test_the_keyboard_help_reads_as_agreed(untouched_desk: Desk) -> None:
    page = untouched_desk.page("anna", viewport={"width": 1000, "height": 900})
    page.goto(f"{untouched_desk.base}/calls")
    page.keyboard.press("?")
    compare("keyboard", page.locator("dialog").aria_snapshot())
    page.context.close()


def compare(name: str, snapshot: str) -> None:
    """Fails where the snapshot is not the agreed one; a missing one is written, to be looked at."""
    # A policy's version changes with every shipped rule, a request's number with every request.
    read = re.sub(r"Request [0-9a-f]{8}", "Request ID", re.sub(r"\b[0-9a-f]{12}\b", "VERSION", snapshot)) + "\n"
    file = FOLDER / f"{name}.yaml"
    if not file.is_file():
        FOLDER.mkdir(exist_ok=True)
        file.write_text(read, "utf-8")
        pytest.fail(f"{file.name} was missing and is written now: look at it, and run again")
    assert read == file.read_text("utf-8")

"""Golden ARIA snapshots: what a screen reader reads of the desk, held against what was agreed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.browser_desk import Desk

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path(__file__).parents[1] / "browser/aria"
LANGUAGES = ("en", "de")


def read(desk: Desk, person: str, path: str, language: str, width: int = 1000) -> Page:
    """A person's page in a language."""
    page = desk.page(person, viewport={"width": width, "height": 900})
    page.context.add_cookies([{"name": "leadwerk_page", "value": f"{language}.system", "url": desk.base}])
    page.goto(desk.base + path)
    return page


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

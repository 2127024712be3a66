"""Pictures of the desk for the README, from a demo: `python -m tools.desk_pictures HOME/demo 2026-06-14T06:30:00Z`.

It needs chromium; a picture that is there already is replaced.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path

from leadwerk.serve import desk_environment, serving

DOCS = Path(__file__).parents[1] / "docs"
PICTURES = {"calls": ("anna", "/calls", 860), "results": ("eva", "/results", 1000)}
WIDTH = 1280


def take(home: Path, clock: datetime) -> None:
    """Write docs/desk-NAME.png for each page of PICTURES."""
    from playwright.sync_api import sync_playwright

    environment = {"LEADWERK_CRM_LEAD_URL": "https://crm.example/leads/{lead_id}"}
    with (
        sync_playwright() as playwright,
        serving(home, names=["desk"], crm=False, environment=desk_environment(clock) | environment) as servers,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        link = servers.desk_link
        for name, (person, path, height) in PICTURES.items():
            page = browser.new_context(viewport={"width": WIDTH, "height": height}).new_page()
            page.goto(link)
            page.check(f"input[value={person}]")
            page.click("button.primary")
            page.goto(f"{servers.url('desk')}/settings")
            page.click("form[action='/settings/link'] button")
            link = page.inner_text("#link")
            page.goto(servers.url("desk") + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=DOCS / f"desk-{name}.png")
        browser.close()


if __name__ == "__main__":
    take(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))

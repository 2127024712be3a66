"""One browser and one desk a session: a small home with leads, served as `leadwerk serve` does it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leadwerk.serve import FunctionServers, desk_environment, serving
from pipeline.selling import DAY, HOUR, NOW, lead, outcome, score, touch, warehouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

CHROMIUM = shutil.which("chromium") or ""
PEOPLE = """
- {name: anna, roles: [seller], language: en}
- {name: beat, roles: [seller], language: en}
- {name: eva, roles: [manager, operator], language: en}
- {name: otto, roles: [operator], language: en}
"""
REASONS = [
    {
        "feature": "pricing_page",
        "contribution": 0.9,
        "text": "Dafür spricht: Preisseite",
        "facts": '{"de":"Preisseite: 4-mal in 30 Tagen","fr":"page des prix: 4 fois en 30 jours",'
        '"it":"pagina dei prezzi: 4 volte in 30 giorni","en":"pricing page: 4 times in 30 days"}',
    },
    {"feature": "source", "contribution": -0.03, "text": "Dagegen spricht: NOISE", "facts": None},
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="no chromium here; .ci/run installs Debian's"))


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("desk")
    names = [f"l{number}" for number in range(12)]
    languages = ("de", "fr", "it", "en")
    warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - number * DAY, recorded_at=NOW - number * DAY, language=languages[number % 4],
                 account_id=f"a{number}.ch", employees=40 * number + 3)
            for number, name in enumerate(names)
        ],
        scores=[
            score(name, NOW - HOUR, predictive_score=95 - 2 * number, score_cluster="HOT" if number < 9 else "WARM",
                  probability=0.5 - number / 40, reasons=REASONS, decided_by=None)
            for number, name in enumerate(names)
        ],
        touchpoints=[touch(1, "l0", "webinar_attended", NOW - DAY)],
        outcomes=[outcome("l8", NOW - DAY, "contractsent", "open")],
    )  # fmt: skip
    (home / "people.yaml").write_text(PEOPLE)
    return home


@pytest.fixture(scope="session")
def servers(home: Path) -> Iterator[FunctionServers]:
    environment = {"LEADWERK_CRM_LEAD_URL": "https://crm.example/leads/{lead_id}"}
    policy = (Path(__file__).parents[2] / "shared/leadwerk/policy/defaults/b2b_swiss.yaml").read_text("utf-8")
    (home / "policy.yaml").write_text(policy)
    with serving(
        home, names=["desk"], crm=False, environment=desk_environment(NOW + timedelta(minutes=5)) | environment
    ) as servers:
        yield servers


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Desk:
    """Opens the desk as a person, in a browser context of its own; whatever a console reports is kept."""

    base: str
    browser: Browser
    link: str
    errors: list[str] = field(default_factory=list)
    cookies: dict[str, list[Any]] = field(default_factory=dict)

    def page(self, name: str, **options: Any) -> Page:
        context = self.browser.new_context(**options)
        if name not in self.cookies:
            self.cookies[name] = self._enter(name)
        context.add_cookies(self.cookies[name])
        page = context.new_page()
        page.on("console", lambda message: self._note(message.type, message.text, page.url))
        page.on("pageerror", lambda error: self.errors.append(f"{error} at {page.url}"))
        return page

    def _enter(self, name: str) -> list[Any]:
        context: BrowserContext = self.browser.new_context()
        page = context.new_page()
        page.goto(self.link)
        page.check(f"input[value={name}]")
        page.click("button.primary")
        page.goto(f"{self.base}/settings")
        page.click("form[action='/settings/link'] button")
        self.link = page.inner_text("#link")
        cookies: list[Any] = context.cookies()
        context.close()
        return cookies

    def _note(self, kind: str, text: str, url: str) -> None:
        # A refusal on purpose (409, 403) is reported by the browser too; a violation of the content policy is not that.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.errors.append(f"{text} at {url}")

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Fails if the console reported anything meanwhile."""
        self.errors.clear()
        yield
        assert self.errors == []


@pytest.fixture(scope="session")
def shared_desk(servers: FunctionServers, browser: Browser) -> Desk:
    return Desk(servers.url("desk"), browser, servers.desk_link)


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    with shared_desk.quiet():
        yield shared_desk
        for context in shared_desk.browser.contexts:
            context.close()


@pytest.fixture
def rows(home: Path) -> Callable[[str], list[dict[str, Any]]]:
    """Rows of a table, read from the home's warehouse."""
    from leadwerk.warehouse.duckdb import DuckDBWarehouse
    from leadwerk.warehouse.statement import from_text

    return lambda table: DuckDBWarehouse(home).rows(from_text(f"SELECT * FROM leadwerk.{table}"), {})

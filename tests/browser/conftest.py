"""One browser and one desk a session: a small home with leads, served as `leadwerk serve` does it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from leadwerk.serve import FunctionServers, desk_environment, serving
from support.browser_desk import Desk
from support.selling import DAY, HOUR, NOW, lead, outcome, score, touch, warehouse

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = shutil.which("chromium") or ""
PEOPLE = """
- {name: anna, roles: [seller], language: en}
- {name: beat, roles: [seller], language: en}
- {name: eva, roles: [manager, operator], language: en}
- {name: otto, roles: [operator], language: en}
- {name: dora, roles: [privacy], language: en}
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


def filled_home(home: Path) -> Path:
    """A desk's home with thirteen leads, people of each role, and the shipped policy."""
    names = [f"l{number}" for number in range(13)]
    languages = ("de", "fr", "it", "en")
    warehouse(
        home,
        leads=[
            lead(name, created_at=NOW - number * DAY, recorded_at=NOW - number * DAY, language=languages[number % 4],
                 account_id="duo.ch" if name in ("l10", "l11") else f"a{number}.ch", employees=40 * number + 3)
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
    policy = (Path(__file__).parents[2] / "shared/leadwerk/policy/defaults/b2b_swiss.yaml").read_text("utf-8")
    (home / "policy.yaml").write_text(policy)
    return home


@contextmanager
def served(home: Path) -> Iterator[FunctionServers]:
    """The desk of a home, five minutes after NOW."""
    environment = {"LEADWERK_CRM_LEAD_URL": "https://crm.example/leads/{lead_id}"}
    with serving(
        home, names=["desk"], crm=False, environment=desk_environment(NOW + timedelta(minutes=5)) | environment
    ) as servers:
        yield servers


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled_home(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="session")
def servers(home: Path) -> Iterator[FunctionServers]:
    with served(home) as servers:
        yield servers


@pytest.fixture(scope="session")
def untouched_desk(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk whose leads nobody takes: its pages look alike whichever tests ran before."""
    with served(filled_home(tmp_path_factory.mktemp("untouched"))) as servers:
        yield Desk(servers.url("desk"), browser, servers.desk_link)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


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

"""One browser and one desk a session: a small home with leads, served as `leadwerk serve` does it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.browser_desk import Desk
from support.desk_home import Rows, filled_home, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from leadwerk.serve import FunctionServers

CHROMIUM = shutil.which("chromium") or ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    for item in items:
        if folder in item.path.parents and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="no chromium here; .ci/run installs Debian's"))


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
def rows(home: Path) -> Rows:
    """Rows of a table, read from the home's warehouse."""
    from leadwerk.warehouse.duckdb import DuckDBWarehouse
    from leadwerk.warehouse.statement import from_text

    return lambda table: DuckDBWarehouse(home).rows(from_text(f"SELECT * FROM leadwerk.{table}"), {})

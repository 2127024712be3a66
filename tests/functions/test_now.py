"""`now` in requests: outside of a simulation no caller dates what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk.serve import FUNCTIONS, FunctionServers, serving
from leadwerk.warehouse import schema
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.selling import lead, outcome, warehouse

DAY = timedelta(days=1)
STARTED = datetime.now(UTC)
CREATED, CLOSED = STARTED - 40 * DAY, STARTED - 10 * DAY
BEFORE_CLOSING = (CLOSED - DAY).isoformat()
FORM = {"lead_id": "open", "form": {"income": 1}}
TABLES = [table.name for table in schema.own_tables()]
STORED_AT = ("leads", "identities", "overrides", "picks")
WRITING = [
    ("score", "", FORM),
    ("score", "", {"lead_id": "open", "deliver": False}),
    ("score", "", {"leads": [FORM]}),
    ("score", "", {"rescore": True}),
    ("score", "", {"rescore": "closed"}),
    ("desk", "", {}),
    ("desk", "", {"threshold": True}),
    ("desk", "/leads/open/pick", {"seller": "beat"}),
    ("desk", "/leads/open/release", {"seller": "beat"}),
    ("desk", "/leads/closed/override", {"cluster": "HOT", "by": "Eva", "reason": "fair", "days": 365}),
    ("desk", "/leads/open/override-release", {"by": "Eva"}),
    ("deliver_scores", "", {}),
    ("deliver_scores", "", {"retry_dead_letters": True}),
    ("ingest_feedback", "", {}),
    ("ingest_feedback", "", {"from_start": True}),
    ("extract_features", "", {}),
    ("retrain", "", {}),
    ("privacy", "", {}),
]
MOMENTS = {
    "past": BEFORE_CLOSING,
    "within the tolerance of clocks": (STARTED + timedelta(minutes=4)).isoformat(),
    "future": "2999-01-01T00:00:00Z",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    times = {"recorded_at": CREATED, "created_at": CREATED}
    warehouse(
        home,
        leads=[lead(name, **times) for name in ("open", "closed")],
        outcomes=[outcome("closed", CLOSED, "closedlost", "lost")],
    )
    return home


@pytest.fixture(scope="module")
def servers(home: Path) -> Iterator[FunctionServers]:
    environment = {"LEADWERK_POLICY": "b2b_swiss", "LEADWERK_SIMULATION": ""}
    with serving(home, names=FUNCTIONS, crm=False, environment=environment) as running:
        yield running


def post(servers: FunctionServers, function: str, path: str, body: dict[str, Any]) -> requests.Response:
    return requests.post(servers.url(function) + path, json=body, timeout=60)


def tables(home: Path) -> dict[str, list[dict[str, Any]]]:
    warehouse = DuckDBWarehouse(home)
    with warehouse.unit_of_work():
        return {
            name: sorted(warehouse.rows(from_text(f"SELECT * FROM leadwerk.{name}"), {}), key=repr) for name in TABLES
        }


def files(home: Path) -> list[Path]:
    return sorted(path for place in ("reports", "models", "picks") for path in (home / place).rglob("*"))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(("function", "path", "body"), WRITING, ids=str)
def test_a_request_that_stores_cannot_name_its_moment(
    servers: FunctionServers, home: Path, function: str, path: str, body: dict[str, Any], moment: str
) -> None:
    before, written = tables(home), files(home)
    answer = post(servers, function, path, {**body, "now": MOMENTS[moment]})
    problem = answer.json()
    assert (answer.status_code, problem["field"]) == (422, "now")
    assert problem["value"][:10] == MOMENTS[moment][:10]
    assert "LEADWERK_SIMULATION=1" in problem["remedy"]
    assert (tables(home), files(home)) == (before, written)


def test_a_dry_run_looks_at_a_past_moment(servers: FunctionServers, home: Path) -> None:
    before = tables(home)
    answer = post(servers, "score", "", {**FORM, "dry_run": True, "now": BEFORE_CLOSING})
    assert answer.status_code == 200
    assert answer.json()["scores"][0]["scored_at"][:10] == BEFORE_CLOSING[:10]
    assert tables(home) == before


@pytest.mark.parametrize("path", ["/leads", "/leads/open/history", "/accounts", "/overrides"])
def test_a_page_of_a_past_moment_is_shown(servers: FunctionServers, path: str) -> None:
    answer = requests.get(servers.url("desk") + path, params={"now": BEFORE_CLOSING}, timeout=60)
    assert answer.status_code == 200


def test_a_closed_lead_is_refused_and_a_held_one_is_kept(servers: FunctionServers) -> None:
    body = {"cluster": "HOT", "by": "Eva", "reason": "fair"}
    closed = post(servers, "desk", "/leads/closed/override", body)
    assert (closed.status_code, "was closed" in closed.json()["detail"]) == (422, True)
    assert post(servers, "desk", "/leads/open/pick", {"seller": "anna"}).status_code == 200
    conflict = post(servers, "desk", "/leads/open/pick", {"seller": "beat"})
    assert (conflict.status_code, conflict.json()["seller"]) == (409, "anna")


@pytest.mark.slow
def test_rows_say_when_they_were_stored(servers: FunctionServers, home: Path) -> None:
    visited = {"lead_id": "new", "ga_client_id": "11.22", "form": {"web_consent": True, "income": 2}}
    assert post(servers, "score", "", {**visited, "deliver": False}).status_code == 200
    assert post(servers, "desk", "/leads/new/pick", {"seller": "anna"}).status_code == 200
    body = {"cluster": "HOT", "by": "Eva", "reason": "fair"}
    assert post(servers, "desk", "/leads/new/override", body).status_code == 200
    for name in STORED_AT:
        [stored_at] = [row["stored_at"] for row in tables(home)[name] if row["lead_id"] == "new"]
        assert STARTED < stored_at < datetime.now(UTC), name


@pytest.mark.slow
def test_a_simulation_cannot_date_back_the_moment_of_storing(tmp_path: Path) -> None:
    warehouse(tmp_path)
    environment = {"LEADWERK_POLICY": "b2b_swiss", "LEADWERK_SIMULATION": "1"}
    with serving(tmp_path, names=["score"], crm=False, environment=environment) as running:
        body = {"lead_id": "1", "form": {"income": 1}, "deliver": False, "now": BEFORE_CLOSING}
        assert post(running, "score", "", body).status_code == 200
    [version] = tables(tmp_path)["leads"]
    assert (version["recorded_at"].isoformat(), version["stored_at"] > STARTED) == (BEFORE_CLOSING, True)

"""Requests of persons over HTTP, by the function's own process: erased, objected, answered, refused, and recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk.lead.identity import person_key
from leadwerk.pipeline.audit.trail import AuditFilter, read_trail
from leadwerk.serve import serving
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.person_rows import ANNA, BEAT, ERASED_AT, SECRET, Identity, fill, places_naming

AT = ERASED_AT.isoformat()
NEWEST_SCORE = from_text(
    "-- @lead_id STRING\nSELECT * FROM leadwerk.scores WHERE lead_id = @lead_id ORDER BY scored_at DESC LIMIT 1"
)
CARLA = Identity("carla")
CARLA.key = str(person_key("carla@example.ch", None, SECRET))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    fill(DuckDBWarehouse(home), ANNA, BEAT, CARLA)
    return home


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    variables = {"LEADWERK_PERSON_KEY": SECRET}
    with serving(home, names=["privacy"], crm=False, simulation=True, environment=variables) as servers:
        yield servers.url("privacy")


def post(url: str, path: str, **body: Any) -> requests.Response:
    return requests.post(f"{url}{path}", json={"now": AT, **body}, timeout=60)


@pytest.mark.slow
def test_an_erasure_is_confirmed_without_data_and_happens_once(url: str, home: Path) -> None:
    order = {"person": ANNA.lead, "by": "CRM", "reason": "deleted in the CRM"}
    receipt = post(url, "/erase", **order).json()
    assert receipt["deleted"]["leads"] == 1 and not receipt["already_erased"]
    assert ANNA.lead not in str(receipt)
    assert places_naming(DuckDBWarehouse(home), ANNA) == []
    again = post(url, "/erase", **order).json()
    assert (again["erasure_id"], again["already_erased"], again["deleted"]) == (receipt["erasure_id"], True, {})
    assert post(url, "/").json() == {"deleted": {}}


@pytest.mark.slow
def test_an_answer_holds_every_row_and_is_in_the_trail_without_a_name(url: str, home: Path) -> None:
    answer = post(url, "/access", person="carla@example.ch", by="Eva").json()
    assert {table["table"] for table in answer["tables"]} == set(places_naming(DuckDBWarehouse(home), CARLA))
    [entry] = read_trail(DuckDBWarehouse(home), AuditFilter(until=ERASED_AT, action="access"))
    assert (entry.actor, entry.object, entry.lead_id) == ("Eva", answer["number"], None)


def test_an_objection_takes_the_score_at_once(url: str, home: Path) -> None:
    assert post(url, "/object", person=BEAT.lead, by="Eva", reason="request 18").json() == {
        "leads": [BEAT.lead],
        "is_withdrawn": False,
    }
    scores = DuckDBWarehouse(home).rows(NEWEST_SCORE, {"lead_id": BEAT.lead})
    assert [(row["basis"], row["points"], row["predictive_score"]) for row in scores] == [("objection", None, None)]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/erase", {"person": "nobody", "by": "Eva", "reason": "x"}, 404, "person"),
        ("/erase", {"person": ANNA.lead, "reason": "x"}, 422, "by"),
        ("/erase", {"person": ANNA.lead, "by": "Eva"}, 422, "reason"),
        ("/access", {"person": "a@", "by": "Eva"}, 422, "email"),
        ("/nothing", {}, 404, "path"),
    ],
)
def test_what_is_asked_wrongly_is_refused(url: str, path: str, body: Any, status: int, field: str) -> None:
    answer = post(url, path, **body)
    assert answer.status_code == status
    assert field in str(answer.json()), answer.json()

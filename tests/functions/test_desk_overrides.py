"""Overrides through the desk's real processes over HTTP: set, listed, released, refused, at once, and after kill -9."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from leadwerk.serve import serving
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from leadwerk.warehouse.statement import from_text
from support.desk_servers import AT, SIMULATED, desks, get, pick
from support.selling import DAY, NOW, lead, outcome, score, warehouse

WORDS = from_text("SELECT * FROM leadwerk.overrides ORDER BY set_at, sequence, event_id")
SCORES = from_text("SELECT lead_id, score_cluster, decided_by FROM leadwerk.scores WHERE decided_by IS NOT NULL")
EVA = {"cluster": "HOT", "by": "Eva", "reason": "met at the fair"}


def post_override(url: str, lead_id: str, action: str = "override", **body: Any) -> requests.Response:
    return requests.post(f"{url}/leads/{lead_id}/{action}", json={"now": AT, **body}, timeout=60)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    names = [f"l{number}" for number in range(12)]
    warehouse(
        home,
        leads=[lead(name) for name in [*names, "lost"]],
        scores=[score(name, predictive_score=n) for n, name in enumerate(names)],
        outcomes=[outcome("lost", NOW - DAY, "closedlost", "lost")],
    )
    return home


@pytest.fixture(scope="module")
def url(home: Path) -> Iterator[str]:
    with desks(home) as [url]:
        yield url


@pytest.mark.slow
def test_a_lead_set_hot_is_on_the_list_at_once_and_gone_from_it_when_released(url: str) -> None:
    overridden = post_override(url, "l0", **EVA, days=14).json()
    assert (overridden["override"]["until"], overridden["held_by"], overridden["problem"]) == ("2026-05-18", None, None)
    decided = overridden["score"]
    assert (decided["cluster"], decided["stage"], decided["decided_by"]) == ("HOT", "sql", "Eva")
    hot = get(url, "/leads", cluster="HOT").json()["leads"]
    assert [(lead["lead_id"], lead["decided_by"]) for lead in hot] == [("l0", "Eva")]
    assert hot[0]["reasons"][0] == "Eva hat den Lead bis 18.05.2026 auf «heiss» gesetzt: met at the fair"
    [listed] = get(url, "/overrides").json()["overrides"]
    assert (listed["lead_id"], listed["by"], listed["product"]["cluster"]) == ("l0", "Eva", "COLD")
    later = (NOW + DAY).isoformat()
    left = post_override(url, "l0", "override-release", by="Urs", now=later).json()
    assert (left["override"], left["score"]["decided_by"], left["score"]["cluster"]) == (None, None, "COLD")
    assert get(url, "/leads", cluster="HOT", now=later).json()["leads"] == []
    timeline = get(url, "/leads/l0/history", now=later, output_language="en").json()["timeline"]
    assert [lead["detail"]["author"] for lead in timeline if lead["kind"] == "override"] == ["Eva", "Urs"]


@pytest.mark.slow
def test_a_second_delivery_changes_nothing(url: str, home: Path) -> None:
    first = post_override(url, "l1", **EVA).json()
    assert post_override(url, "l1", **EVA, now=(NOW + DAY).isoformat()).json()["override"] == first["override"]
    assert [override["lead_id"] for override in DuckDBWarehouse(home).rows(WORDS, {})].count("l1") == 1
    for _ in range(2):
        assert post_override(url, "l2", "override-release", by="Urs").json()["override"] is None
    assert "l2" not in [override["lead_id"] for override in DuckDBWarehouse(home).rows(WORDS, {})]


def test_whoever_overrules_somebody_is_told_and_a_pick_stays_with_its_seller(url: str) -> None:
    pick(url, "l3", "anna")
    post_override(url, "l3", **EVA)
    overridden = post_override(url, "l3", cluster="DISQUALIFIED", by="Urs", reason="a competitor").json()
    assert (overridden["override"]["overrules"], overridden["held_by"]) == ("Eva", "anna")
    assert overridden["score"]["cluster"] == "DISQUALIFIED"
    assert "l3" not in [lead["lead_id"] for lead in get(url, "/leads").json()["leads"]]


@pytest.mark.parametrize(
    ("lead_id", "body", "status", "field", "detail"),
    [
        ("nobody", EVA, 404, "lead_id", "nobody"),
        ("lost", EVA, 422, "lead_id", "closed"),
        ("l4", EVA | {"cluster": "UNSCORED"}, 422, "cluster", "DISQUALIFIED"),
        ("l4", EVA | {"cluster": "hot"}, 422, "cluster", "'hot'"),
        ("l4", {"cluster": "HOT", "reason": "r"}, 422, "by", "by"),
        ("l4", {"cluster": "HOT", "by": "Eva"}, 422, "body", "reason"),
        ("l4", EVA | {"by": " "}, 422, "by", "by"),
        ("l4", EVA | {"by": 7}, 422, "$.by", "str"),
        ("l4", EVA | {"reason": " \n"}, 422, "reason", "empty"),
        ("l4", EVA | {"days": 0}, 422, "days", "1 to 365"),
        ("l4", EVA | {"cluster": 7}, 422, "$.cluster", "str"),
        ("l4", EVA | {"days": "a fortnight"}, 422, "$.days", "int"),
        ("l4", EVA | {"until": "2026-05-03"}, 422, "until", "past"),
        ("l4", EVA | {"until": "soon"}, 422, "$.until", "date"),
        ("l4", EVA | {"until": "2026-05-09", "days": 3}, 422, "until", "one end"),
        ("l4", EVA | {"force": True}, 422, "body", "force"),
    ],
)
def test_what_cannot_be_decided_is_a_problem_with_field_and_remedy(
    url: str, home: Path, lead_id: str, body: dict[str, Any], status: int, field: str, detail: str
) -> None:
    answer = post_override(url, lead_id, **body)
    problem = answer.json()
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (problem["field"], bool(problem["remedy"])) == (field, True)
    assert detail.lower() in (problem["detail"] + problem["remedy"]).lower()
    assert lead_id not in [override["lead_id"] for override in DuckDBWarehouse(home).rows(WORDS, {})]


def test_a_word_is_sent_and_the_list_is_asked_for(url: str) -> None:
    assert requests.get(f"{url}/leads/l4/override", timeout=10).headers["Allow"] == "POST"
    assert requests.post(f"{url}/overrides", timeout=10).headers["Allow"] == "GET"
    assert post_override(url, "nobody", "override-release", by="Urs").status_code == 404
    assert post_override(url, "l4", "override-release").json()["field"] == "by"


@pytest.mark.slow
def test_of_persons_who_speak_at_once_all_are_recorded_and_one_holds_for_everybody(tmp_path: Path) -> None:
    desk = warehouse(tmp_path, leads=[lead("1")])
    decisions = [("HOT", "Eva"), ("COLD", "Urs"), ("WARM", "Zoë"), ("HOT", "Eva"), ("DISQUALIFIED", "Ada")]
    with desks(tmp_path, 2) as urls, ThreadPoolExecutor(len(decisions)) as pool:
        calls = [
            (urls[n % 2], {"cluster": cluster, "by": by, "reason": "so"}) for n, (cluster, by) in enumerate(decisions)
        ]
        answers = list(pool.map(lambda call: post_override(call[0], "1", **call[1]), calls))
        assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
        listed = [get(url, "/overrides").json()["overrides"] for url in urls]
    assert listed[0] == listed[1]
    [holds] = listed[0]
    overrides = desk.rows(WORDS, {})
    assert {row["author"] for row in overrides} == {"Eva", "Urs", "Zoë", "Ada"}
    last = max(overrides, key=lambda row: (row["set_at"], row["sequence"], row["event_id"]))
    assert (holds["cluster"], holds["by"]) == (last["cluster"], last["author"])


@pytest.mark.slow
def test_after_kill_9_between_word_and_score_a_retry_leaves_one_word_and_its_score(tmp_path: Path) -> None:
    leads = [f"l{number}" for number in range(16)]
    desk = warehouse(tmp_path, leads=[lead(name) for name in leads])
    first = serving(tmp_path, names=["desk"], crm=False, environment=SIMULATED)
    with first as servers, ThreadPoolExecutor(len(leads)) as pool:
        place = servers.url("desk")
        answers = [pool.submit(post_override, place, name, **EVA) for name in leads]
        until = time.monotonic() + 60
        while not any(future.done() for future in answers) and time.monotonic() < until:
            time.sleep(0.001)
        servers.running["desk"].kill()
        done = [future for future in answers if future.exception() is None]
    assert len(done) < len(leads), "nothing was in the middle"
    with desks(tmp_path) as [url]:
        for name in leads:
            assert post_override(url, name, **EVA).json()["score"]["decided_by"] == "Eva"
    assert sorted(row["lead_id"] for row in desk.rows(WORDS, {})) == sorted(leads)
    assert sorted(row["lead_id"] for row in desk.rows(SCORES, {})) == sorted(leads)


@pytest.mark.slow
def test_a_word_stands_even_where_the_lead_cannot_be_scored_now(tmp_path: Path) -> None:
    desk = warehouse(tmp_path, leads=[lead("1")])
    broken = tmp_path / "models"
    broken.mkdir()
    (broken / "champion.json").write_text("{")
    with desks(tmp_path) as [url]:
        overridden = post_override(url, "1", **EVA).json()
    assert (overridden["override"]["cluster"], overridden["score"]) == ("HOT", None)
    assert overridden["problem"]
    assert [row["author"] for row in desk.rows(WORDS, {})] == ["Eva"]


@pytest.mark.slow
def test_in_the_cloud_words_are_recorded_once_and_the_lead_is_scored_at_once(cloud: Any, tmp_path: Path) -> None:
    environment, _, desk = cloud
    with desks(tmp_path, 1, **environment) as [url]:
        for _ in range(2):
            overridden = post_override(url, "l4", **EVA).json()
            assert (overridden["score"]["cluster"], overridden["problem"]) == ("HOT", None)
        assert [lead["lead_id"] for lead in get(url, "/leads", cluster="HOT").json()["leads"]] == ["l4"]
        assert [lead["by"] for lead in get(url, "/overrides").json()["overrides"]] == ["Eva"]
        assert (
            post_override(url, "l4", "override-release", by="Urs", now=(NOW + DAY).isoformat()).json()["override"]
            is None
        )
    assert [(row["author"], row["cluster"]) for row in desk.rows(WORDS, {})] == [("Eva", "HOT"), ("Urs", None)]

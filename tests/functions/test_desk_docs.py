"""docs/desk.md says what the function answers: its examples are sent to a running one, in their order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import requests

from leadwerk.serve import serving
from leadwerk.web.desk import api
from support.documented import PAGE, examples
from support.selling import DAY, NOW, lead, outcome, score, touch, warehouse


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("home")
    hot = {"predictive_score": 84, "probability": 0.31, "score_cluster": "HOT", "recommended_action": "Call"}
    reason = [{"feature": "rule", "contribution": 10.0, "text": "Dafür spricht: Webinar: +10 Punkte"}]
    changed = {"lead_id": "4711", "day": (NOW - DAY).date(), "changed_at": NOW - DAY, "score_id": None}
    warehouse(
        home,
        leads=[
            lead("4711", account_id="muster-ag.ch", employees=400, industry="Software", job_title="CEO"),
            lead("4712", account_id="muster-ag.ch", employees=60, job_title="Praktikantin", language="fr"),
            lead("4713", email_domain_kind="freemail"),
        ],
        touchpoints=[touch(1, "4711", "webinar_attended", NOW - DAY), touch(2, "4712", "chat", NOW - DAY)],
        scores=[
            score("4711", NOW - 6 * DAY, predictive_score=55, stage="known"),
            score("4711", tier="Enterprise", grade="A", level=2, matrix_cell="A2", stage="sql", reasons=reason, **hot),
            score(
                "4712",
                predictive_score=35,
                score_cluster="COLD",
                grade="C",
                level=3,
                matrix_cell="C3",
                fit=16.5,
                interest=14.5,
                points=31.0,
            ),
            score("4713", predictive_score=51),
        ],
        stage_changes=[
            changed | {"from_stage": "known", "to_stage": "sql", "direction": "forward", "reason": "cluster=HOT"}
        ],
        outcomes=[outcome("4711", NOW - 10 * DAY, "appointmentscheduled", "open")],
    )
    environment = {"LEADWERK_POLICY": "b2b_swiss", "LEADWERK_SIMULATION": "1"}
    with serving(home, names=["desk"], crm=False, environment=environment) as servers:
        yield servers.url("desk")


def answer(url: str, method: str, path: str, body: str) -> requests.Response:
    at = {"now": NOW.isoformat()}
    if method == "GET":
        return requests.get(url + path, params=at, timeout=60)
    return requests.post(url + path, json={**json.loads(body), **at}, timeout=60)


@pytest.mark.slow
def test_the_examples_are_what_is_answered(url: str) -> None:
    for method, path, body, status, documented in examples():
        answered = answer(url, method, path, body)
        assert (answered.status_code, unversioned(answered.json())) == (status, unversioned(documented)), (
            f"{method} {path}"
        )


def unversioned(document: Any) -> Any:
    """Without the hash of the policy, which changes with every word of it."""
    if isinstance(document, dict):
        return {name: unversioned(value) for name, value in document.items() if name != "policy_version"}
    return [unversioned(part) for part in document] if isinstance(document, list) else document


def test_every_path_has_an_example() -> None:
    documented = {(method, path.partition("?")[0]) for method, path, *_ in examples()}
    for route in api.routes:
        assert any(method == route.method and route.pattern.fullmatch(path) for method, path in documented), route.path


def test_every_field_that_may_be_asked_is_described() -> None:
    page = PAGE.read_text("utf-8")
    fields = {field.name for route in api.routes for field in msgspec.structs.fields(route.request_type)}
    assert [field for field in sorted(fields) if f"`{field}`" not in page] == []

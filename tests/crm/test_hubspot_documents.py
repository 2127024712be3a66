"""HubSpot's own description of its API accepts the bodies that the adapter sends, where that description is at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from support.crm_subjects import SUBJECTS
from support.standins.frame import START, Call, serving

DOCUMENT = Path(__file__).parents[3] / "shared" / "data" / "hubspot-openapi" / "objects-2026-09.json"
OBJECTS = "/crm/objects/2026-09/"
# It describes the search's sorts as texts and calls `after` required, against HubSpot's own guide.
CHECKED = {"batch/update", "batch/read"}


@pytest.fixture(scope="module")
def description() -> Any:
    if not DOCUMENT.exists():
        pytest.skip(f"HubSpot's description is not at {DOCUMENT}")
    return json.loads(DOCUMENT.read_text())


@pytest.fixture(scope="module")
def calls() -> list[Call]:
    """What the adapter sends while it delivers scores, reads changes, and reads a record again."""
    subject = SUBJECTS["hubspot"]()
    with serving(subject.standin):
        subject.create_fields()
        lead = subject.standin.add(1, kind="won", modified=START)
        crm = subject.crm()
        crm.push([subject.update(crm, lead)])
        cursor = list(crm.pull(None))[-1].cursor
        list(crm.pull(cursor))
        crm.reread([lead])
        return list(subject.standin.calls)


def test_bodies_are_as_the_description_asks_for(description: Any, calls: list[Call]) -> None:
    checked: set[str] = set()
    for call in calls:
        kind, _, operation = call.path.removeprefix(OBJECTS).partition("/")
        path = f"{OBJECTS}{{objectType}}/{operation}"
        if call.method != "POST" or not call.path.startswith(OBJECTS) or operation not in CHECKED:
            continue
        schema = description["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        validator = jsonschema_rs.validator_for({**schema, "components": description["components"]})
        assert [error.message for error in validator.iter_errors(call.body)] == [], (kind, operation)
        checked.add(operation)
    assert checked == CHECKED

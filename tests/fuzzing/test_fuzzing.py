"""Requests of every kind that the OpenAPI document allows, and of kinds that it does not: never an answer of 500.

LEADWERK_FUZZ_EXAMPLES sets how many requests each operation gets; the rest is schemathesis's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case

from support.all_functions import Application, all_functions

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text("utf-8"))
EXAMPLES = int(os.environ.get("LEADWERK_FUZZ_EXAMPLES", "40"))

schema = schemathesis.openapi.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with all_functions(tmp_path_factory.mktemp("home")) as application:
        yield application


@pytest.mark.slow
@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
def test_no_request_is_answered_with_500(case: Case, application: Application) -> None:
    case.operation.schema.app = application
    answer = case.call(app=application)
    assert answer.status_code != 500, answer.text
    if answer.status_code >= 400 and not _is_no_path(answer.status_code, answer.text):
        problem = answer.json()
        assert problem["status"] == answer.status_code and problem["detail"] and problem["remedy"], problem


def _is_no_path(status: int, text: str) -> bool:
    """Whether the web framework answered itself: a line break in a path reaches no function."""
    return status == 404 and "<title>404 Not Found</title>" in text

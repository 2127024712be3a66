"""docs/openapi.json: generated from the functions' types, whole, and true of the answers that docs/desk.md shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from leadwerk.web.desk import api
from leadwerk.web.problem_document import ProblemDocument
from leadwerk.web.routes import Route
from support.documented import examples
from tools import openapi

DOCUMENT = json.loads(openapi.TARGET.read_text("utf-8"))
HTTP_FUNCTIONS = sorted(main.parent.name for main in openapi.ROOT.glob("functions/*/main.py"))


def test_the_document_is_that_of_the_functions() -> None:
    assert openapi.TARGET.read_text("utf-8") == openapi.source(), "run `make generate`"


def test_every_function_has_an_operation() -> None:
    assert sorted({path.split("/")[1] for path in DOCUMENT["paths"]}) == HTTP_FUNCTIONS


def parts(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield name, value
            yield from parts(value)
    elif isinstance(node, list):
        for item in node:
            yield from parts(item)


def test_every_reference_leads_to_a_schema() -> None:
    referred = {value.rpartition("/")[2] for name, value in parts(DOCUMENT) if name == "$ref"}
    schemas = DOCUMENT["components"]["schemas"].keys()
    assert referred - schemas == set()
    assert schemas - referred == set(), "a schema that no operation needs"


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does() -> None:
    operations = [operation for path in DOCUMENT["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert [operation["operationId"] for operation in operations if len(operation["summary"]) < 10] == []


def route_of(method: str, path: str) -> Route:
    return next(
        route for route in api.routes if route.method == method and route.pattern.fullmatch(path.partition("?")[0])
    )


@pytest.mark.parametrize("example", examples(), ids=lambda example: f"{example[0]} {example[1]}")
def test_an_answer_has_the_fields_and_types_of_the_document(example: tuple[str, str, str, int, Any]) -> None:
    method, path, _, status, answer = example
    handle = route_of(method, path).handle
    types = (ProblemDocument,) if status >= 400 else openapi.returned_types(handle)
    assert any(fits(answer, kind) for kind in types), f"{answer} fits none of {types}"


def fits(answer: Any, kind: type[Any]) -> bool:
    """Whether the answer converts to the type, and has no field beyond it."""
    try:
        converted = msgspec.convert(answer, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return set(answer) <= set(msgspec.to_builtins(converted))

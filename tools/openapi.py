"""OpenAPI document: writes docs/openapi.json from the request and response types of all HTTP functions.

    python -m tools.openapi

A function is a folder of functions/ with a main.py. Its handlers are those framed by `entry` and `page`, and its
routes. A handler's annotations are its types; a handler without a return type is an error.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import re
import sys
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any

import msgspec

from leadwerk.web import Answer, Request
from leadwerk.web.desk import api as desk_api
from leadwerk.web.problem_document import CONTENT_TYPE, ProblemDocument
from leadwerk.web.routes import NAME, Routes

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "openapi.json"
REFERENCE = "#/components/schemas/{name}"
JSON, HTML = "application/json", "text/html"
Json = dict[str, Any]
BODY = re.compile(r"function_(\w+)\.Body")
"""Every main.py calls its body so; in the document each has its function's name."""


@dataclass(frozen=True)
class Operation:
    """One method of one path: its request type (None: a page's), its response types, and what it does."""

    function: str
    method: str
    path: str
    request: type[Any] | None
    responses: tuple[type[Any], ...]
    summary: str

    @property
    def id(self) -> str:
        """Unique name of the operation.

        >>> Operation("desk", "GET", "/accounts/{account_id}", None, (), "").id
        'desk_get_accounts_account_id'
        """
        return re.sub(r"\W+", "_", f"{self.function}_{self.method.lower()}{self.path}").strip("_")


def document() -> Json:
    """The document of all functions."""
    operations = [operation for module in _functions() for operation in _operations(module)]
    types = list(dict.fromkeys(_json_types(operations)))
    schemas, components = msgspec.json.schema_components([*types, ProblemDocument], ref_template=REFERENCE)
    schema_of = dict(zip([*types, ProblemDocument], schemas, strict=True))
    paths: dict[str, Json] = {}
    for operation in operations:
        path = paths.setdefault(f"/{operation.function}{operation.path.rstrip('/')}", {})
        path[operation.method.lower()] = _described(operation, schema_of, components)
    queries = {operation.request for operation in operations if operation.method == "GET" and operation.request}
    for query in queries - {operation.request for operation in operations if operation.method != "GET"}:
        components.pop(query.__name__, None)  # its fields are parameters
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leadwerk",
            "version": "1",
            "description": "The HTTP functions. Each is private: a caller needs the role Cloud Run Invoker.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [
            {
                "url": "https://{location}-{project}.cloudfunctions.net",
                "variables": {"location": {"default": "europe-west6"}, "project": {"default": "my-project"}},
            }
        ],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _json_types(operations: Sequence[Operation]) -> Iterator[type[Any]]:
    for operation in operations:
        yield from (kind for kind in (*operation.responses, operation.request) if kind not in (None, Answer))


def _functions() -> Iterator[ModuleType]:
    for main in sorted(ROOT.glob("functions/*/main.py")):
        spec = importlib.util.spec_from_file_location(f"function_{main.parent.name}", main)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        # msgspec looks up the names of annotations in the module.
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        module.__dict__["FUNCTION"] = main.parent.name
        yield module


def _operations(module: ModuleType) -> Iterator[Operation]:
    name, purpose = module.FUNCTION, (module.__doc__ or "").partition(": ")[2]
    # What a function imports only when it is asked: the desk's pages start without its API.
    routes = [desk_api] if name == "desk" else []
    for value in (*vars(module).values(), *routes):
        if isinstance(value, Routes):
            yield from _route_operations(name, value)
        elif hasattr(value, "__wrapped__") and (handle := inspect.unwrap(value)).__module__ == module.__name__:
            yield from _framed_operation(name, handle, purpose)


def _framed_operation(function: str, handle: Callable[..., Any], purpose: str) -> Iterator[Operation]:
    """The operation of a handler that `entry` or `page` frames; none of one that only chooses between such handlers."""
    hints = typing.get_type_hints(handle)
    body = next((hint for hint in hints.values() if isinstance(hint, type) and issubclass(hint, Request)), None)
    if body is not None:
        yield Operation(function, "POST", "/", body, returned_types(handle), _first_line(handle) or _sentence(purpose))
    elif hints.get("return") is Answer:
        yield Operation(function, "GET", "/", None, (Answer,), "Show a page.")


def _route_operations(function: str, api: Routes) -> Iterator[Operation]:
    for route in api.routes:
        responses = returned_types(route.handle)
        request: type[Any] = route.request_type
        yield Operation(function, route.method, route.path, request, responses, _first_line(route.handle))


def returned_types(handle: Callable[..., Any]) -> tuple[type[Any], ...]:
    """The types that a handler returns.

    Raises:
        TypeError: it does not state them.
    """
    returned = typing.get_type_hints(handle).get("return", Any)
    if returned is Any:
        raise TypeError(f"{handle.__module__}.{handle.__name__} does not state what it returns.")
    union = isinstance(returned, UnionType) or typing.get_origin(returned) is typing.Union
    return typing.get_args(returned) if union else (returned,)


def _sentence(text: str) -> str:
    """The first sentence of a module's purpose, on one line."""
    first = re.split(r"[;.](?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
    return f"{first[:1].upper()}{first[1:]}."


def _first_line(documented: Any) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _described(operation: Operation, schema_of: dict[Any, Json], components: dict[str, Json]) -> Json:
    parameters = [_parameter("path", name, {"type": "string"}, required=True) for name in NAME.findall(operation.path)]
    described: Json = {"operationId": operation.id, "tags": [operation.function], "summary": operation.summary}
    if operation.request is not None and operation.method == "GET":
        fields = components[operation.request.__name__]
        required = fields.get("required", ())
        parameters += [
            _parameter("query", name, schema, required=name in required)
            for name, schema in fields["properties"].items()
        ]
    elif operation.request is not None:
        described["requestBody"] = {"content": {JSON: {"schema": schema_of[operation.request]}}}
    if parameters:
        described["parameters"] = parameters
    described["responses"] = {"200": _response(operation.responses, schema_of), "default": _problem(schema_of)}
    return described


def _parameter(where: str, name: str, schema: Json, *, required: bool) -> Json:
    return {"name": name, "in": where, "required": required, "schema": schema}


def _response(types: Sequence[type[Any]], schema_of: dict[Any, Json]) -> Json:
    if types == (Answer,):
        return {"description": "A page.", "content": {HTML: {"schema": {"type": "string"}}}}
    schemas = [schema_of[kind] for kind in types]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {"description": "Done.", "content": {JSON: {"schema": schema}}}


def _problem(schema_of: dict[Any, Json]) -> Json:
    content = {CONTENT_TYPE: {"schema": schema_of[ProblemDocument]}}
    return {"description": "A problem (RFC 9457); nothing was done unless `detail` says so.", "content": content}


def source() -> str:
    """The text of docs/openapi.json."""
    text = json.dumps(document(), indent=1, ensure_ascii=False, default=str)
    return BODY.sub(lambda name: "".join(map(str.capitalize, name[1].split("_"))) + "Body", text) + "\n"


if __name__ == "__main__":
    TARGET.write_text(source(), encoding="utf-8")

"""Routing for functions with several paths: picks the route, reads its body or query, calls its handler.

    api = Routes("desk", [Route("GET", "/leads", Asked, page), Route("POST", "/leads/{lead_id}/pick", Body, pick)])

A handler is `(asked, now, **names of the path) -> result`; everything else is as with `entry`. GET takes its fields
from the query (`?limit=20`), POST from a JSON body.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec

from leadwerk import settings
from leadwerk.errors import InputError
from leadwerk.policy.folding import is_same_name, tidied_name
from leadwerk.policy.people import STAFF, Role
from leadwerk.web import (
    AS_DOCUMENTED,
    MAXIMUM_BYTES,
    HTTPRequest,
    NotFound,
    Response,
    answered,
    decode,
    health,
    not_as_described,
)
from leadwerk.web.door.admission import Visitor, admit
from leadwerk.web.door.origin import check_origin
from leadwerk.web.door.rate_limit import check_address
from leadwerk.web.moments import Timed, clock, moment_of
from leadwerk.web.problem_document import Forbidden, MethodNotAllowed
from leadwerk.web.request_body import read_body

READING = ("GET", "HEAD")
NAME = re.compile(r"\{(\w+)\}")


class QueriedRequest(HTTPRequest, Protocol):
    """A Flask request with its query string."""

    query_string: bytes


@dataclass(frozen=True)
class Route:
    """A path of a function. A {name} in `path` matches any text, slashes included: lead ids may hold any sign.

    `roles`: the roles it answers. `signed_by`: the field of the body that names who acts: the person who is signed in.
    `for_person`: the handler also takes the `person`: what it shows depends on them.
    """

    method: str
    path: str
    request_type: type[Timed]
    handle: Callable[..., Any]
    roles: tuple[Role, ...] = STAFF
    signed_by: str = ""
    for_person: bool = False
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        # Inspected here: msgspec crashes the process if two threads inspect a type at the same time.
        msgspec.json.Decoder(self.request_type)
        object.__setattr__(self, "pattern", re.compile(NAME.sub(r"(?P<\1>.+)", self.path), re.DOTALL))

    def answers(self, method: str) -> bool:
        """Whether the route accepts this method."""
        return method == self.method or (self.method == "GET" and method in READING)


@dataclass(frozen=True)
class Routes:
    """The routes of one function; the first match decides. `stage` is their name in the log."""

    stage: str
    routes: Sequence[Route]

    def know(self, path: str) -> bool:
        """Whether a route has this path."""
        return any(route.pattern.fullmatch(path) for route in self.routes)

    def __call__(self, http: QueriedRequest) -> Response:
        return health(self.stage, http) or answered(self.stage, http.headers, lambda: self._answer(http))

    def _answer(self, http: QueriedRequest) -> Any:
        # All routes of the path, so that a wrong method can name the right ones.
        matches = [(route, match) for route in self.routes if (match := route.pattern.fullmatch(http.path))]
        if not matches:
            raise NotFound(f"There is nothing at {http.path[:200]}.", field="path", remedy="See docs/desk.md.")
        for route, match in matches:
            if route.answers(http.method):
                check_address(http.headers)
                # Origin before admission: a forged request must not even learn who is signed in.
                check_origin(http.method, http.headers)
                visitor = admit(settings.read(), http.headers)
                visitor.check(route.roles)
                request = _signed(route, _request_of(route, http), visitor)
                # Only reading may name another moment; what is stored gets the clock's.
                now = moment_of(request, clock(), stores=http.method not in READING)
                person = {"person": visitor.person} if route.for_person else {}
                return route.handle(request, now, **match.groupdict(), **person)
        allowed = tuple(dict.fromkeys(route.method for route, _ in matches))
        raise MethodNotAllowed(f"{http.method} {http.path[:200]} is not answered.", allowed=allowed)


def _request_of(route: Route, http: QueriedRequest) -> Timed:
    if route.method == "GET":
        return converted(route.request_type, query(http.query_string))
    return decode(route.request_type, read_body(http, MAXIMUM_BYTES))


def _signed(route: Route, request: Timed, visitor: Visitor) -> Timed:
    """The request in the visitor's name; a program names the person itself.

    Raises:
        Forbidden: a person names somebody else.
        InputError: a program names nobody.
    """
    if not route.signed_by:
        return request
    named = getattr(request, route.signed_by)
    if visitor.is_program:
        if named is None:
            raise InputError(
                f"Object missing required field `{route.signed_by}`.", field=route.signed_by, remedy=AS_DOCUMENTED
            )
        return _named(request, route.signed_by, tidied_name(named))
    if named is not None and not is_same_name(named, visitor.person.name):
        raise Forbidden(
            f"{visitor.person.name} cannot act as {named[:60]}.",
            field=route.signed_by,
            value=named[:60],
            remedy="Leave the field out: the person who is signed in acts.",
        )
    return _named(request, route.signed_by, visitor.person.name)


def _named(request: Timed, field_name: str, name: str) -> Timed:
    assert isinstance(request, msgspec.Struct)
    named: Timed = msgspec.structs.replace(request, **{field_name: name})
    return named


def query(text: bytes, most_fields: int = 100) -> dict[str, str]:
    """The fields of a query string, without empty ones.

    >>> query(b"language=fr&region=CH-VD&tier=")
    {'language': 'fr', 'region': 'CH-VD'}

    Raises:
        InputError: a field occurs twice, or there are too many fields.
    """
    try:
        pairs = parse_qsl(text.decode("utf-8", "replace"), max_num_fields=most_fields)
    except ValueError as error:
        raise InputError(f"The query cannot be read: {error}.", field="query", remedy="Send fewer fields.") from error
    fields = dict(pairs)
    for name, times in Counter(title for title, _ in pairs).items():
        if times > 1:
            raise InputError(f"{name[:60]} occurs twice.", field=name[:60], remedy="Give each field once.")
    return fields


def converted(request_type: type[Timed], fields: Mapping[str, str]) -> Timed:
    """Convert the fields of a query to the route's request.

    Raises:
        InputError: a field is unknown or of another type; names the field, its value and the possible values.
    """
    try:
        return msgspec.convert(fields, request_type, strict=False)
    except msgspec.ValidationError as error:
        refusal = not_as_described(error, fields)
        remedy = _possible(request_type, refusal.field) or refusal.remedy
        raise InputError(refusal.message, field=refusal.field, value=refusal.value, remedy=remedy) from error


def _possible(request_type: type[Timed], name: str) -> str:
    """Remedy that lists the known fields or the possible values of a field, if they can be listed."""
    body = msgspec.inspect.type_info(request_type)
    assert isinstance(body, msgspec.inspect.StructType)
    types = {field.name: field.type for field in body.fields}
    if name not in types:
        return f"Known fields: {', '.join(sorted(types))}."
    kinds = value.types if isinstance(value := types[name], msgspec.inspect.UnionType) else (value,)
    values = [str(value) for kind in kinds if isinstance(kind, msgspec.inspect.LiteralType) for value in kind.values]
    return f"Use one of {', '.join(values)}." if values else ""

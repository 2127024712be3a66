"""Frame of every HTTP function: parses the request, calls one stage, answers; a user never sees a traceback.

A function is `@entry(RequestType)` over `(request, now) -> result`, or `@page()` over `(path) -> Answer`. It answers
- the result as JSON (anything msgspec encodes: a report, a mapping), or an `Answer` as it is (a page);
- a LeadwerkError as problem+json (RFC 9457) with the status of its class and the remedy;
- anything unexpected as 500 without details, which go to the log;
- `GET /health` of every function with 200, so that a starter knows when it may send.
Each call leaves one line of JSON in the log: `stage_finished` with the counts of its report, `stage_failed`, or
`request_refused` where the mistake is the sender's.
"""

from __future__ import annotations

import gc
import math
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import IO, Annotated, Any, Protocol, TypeVar

import msgspec

from leadwerk.errors import InputError, LeadwerkError
from leadwerk.web import log
from leadwerk.web.described import described
from leadwerk.web.door.origin import check_origin
from leadwerk.web.door.rate_limit import check_address
from leadwerk.web.moments import clock, moment_of
from leadwerk.web.problem_document import (
    CONTENT_TYPE,
    UNEXPECTED,
    MethodNotAllowed,
    NotFound,
    problem,
    status_of,
)
from leadwerk.web.request_body import parse_json, read_body

# Objects made while a process starts nearly all stay: a collection after every 700 of them (Python's default) costs a
# cold start some 20 ms and frees nothing.
gc.set_threshold(20_000, 20, 20)

__all__ = ["Answer", "Moment", "NotFound", "Request", "entry", "page", "problem", "status_of"]

MAXIMUM_BYTES = 1_000_000
AS_DOCUMENTED = "Send the fields by name and type as listed: docs/score.md for score, docs/desk.md for desk."
# Retry-After of a 503 whose error states no time.
RETRY_SECONDS = 5.0

# Leads and pages of today belong in no cache, and are nothing but the type that is stated.
PRIVATE = {
    "Cache-Control": "no-store",
    # Pages name what they need in its place; data runs nothing, wherever it is opened.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

Response = tuple[bytes, int, dict[str, str]]

Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the JSON bodies; `now` (RFC 3339 with zone) replaces the clock: see `moment_of`."""

    now: Moment | None = None

    def stores_rows(self) -> bool:
        """Whether a POST with this body writes anything; a dry run overrides it."""
        return True


@dataclass(frozen=True)
class Answer:
    """A response that is not JSON with status 200."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class HTTPRequest(Protocol):
    """The part of a Flask request that the frame uses, so that flask need not be imported."""

    method: str
    path: str
    content_length: int | None
    stream: IO[bytes]
    headers: Mapping[str, str]


Body = TypeVar("Body", bound=Request)
Read = TypeVar("Read")
Function = Callable[[HTTPRequest], Response]
Door = Callable[[Mapping[str, str]], None]
ErrorPage = Callable[[Exception, str], Answer]
"""What a browser sees of an error, with the number by which the log has it."""


def entry(
    body: type[Body],
    *,
    stage: str = "",
    methods: tuple[str, ...] = ("POST",),
    limit: int = MAXIMUM_BYTES,
    door: Door | None = None,
) -> Callable[[Callable[[Body, datetime], Any]], Function]:
    """Frame `(body, now) -> result` as an HTTP function that takes at most `limit` bytes of JSON; no body means {}.

    `stage` is its name in the log; default: the handler's name. `door` refuses by the headers who may not come in.
    """
    # Inspected here: msgspec crashes the process if two threads inspect a type at the same time.
    msgspec.json.Decoder(body)

    def framed(handle: Callable[[Body, datetime], Any]) -> Function:
        def call(http: HTTPRequest) -> Any:
            request = decode(body, read_body(http, limit))
            return handle(request, moment_of(request, clock(), stores=request.stores_rows()))

        return _function(handle, stage or handle.__name__, methods, call, door)

    return framed


def page(*, stage: str = "", door: Door | None = None) -> Callable[[Callable[[str], Answer]], Function]:
    """Frame `(path) -> Answer` as an HTTP function that serves pages."""

    def framed(handle: Callable[[str], Answer]) -> Function:
        return _function(handle, stage or handle.__name__, ("GET", "HEAD"), lambda http: handle(http.path), door)

    return framed


def _function(
    handle: Callable[..., Any],
    stage: str,
    methods: tuple[str, ...],
    call: Callable[[HTTPRequest], Any],
    door: Door | None,
) -> Function:
    def checked(http: HTTPRequest) -> Any:
        if http.method not in methods:
            raise MethodNotAllowed(f"{http.method} {http.path} is not answered.", allowed=methods)
        check_address(http.headers)
        # Before anything is read: a page of another site must not reach any handler.
        check_origin(http.method, http.headers)
        if door is not None:
            door(http.headers)
        return call(http)

    @wraps(handle)
    def function(http: HTTPRequest) -> Response:
        return health(stage, http) or answered(stage, http.headers, lambda: checked(http))

    return function


def health(stage: str, http: HTTPRequest) -> Response | None:
    """Who answers, to GET /health; None to all else. Ahead of the door: the platform's checks carry no identity."""
    is_asked = (http.method, http.path) == ("GET", "/health")
    return _json({"status": "ok", "function": stage}, 200) if is_asked else None


def answered(
    stage: str, headers: Mapping[str, str], call: Callable[[], Any], error_page: ErrorPage | None = None
) -> Response:
    """Run `call` and turn its result or error into a response, with one line of JSON in the log under its trace.

    An error becomes a problem document, or where browsers ask its `error_page`.
    """
    log.follow(headers)
    with _OutermostFrame(stage, error_page) as frame:
        result = call()
        frame.response = _response(result)
        log.finished(stage, result, frame.seconds)
    return frame.response


@dataclass
class _OutermostFrame:
    """What a call must not leave: an error inside becomes the response, and a line of the log."""

    stage: str
    error_page: ErrorPage | None = None
    response: Response = (b"", HTTPStatus.INTERNAL_SERVER_ERROR, {})
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the call began."""
        return round(time.monotonic() - self.started, 4)

    def __enter__(self) -> _OutermostFrame:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, Exception):
            self.response = self._problem(error) if self.error_page is None else self._page(error, self.error_page)
        # A process that is being ended is not kept from it.
        return isinstance(error, Exception)

    def _problem(self, error: Exception) -> Response:
        self._log(self.stage, error)
        if isinstance(error, LeadwerkError):
            return _problem_response(error)
        return _json(UNEXPECTED, HTTPStatus.INTERNAL_SERVER_ERROR, CONTENT_TYPE)

    def _page(self, error: Exception, error_page: ErrorPage) -> Response:
        request_id = secrets.token_hex(4)
        self._log(f"{self.stage} {request_id}", error)
        return _response(error_page(error, request_id))

    def _log(self, stage: str, error: Exception) -> None:
        if isinstance(error, LeadwerkError):
            log.refused_or_failed(stage, error, self.seconds)
        else:
            # Nobody foresaw it: the details are for the log, and not for the user.
            log.failed_unexpectedly(stage, error, self.seconds)


def decode(kind: type[Read], raw: bytes) -> Read:
    """Parse a request from a JSON body.

    Raises:
        MalformedBody: the body is not JSON.
        InputError: a field is unknown, missing or of another type.
    """
    try:
        return described(parse_json(raw), kind)
    except msgspec.ValidationError as error:
        raise not_as_described(error) from error


def not_as_described(error: msgspec.ValidationError, fields: Mapping[str, Any] | None = None) -> InputError:
    """The InputError of a msgspec validation error; `fields` of a query add the wrong field's value."""
    what, _, where = str(error).partition(" - at `")
    field = where.rstrip("`") or "body"
    if fields is not None:
        unknown = re.search(r"unknown field `(.*)`", what)
        field = unknown[1][:60] if unknown else field.removeprefix("$.")
    value = str(fields[field])[:60] if fields and field in fields else None
    return InputError(f"{what}.", field=field, value=value, remedy=AS_DOCUMENTED)


def _problem_response(error: LeadwerkError) -> Response:
    body, status, headers = _json(problem(error), status_of(error), CONTENT_TYPE)
    return body, status, headers | retry_after(error) | allow(error)


def retry_after(error: LeadwerkError) -> dict[str, str]:
    """The header by which schedulers, CRMs and browsers back off, of errors that pass with time."""
    if status_of(error) not in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
        return {}
    # Rounded up: a caller that comes too early is refused once more.
    return {"Retry-After": str(math.ceil(getattr(error, "retry_after", None) or RETRY_SECONDS))}


def allow(error: LeadwerkError) -> dict[str, str]:
    """The header that names the methods of a path, where another one was sent."""
    return {"Allow": ", ".join(error.allowed)} if isinstance(error, MethodNotAllowed) else {}


def _response(result: Any) -> Response:
    if isinstance(result, Answer):
        return result.body, result.status, {**PRIVATE, "Content-Type": result.content_type, **result.headers}
    return _json(result, 200)


def _json(value: Any, status: int, content_type: str = "application/json") -> Response:
    return msgspec.json.encode(value, enc_hook=_plain), status, {**PRIVATE, "Content-Type": content_type}


def _plain(value: Any) -> Any:
    """A numpy number as a Python number, a message as its English text."""
    if isinstance(value, str):
        return str(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} does not go into JSON")


log.configure()

"""The frame around every HTTP function: parse, call one stage, answer; a user never sees a traceback.

A function is `@entry(RequestType)` over `(request, now) -> result`. The frame answers
- the result as JSON (anything msgspec encodes: a report, a mapping), or an `Answer` as it is (a page);
- a LeadwerkError as problem+json (RFC 9457) with the status of its class and the remedy;
- anything unexpected as 500 without details, which go to the log as one line of JSON that Cloud Logging understands;
- `GET /health` of every function with 200, so that a starter knows when it may send.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import IO, Annotated, Any, Protocol, TypeVar

import msgspec

from leadwerk.errors import CRMRejected, InputError, LeadwerkError, NoChampion, UnknownLead

MAXIMUM_BYTES = 1_000_000
DRAINED_BYTES = 64_000_000  # read and thrown away, so that the sender of too much gets our answer and not a reset
RETRY_SECONDS = 5.0  # said with 503 where the error knows no better

Response = tuple[bytes, int, dict[str, str]]


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of the JSON bodies; `now` (RFC 3339 with zone) stands in for the clock in replays and simulations."""

    now: Annotated[datetime, msgspec.Meta(tz=True)] | None = None


@dataclass(frozen=True)
class Answer:
    """A response that is not JSON with status 200."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200


class RequestTooLarge(InputError):
    """The body has more bytes than this function takes."""


class MethodNotAllowed(InputError):
    """This path does not answer to this method."""


class HTTPRequest(Protocol):
    """The part of a Flask request that we use; flask itself need not be imported."""

    method: str
    path: str
    content_length: int | None
    stream: IO[bytes]
    headers: Mapping[str, str]


Body = TypeVar("Body", bound=Request)
Function = Callable[[HTTPRequest], Response]

# The first class that fits decides; what may succeed later is 503 and the rest is our own fault: 500.
STATUSES: tuple[tuple[type[LeadwerkError], int], ...] = (
    (UnknownLead, 404),
    (RequestTooLarge, 413),
    (MethodNotAllowed, 405),
    (InputError, 400),
    (NoChampion, 409),
    (CRMRejected, 502),
)


def entry(
    body: type[Body], *, methods: tuple[str, ...] = ("POST",), limit: int = MAXIMUM_BYTES
) -> Callable[[Callable[[Body, datetime], Any]], Function]:
    """Frame `(body, now) -> result` as an HTTP function that takes at most `limit` bytes of JSON; no body means {}."""
    decoder = msgspec.json.Decoder(body)

    def framed(stage: Callable[[Body, datetime], Any]) -> Function:
        def function(http: HTTPRequest) -> Response:
            if (http.method, http.path) == ("GET", "/health"):
                return _json({"status": "ok", "function": stage.__name__}, 200)
            _check_method(http, methods)
            request = decode(decoder, read_body(http, limit))
            return _response(stage(request, request.now or datetime.now(UTC)))

        return guarded(stage.__name__, function)

    return framed


def guarded(name: str, function: Function) -> Function:
    """Answer errors as problems and log every call as one line of JSON."""

    def answered(http: HTTPRequest) -> Response:
        started = time.monotonic()
        try:
            response = function(http)
        except LeadwerkError as error:
            response = _problem_response(error)
            _log.warning(error.message, extra={"fields": {"function": name, "error": type(error).__name__}})
        except Exception:  # the outermost frame: whatever it is goes to the log, and not to the user
            _log.exception("unexpected error in %s", name, extra={"fields": {"function": name}})
            response = _json(_unexpected(), 500, "application/problem+json")
        seconds = round(time.monotonic() - started, 4)
        _log.info("answered", extra={"fields": {"function": name, "status": response[1], "seconds": seconds}})
        return response

    return answered


def read_body(http: HTTPRequest, limit: int) -> bytes:
    """The body's bytes.

    Raises:
        RequestTooLarge: it has more than `limit` bytes.
    """
    raw = http.stream.read(limit + 1)
    if len(raw) <= limit:
        return raw
    remaining = DRAINED_BYTES
    while remaining > 0 and (chunk := http.stream.read(65_536)):
        remaining -= len(chunk)
    raise RequestTooLarge(
        f"The request has more than {limit:,} bytes.", field="body", remedy="Send it in several smaller requests."
    )


def decode(decoder: msgspec.json.Decoder[Body], raw: bytes) -> Body:
    """The request in a JSON body.

    Raises:
        InputError: it is not JSON, or a field is unknown, missing or of another type.
    """
    try:
        return decoder.decode(raw or b"{}")
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        raise InputError(
            f"{what}.", field=where.rstrip("`") or "body", remedy="Send the field as the API reference describes it."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"The body is not JSON: {error}.", field="body", remedy="Send a JSON object.") from error


def status_of(error: LeadwerkError) -> int:
    """The HTTP status of an error.

    >>> status_of(UnknownLead("Lead 7 is unknown.", field="lead_id"))
    404
    """
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def problem(error: LeadwerkError) -> dict[str, Any]:
    """The members of a problem document (RFC 9457), with the extensions field, value and remedy.

    >>> problem(UnknownLead("Lead 7 is unknown.", field="lead_id", value="7", remedy="Send its form."))["title"]
    'Unknown lead'
    """
    kind = type(error).__name__
    members = {
        "type": f"urn:leadwerk:problem:{kind}",
        "title": re.sub(r"(?<=[a-z])([A-Z])", r" \1", kind).capitalize().replace("Crm", "CRM "),
        "status": status_of(error),
        "detail": error.message,
        "remedy": error.remedy,
        "field": getattr(error, "field", None),
        "value": getattr(error, "value", None),
    }
    return {name: value for name, value in members.items() if value not in (None, "")}


def _check_method(http: HTTPRequest, methods: tuple[str, ...]) -> None:
    if http.method not in methods:
        raise MethodNotAllowed(
            f"{http.method} {http.path} is not answered.", field="method", remedy=f"Use {' or '.join(methods)}."
        )


def _problem_response(error: LeadwerkError) -> Response:
    body, status, headers = _json(problem(error), status_of(error), "application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(round(getattr(error, "retry_after", None) or RETRY_SECONDS))
    return body, status, headers


def _unexpected() -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong that we did not foresee; the log of this function says what.",
    }


def _response(result: Any) -> Response:
    if isinstance(result, Answer):
        return result.body, result.status, {"Content-Type": result.content_type}
    return _json(result, 200)


def _json(value: Any, status: int, content_type: str = "application/json") -> Response:
    return msgspec.json.encode(value, enc_hook=str), status, {"Content-Type": content_type}


class _CloudLogging(logging.Formatter):
    """One JSON object a line, with the names Cloud Logging gives a meaning to (severity, message)."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {"severity": record.levelname, "message": record.getMessage(), **getattr(record, "fields", {})}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def _configure(logger: logging.Logger) -> None:
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_CloudLogging())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


_log = logging.getLogger("leadwerk")
_configure(_log)

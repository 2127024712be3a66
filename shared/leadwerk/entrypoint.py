"""The frame around every HTTP function: parse, call one stage, answer; a user never sees a traceback.

A function is `@entry(RequestType)` over `(request, now) -> result`. The frame answers
- the result as JSON (anything msgspec encodes: a report, a mapping), or an `Answer` as it is (a page);
- a LeadwerkError as problem+json (RFC 9457) with the status of its class and the remedy;
- anything unexpected as 500 without details, which go to the log;
- `GET /health` of every function with 200, so that a starter knows when it may send.
Each call leaves one line of JSON in the log: `stage_finished` with the counts of its report, `stage_failed`, or
`request_refused` where the mistake is the sender's.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from dataclasses import fields as dataclass_fields
from datetime import UTC, datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import IO, Annotated, Any, Protocol, TypeVar

import msgspec

from leadwerk import settings
from leadwerk.errors import (
    ContractMismatch,
    CorruptModel,
    CRMRejected,
    InputError,
    LeadwerkError,
    NoChampion,
    UnknownLead,
)

MAXIMUM_BYTES = 1_000_000
DRAINED_BYTES = 64_000_000  # read and thrown away, so that the sender of too much gets our answer and not a reset
CLOCK_TOLERANCE = timedelta(minutes=5)  # clocks differ
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


class MalformedBody(InputError):
    """The body is not JSON at all."""


class RequestTooLarge(InputError):
    """The body has more bytes than this function takes."""


class MethodNotAllowed(InputError):
    """This path answers to the `allowed` methods only."""

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(message, field="method", remedy=f"Use {' or '.join(allowed)}.")
        self.allowed = allowed


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
# An instance with a bad champion recovers by itself once another one is promoted, so that is 503 too.
STATUSES: tuple[tuple[type[LeadwerkError], int], ...] = (
    (UnknownLead, 404),
    (RequestTooLarge, 413),
    (MethodNotAllowed, 405),
    (MalformedBody, 400),
    (InputError, 422),
    (NoChampion, 409),
    (CorruptModel, 503),
    (ContractMismatch, 503),
    (CRMRejected, 502),
)


def entry(
    body: type[Body], *, methods: tuple[str, ...] = ("POST",), limit: int = MAXIMUM_BYTES
) -> Callable[[Callable[[Body, datetime], Any]], Function]:
    """Frame `(body, now) -> result` as an HTTP function that takes at most `limit` bytes of JSON; no body means {}."""
    decoder = msgspec.json.Decoder(body)

    def framed(stage: Callable[[Body, datetime], Any]) -> Function:
        def call(http: HTTPRequest) -> Any:
            if http.method not in methods:
                raise MethodNotAllowed(f"{http.method} {http.path} is not answered.", allowed=methods)
            request = decode(decoder, read_body(http, limit))
            return stage(request, moment(request.now, datetime.now(UTC)))

        @wraps(stage)
        def function(http: HTTPRequest) -> Response:
            if (http.method, http.path) == ("GET", "/health"):
                return _json({"status": "ok", "function": stage.__name__}, 200)
            return answered(stage.__name__, lambda: call(http))

        return function

    return framed


def answered(stage: str, call: Callable[[], Any]) -> Response:
    """What `call` returns or raises as a response, with one line of JSON in the log."""
    started = time.monotonic()
    fields: dict[str, Any] = {"stage": stage}
    try:
        result = call()
    except LeadwerkError as error:
        _log_problem(error, fields, started)
        return _problem_response(error)
    except Exception:  # the outermost frame: whatever it is goes to the log, and not to the user
        fields |= {"event": "stage_failed", "error": "unexpected"}
        logger.exception("%s failed unexpectedly", stage, extra={"fields": fields})
        return _json(_unexpected(), 500, "application/problem+json")
    fields |= {"event": "stage_finished", "seconds": _seconds_since(started), **counts(result)}
    logger.info("%s finished", stage, extra={"fields": fields})
    return _response(result)


def counts(result: Any) -> dict[str, int | float | bool]:
    """The numbers and flags of a report, without its texts and lists: nothing about a person enters the log.

    >>> counts({"sent": 3, "states": {"102938": "sent"}, "stopped": None})
    {'sent': 3}
    """
    return {name: value for name, value in _members(result).items() if isinstance(value, int | float)}


def _members(result: Any) -> Mapping[str, Any]:
    if isinstance(result, msgspec.Struct):
        return msgspec.structs.asdict(result)
    if is_dataclass(result) and not isinstance(result, type):
        return {member.name: getattr(result, member.name) for member in dataclass_fields(result)}
    return result if isinstance(result, Mapping) else {}


def _log_problem(error: LeadwerkError, fields: dict[str, Any], started: float) -> None:
    fields |= {"error": type(error).__name__, "status": status_of(error), "seconds": _seconds_since(started)}
    if fields["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error(str(error), extra={"fields": fields | {"event": "stage_failed"}})
    else:  # the sender's mistake, told to the sender; what he sent may speak of a person and stays out of the log
        refused = fields | {"event": "request_refused", "field": getattr(error, "field", None)}
        logger.warning("%s refused a request", fields["stage"], extra={"fields": refused})


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 4)


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
        MalformedBody: it is not JSON.
        InputError: a field is unknown, missing or of another type.
    """
    try:
        return decoder.decode(raw or b"{}")
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `")
        raise InputError(
            f"{what}.", field=where.rstrip("`") or "body", remedy="Send the field as the API reference describes it."
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MalformedBody(f"The body is not JSON: {error}.", field="body", remedy="Send a JSON object.") from error


def moment(said: datetime | None, clock: datetime) -> datetime:
    """The `now` of a request in UTC: what it says, else the clock.

    Raises:
        InputError: it lies in the future, and this is no simulation. What is stored as of then would stand as the newest
            until then.
    """
    if said is None:
        return clock
    if said > clock + CLOCK_TOLERANCE and not settings.read().simulation:
        raise InputError(
            f"now is {said.isoformat()} and lies in the future.",
            field="now",
            value=said.isoformat(),
            remedy="Leave it out, or name a past moment; in a simulation set LEADWERK_SIMULATION=1.",
        )
    return said.astimezone(UTC)


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


def _problem_response(error: LeadwerkError) -> Response:
    body, status, headers = _json(problem(error), status_of(error), "application/problem+json")
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(round(getattr(error, "retry_after", None) or RETRY_SECONDS))
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
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


def _configure() -> None:
    if not logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_CloudLogging())
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


logger = logging.getLogger("leadwerk")
_configure()

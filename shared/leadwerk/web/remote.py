"""BigQuery's remote-function protocol beside the ordinary requests of the same function.

A request whose body has `calls` comes from BigQuery: {"requestId", "caller", "sessionUser", "calls": [[argument], …]}
is answered {"replies": [one a call, in order]}. A failure of the whole request is {"errorMessage": …} with a status by
which BigQuery repeats it (408, 429, 500, 503, 504) or gives up (any other).
Source: BigQuery documentation, Work with remote functions, input and output format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import IO, Any, Protocol

import msgspec

from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.web import MAXIMUM_BYTES, Answer, Function, HTTPRequest, Response, answered, not_as_described
from leadwerk.web.problem_document import MalformedBody, ProblemDocument, RequestTooLarge
from leadwerk.web.request_body import read_body

MAXIMUM_REMOTE_BYTES = 50_000_000
# More than 1,000 a request score no faster (docs/scale.md).
MAXIMUM_CALLS = 10_000
MARK = b'"calls"'
GIVE_UP = 400
# BigQuery repeats a call after some statuses only: ours become those.
STATUSES = {409: GIVE_UP, 422: GIVE_UP, 502: 503}
MAXIMUM_MESSAGE = 1000  # characters
ONE_ARGUMENT = "Send each call as an array of one string; in SQL: leadwerk.score(TO_JSON_STRING(row of lead_features))."

Call = tuple[str | None]


class RemoteRequest(msgspec.Struct, frozen=True):
    """The part of BigQuery's request that is read: calls of a function with one STRING argument, which may be NULL."""

    calls: list[Call]


DECODER = msgspec.json.Decoder(RemoteRequest)


class RemoteAnswers(Protocol):
    """Replies to calls, and how many rows were scored and refused."""

    @property
    def replies(self) -> Sequence[str]: ...
    @property
    def scored(self) -> int: ...
    @property
    def refused(self) -> int: ...


class _Probe(msgspec.Struct, frozen=True):
    calls: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


PROBE = msgspec.json.Decoder(_Probe)


@dataclass(frozen=True)
class RemoteResponse(Answer):
    """Response to BigQuery, with the counts for the log."""

    scored: int = 0
    refused: int = 0


class _Stream:
    """A partly read stream, replayed from its beginning."""

    def __init__(self, read: bytes, rest: IO[bytes]) -> None:
        self._read, self._rest = read, rest

    def read(self, size: int) -> bytes:
        first, self._read = self._read[:size], self._read[size:]
        return first + self._rest.read(size - len(first)) if len(first) < size else first


@dataclass
class _Rewound:
    """A request whose first bytes were inspected."""

    method: str
    path: str
    content_length: int | None
    headers: Mapping[str, str]
    stream: Any


def also_from_bigquery(calls: Callable[[list[Call]], RemoteAnswers]) -> Callable[[Function], Function]:
    """Let a function answer BigQuery's requests by `calls`, and all other requests as before."""

    def framed(otherwise: Function) -> Function:
        stage = getattr(otherwise, "__name__", "")

        @wraps(otherwise)
        def function(http: HTTPRequest) -> Response:
            if http.method != "POST":
                return otherwise(http)
            head = http.stream.read(MAXIMUM_BYTES + 1)
            again = _Rewound(http.method, http.path, http.content_length, http.headers, _Stream(head, http.stream))
            if not _has_calls(head):
                return otherwise(again)
            return _for_bigquery(answered(stage, again.headers, lambda: _replied(calls, again)))

        return function

    return framed


def _has_calls(head: bytes) -> bool:
    """Whether a body that begins with `head` has `calls`; a body over the ordinary limit is not parsed for that."""
    if MARK not in head or len(head) > MAXIMUM_BYTES:
        return MARK in head
    try:
        return PROBE.decode(head).calls is not msgspec.UNSET
    except UNREADABLE_JSON:
        return False


def _replied(calls: Callable[[list[Call]], RemoteAnswers], http: _Rewound) -> RemoteResponse:
    report = calls(_read_calls(read_body(http, MAXIMUM_REMOTE_BYTES)))
    body = msgspec.json.encode({"replies": report.replies})
    return RemoteResponse(body, "application/json", scored=report.scored, refused=report.refused)


def _read_calls(raw: bytes) -> list[Call]:
    """The calls in a body, which are counted first: decoded, millions of empty calls take a hundred times their bytes.

    Raises:
        RequestTooLarge: there are more than `MAXIMUM_CALLS`.
        InputError: a call is not an array of one string or null.
    """
    # The calls, and the array around them.
    maximum_arrays = MAXIMUM_CALLS + 1
    if raw.count(b"[") > maximum_arrays and _arrays(raw) > maximum_arrays:
        raise RequestTooLarge(
            f"The request has more than {MAXIMUM_CALLS:,} calls.",
            field="calls",
            remedy="Set max_batching_rows of the remote function to 1000.",
        )
    try:
        return DECODER.decode(raw).calls
    except msgspec.ValidationError as refused:
        error = not_as_described(refused)
        message = f"{error.field}: {error.message}"
        raise InputError(message, field=error.field, remedy=ONE_ARGUMENT) from refused
    except UNREADABLE_JSON as error:
        raise MalformedBody(f"The body is not JSON: {error}.", field="body", remedy="Send a JSON object.") from error


def _arrays(raw: bytes) -> int:
    """How many arrays JSON opens outside of strings: exact up to `2 * MAXIMUM_CALLS` strings, an upper bound beyond."""
    pieces = raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"', 4 * MAXIMUM_CALLS)
    return sum(piece.count(b"[") for piece in pieces[::2])


def _for_bigquery(response: Response) -> Response:
    """A problem document as BigQuery's errorMessage, any other response as it is."""
    body, status, headers = response
    if status == HTTPStatus.OK:
        return response
    problem = msgspec.json.decode(body, type=ProblemDocument)
    message = f"{problem.detail} {problem.remedy or ''}".strip()[:MAXIMUM_MESSAGE]
    reply = msgspec.json.encode({"errorMessage": message})
    return reply, STATUSES.get(status, status), headers | {"Content-Type": "application/json"}

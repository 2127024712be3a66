"""Errors as an HTTP client sees them: a status by class, and a problem document (RFC 9457)."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from msgspec import Struct

from leadwerk.errors import (
    AlreadyPicked,
    ContractMismatch,
    CorruptModel,
    CRMRejected,
    InputError,
    LeadwerkError,
    NoChampion,
    ScoreWithheld,
    UnknownAccount,
    UnknownLead,
    UnknownPerson,
)

CONTENT_TYPE = "application/problem+json"
UNEXPECTED = {
    "type": "about:blank",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "An unexpected error occurred; the log of this function has the details.",
}


class MalformedBody(InputError):
    """The body is not JSON."""


class NotFound(InputError):
    """The path does not exist."""


class CrossSiteRequest(InputError):
    """A page of another site made the browser send a request that changes something."""


class NotSignedIn(InputError):
    """Nobody is signed in, or by a proof that does not hold."""


class Forbidden(InputError):
    """The person's roles do not allow it."""


class Conflict(InputError):
    """What was looked at has changed meanwhile."""


class RequestTooLarge(InputError):
    """The body has more bytes than the function accepts."""


class TooManyRequests(InputError):
    """The caller sent more calls than it may; the next is answered in `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float, remedy: str) -> None:
        super().__init__(message, field="caller", remedy=remedy)
        self.retry_after = retry_after


class UnsupportedMedia(InputError):
    """The content encoding or charset of the body is not supported."""


class MethodNotAllowed(InputError):
    """The path accepts the `allowed` methods only."""

    def __init__(self, message: str, *, allowed: tuple[str, ...]) -> None:
        super().__init__(message, field="method", remedy=f"Use {' or '.join(allowed)}.")
        self.allowed = allowed


# The first matching class decides; of all others, retryable errors are 503 and the rest 500.
# A bad champion is 503 too: an instance recovers by itself once another model is promoted.
STATUSES: tuple[tuple[type[LeadwerkError], int], ...] = (
    (UnknownLead, 404),
    (UnknownAccount, 404),
    (UnknownPerson, 404),
    (NotFound, 404),
    (CrossSiteRequest, 403),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (ScoreWithheld, 403),
    (Conflict, 409),
    (RequestTooLarge, 413),
    (UnsupportedMedia, 415),
    (TooManyRequests, 429),
    (MethodNotAllowed, 405),
    (AlreadyPicked, 409),
    (MalformedBody, 400),
    (InputError, 422),
    (NoChampion, 409),
    (CorruptModel, 503),
    (ContractMismatch, 503),
    (CRMRejected, 502),
)


LONGEST_TEXT = 1000
"""Of each member of a problem: our own sentences are shorter."""


class ProblemDocument(Struct, frozen=True, kw_only=True):
    """Members of a problem (RFC 9457) with the wrong `field`, its `value` and the `remedy`, where there are any.

    `seller` and `until`: of a lead that another seller holds.
    """

    type: str
    title: str
    status: int
    detail: str
    remedy: str | None = None
    field: str | None = None
    value: Any = None
    seller: str | None = None
    until: datetime | None = None


def status_of(error: LeadwerkError) -> int:
    """The HTTP status of an error.

    >>> status_of(UnknownLead("Lead 7 is unknown.", field="lead_id"))
    404
    """
    for kind, status in STATUSES:
        if isinstance(error, kind):
            return status
    return 503 if error.retryable else 500


def cut(text: str, most: int = LONGEST_TEXT) -> str:
    """A text of at most `most` signs: what a sender wrote is repeated, but never at length.

    >>> cut("a" * 30, 10)
    'aaaaaaaaa…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def is_short(value: object) -> bool:
    """Whether a value may be repeated as it is."""
    return isinstance(value, int | float | None) or len(str(value)) <= LONGEST_TEXT


def problem(error: LeadwerkError) -> dict[str, Any]:
    """The members of a problem document (RFC 9457), with the extensions field, value and remedy.

    For a lead that another seller holds it also has `seller` and `until`.

    >>> problem(UnknownLead("Lead 7 is unknown.", field="lead_id", value="7", remedy="Send its form."))["title"]
    'Unknown lead'
    """
    kind = type(error).__name__
    value = getattr(error, "value", None)
    members = {
        "type": f"urn:leadwerk:problem:{kind}",
        "title": re.sub(r"(?<=[a-z])([A-Z])", r" \1", kind).capitalize().replace("Crm", "CRM "),
        "status": status_of(error),
        "detail": cut(error.message),
        "remedy": cut(error.remedy),
        "field": cut(getattr(error, "field", None) or ""),
        "value": value if is_short(value) else cut(str(value)),
        "seller": getattr(error, "seller", None),
        "until": getattr(error, "until", None),
    }
    return {name: value for name, value in members.items() if value not in (None, "")}

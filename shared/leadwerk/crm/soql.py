"""Queries to Salesforce in SOQL: how they are sent, and how texts and moments are written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from leadwerk.crm.http_client import CRMResponse
from leadwerk.crm.keyset import Position

Ask = Callable[[str, str], CRMResponse]
"""The answer to a query in SOQL, asked of the resource `query`, or of `queryAll` for deleted records too."""


def answer_of(ask: Ask, query: str, resource: str = "query") -> CRMResponse:
    """The answer to a query.

    Raises:
        CRMRejected: the query was refused, as where the user may not read an object.
    """
    answer = ask(resource, query)
    if answer.status != 200:
        raise answer.unreadable(resource)
    return answer


def moment_of(text: str) -> datetime:
    """A moment as Salesforce writes it, in UTC."""
    # Salesforce writes +0000, which ISO 8601 allows in its basic form only.
    return datetime.fromisoformat(text.replace("+0000", "+00:00")).astimezone(UTC)


def written(moment: datetime) -> str:
    """A moment in SOQL, whole seconds.

    >>> written(datetime(2026, 1, 5, 8, tzinfo=UTC))
    '2026-01-05T08:00:00Z'
    """
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def quoted(text: str) -> str:
    r"""A text in SOQL.

    >>> quoted("O'Neil\\")
    "'O\\'Neil\\\\'"
    """
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def after_position(column: str, place: Position | None) -> list[str]:
    """Conditions for what comes after a place in the order of a stamp and the id."""
    if place is None:
        return []
    stamp = written(place.stamp)
    same = f"({column} = {stamp} AND Id > {quoted(place.record_id)})"
    return [f"({same} OR {column} > {stamp})" if place.record_id else f"{column} >= {stamp}"]

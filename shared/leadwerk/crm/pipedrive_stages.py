"""Statuses that deals of Pipedrive have passed, from the log of each deal's changes: one call a deal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from leadwerk.crm.case_page import StageKind
from leadwerk.crm.http_client import CRMResponse
from leadwerk.crm.optional_reads import STAGES, OptionalObject
from leadwerk.crm.stage_steps import DealStep

CHANGES_AT_ONCE = 500
STATUS = "status"
HISTORY = OptionalObject("changes of deals", STAGES, "a user who may see the deals' changes")
Query = Mapping[str, str | int]
Ask = Callable[[str, Query], CRMResponse]
"""The answer to a GET of a path with query parameters."""
KINDS: Mapping[str, StageKind] = {"open": "open", "won": "won", "lost": "lost"}


class _Change(msgspec.Struct, frozen=True):
    field_key: str
    time: str
    old_value: Any = None
    new_value: Any = None


class _More(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class _Changes(msgspec.Struct, frozen=True):
    data: list[_Change] | None = None
    additional_data: _More | None = None


def read_steps(ask: Ask, deal_id: int, created: str) -> list[DealStep]:
    """The statuses of a deal in order of time, the present one last; none of a deal that was deleted meanwhile.

    `created`: the deal's add_time, from which its first status counts.

    Raises:
        CRMRejected: the log may not be read.
    """
    changes = sorted(_changes(ask, deal_id), key=lambda change: moment_of(change.time))
    if not changes:
        return []
    statuses = [(created, changes[0].old_value), *((change.time, change.new_value) for change in changes)]
    return [
        DealStep(str(status), moment_of(time), KINDS.get(str(status))) for time, status in statuses if time and status
    ]


def _changes(ask: Ask, deal_id: int) -> Iterator[_Change]:
    parameters: dict[str, str | int] = {"limit": CHANGES_AT_ONCE}
    while True:
        answer = ask(f"/v1/deals/{deal_id}/changelog", parameters)
        if answer.status in (404, 410):
            return
        if answer.status != 200:
            raise answer.unreadable("changelog")
        page = answer.decoded(_Changes)
        yield from (change for change in page.data or () if change.field_key == STATUS)
        if page.additional_data is None or not page.additional_data.next_cursor:
            return
        parameters["cursor"] = page.additional_data.next_cursor


def moment_of(text: str) -> datetime:
    """Pipedrive's older lists write UTC without an offset."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

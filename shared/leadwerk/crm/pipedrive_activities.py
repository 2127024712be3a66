"""What sellers did with persons of Pipedrive: activities that are marked as done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from leadwerk.crm.case_page import Activity, CasePage, Touchpoint
from leadwerk.crm.keyset import Position, joined
from leadwerk.crm.optional_reads import OptionalObject, OptionalReads
from leadwerk.crm.pipedrive_stages import Ask, Query, moment_of

PATH = "/api/v2/activities"
ACTIVITIES = OptionalObject(
    "activities", "touchpoints call, meeting and email", "a user who may see everybody's activities"
)
KINDS: Mapping[str, str] = {"call": "call", "meeting": "meeting", "email": "email", "lunch": "meeting"}
"""Of Pipedrive's own types; tasks, deadlines and types that somebody added are no contacts."""


class _Activity(msgspec.Struct, frozen=True):
    id: int
    update_time: str
    type: str = ""
    done: bool = False
    person_id: int | None = None
    marked_as_done_time: str | None = None
    is_deleted: bool = False
    note: str | None = None

    def stamp(self) -> datetime:
        return moment_of(self.update_time)

    def contact(self) -> Activity | None:
        """The activity as a contact with its person, where it is one."""
        if not self.done or self.is_deleted or self.person_id is None or self.type not in KINDS:
            return None
        occurred_at = moment_of(self.marked_as_done_time or self.update_time)
        touchpoint = Touchpoint(f"activity:{self.id}", KINDS[self.type], occurred_at)
        return Activity(str(self.person_id), touchpoint, self.stamp())


class _More(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class _Activities(msgspec.Struct, frozen=True):
    data: list[_Activity]
    additional_data: _More = _More()


def activity_pages(
    ask: Ask, positions: list[Position | None], overlap: timedelta, parameters: Query, reads: OptionalReads
) -> Iterator[CasePage]:
    """Activities that changed; the last of the `positions` moves on. `parameters`: those of each list."""
    query = dict(parameters)
    while True:
        page = reads.read(ACTIVITIES, lambda: read_activities(ask, query), _Activities([]))
        if page.data:
            last, position = Position(page.data[-1].stamp(), str(page.data[-1].id)), positions[-1]
            positions[-1] = max(last, position) if position else last
            contacts = tuple(contact for entry in page.data if (contact := entry.contact()))
            yield CasePage((), (), joined(positions), last.stamp - overlap, activities=contacts)
        if not page.additional_data.next_cursor:
            return
        query["cursor"] = page.additional_data.next_cursor


def read_activities(ask: Ask, query: Query) -> _Activities:
    """A page of activities.

    Raises:
        CRMRejected: they may not be read.
    """
    answer = ask(PATH, query)
    if answer.status != 200:
        raise answer.unreadable("activities")
    return answer.decoded(_Activities)

"""What sellers did with leads of Salesforce: calls and mails, which are closed tasks.

Meetings (Event) are not read: their stamp does not move when they take place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial

import msgspec

from leadwerk.crm.case_page import Activity, CasePage, Touchpoint
from leadwerk.crm.keyset import Position, joined, walk
from leadwerk.crm.soql import Ask, after_position, answer_of, moment_of

PAGE_SIZE = 2000
STAMP = "SystemModstamp"
KINDS: Mapping[str, str] = {"Call": "call", "Email": "email"}
DONE = "IsClosed = true AND TaskSubtype IN ('Call', 'Email') AND Who.Type = 'Lead'"


class _Task(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    who_id: str
    task_subtype: str
    system_modstamp: str
    completed_date_time: str | None = None

    def place(self) -> Position:
        return Position(moment_of(self.system_modstamp), self.id)

    def activity(self) -> Activity:
        """The task as a contact with its lead."""
        occurred_at = moment_of(self.completed_date_time or self.system_modstamp)
        touchpoint = Touchpoint(f"task:{self.id}", KINDS[self.task_subtype], occurred_at)
        return Activity(self.who_id, touchpoint, self.place().stamp)


class _Tasks(msgspec.Struct, frozen=True):
    records: list[_Task]


def activity_pages(ask: Ask, positions: list[Position | None], overlap: timedelta) -> Iterator[CasePage]:
    """Closed calls and mails; the last of the `positions` moves on."""
    start, fetch = positions[-1], partial(_closed_tasks, ask)
    for tasks, place in walk(start.before(overlap) if start else None, fetch, _Task.place):
        positions[-1] = max(place, start) if start else place
        done = tuple(task.activity() for task in tasks)
        yield CasePage((), (), joined(positions), place.stamp - overlap, activities=done)


def _closed_tasks(ask: Ask, place: Position | None) -> Sequence[_Task]:
    conditions = " AND ".join([DONE, *after_position(STAMP, place)])
    query = (
        f"SELECT Id, WhoId, TaskSubtype, CompletedDateTime, {STAMP} FROM Task WHERE {conditions}"  # noqa: S608  quoted
        f" ORDER BY {STAMP}, Id LIMIT {PAGE_SIZE}"
    )
    return answer_of(ask, query).decoded(_Tasks).records

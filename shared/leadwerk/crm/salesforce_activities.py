"""What sellers did with leads of Salesforce: calls and mails, which are closed tasks, and meetings, which are events.

An event's stamp does not move when it takes place. So events are read twice: in the order of their end, and, where they
were entered or changed after it, in the order of their stamp.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import msgspec

from leadwerk.crm.case_page import Activity, CasePage, Touchpoint
from leadwerk.crm.keyset import Position, joined, walk_list
from leadwerk.crm.optional_reads import END_OF_TIME, OptionalObject, OptionalReads
from leadwerk.crm.soql import Ask, after_position, answer_of, moment_of, written

PAGE_SIZE = 2000
STAMP, END = "SystemModstamp", "EndDateTime"
KINDS: Mapping[str, str] = {"Call": "call", "Email": "email"}
DONE = "IsClosed = true AND TaskSubtype IN ('Call', 'Email') AND Who.Type = 'Lead'"
# Each invited user has a copy of an event (IsChild), and a series has a record beside its events (IsRecurrence).
MEETING = "Who.Type = 'Lead' AND IsChild = false AND IsRecurrence = false"
TASKS = OptionalObject("tasks", "touchpoints call and email", "the right to read the users' activities")
EVENTS = OptionalObject("events", "touchpoints meeting", "the right to read the users' activities")
ACTIVITY_LISTS = 3


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


class _Event(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    who_id: str
    start_date_time: str
    end_date_time: str
    system_modstamp: str

    def place(self) -> Position:
        """Where it stands in the order of the last change."""
        return Position(moment_of(self.system_modstamp), self.id)

    def end(self) -> Position:
        """Where it stands in the order of the ends."""
        return Position(moment_of(self.end_date_time), self.id)

    def activity(self) -> Activity:
        """The event as a contact with its lead, known from its end on, or from when it was entered after it."""
        touchpoint = Touchpoint(f"event:{self.id}", "meeting", moment_of(self.start_date_time))
        return Activity(self.who_id, touchpoint, max(self.place().stamp, self.end().stamp))


class _Tasks(msgspec.Struct, frozen=True):
    records: list[_Task]


class _Events(msgspec.Struct, frozen=True):
    records: list[_Event]


def activity_pages(
    ask: Ask, positions: list[Position | None], overlap: timedelta, now: datetime, reads: OptionalReads
) -> Iterator[CasePage]:
    """Closed calls and mails, and meetings that ended by `now`; the last three of the `positions` move on."""

    def tasks(place: Position | None) -> Sequence[_Task]:
        return reads.read(TASKS, lambda: _closed_tasks(ask, place), ())

    def events(place: Position | None, column: str) -> Sequence[_Event]:
        return reads.read(EVENTS, lambda: _ended_events(ask, now, column, place), ())

    count = len(positions)
    for done, whole_until in walk_list(positions, count - 3, overlap, tasks, _Task.place):
        activities = tuple(task.activity() for task in done)
        yield CasePage((), (), joined(positions), whole_until, activities=activities)
    orders = ((count - 2, STAMP, _Event.place), (count - 1, END, _Event.end))
    for index, column, place_of in orders:
        for ended, whole_until in walk_list(positions, index, overlap, partial(events, column=column), place_of):
            activities = tuple(event.activity() for event in ended)
            yield CasePage((), (), joined(positions), whole_until, activities=activities)


def optional_objects(ask: Ask, now: datetime) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
    """Tasks and events, each with a query that returns none of them."""
    return (
        (TASKS, partial(_closed_tasks, ask, END_OF_TIME)),
        (EVENTS, partial(_ended_events, ask, now, STAMP, END_OF_TIME)),
    )


def _closed_tasks(ask: Ask, place: Position | None) -> Sequence[_Task]:
    conditions = " AND ".join([DONE, *after_position(STAMP, place)])
    query = (
        f"SELECT Id, WhoId, TaskSubtype, CompletedDateTime, {STAMP} FROM Task WHERE {conditions}"  # noqa: S608  quoted
        f" ORDER BY {STAMP}, Id LIMIT {PAGE_SIZE}"
    )
    return answer_of(ask, query).decoded(_Tasks).records


def _ended_events(ask: Ask, now: datetime, column: str, place: Position | None) -> Sequence[_Event]:
    conditions = " AND ".join([MEETING, f"{END} <= {written(now)}", *after_position(column, place)])
    query = (
        f"SELECT Id, WhoId, StartDateTime, {END}, {STAMP} FROM Event WHERE {conditions}"  # noqa: S608  quoted
        f" ORDER BY {column}, Id LIMIT {PAGE_SIZE}"
    )
    return answer_of(ask, query).decoded(_Events).records

"""Tasks of ActiveCampaign: made for sellers, and, once completed, what sellers did with contacts and deals.

Tasks can be asked for by the day they are due, not by when they were completed. So each reading takes those due since
some weeks before the last completion; a task that is completed later than that is not seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial

import msgspec

from leadwerk.crm.case_page import Activity, CasePage, Touchpoint
from leadwerk.crm.http_client import CRMResponse, HttpClient
from leadwerk.crm.keyset import Position, joined
from leadwerk.crm.optional_reads import OptionalObject, OptionalReads
from leadwerk.crm.port import Task
from leadwerk.errors import CRMRejected
from leadwerk.texts.message import Message

PATH, TYPES, DEALS = "/api/3/dealTasks", "/api/3/dealTasktypes", "/api/3/deals"
PAGE_SIZE = 100
OVERDUE = timedelta(days=60)
TASKS = OptionalObject("tasks", "touchpoints call, meeting and email", "a user who may see everybody's tasks")
KINDS: Mapping[str, str] = {"call": "call", "meeting": "meeting", "email": "email", "lunch": "meeting"}
"""Of the titles of types, in lower case; other types, such as to-do, are no contacts."""
CONTACT, DEAL = "Subscriber", "Deal"


class _Task(msgspec.Struct, frozen=True, rename={"type": "dealTasktype"}):
    id: str
    relid: str
    udate: str
    reltype: str = CONTACT
    type: str = ""
    note: str | None = None

    def place(self) -> Position:
        """Its last change: its completion, or something later. ActiveCampaign keeps no moment of the former."""
        return Position(datetime.fromisoformat(self.udate).astimezone(UTC), self.id)


TaskPage = tuple[Sequence[_Task], tuple[Activity, ...]]
NO_TASKS: TaskPage = ((), ())


class _Tasks(msgspec.Struct, frozen=True, rename="camel"):
    deal_tasks: list[_Task]


class _CreatedId(msgspec.Struct, frozen=True):
    id: str


class _CreatedTask(msgspec.Struct, frozen=True, rename="camel"):
    deal_task: _CreatedId


class _Type(msgspec.Struct, frozen=True):
    id: str
    title: str = ""


class _Types(msgspec.Struct, frozen=True, rename="camel"):
    deal_tasktypes: list[_Type]


class _Deal(msgspec.Struct, frozen=True):
    contact: str


class _DealAnswer(msgspec.Struct, frozen=True):
    deal: _Deal


def create(http: HttpClient, task: Task) -> str:
    """See `CRM.create_task`: a task of this contact whose note is the key is there already.

    The owner is the task's assignee; without one ActiveCampaign takes the user of the key.
    """
    parameters = {"filters[relid]": task.lead_id, "filters[reltype]": CONTACT, "filters[note]": task.key}
    earlier = _tasks(http, {**parameters, "limit": PAGE_SIZE})
    same = next((entry.id for entry in earlier if (entry.relid, entry.note) == (task.lead_id, task.key)), None)
    if same is not None:
        return same
    body = {
        "ownerType": "contact", "relid": task.lead_id, "title": task.title, "note": task.key, "dealTasktype": "1",
        "duedate": task.due_at.isoformat(), **({"assignee": task.owner} if task.owner else {}),
    }  # fmt: skip
    answer = http.call("POST", PATH, json={"dealTask": body})
    if answer.status not in (200, 201):
        raise CRMRejected(Message("refusal.crm.task", answer=answer.text()), status=answer.status)
    return answer.decoded(_CreatedTask).deal_task.id


def activity_pages(
    http: HttpClient, positions: list[Position | None], overlap: timedelta, reads: OptionalReads
) -> Iterator[CasePage]:
    """Completed calls, meetings and mails of contacts and deals; the last of the `positions` moves on."""
    done, start, offset = CompletedTasks(http), positions[-1], 0
    while True:
        window: dict[str, str | int] = {"limit": PAGE_SIZE, "offset": offset, "filters[status]": 1, **_due_after(start)}
        tasks, activities = reads.read(TASKS, partial(done.page, window), NO_TASKS)
        if tasks:
            last, position = max(task.place() for task in tasks), positions[-1]
            positions[-1] = max(last, position) if position else last
            yield CasePage((), (), joined(positions), last.stamp - overlap, activities=activities)
        if len(tasks) < PAGE_SIZE:
            return
        offset += PAGE_SIZE


def _due_after(start: Position | None) -> dict[str, str]:
    return {"filters[due_after]": start.before(OVERDUE).stamp.date().isoformat()} if start else {}


@dataclass
class CompletedTasks:
    """Completed tasks as contacts with leads."""

    http: HttpClient

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Number of a type → what a task of it is, of those that are contacts."""
        answer = _answer(self.http, TYPES, {"limit": PAGE_SIZE})
        types = answer.decoded(_Types).deal_tasktypes
        return {entry.id: KINDS[entry.title.lower()] for entry in types if entry.title.lower() in KINDS}

    def page(self, window: Mapping[str, str | int]) -> TaskPage:
        """Tasks of a window, and those of them that are contacts."""
        tasks = _tasks(self.http, window)
        return tasks, tuple(activity for task in tasks if (activity := self._activity(task)))

    def _activity(self, task: _Task) -> Activity | None:
        kind = self.kinds.get(task.type)
        contact = kind and self._contact(task)
        if not kind or not contact:
            return None
        changed_at = task.place().stamp
        return Activity(contact, Touchpoint(f"task:{task.id}", kind, changed_at), changed_at)

    def _contact(self, task: _Task) -> str | None:
        if task.reltype != DEAL:
            return task.relid
        answer = self.http.call_repeatedly("GET", f"{DEALS}/{task.relid}")
        return answer.decoded(_DealAnswer).deal.contact if answer.status == 200 else None


def _tasks(http: HttpClient, parameters: Mapping[str, str | int]) -> list[_Task]:
    return _answer(http, PATH, parameters).decoded(_Tasks).deal_tasks


def _answer(http: HttpClient, path: str, parameters: Mapping[str, str | int]) -> CRMResponse:
    answer = http.call_repeatedly("GET", path, params=dict(parameters))
    # Its own description names 201 for a list of tasks.
    if answer.status not in (200, 201):
        raise answer.unreadable(path)
    return answer


def probe(http: HttpClient) -> None:
    """Read one task, to see whether tasks may be read."""
    _tasks(http, {"limit": 1})

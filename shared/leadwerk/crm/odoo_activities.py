"""What sellers did with leads of Odoo: calls marked as done and mails, which are messages of the lead, and meetings.

An activity that is marked as done leaves a message of its type; notes and mass mailings are no contacts. A meeting's
stamp does not move when it takes place, so meetings are read in the order of their end as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial

from leadwerk.crm.case_page import Activity, CasePage, Touchpoint
from leadwerk.crm.keyset import Position, joined, naive_utc, walk_list
from leadwerk.crm.odoo_rpc import LEADS, Domain, Named, Numbered, OdooRPC, after_place, written
from leadwerk.crm.optional_reads import END_OF_TIME, OptionalObject, OptionalReads

MESSAGES = OptionalObject(
    "messages", "touchpoints call, email and email_reply", "a user who may read leads, their messages and users"
)
MEETINGS = OptionalObject("meetings", "touchpoints meeting", "a user who may read the calendar")
ACTIVITY_LISTS = 3


class _Message(Numbered, frozen=True):
    """Odoo writes false for nothing; `partner_ids` are its recipients."""

    create_date: str
    date: str
    res_id: int
    message_type: str = ""
    author_id: Named = None
    partner_ids: tuple[int, ...] = ()
    mail_activity_type_id: Named = None

    def place(self) -> Position:
        return Position(naive_utc(self.create_date), f"{self.id:012}")


class _Meeting(Numbered, frozen=True):
    write_date: str
    start: str
    stop: str
    opportunity_id: Named = None

    def place(self) -> Position:
        """Where it stands in the order of the last change."""
        return Position(naive_utc(self.write_date), f"{self.id:012}")

    def end(self) -> Position:
        """Where it stands in the order of the ends."""
        return Position(naive_utc(self.stop), f"{self.id:012}")


class _User(Numbered, frozen=True):
    partner_id: Named = None


@dataclass
class SellerMessages:
    """Messages of leads that are contacts, by their type and their author."""

    rpc: OdooRPC

    @cached_property
    def colleagues(self) -> frozenset[int]:
        """The addresses of the company's own users."""
        users = self.rpc.search_all("res.users", [["share", "=", False]], list[_User])
        return frozenset(user.partner_id[0] for user in users if isinstance(user.partner_id, tuple))

    @cached_property
    def call_types(self) -> frozenset[int]:
        """The types of activities that are calls."""
        types = self.rpc.search_all("mail.activity.type", [["category", "=", "phonecall"]], list[Numbered])
        return frozenset(entry.id for entry in types)

    def after(self, place: Position | None) -> Sequence[_Message]:
        """Messages of leads behind a place, the oldest first."""
        kinds: Domain = ["|", ["mail_activity_type_id", "!=", False], ["message_type", "in", ["email", "comment"]]]
        domain = [["model", "=", LEADS], *kinds, *after_place("create_date", place)]
        # What tells them apart is read before the cursor passes them, in case that it may not be read.
        _ = self.colleagues, self.call_types
        return self.rpc.search("mail.message", domain, "create_date, id", list[_Message])

    def activities(self, messages: Sequence[_Message]) -> Iterator[Activity]:
        """Those that are contacts."""
        for message in messages:
            kind = self._kind(message)
            if kind is not None:
                recorded_at = message.place().stamp
                occurred_at = min(naive_utc(message.date), recorded_at)
                yield Activity(str(message.res_id), Touchpoint(f"message:{message.id}", kind, occurred_at), recorded_at)

    def _kind(self, message: _Message) -> str | None:
        if isinstance(message.mail_activity_type_id, tuple):
            return "call" if message.mail_activity_type_id[0] in self.call_types else None
        author = message.author_id[0] if isinstance(message.author_id, tuple) else 0
        if author not in self.colleagues:
            return "email_reply" if message.message_type == "email" else None
        # A colleague's note goes to colleagues or to nobody.
        return "email" if set(message.partner_ids) - self.colleagues else None


def activity_pages(
    rpc: OdooRPC, positions: list[Position | None], overlap: timedelta, now: datetime, reads: OptionalReads
) -> Iterator[CasePage]:
    """Calls, mails, and meetings that ended by `now`; the last three of the `positions` move on."""
    messages = SellerMessages(rpc)
    count = len(positions)

    def listed(place: Position | None) -> Sequence[_Message]:
        return reads.read(MESSAGES, lambda: messages.after(place), ())

    def meetings(place: Position | None, column: str) -> Sequence[_Meeting]:
        return reads.read(MEETINGS, lambda: ended_meetings(rpc, now, column, place), ())

    for page, whole_until in walk_list(positions, count - 3, overlap, listed, _Message.place):
        yield CasePage((), (), joined(positions), whole_until, activities=tuple(messages.activities(page)))
    orders = ((count - 2, "write_date", _Meeting.place), (count - 1, "stop", _Meeting.end))
    for index, column, place_of in orders:
        for ended, whole_until in walk_list(positions, index, overlap, partial(meetings, column=column), place_of):
            yield CasePage((), (), joined(positions), whole_until, activities=tuple(map(_met, ended)))


def ended_meetings(rpc: OdooRPC, now: datetime, column: str, place: Position | None) -> Sequence[_Meeting]:
    """Meetings about leads that ended by `now`, without cancelled ones, which are archived."""
    domain: Domain = [["opportunity_id", "!=", False], ["active", "=", True], ["stop", "<=", written(now)]]
    return rpc.search("calendar.event", [*domain, *after_place(column, place)], f"{column}, id", list[_Meeting])


def _met(meeting: _Meeting) -> Activity:
    """Known from its end on, or from when it was entered after it."""
    lead = meeting.opportunity_id[0] if isinstance(meeting.opportunity_id, tuple) else 0
    touchpoint = Touchpoint(f"meeting:{meeting.id}", "meeting", naive_utc(meeting.start))
    return Activity(str(lead), touchpoint, max(meeting.place().stamp, meeting.end().stamp))


def optional_objects(rpc: OdooRPC, now: datetime) -> Sequence[tuple[OptionalObject, Callable[[], object]]]:
    """Messages and meetings, each with a search that finds none."""
    return (
        (MESSAGES, partial(SellerMessages(rpc).after, END_OF_TIME)),
        (MEETINGS, partial(ended_meetings, rpc, now, "stop", END_OF_TIME)),
    )

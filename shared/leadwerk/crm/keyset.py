"""Reading in the order of (stamp, id), as most CRMs allow: complete although thousands of records share a stamp."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from leadwerk.errors import InputError
from leadwerk.texts.message import Message

T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Position:
    """Behind a record: its stamp (aware, UTC) and its id."""

    stamp: datetime
    record_id: str

    def __str__(self) -> str:
        return f"{self.stamp.isoformat()}|{self.record_id}"

    def before(self, overlap: timedelta) -> Position:
        """The position `overlap` earlier, before any record of that moment."""
        return Position(self.stamp - overlap, "") if overlap else self


def position(text: str | None) -> Position | None:
    """The position that `text` says; None for the beginning.

    Raises:
        InputError: it is none of ours.

    >>> position("2026-01-05T08:00:00+00:00|7") == Position(datetime(2026, 1, 5, 8, tzinfo=UTC), "7")
    True
    """
    if not text:
        return None
    stamp, separator, record_id = text.partition("|")
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not separator:
        raise InputError(Message("refusal.crm.cursor", cursor=text), field="cursor", value=text)
    return Position(moment.astimezone(UTC), record_id)


def naive_utc(text: str) -> datetime:
    """A stamp without an offset that its CRM means as UTC.

    >>> naive_utc("2026-01-05 08:00:00").isoformat()
    '2026-01-05T08:00:00+00:00'
    """
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def walk(
    start: Position | None, fetch: Callable[[Position | None], Sequence[T]], place: Callable[[T], Position]
) -> Iterator[tuple[Sequence[T], Position]]:
    """Pages behind `start` until one is empty, each with the position behind it.

    `fetch` returns the records behind a position, in the order of stamp and id.
    """
    position = start
    while records := fetch(position):
        following = place(records[-1])
        # Opaque ids can only be compared by the CRM; that the position moves at all is checked here.
        if following == position:
            return
        position = following
        yield records, position


def walk_list(
    positions: list[Position | None],
    index: int,
    overlap: timedelta,
    fetch: Callable[[Position | None], Sequence[T]],
    place: Callable[[T], Position],
) -> Iterator[tuple[Sequence[T], datetime]]:
    """Pages of one of several lists from `overlap` before its position on; each with the moment it is whole until.

    Its position moves on in `positions`; the overlap never moves it back.
    """
    start = positions[index]
    for records, last in walk(start.before(overlap) if start else None, fetch, place):
        positions[index] = max(last, start) if start else last
        yield records, last.stamp - overlap


def joined(positions: Sequence[Position | None]) -> str:
    """One cursor for several lists that are read side by side.

    >>> split(joined([None, Position(datetime(2026, 1, 5, tzinfo=UTC), "7")]), 2)[0] is None
    True
    """
    return "&".join("" if place is None else str(place) for place in positions)


def split(cursor: str | None, lists: int) -> list[Position | None]:
    """The position in each list; a list that came with a later version of Leadwerk has none yet.

    Raises:
        InputError: it is a cursor of another CRM.
    """
    if not cursor:
        return [None] * lists
    parts = cursor.split("&")
    if len(parts) > lists:
        raise InputError(Message("refusal.crm.cursor", cursor=cursor), field="cursor", value=cursor)
    return [position(part) for part in parts] + [None] * (lists - len(parts))

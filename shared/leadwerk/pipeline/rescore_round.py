"""Rounds of a bounded rescoring: leads that a run did not reach come first in the next one.

Leads take turns by a digest of their id. So the stored position names no lead, and leads that come or go during a round
change nobody's turn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import CursorRow
from leadwerk.warehouse.statement import statement

SOURCE = "rescore"
TURNS = 2**16
FINISHED = ""
# Two moves of a cursor never share a moment.
STEP = timedelta(microseconds=1)


class Round(Struct, frozen=True):
    """An unfinished round: it began with the turn `first`, and the leads from the turn `at` on are left."""

    first: int
    at: int

    def left(self, leads: Sequence[str]) -> list[str]:
        """The leads that are left, in their turn.

        >>> leads = ["a", "b", "c", "d"]
        >>> [turn_of(lead) for lead in leads]
        [51863, 15907, 11901, 6316]
        >>> Round(first=0, at=15907).left(leads), Round(first=15907, at=6316).left(leads)
        (['b', 'a'], ['d', 'c'])
        """
        turns = (self.first - self.at) % TURNS or TURNS
        return [lead for lead in in_turn(leads, self.at) if (turn_of(lead) - self.at) % TURNS < turns]


class StoredRound(Struct, frozen=True):
    """A row of cursors/latest."""

    cursor: str
    moved_at: datetime


def turn_of(lead_id: str) -> int:
    """The turn of a lead in each round, below TURNS."""
    return int.from_bytes(hashlib.sha256(lead_id.encode()).digest()[:2])


def in_turn(leads: Sequence[str], first: int = 0) -> list[str]:
    """The leads by turn, from the turn `first` on and over the end."""
    return sorted(leads, key=lambda lead: ((turn_of(lead) - first) % TURNS, lead))


def read_round(warehouse: Warehouse) -> tuple[Round | None, datetime | None]:
    """The unfinished round, if there is one, and when a round was stored last."""
    stored = warehouse.rows(statement("cursors/latest", StoredRound), {"source": SOURCE})
    if not stored:
        return None, None
    [latest] = stored
    return (
        None if latest.cursor == FINISHED else msgspec.json.decode(latest.cursor, type=Round),
        latest.moved_at,
    )


def store_round(warehouse: Warehouse, unfinished: Round | None, now: datetime, stored_before: datetime | None) -> None:
    """Store where the next run goes on; None: the round is finished."""
    moved_at = now if stored_before is None else max(now, stored_before + STEP)
    cursor = FINISHED if unfinished is None else msgspec.json.encode(unfinished).decode()
    warehouse.append("cursors", [CursorRow(source=SOURCE, cursor=cursor, moved_at=moved_at)])

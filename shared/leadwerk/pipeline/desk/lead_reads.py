"""Read log: who opened which lead, one row for a person, lead and day (UTC).

A person may ask who saw their data, and a data-protection officer who looks around without cause. Lists are not logged:
everybody's list shows the same leads each morning.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from weakref import WeakKeyDictionary

from leadwerk.errors import LeadwerkError
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import LeadReadRow

PROGRAM = "program"
"""The reader of a lead that a program asked for: who sees it there is not known here."""


def record_read(warehouse: Warehouse, lead_id: str, reader: str, now: datetime) -> None:
    """Record that `reader` opened the lead at `now` (aware); "" is a program.

    A warehouse that cannot store it now costs no seller the page; the next opening is recorded.
    """
    name, day = reader or PROGRAM, now.astimezone(UTC).date()
    with _lock:
        recent = _recent.setdefault(warehouse, RecentReads())
    if not recent.is_new(lead_id, name, day):
        return
    row = LeadReadRow(lead_id=lead_id, reader=name, day=day, read_at=now)
    with suppress(LeadwerkError):
        # Without a look-up of the key, which would cost the page a statement: the trail takes the first of a day.
        warehouse.append_new({"lead_reads": [row]})
        recent.add(lead_id, name, day)


@dataclass
class RecentReads:
    """What this process recorded on `day`, so that a lead that is opened ten times costs one row."""

    day: date = date.min
    pairs: set[tuple[str, str]] = field(default_factory=set)

    def is_new(self, lead_id: str, reader: str, day: date) -> bool:
        """Whether that day's read is not recorded yet."""
        return day != self.day or (lead_id, reader) not in self.pairs

    def add(self, lead_id: str, reader: str, day: date) -> None:
        """Remember a read; those of another day are forgotten, so that memory is bounded by a day's reads."""
        with _lock:
            if day != self.day:
                self.day, self.pairs = day, set()
            self.pairs.add((lead_id, reader))


_lock = threading.Lock()
_recent: WeakKeyDictionary[Warehouse, RecentReads] = WeakKeyDictionary()

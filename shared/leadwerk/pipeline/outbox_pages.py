"""The outbox in the warehouse: what is to be sent, page by page, and the record of attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from leadwerk.crm import delivery_attempts, outbox
from leadwerk.crm.delivery_attempts import Attempt
from leadwerk.crm.fields import FieldMapping
from leadwerk.crm.outbox import OutboxRow, Pending
from leadwerk.pipeline.gone_records import store_found_gone
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.crm.port import CRM
    from leadwerk.pipeline.delivery_line import DeliveryLine

MOST_READ = 25_000  # scores that are read at once: each reading ranks all scores of the window
LONGEST_RUN = timedelta(minutes=15)  # scores stored by others during a run are dated within it, also in simulations
NO_FIELDS = FieldMapping((), {})

T = TypeVar("T")

OpenScores = dict[str, Pending]
"""Scores that were read and have no recorded attempt yet, by their id."""


@dataclass(frozen=True, kw_only=True)
class OutboxSelection:
    """Scores to send: of all leads or of `lead_ids`; with dead letters, all of them or those of a code."""

    lead_ids: Sequence[str] | None = None
    retry_dead_letters: bool = False
    dead_letter_code: str | None = None


class Beside:
    """Work at the warehouse beside the calls of a CRM that takes several at once.

    Where a CRM takes one call at a time the work is done in between, in the caller's own thread.
    """

    def __init__(self, pool: ThreadPoolExecutor | None) -> None:
        self.pool = pool

    @classmethod
    @contextmanager
    def at(cls, crm: CRM, *, is_free: bool) -> Iterator[Beside]:
        """For as long as there are calls; whatever was begun has ended afterwards.

        `is_free`: another thread may use the warehouse, because the caller has no unit of work open.
        """
        if crm.capabilities.calls_at_once == 1 or not is_free:
            yield cls(None)
            return
        with ThreadPoolExecutor(1) as pool:
            yield cls(pool)

    def begin(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin with the work; what is returned gives its result, or raises its error."""
        return work if self.pool is None else self.pool.submit(work).result


class LeadKey(Struct, frozen=True, kw_only=True):
    """A row of deliveries/overtaken."""

    lead_id: str


@dataclass(frozen=True)
class Outbox:
    """The outbox as of `now`: what is to be sent, and the record of attempts."""

    warehouse: Warehouse
    first_day: date
    now: datetime
    mapping: FieldMapping = NO_FIELDS

    def read(
        self, selection: OutboxSelection, *, retry_dead_letters: bool, without: Sequence[str] = ()
    ) -> list[Pending]:
        """The newest score of each lead, if the CRM lacks it and it is not among the scores `without`."""
        code = selection.dead_letter_code or ""
        rows = self.rows(
            selection.lead_ids,
            retry_dead_letters=retry_dead_letters,
            code=code if retry_dead_letters else "",
            without=without,
        )
        return outbox.pending(rows, self.mapping)

    def pages(
        self, selection: OutboxSelection, line: DeliveryLine, open_scores: OpenScores, beside: Beside
    ) -> Iterator[list[Pending]]:
        """MOST_READ scores at a time, while there is something due and time to send it.

        The next page is read beside the sending of this one, without the `open_scores`, to which each page is added.
        Only the first page has dead letters: what is refused again would come back on each later one.
        """
        retries_dead_letters = selection.retry_dead_letters or selection.dead_letter_code is not None
        page = self.read(selection, retry_dead_letters=retries_dead_letters)
        while True:
            open_scores.update((item.update.score_id, item) for item in page)
            # What is left waits for its time: reading it again would loop until the deadline.
            is_last = len(page) < MOST_READ or not any(item.due(self.now) for item in page)
            read_next = partial(self.read, selection, retry_dead_letters=False)
            following = None if is_last else beside.begin(partial(read_next, without=[*open_scores]))
            yield page
            if following is None or not line.is_open():
                return
            page = following()

    def overtaken(self, lead_ids: Sequence[str], score_ids: Sequence[str]) -> list[str]:
        """Those of the leads whose newest score is none of these, including scores stored since this run began."""
        parameters = {
            "lead_ids": lead_ids,
            "score_ids": score_ids,
            "scored_since": self.first_day,
            "as_of": self.now + LONGEST_RUN,
        }
        rows = self.warehouse.rows(statement("deliveries/overtaken", LeadKey), parameters)
        return [row.lead_id for row in rows]

    def newest(self, lead_ids: Sequence[str]) -> list[Pending]:
        """The newest score of each lead, including scores stored since this run began."""
        return outbox.pending(self.rows(lead_ids, every_state=True, as_of=self.now + LONGEST_RUN), self.mapping)

    def rows(
        self,
        lead_ids: Sequence[str] | None,
        *,
        retry_dead_letters: bool = False,
        code: str = "",
        every_state: bool = False,
        as_of: datetime | None = None,
        without: Sequence[str] = (),
    ) -> list[OutboxRow]:
        """Rows of deliveries/outbox; `every_state` includes scores that the CRM has or refused."""
        parameters = {
            "first_day": self.first_day,
            "scored_since": self.first_day,
            "as_of": as_of or self.now,
            "every_lead": lead_ids is None,
            "lead_ids": list(lead_ids or ()),
            "every_state": every_state,
            "retry_dead_letters": retry_dead_letters,
            "dead_letter_code": code,
            "without": list(without),
            "most": MOST_READ,
        }
        return self.warehouse.rows(statement("deliveries/outbox", OutboxRow), parameters)

    def record(self, attempts: Sequence[Attempt]) -> None:
        """Append the attempts, and that leads are gone which the CRM no longer has."""
        self.warehouse.append("deliveries", [attempt.row() for attempt in attempts])
        store_found_gone(self.warehouse, delivery_attempts.gone_records(attempts), self.now)

"""Objects beside leads and deals, such as e-mails, that the credentials may leave out: each costs itself only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypeVar

from leadwerk.crm.case_page import CasePage, Unread
from leadwerk.crm.keyset import Position
from leadwerk.crm.port import Check
from leadwerk.errors import CRMRejected

T = TypeVar("T")

REFUSALS = frozenset({400, 403, 404})
"""Statuses by which CRMs refuse an object; 401 and redirects concern credentials and address, so they end a run."""
END_OF_TIME = Position(datetime(2100, 1, 1, tzinfo=UTC), "")
"""Behind it nothing comes: a list is asked from there to see whether it may be read."""


@dataclass(frozen=True)
class OptionalObject:
    """Something beside leads and deals: what is missing without it (`costs`), and what reading it `needs`."""

    name: str
    costs: str
    needs: str


STAGES = "the stages that deals passed between two readings, such as a reopening"


@dataclass
class OptionalReads:
    """Reads of a run that may be refused: a refused object is not asked for again, and is reported with each page."""

    refused: dict[str, Unread] = field(default_factory=dict)

    def read(self, listed: OptionalObject, ask: Callable[[], T], otherwise: T) -> T:
        """What `ask` returns, or `otherwise` where the CRM refuses the object.

        Raises:
            CRMUnavailable, CRMRejected: the CRM cannot answer now, or refuses more than this object.
        """
        if listed.name in self.refused:
            return otherwise
        try:
            return ask()
        except CRMRejected as error:
            if error.status not in REFUSALS:
                raise
            self.refused[listed.name] = Unread(listed.name, listed.costs, listed.needs, error.message)
            return otherwise

    def reported(self, pages: Iterator[CasePage], cursor: str | None) -> Iterator[CasePage]:
        """The pages, each with what was refused so far; one more page where that came to light behind the last one."""
        reported = 0
        for page in pages:
            cursor, reported = page.cursor, len(self.refused)
            yield self.noted(page)
        if len(self.refused) > reported:
            yield self.noted(CasePage((), (), cursor or ""))

    def noted(self, page: CasePage) -> CasePage:
        """The page with what was refused so far."""
        return replace(page, unread=tuple(self.refused.values()))


def check_reading(objects: Sequence[tuple[OptionalObject, Callable[[], object]]]) -> Check:
    """Whether the optional objects may be read, as one answer of `leadwerk crm check` and of `leadwerk doctor`."""
    reads = OptionalReads()
    for listed, ask in objects:
        reads.read(listed, ask, None)
    problem = "; ".join(f"no {unread.costs}, because {unread.name} cannot be read" for unread in reads.refused.values())
    remedy = "; ".join(f"{unread.name} need {unread.needs}" for unread in reads.refused.values())
    names = ", ".join(listed.name for listed, _ in objects)
    return Check("reading", names, problem, f"Permit it: {remedy}." if remedy else "")

"""CRMs in memory that follow a script: one takes scores, one hands out cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from leadwerk.crm.case_page import BadRow, Case, CasePage
from leadwerk.crm.port import LeadUpdate
from support.one_by_one import OneByOne

HOUR = timedelta(hours=1)


@dataclass
class ScriptedCRM(OneByOne):
    """A CRM in memory; before each PATCH it does what `script` says, which may raise or let somebody else act."""

    script: list[Callable[[LeadUpdate], None] | None] = field(default_factory=list)
    scores_shown: dict[str, str] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    def patch_lead(self, update: LeadUpdate) -> None:
        step = self.script.pop(0) if self.script else None
        if step:
            step(update)
        self.received.append(update.score_id)
        self.take(update)

    def take(self, update: LeadUpdate) -> None:
        """A key that was seen does nothing again."""
        if update.key not in self.keys:
            self.keys.add(update.key)
            self.scores_shown[update.lead_id] = update.score_id


def raising(error: Exception) -> Callable[[LeadUpdate], None]:
    def step(update: LeadUpdate) -> None:
        raise error

    return step


@dataclass
class PagedCRM(OneByOne):
    """A CRM that hands out `pages`; a page that is an exception is raised instead, once."""

    pages: list[CasePage | Exception]

    def pull(self, cursor: str | None) -> Iterator[CasePage]:
        for index, page in enumerate(self.pages):
            if isinstance(page, Exception):
                del self.pages[index]
                raise page
            if cursor is None or int(page.cursor) > int(cursor):
                yield page


def pages(*groups: Sequence[Case], bad: Sequence[BadRow] = ()) -> list[CasePage | Exception]:
    return [CasePage(tuple(group), tuple(bad), str(number)) for number, group in enumerate(groups, 1)]


def case(number: int, lead_id: str = "102938", status: str = "Neu", **other: Any) -> Case:
    """The `number`-th change in the CRM, one an hour."""
    lead = {
        "lead_id": lead_id, "created_at": "2026-01-05T08:00:00Z", "email": "anna@example.ch", "postcode": "8001",
        "country": "CH", "loan_amount": "450'000", "ga_client_id": f"{lead_id}.1", "web_consent": True,
    }  # fmt: skip
    crm_case = Case(f"e{number}", datetime(2026, 1, 5, 8, tzinfo=UTC) + number * HOUR, lead, status)
    return replace(crm_case, **other)

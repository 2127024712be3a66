"""The port to a CRM: send a lead's score, read the cases that changed. No CRM's own format comes past it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

STANDING: Mapping[str, str] = {
    "points": "points",
    "lead_matrix_cell": "matrix_cell",
    "company_tier": "tier",
    "lead_stage": "stage",
    "traffic_light": "traffic_light",
}
"""Custom fields of the CRM, and the columns of `scores` that they show."""


@dataclass(frozen=True)
class LeadUpdate:
    """What the CRM shall show of a lead. A CRM may ignore a `key` it has seen, so that a repeat does nothing twice.

    `predictive_score` and `probability` are None before there is a model; `standing` holds what follows from points and
    stages (STANDING), and is empty where the policy has neither.
    """

    key: str
    score_id: str
    lead_id: str
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    probability: float | None
    reasons: tuple[str, ...] = ()
    standing: Mapping[str, str | float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Touchpoint:
    """A contact with the lead that is not on the web site, at `occurred_at` (aware)."""

    event_id: str
    kind: str
    occurred_at: datetime


@dataclass(frozen=True)
class Case:
    """One change of a case: the lead as it was then (raw, in the CRM's words) and the status it got.

    `changed_at` (aware) is when the CRM recorded the change, `event_id` is unique to it. Where something else than the
    status changed, such as a touchpoint that came, `status_changed` is False.
    """

    event_id: str
    changed_at: datetime
    lead: Mapping[str, Any]
    status: str
    reason: str | None = None
    amount: float | str | None = None
    touchpoints: tuple[Touchpoint, ...] = ()
    status_changed: bool = True


@dataclass(frozen=True)
class BadRow:
    """Something the CRM sent that is not in its own format: where (`row`), what (`field`), and why."""

    row: str
    field: str | None
    reason: str


@dataclass(frozen=True)
class CasePage:
    """Some cases, what could not be read among them, and the cursor behind them."""

    cases: tuple[Case, ...]
    bad: tuple[BadRow, ...]
    cursor: str


class CRM(Protocol):
    """What every CRM can do for us."""

    @property
    def source(self) -> str:
        """Name of the list of cases, such as boma.cases: cursors and rejections are stored under it."""

    def patch_lead(self, update: LeadUpdate) -> None:
        """Show a score on a lead.

        Raises:
            CRMUnavailable: no answer, or one that says "later".
            CRMRejected: the CRM refuses; repeating will not help.
        """

    def changed_cases(self, cursor: str | None) -> Iterator[CasePage]:
        """All changes since `cursor` (None: from the beginning), page by page, in the order of the CRM's recording.

        Changes may come twice and out of order. Raises as `patch_lead`, between two pages.
        """

"""Score history: the stored scores of one lead, in order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

WITHHELD: Final = ("control", "objection")
"""Bases of the scores that hold none: the control group of an experiment, and people who object to profiling."""


class PastScore(Struct, frozen=True, kw_only=True):
    """A score as it was stored (scores/history); `hot_threshold`: where HOT started at that moment."""

    score_id: str
    scored_at: datetime
    basis: str
    score: int | None
    probability: float | None
    points: float | None
    fit: float | None
    interest: float | None
    matrix_cell: str | None
    stage: str | None
    cluster: str
    action: str
    hot_threshold: int | None
    decided_by: str | None
    model_version: str | None
    policy_version: str


def shown_scores(scores: Sequence[PastScore]) -> list[PastScore]:
    """The scores that may be seen, oldest first: of a lead that is now worked without one, no earlier score either."""
    if not scores or scores[-1].basis not in WITHHELD:
        return list(scores)
    return [score for score in scores if score.basis in WITHHELD]


def read_past_scores(warehouse: Warehouse, lead_id: str, *, first_day: date, as_of: datetime) -> list[PastScore]:
    """The lead's scores from `first_day` (UTC) to `as_of` (aware), the oldest first."""
    parameters = {"lead_id": lead_id, "first_day": first_day, "as_of": as_of}
    return warehouse.rows(statement("scores/history", PastScore), parameters)

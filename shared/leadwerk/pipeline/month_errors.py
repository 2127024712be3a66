"""Errors of a month: HOT leads that did not convert, others that did; with reasons and sellers' verdicts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ScoreReason
from leadwerk.warehouse.statement import statement

MOST = 50


class ScoreError(Struct, frozen=True, kw_only=True):
    """A row of scores/errors_of_month. `lost_reason`: the CRM's; `verdict`: the seller's latest, before any outcome."""

    lead_id: str
    error: str
    score_id: str
    scored_at: datetime
    probability: float
    predictive_score: int
    score_cluster: str
    reasons: tuple[ScoreReason, ...] = ()
    closed_at: datetime | None = None
    lost_reason: str | None = None
    verdict: str | None = None
    verdict_reason: str | None = None
    reached: bool | None = None


@dataclass(frozen=True)
class MonthErrors:
    """The errors of the leads first scored in `month`; `verdicts` counts those of the false positives, "" without one.

    Leads whose horizon is not over are in neither list.
    """

    month: str
    false_positives: tuple[ScoreError, ...]
    false_negatives: tuple[ScoreError, ...]
    verdicts: dict[str, int]


def run(warehouse: Warehouse, policy: Policy, *, month: str, now: datetime, most: int = MOST) -> MonthErrors:
    """The most surprising errors of a month (YYYY-MM) as of `now` (aware), at most `most` of each kind.

    Raises:
        InputError: the month is not written YYYY-MM, or lies in the future.
    """
    first, end = _days(month)
    if first > now.date():
        message, remedy = Message("refusal.month.future", month=month), Message("refusal.month.future.remedy")
        raise InputError(message, field="month", value=month, remedy=remedy)
    parameters = {
        "first_day": first,
        "end_day": end,
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
        "most": most,
    }
    rows = warehouse.rows(statement("scores/errors_of_month", ScoreError), parameters)
    positives = tuple(row for row in rows if row.error == "false_positive")
    verdicts = Counter(row.verdict or "" for row in positives)
    return MonthErrors(month, positives, tuple(row for row in rows if row.error == "false_negative"), dict(verdicts))


def _days(month: str) -> tuple[date, date]:
    """First day of the month and of the one after it."""
    try:
        first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007  a month has no zone
    except ValueError:
        message, remedy = Message("refusal.month.form", month=month), Message("refusal.month.form.remedy")
        raise InputError(message, field="month", value=month, remedy=remedy) from None
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)

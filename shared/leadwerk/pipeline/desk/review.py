"""Review of a month: what first scores promised, and what became of the leads; the errors both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from leadwerk.errors import InputError
from leadwerk.policy.model import Policy
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

HISTORY = timedelta(days=400)
"""A lead that ends in the month was first scored at most this long before it."""


class ReviewedLead(Struct, frozen=True, kw_only=True):
    """A row of outcomes/reviewed: first score, end within the month, latest verdict within the month.

    `is_withheld`: the lead is worked without a score, so its cluster is a lot's, and no error of a score.
    """

    lead_id: str
    score_id: str
    day: date
    basis: str
    score_cluster: str
    decided_by: str | None
    predictive_score: int | None
    points: float | None
    is_withheld: bool
    status: str | None
    outcome: str | None
    ended_at: datetime | None
    seller: str | None
    verdict: str | None
    reason: str | None
    note: str | None

    @property
    def is_hot(self) -> bool:
        """Whether the first score put the lead in front."""
        return self.score_cluster == "HOT"


@dataclass(frozen=True)
class Month:
    """A calendar month by the policy's clock: [since, until), aware and UTC."""

    first_day: date
    since: datetime
    until: datetime

    @property
    def name(self) -> str:
        """Year and month, such as 2026-05."""
        return f"{self.first_day:%Y-%m}"

    @classmethod
    def of(cls, name: str | None, policy: Policy, now: datetime) -> Month:
        """The month of this name, or the one before `now`'s.

        Raises:
            InputError: it is no month.
        """
        zone = ZoneInfo(policy.time_zone)
        if name is None:
            last_day = now.astimezone(zone).date().replace(day=1) - timedelta(days=1)
            first_day = last_day.replace(day=1)
        else:
            try:
                first_day = datetime.strptime(name, "%Y-%m").replace(tzinfo=UTC).date()
            except ValueError as error:
                raise InputError(Message("refusal.month", month=name[:20]), field="month", value=name[:20]) from error
        # Four days after a 28th lie in the next month, however long this one is.
        next_first = (first_day.replace(day=28) + timedelta(days=4)).replace(day=1)
        # Midnight by the policy's clock: in UTC a lead won on the evening of the last would fall into another month.
        since, until = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first_day, next_first))
        return cls(first_day, since, until)


@dataclass(frozen=True)
class Review:
    """The leads that ended or were judged in a month; `positive`: outcomes that are won."""

    month: Month
    leads: Sequence[ReviewedLead]
    positive: frozenset[str]

    @property
    def scored(self) -> list[ReviewedLead]:
        """The leads whose cluster follows from a score."""
        return [lead for lead in self.leads if not lead.is_withheld]

    def is_won(self, lead: ReviewedLead) -> bool:
        """Whether the lead was won in the month."""
        return lead.outcome in self.positive

    def is_lost(self, lead: ReviewedLead) -> bool:
        """Whether the lead ended in the month without a success."""
        # Open is not lost: a lead without an end counts on neither side.
        return lead.outcome is not None and lead.outcome not in self.positive

    @property
    def false_positives(self) -> list[ReviewedLead]:
        """HOT at first, and lost or judged not good; the highest scores first."""
        wrong = [lead for lead in self.scored if lead.is_hot and (self.is_lost(lead) or lead.verdict == "bad")]
        return sorted((lead for lead in wrong if not self.is_won(lead)), key=_value, reverse=True)

    @property
    def false_negatives(self) -> list[ReviewedLead]:
        """WARM, COLD or disqualified at first, and won; the lowest scores first."""
        return sorted((lead for lead in self.scored if not lead.is_hot and self.is_won(lead)), key=_value)

    def ended(self, *, is_hot: bool) -> tuple[int, int]:
        """How many leads that were HOT at first (or were not) ended, and how many of them were won.

        Without the disqualified, whom nobody calls: of them the order says nothing.
        """
        called = [lead for lead in self.scored if lead.score_cluster != "DISQUALIFIED"]
        ends = [lead for lead in called if lead.is_hot == is_hot and lead.outcome is not None]
        return len(ends), sum(map(self.is_won, ends))

    @property
    def lost_statuses(self) -> list[tuple[str, int]]:
        """The CRM's statuses of lost leads, the commonest first."""
        return Counter(lead.status or "" for lead in self.leads if self.is_lost(lead)).most_common()

    @property
    def verdicts(self) -> list[tuple[tuple[str, str | None], int]]:
        """Verdicts with their reasons, the commonest first."""
        return Counter((lead.verdict, lead.reason) for lead in self.leads if lead.verdict).most_common()


def read_review(warehouse: Warehouse, policy: Policy, month: Month, now: datetime) -> Review:
    """The review of a month as of `now` (aware)."""
    parameters = {
        "first_day": (month.since - HISTORY).date(),
        "since": month.since,
        "until": month.until,
        "as_of": now,
    }
    rows = warehouse.rows(statement("outcomes/reviewed", ReviewedLead), parameters)
    return Review(month, rows, frozenset(policy.positive))


def _value(lead: ReviewedLead) -> float:
    """The model's score, or points where no model scored."""
    return float(lead.predictive_score if lead.predictive_score is not None else lead.points or 0.0)

"""Is that so? What became of past leads with such a score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.drawing import marks
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.report.report_rows import ScoredOutcome
from leadwerk.stats.wilson import wilson
from leadwerk.warehouse.statement import statement
from leadwerk.web.pages.cached import cached
from leadwerk.web.pages.visit import Visit
from leadwerk.web.pages.wording import Wording

BAND = 10
# With fewer leads, an interval means nothing.
LEAST = 5
SECONDS = 900.0


class BandOutcome(NamedTuple):
    """Past leads of a band of scores, and how many converted."""

    leads: int
    won: int


@dataclass(frozen=True)
class Proof:
    """A sentence, and the interval as a mark."""

    text: str
    svg: str


def score_outcomes(visit: Visit) -> list[ScoredOutcome]:
    """Past scores with a certain outcome, at most a quarter of an hour old."""
    parameters = {
        "first_day": (visit.now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date(),
        "horizon_days": visit.policy.horizon_days,
        "positive": list(visit.policy.positive),
        "as_of": visit.now,
    }
    key = ("outcomes", visit.policy.version, visit.now.date())
    read = statement("scores/outcomes_by_score", ScoredOutcome)
    return cached(key, lambda: visit.warehouse.rows(read, parameters), SECONDS)


def by_band(outcomes: Iterable[ScoredOutcome]) -> dict[int, BandOutcome]:
    """Outcomes by bands of ten points.

    >>> from datetime import UTC, datetime
    >>> by_band([ScoredOutcome(lead_id="1", model_version="m", scored_at=datetime(2026, 1, 1, tzinfo=UTC),
    ...     probability=0.5, predictive_score=97, converted=True)])
    {90: BandOutcome(leads=1, won=1)}
    """
    bands: dict[int, BandOutcome] = {}
    for outcome in outcomes:
        start = min(outcome.predictive_score // BAND * BAND, 100 - BAND)
        leads, won = bands.get(start, BandOutcome(0, 0))
        bands[start] = BandOutcome(leads + 1, won + outcome.converted)
    return dict(sorted(bands.items()))


def proof(visit: Visit, wording: Wording, lead: LeadDetail) -> Proof | None:
    """What became of leads scored like this one; None where too few outcomes are certain, or points decide."""
    if lead.predictive_score is None:
        return None
    start = min(lead.predictive_score // BAND * BAND, 100 - BAND)
    outcome = by_band(score_outcomes(visit)).get(start)
    if outcome is None or outcome.leads < LEAST:
        return None
    rate = outcome.won / outcome.leads
    low, high = wilson(rate, outcome.leads)
    text = wording.say(
        "page.proof",
        low_score=start,
        high_score=start + BAND - 1 if start < 100 - BAND else 100,
        count=outcome.leads,
        won=wording.number(outcome.won),
        rate=wording.percent(rate),
        low=wording.percent(low),
        high=wording.percent(high),
    )
    return Proof(text, marks.interval(rate, low, high, mean=lead.probability or rate, most=1.0))

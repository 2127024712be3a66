"""Is that so? What became of past leads with such a score."""

from __future__ import annotations

from dataclasses import dataclass

from leadwerk.drawing import marks
from leadwerk.pipeline.desk.lead_detail import LeadDetail
from leadwerk.pipeline.read_results import outcomes_read
from leadwerk.report.report_rows import ScoredOutcome
from leadwerk.report.results.band_outcomes import BAND, by_band
from leadwerk.report.wording import Wording
from leadwerk.stats.wilson import wilson
from leadwerk.web.pages.cached import cached_figures
from leadwerk.web.pages.visit import Visit

# With fewer leads, an interval means nothing.
LEAST = 5


@dataclass(frozen=True)
class Proof:
    """A sentence, and the interval as a mark."""

    text: str
    svg: str


def score_outcomes(visit: Visit) -> list[ScoredOutcome]:
    """Past scores with a certain outcome, at most a quarter of an hour old."""
    return cached_figures(*outcomes_read(visit.warehouse, visit.policy, visit.now))


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

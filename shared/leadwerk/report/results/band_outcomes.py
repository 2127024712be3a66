"""Band outcomes: what became of past leads, by bands of ten points of their score."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leadwerk.report.report_rows import ScoredOutcome

BAND = 10


class BandOutcome(NamedTuple):
    """Past leads of a band of scores, and how many converted."""

    leads: int
    won: int


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

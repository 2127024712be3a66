"""What the scores are worth, by the best evidence there is: scored leads with an outcome, else the champion's test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leadwerk.registry.manifest import CandidateEvaluation
from leadwerk.report import score_bands
from leadwerk.report.report_data import ReportData
from leadwerk.stats.calibration_bin import CalibrationBin
from leadwerk.stats.curves import calibration_bins, gains


@dataclass(frozen=True)
class CallsSaved:
    """Calls for one conversion when everybody is called (`before`) and when only HOT leads are (`after`).

    `saved` is the share of calls for one conversion that this saves, `conversion_share` the share of conversions that
    these calls still reach.
    """

    source: Literal["scored", "test"]
    leads: int
    before: float
    after: float | None
    conversion_share: float
    calibration: Sequence[CalibrationBin]
    gains: Sequence[tuple[float, float]]

    @property
    def saved(self) -> float | None:
        return None if self.after is None else 1 - self.after / self.before


def calls_saved(facts: ReportData) -> CallsSaved | None:
    """None before there is any evidence."""
    # Real leads scored before their outcome are stronger evidence than the model's own test period.
    if facts.scored.tells:
        return _from_scored_leads(facts)
    return _from_test_period(facts.test) if facts.test else None


def _from_scored_leads(facts: ReportData) -> CallsSaved:
    scored = facts.scored
    savings = score_bands.threshold_savings(scored.score, scored.converted, facts.results.hot)
    return CallsSaved(
        source="scored",
        leads=len(scored),
        before=savings.calls_per_success or 0.0,
        after=savings.calls_per_success_with_scores,
        conversion_share=savings.conversion_share or 0.0,
        calibration=calibration_bins(scored.converted, scored.probability),
        gains=gains(scored.converted, scored.probability),
    )


def _from_test_period(test: CandidateEvaluation) -> CallsSaved:
    precision = test.precision.value
    return CallsSaved(
        source="test",
        leads=test.rows,
        before=test.rows / test.positives,
        after=1 / precision if precision else None,
        conversion_share=test.recall.value or 0.0,
        calibration=test.calibration,
        gains=test.gains,
    )

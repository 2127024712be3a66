"""What the scores are worth, by the best evidence there is: scored leads with an outcome, else the champion's test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from leadwerk.report import score_bands
from leadwerk.report.report_data import ReportData
from leadwerk.stats.curves import CalibrationBin, calibration_bins, gains


@dataclass(frozen=True)
class CallsSaved:
    """Calls for one conversion when everybody is called (`before`) and when only HOT leads are (`after`).

    `saved` is the share of calls for one conversion that this saves, `kept` the share of conversions still reached.
    """

    source: Literal["scored", "test"]
    leads: int
    before: float
    after: float | None
    kept: float
    calibration: Sequence[CalibrationBin]
    gains: Sequence[tuple[float, float]]

    @property
    def saved(self) -> float | None:
        return None if self.after is None else 1 - self.after / self.before


def calls_saved(facts: ReportData) -> CallsSaved | None:
    """None before there is any evidence."""
    if facts.scored.tells:
        return _from_scored_leads(facts)
    return _from_test_period(facts.test) if facts.test else None


def _from_scored_leads(facts: ReportData) -> CallsSaved:
    scored = facts.scored
    found = score_bands.threshold_savings(scored.score, scored.converted, facts.policy.bands.hot)
    return CallsSaved(
        source="scored",
        leads=len(scored),
        before=found.calls_per_success or 0.0,
        after=found.calls_per_success_with_scores,
        kept=found.kept or 0.0,
        calibration=calibration_bins(scored.converted, scored.probability),
        gains=gains(scored.converted, scored.probability),
    )


def _from_test_period(test: Mapping[str, Any]) -> CallsSaved:
    precision = test["precision"]["value"]
    return CallsSaved(
        source="test",
        leads=test["rows"],
        before=test["rows"] / test["positives"],
        after=1 / precision if precision else None,
        kept=test["recall"]["value"],
        calibration=msgspec.convert(test["calibration"], list[CalibrationBin]),
        gains=[(share, reached) for share, reached in test["gains"]],
    )

"""What the scores are worth, by the best evidence there is: scored leads with an outcome, else the champion's test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from leadwerk.report import score_bands
from leadwerk.report.facts import Facts
from leadwerk.stats.curves import CalibrationBin, calibration_bins, gains


@dataclass(frozen=True)
class Worth:
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


def worth(facts: Facts) -> Worth | None:
    """None before there is any evidence."""
    if facts.scored.tells:
        return _of_scored(facts)
    return _of_test(facts.test) if facts.test else None


def _of_scored(facts: Facts) -> Worth:
    scored = facts.scored
    found = score_bands.savings(scored.score, scored.converted, facts.policy.bands.hot)
    return Worth(
        source="scored",
        leads=len(scored),
        before=found.calls_per_success or 0.0,
        after=found.calls_per_success_with_scores,
        kept=found.kept or 0.0,
        calibration=calibration_bins(scored.converted, scored.probability),
        gains=gains(scored.converted, scored.probability),
    )


def _of_test(test: Mapping[str, Any]) -> Worth:
    precision = test["precision"]["value"]
    return Worth(
        source="test",
        leads=test["rows"],
        before=test["rows"] / test["positives"],
        after=1 / precision if precision else None,
        kept=test["recall"]["value"],
        calibration=msgspec.convert(test["calibration"], list[CalibrationBin]),
        gains=[(share, reached) for share, reached in test["gains"]],
    )

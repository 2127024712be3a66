"""Charts are drawn from whatever the figures are."""

from __future__ import annotations

from leadwerk.report.charts import calibration
from leadwerk.stats.calibration_bin import CalibrationBin


def test_an_interval_that_ends_at_its_share_but_for_rounding_is_drawn() -> None:
    bins = [CalibrationBin(0.01, 0.0, 100), CalibrationBin(0.9, 1.0, 100)]
    assert calibration(bins, ("predicted", "observed")).startswith("<")

"""Charts are drawn from whatever the figures are."""

from __future__ import annotations

from leadwerk.report.charts import calibration
from leadwerk.report.kpi import Bin


def test_an_interval_that_ends_at_its_share_but_for_rounding_is_drawn() -> None:
    bins = [Bin(100, 0.01, 0.0, 1e-18, 0.04), Bin(100, 0.9, 1.0, 0.96, 1.0 - 1e-16)]
    assert calibration(bins, ("predicted", "observed")).startswith("<")

"""A bin of a calibration curve: a record that manifests keep, so it needs no numpy."""

from __future__ import annotations

from msgspec import Struct

from leadwerk.stats.wilson import wilson


class CalibrationBin(Struct, frozen=True):
    """Rows of similar probability: mean probability, share converted, number."""

    predicted: float
    observed: float
    n: int

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share converted."""
        return wilson(self.observed, self.n)

"""Curves: predicted against observed conversion, and conversions against calls."""

from __future__ import annotations

import numpy as np

from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Outcomes
from leadwerk.stats.calibration_bin import CalibrationBin

POINTS = 21
"""Points of the gains curve: every five per cent of the leads."""


def calibration_bins(converted: Outcomes, probability: Floats) -> list[CalibrationBin]:
    """Predicted against observed in at most ten bins of equal numbers, the lowest first; equal probabilities share one.

    `converted` may also hold true probabilities, which a simulation knows.

    >>> calibration_bins(np.array([False, True]), np.array([0.1, 0.7]))[-1]
    CalibrationBin(predicted=0.7, observed=1.0, n=1)
    """
    member = metrics.bins(probability)
    return [
        CalibrationBin(float(probability[rows].mean()), float(converted[rows].mean()), len(rows))
        for k in np.unique(member)
        if len(rows := np.flatnonzero(member == k))
    ]


def gains(converted: Bools, probability: Floats, points: int = POINTS) -> list[tuple[float, float]]:
    """Share of all conversions among the best share of the leads, from (0, 0) to (1, 1); empty without conversions.

    Leads tied at a cut count in proportion. Ling and Li 1998, Data mining for direct marketing.

    >>> gains(np.array([True, False, False, False]), np.array([0.9, 0.2, 0.2, 0.1]), points=5)
    [(0.0, 0.0), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (1.0, 1.0)]
    >>> gains(np.array([True, False]), np.array([0.5, 0.5]), points=3)
    [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]
    """
    if not converted.any():
        return []
    shares = np.linspace(0, 1, points)[1:]
    # From `lift`, so that the curve and the figure beside it agree on tied leads.
    captured = [metrics.lift(converted, probability, share=float(share)) * share for share in shares]
    return [(0.0, 0.0), *((round(float(s), 4), round(float(c), 6)) for s, c in zip(shares, captured, strict=True))]

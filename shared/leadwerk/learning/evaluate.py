"""One candidate on the test period: every metric with its interval, and the curves that a report draws."""

from __future__ import annotations

from functools import partial

import numpy as np
from msgspec import Struct

from leadwerk.learning import metrics
from leadwerk.learning.bootstrap import Estimate, Metric, estimate
from leadwerk.learning.landmarks import Bools, Floats, Index

POINTS = 21
"""Points of the gains curve: every five per cent of the leads."""


class CalibrationBin(Struct, frozen=True):
    """A tenth of the landmarks by probability: mean probability, share converted, number."""

    predicted: float
    observed: float
    n: int


class Evaluation(Struct, frozen=True, kw_only=True):
    """A candidate out of time; precision, recall and F1 at `threshold`, the probability from which a lead is HOT."""

    rows: int
    positives: int
    threshold: float
    auc: Estimate
    pr_auc: Estimate
    log_loss: Estimate
    brier: Estimate
    ece: Estimate
    precision: Estimate
    recall: Estimate
    f1: Estimate
    lift_at_10: Estimate
    calibration: list[CalibrationBin]
    gains: list[tuple[float, float]]


def evaluate(converted: Bools, probability: Floats, lead: Index, *, threshold: float, seed: int) -> Evaluation:
    """Evaluate (n,) probabilities; needs rows of both classes."""
    named: dict[str, Metric] = {
        "auc": metrics.auc,
        "pr_auc": metrics.average_precision,
        "log_loss": metrics.log_loss,
        "brier": metrics.brier,
        "ece": metrics.calibration_error,
        "precision": partial(metrics.precision, threshold=threshold),
        "recall": partial(metrics.recall, threshold=threshold),
        "f1": partial(metrics.f1, threshold=threshold),
        "lift_at_10": metrics.lift,
    }
    return Evaluation(
        rows=len(converted),
        positives=int(converted.sum()),
        threshold=threshold,
        calibration=calibration_bins(converted, probability),
        gains=gains(converted, probability),
        **estimate(named, converted, probability, lead, seed=seed),
    )


def calibration_bins(converted: Bools, probability: Floats) -> list[CalibrationBin]:
    """Predicted against observed in at most ten bins of equal numbers, the lowest first.

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
    """Share of all conversions found among the best share of the leads, from (0, 0) to (1, 1).

    >>> gains(np.array([True, False, False, False]), np.array([0.9, 0.2, 0.2, 0.1]), points=5)
    [(0.0, 0.0), (0.25, 1.0), (0.5, 1.0), (0.75, 1.0), (1.0, 1.0)]
    """
    shares = np.linspace(0, 1, points)[1:]
    found = [metrics.lift(converted, probability, share=float(share)) * share for share in shares]
    return [(0.0, 0.0), *((round(float(s), 4), round(float(f), 6)) for s, f in zip(shares, found, strict=True))]

"""One candidate on the test period: every metric with its interval, and the curves that a report draws."""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import Estimate, Metric, estimate
from leadwerk.stats.calibration_bin import CalibrationBin
from leadwerk.stats.curves import calibration_bins, gains


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

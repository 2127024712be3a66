"""Calibration: a model's log-odds become a calibrated probability, and that becomes the predictive score."""

from __future__ import annotations

from typing import Annotated

import msgspec
import numpy as np

from leadwerk.features.stored import StoredPart
from leadwerk.stats.arrays import Floats
from leadwerk.stats.log_odds import SMALLEST_PROBABILITY, sigmoid


class Calibration(StoredPart, frozen=True):
    """log-odds of the probability = slope · margin + intercept (Platt 1999): keeps the order and is exact in log-odds.

    The slope is positive, so contributions to the margin times the slope are contributions to calibrated log-odds.
    """

    slope: Annotated[float, msgspec.Meta(gt=0, le=1e3)] = 1.0
    intercept: Annotated[float, msgspec.Meta(ge=-1e3, le=1e3)] = 0.0

    def log_odds(self, margin: Floats) -> Floats:
        """Calibrated log-odds of a model's log-odds."""
        return self.slope * np.asarray(margin, dtype=np.float64) + self.intercept

    def probability(self, margin: Floats) -> Floats:
        """Calibrated probability of a model's log-odds.

        >>> Calibration(2.0, 0.0).probability(np.array([0.0])).tolist()
        [0.5]
        """
        return np.clip(sigmoid(self.log_odds(margin)), SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)


def predictive_score(probability: Floats, base_rate: float) -> Floats:
    """100·p(1−π) / (p(1−π) + (1−p)π): the probability under a balanced prior, 0–100; π is the base rate.

    50 is the average lead; 85 has 0.85 / 0.15 = 5.7 times its odds.

    >>> predictive_score(np.array([0.03, 0.2]), 0.03).round(1).tolist()
    [50.0, 89.0]
    """
    # Bayes with the prior moved from the base rate to one half: odds are divided by the base odds.
    for_it = np.asarray(probability) * (1 - base_rate)
    against = (1 - np.asarray(probability)) * base_rate
    return 100 * for_it / (for_it + against)

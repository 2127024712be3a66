"""Log-odds: between probabilities and the scale on which models add up."""

from __future__ import annotations

import numpy as np

from leadwerk.stats.arrays import Floats

SMALLEST_PROBABILITY = 1e-6
"""No probability is nearer to 0 or 1: nothing in a market is certain."""


def sigmoid(log_odds: Floats) -> Floats:
    """1 / (1 + exp(−x)), without overflow.

    >>> sigmoid(np.array([-1000.0, 0.0])).tolist()
    [0.0, 0.5]
    """
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))


def logit(probability: Floats) -> Floats:
    """log(p / (1 − p)); 0 and 1 count as the nearest probability that is allowed.

    >>> logit(np.array([0.5])).tolist()
    [0.0]
    """
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return np.log(p) - np.log1p(-p)

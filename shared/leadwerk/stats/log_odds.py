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
    # exp of a large positive number overflows; of −|x| it never does, and both branches follow from it.
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))


def logit(probability: Floats) -> Floats:
    """log(p / (1 − p)); 0 and 1 count as the nearest probability that is allowed.

    >>> logit(np.array([0.5])).tolist()
    [0.0]
    """
    p = np.clip(probability, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    # log1p keeps the digits of small p that log(1 − p) would lose.
    return np.log(p) - np.log1p(-p)

"""Points on the model's scale, so that both can be weighed against each other and read against one band."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadwerk.policy.model import Policy
from leadwerk.stats.arrays import Floats

HIGHEST = 100
PERCENT = 100


def as_predictive(policy: Policy, points: Any) -> Floats:
    """Points (fit + interest, any shape) on the model's scale 0–100, their bands on its bands, linear in between.

    So a lead that points call HOT is HOT on either scale; points are no probability, and this does not make them one.

    >>> from leadwerk.policy.load import load
    >>> as_predictive(load("mortgage"), [-30, 0, 10, 20, 50, 200]).tolist()
    [0.0, 0.0, 25.0, 50.0, 70.0, 100.0]
    """
    scores: Floats = np.interp(points, *knots(policy))
    return scores


def knots(policy: Policy) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Points between which the scale is linear, and their places on the model's: bottom, WARM, HOT, top."""
    bands, model = policy.points.bands, policy.points
    # Interpolation needs rising knots, even where caps are set at or below HOT.
    top = max(model.fit_cap + model.interest_cap, bands.hot + 1)
    return (min(0, bands.warm - 1), bands.warm, bands.hot, top), (0, policy.bands.warm, policy.bands.hot, HIGHEST)


def weighted_mean(policy: Policy, predictive: Any, points: Any) -> Floats:
    """The mean of predictive score and points on its scale, by the policy's decision.points_weight (percent points).

    >>> from leadwerk.policy.load import load
    >>> weighted_mean(load("mortgage"), [80, 80], [50, 0]).tolist()
    [75.0, 40.0]
    """
    share = policy.decision.points_weight / PERCENT
    blended: Floats = share * as_predictive(policy, points) + (1 - share) * np.asarray(predictive, dtype=np.float64)
    return blended

"""What a training is set up with, besides the data: features, options of the policy, and how strict the gate is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leadwerk.features.contract import Feature
from leadwerk.learning.promotion_gate import Z_BY_HAND
from leadwerk.points.segments import Segments
from leadwerk.policy.model import Training


@dataclass(frozen=True)
class TrainingSetup:
    """`hot_score`: HOT starts at this predictive score; precision and recall are measured there.

    `segments` get models of their own where these prove better than the general one. `z_needed`: how far from chance
    the order has to be, in standard errors (promotion_gate).
    """

    features: Sequence[Feature]
    training: Training
    horizon_days: int
    hot_score: float
    segments: Segments | None = None
    z_needed: float = Z_BY_HAND

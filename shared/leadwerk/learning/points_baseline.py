"""The policy's points as a candidate: what a model has to beat, alone and together with it, out of time.

Points are no probability. To be compared by the same proper score as the models they get one from a logistic regression
of one variable on the training part (Platt 1999): as honest as points can be, and in their own order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leadwerk.features.calibration import Calibration, predictive_score
from leadwerk.learning.calibrate import fit_calibration
from leadwerk.stats.arrays import Bools, Floats, Index


@dataclass(frozen=True)
class PointsBaseline:
    """What the policy's rules say of n landmarks.

    `points`: fit and interest. `on_scale`: the same on the model's scale 0–100. `disqualified`: whether a rule that
    disqualifies fired. `hot`: points at which HOT starts. `weight`: of the points (0–1) where model and
    points rank together; `disqualify`: whether the points do so although a model ranks.
    """

    points: Floats
    on_scale: Floats
    disqualified: Bools
    hot: float
    weight: float
    disqualify: bool = True

    def take(self, rows: Index) -> PointsBaseline:
        """What they say of the landmarks at these positions."""
        parts = self.points[rows], self.on_scale[rows], self.disqualified[rows]
        return PointsBaseline(*parts, self.hot, self.weight, self.disqualify)

    def ranks(self) -> Floats:
        """Points, with everybody who is disqualified at the bottom, shape (n,)."""
        bottom = float(self.points.min(initial=0.0))
        return np.where(self.disqualified, bottom, self.points)


@dataclass(frozen=True)
class Forecast:
    """Probabilities (n,) and the probability at which HOT starts."""

    probability: Floats
    threshold: float


def points_alone(train: PointsBaseline, converted: Bools, test: PointsBaseline) -> Forecast:
    """The points of the test part as probabilities; `converted` are the labels of the training part.

    >>> n = np.arange(1000.0) % 10
    >>> rules = PointsBaseline(n, n, n < 0, hot=9, weight=0.5)
    >>> forecast = points_alone(rules, np.random.default_rng(1).random(1000) < n / 20, rules)
    >>> bool((np.diff(forecast.probability[:10]) > 0).all()), bool(forecast.probability[9] == forecast.threshold)
    (True, True)
    """
    ranks = train.ranks()
    mean, spread = float(ranks.mean()), float(ranks.std()) or 1.0
    calibration = fit_calibration((ranks - mean) / spread, converted)

    def probability(points: Floats) -> Floats:
        return calibration.probability((points - mean) / spread)

    return Forecast(probability(test.ranks()), float(probability(np.array([test.hot]))[0]))


def blended(rules: PointsBaseline, probability: Floats, base_rate: float, *, hot_score: float) -> Forecast:
    """Predictive score and points weighed against each other, as the probability whose predictive score that is.

    Leads that the points disqualify stand at the bottom if they do so under a model. Use the order only: what points
    add to a probability is not calibrated.
    """
    score = (1 - rules.weight) * predictive_score(probability, base_rate) + rules.weight * rules.on_scale
    if rules.disqualify:
        score = np.where(rules.disqualified, 0.0, score)
    return Forecast(_with_score(score, base_rate), float(_with_score(np.array([hot_score]), base_rate)[0]))


def _with_score(score: Floats, base_rate: float) -> Floats:
    """Probabilities whose predictive scores these are."""
    share = np.clip(score / 100, 0.0, 1.0)
    for_it, against = share * base_rate, (1 - share) * (1 - base_rate)
    # The calibration's own bounds: nothing in a market is certain.
    return Calibration().probability(np.log(np.maximum(for_it, 1e-300)) - np.log(np.maximum(against, 1e-300)))

"""Whether the champion should leave the ranking to the points again, because it has fallen behind them.

Retraining promotes no model that ranks worse than the points; but a market may leave a champion behind while no
challenger is good enough to take its place. Then the points are the better product, and need no champion to serve.

What is compared is order, the area under the ROC curve, on landmarks that the champion has not learned from: it is what
the points are there for, and what the gate asked of the champion when it was promoted. The curves belong to the same
landmarks, so their difference is paired (DeLong, DeLong and Clarke-Pearson 1988), and landmarks of one lead share its
fate, so its standard error comes from drawing leads (Obuchowski 1997 on clustered ROC data; Field and Welsh 2007). One
standard error decides (Breiman et al. 1984), as among the models.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from leadwerk.learning.points_baseline import PointsBaseline
from leadwerk.learning.promotion_gate import MINIMUM_NEW_POSITIVES, Incumbent
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import resample
from leadwerk.texts.message import Message


def behind_points(
    converted: Bools, lead: Index, incumbent: Incumbent | None, rules: PointsBaseline | None, *, seed: int
) -> str:
    """Why the champion should step back, as a message; empty if it ranks as well, or if the data do not tell.

    `converted`, `lead` and what incumbent and rules hold are of the same (n,) test landmarks.
    """
    if incumbent is None or rules is None:
        return ""
    rows = np.flatnonzero(incumbent.unseen)
    new = len(np.unique(lead[rows][converted[rows]]))
    if new < MINIMUM_NEW_POSITIVES or converted[rows].all():
        return ""
    gap, error = auc_difference(
        converted[rows], rules.ranks()[rows], _as_it_ranks(incumbent, rules)[rows], lead[rows], seed=seed
    )
    if not gap > error:
        return ""
    return Message(
        "gate.stands_down",
        version=incumbent.version,
        gap=f"{gap:+.3f}",
        error=f"{error:.3f}",
        landmarks=len(rows),
        converted=new,
    )


def auc_difference(converted: Bools, a: Floats, b: Floats, lead: Index, *, seed: int) -> tuple[float, float]:
    """AUC of the order `a` less that of `b`, and its standard error with leads drawn; NaN without both classes.

    >>> converted, lead = np.arange(40) % 2 == 0, np.arange(40)
    >>> gap, error = auc_difference(converted, converted * 1.0, lead * 1.0, lead, seed=1)
    >>> round(gap, 2), 0.0 < error < 0.2
    (0.53, True)
    """

    def gap(weights: Floats | None = None) -> Any:
        return metrics.auc(converted, a, weights) - metrics.auc(converted, b, weights)

    draws = np.concatenate([gap(weights) for weights in resample(lead, seed=seed)])
    defined = draws[np.isfinite(draws)]
    return float(gap()), float(defined.std(ddof=1)) if len(defined) > 1 else float("nan")


def _as_it_ranks(incumbent: Incumbent, rules: PointsBaseline) -> Floats:
    """Its probabilities, with leads at the bottom that the points disqualify under a model as well."""
    return np.where(rules.disqualified, -1.0, incumbent.probability) if rules.disqualify else incumbent.probability

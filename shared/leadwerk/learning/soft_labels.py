"""Soft labels: what open leads whose horizon is not over say already, without bias.

A lead that is open at age a converts in time with probability q, by Bayes' rule proportional to p (1 − F₁(a)), and does
not proportional to (1 − p) (1 − F₀(a)); p comes from its features, F₁ and F₀ are the delays of past winners and of all
others. A model is fitted on q, gives new p, and so on. Delayed feedback: Chapelle 2014, KDD; EM: Dempster, Laird and
Rubin 1977. Counting open leads as lost would be biased, and leaving them out wastes what is newest of a market.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from leadwerk.learning.landmarks import Landmarks
from leadwerk.stats.arrays import Bools, Floats

ROUNDS = 6
"""Rounds of fit and update; later ones changed less than a hundredth of a log-odd in trials."""

SMALLEST_WEIGHT = 1e-3


@dataclass(frozen=True)
class OpenLandmarks:
    """Landmarks whose horizon is not over.

    `rows.converted`: won by now. `is_lost`: decided otherwise by now, or known never to win. `age_days` (n,): since the
    landmark, for those still open.
    """

    rows: Landmarks
    is_lost: Bools
    age_days: Floats

    @property
    def is_open(self) -> Bools:
        """Which may still become either."""
        return ~self.rows.converted & ~self.is_lost


@dataclass(frozen=True)
class DecisionDelays:
    """Days to the end of matured winners and of matured others, in order; infinite for those that stayed open."""

    won: Floats
    lost: Floats

    def open_share(self, age_days: Floats) -> tuple[Floats, Floats]:
        """Shares of winners, and of others, that are still open at these ages."""
        won, lost = (
            1 - np.searchsorted(days, age_days, side="right") / max(len(days), 1) for days in (self.won, self.lost)
        )
        # Never quite zero for the others: a lead older than every matured one would become a sure winner.
        return np.maximum(won, 0.0), np.maximum(lost, 1e-6)


@dataclass(frozen=True)
class RecentOutcomes:
    """Landmarks whose horizon is not over, and the delays of those whose is."""

    landmarks: OpenLandmarks
    delays: DecisionDelays


def with_soft_labels(
    matured: Landmarks, outcomes: RecentOutcomes, fit: Callable[[Landmarks], Callable[..., Floats]]
) -> Landmarks:
    """Matured and recent landmarks as rows to fit: an open lead stands twice, as won with weight q, as lost with 1 − q.

    `fit` learns from landmarks and returns what gives probabilities for columns; a fast model is enough.
    """
    fitted, combined, recent = fit(matured), matured, outcomes.landmarks
    won_open, lost_open = outcomes.delays.open_share(recent.age_days)
    for _ in range(ROUNDS):
        chance = fitted(recent.rows.columns)
        won, lost = chance * won_open, (1 - chance) * lost_open
        share = np.where(recent.is_open, won / np.maximum(won + lost, 1e-12), recent.rows.converted * 1.0)
        # Matured labels stay as they are in every round: only what is not known yet is estimated.
        combined = _combine(matured, recent.rows, share)
        fitted = fit(combined)
    return combined


def _combine(matured: Landmarks, recent: Landmarks, share: Floats) -> Landmarks:
    # Rows of next to no weight cost as much time as others and move nothing.
    won, lost = np.flatnonzero(share > SMALLEST_WEIGHT), np.flatnonzero(share < 1 - SMALLEST_WEIGHT)
    parts = [
        replace(matured, weight=matured.weights),
        replace(recent.take(won), converted=np.ones(len(won), np.bool_), weight=recent.weights[won] * share[won]),
        replace(
            recent.take(lost),
            converted=np.zeros(len(lost), dtype=np.bool_),
            weight=recent.weights[lost] * (1 - share[lost]),
        ),
    ]
    columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in matured.columns}
    combined = Landmarks(
        columns,
        np.concatenate([part.lead for part in parts]),
        np.concatenate([part.as_of for part in parts]),
        np.concatenate([part.converted for part in parts]),
        np.concatenate([part.weights for part in parts]),
        matured.sampled and replace(matured.sampled, stands_for=np.concatenate([part.stands_for for part in parts])),
    )
    # Folds are cut by time: rows have to come in its order.
    return combined.take(np.argsort(combined.as_of, kind="stable"))

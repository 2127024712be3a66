"""What suggested points would have brought: they, the present ones and a model on leads that none has seen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from leadwerk.features.contract import Feature
from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.split import split_by_time
from leadwerk.learning.suggest import SuggestionEvidence, suggest, totals
from leadwerk.learning.train import too_few
from leadwerk.policy.model import Training
from leadwerk.policy.points_numbers import apply_numbers
from leadwerk.progress import Progress, silent
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Floats
from leadwerk.stats.bootstrap import Estimate, estimate
from leadwerk.texts.message import Message

CHANCE = 0.5
"""Area under the ROC curve of who ranks by lot."""


class Ranking(Struct, frozen=True, kw_only=True):
    """Area under the ROC curve out of time, and its lead over chance as a share of the model's.

    `of_model` is None where the model has no such lead beyond its error: a share of next to nothing says nothing.
    """

    auc: Estimate
    of_model: float | None


class Effect(Struct, frozen=True, kw_only=True):
    """Rankings of the landmarks from `boundary` on, learned on those a horizon before it."""

    boundary: str
    learned_from: int
    landmarks: int
    converted: int
    present: Ranking
    suggested: Ranking
    model: Ranking


class EvaluationSkipped(Struct, frozen=True, kw_only=True):
    """Why nothing can be said of the effect."""

    reason: str


def measure(
    evidence: SuggestionEvidence,
    landmarks: Landmarks,
    features: Sequence[Feature],
    *,
    horizon_days: int,
    progress: Progress = silent,
) -> Effect | EvaluationSkipped:
    """Suggest from the earlier landmarks, and rank the later ones by what was suggested; the same rows for a model.

    `landmarks` are those of `evidence`, in its order.
    """
    training = evidence.policy.training
    split = split_by_time(landmarks.as_of, horizon_days=horizon_days, test_share=training.test_share)
    train, test = landmarks.take(split.train), landmarks.take(split.test)
    reason = too_few(landmarks, train, test)
    if reason:
        return EvaluationSkipped(reason=reason)
    progress(Message("progress.suggesting"), 0.0)
    # Suggested anew from the earlier landmarks: the numbers on the page have seen the test period.
    proposed = apply_numbers(evidence.policy, suggest(evidence, split.train).numbers())
    progress(Message("progress.comparison_model"), 0.4)
    rankings = (
        totals(evidence.policy, evidence.facts, split.test),
        totals(proposed, evidence.facts, split.test),
        _model(train, test, features, training),
    )
    present, suggested, model = (_auc(test, ranking, training.seed) for ranking in rankings)
    return Effect(
        boundary=str(split.boundary.astype("datetime64[D]")),
        learned_from=len(train),
        landmarks=len(test),
        converted=int(test.converted.sum()),
        present=Ranking(auc=present, of_model=_model_auc(present, model)),
        suggested=Ranking(auc=suggested, of_model=_model_auc(suggested, model)),
        model=Ranking(auc=model, of_model=_model_auc(model, model)),
    )


def _model_auc(auc: Estimate, model: Estimate) -> float | None:
    """A ranking's lead over chance, by the model's; None where the model's interval holds chance itself.

    >>> _model_auc(Estimate(0.65, 0.6, 0.7), Estimate(0.7, 0.66, 0.75))
    0.75
    >>> _model_auc(Estimate(0.65, 0.6, 0.7), Estimate(0.54, 0.49, 0.6)) is None
    True
    """
    if model.low <= CHANCE:
        return None
    return round((auc.value - CHANCE) / (model.value - CHANCE), 12)


def _model(train: Landmarks, test: Landmarks, features: Sequence[Feature], training: Training) -> Floats:
    """Chances by the model that training would have made then: boosting where there are enough successes."""
    if train.converted_leads >= training.minimum_positives:
        return fit_boosting(train, features, training).model.probability(test.columns)
    return fit_logistic(train, features, seed=training.seed).probability(test.columns)


def _auc(test: Landmarks, ranking: Floats, seed: int) -> Estimate:
    # Only the order counts for an area under the curve: points and probabilities become comparable.
    ranks = np.unique(ranking, return_inverse=True)[1].astype(np.float64)
    (area,) = estimate({"auc": metrics.auc}, test.converted, ranks, test.lead, seed=seed).values()
    return area

"""From matured landmarks to a model, its proof and the gate's decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from leadwerk.features.contract import Feature
from leadwerk.learning.baseline import MINIMUM_POSITIVES, fit_logistic
from leadwerk.learning.describe import importances, profile
from leadwerk.learning.evaluate import Evaluation, evaluate
from leadwerk.learning.fit import Boosted, fit_boosting
from leadwerk.learning.gate import MINIMUM_TEST_POSITIVES, Decision, Incumbent, best, decide
from leadwerk.learning.landmarks import Floats, Landmarks
from leadwerk.learning.model import Model, ModelKind
from leadwerk.learning.rules import Forecast, Rules, both, points_alone
from leadwerk.learning.segmented import Segmented
from leadwerk.learning.segments import Trial, try_segments
from leadwerk.learning.split import Split, split_by_time
from leadwerk.learning.standing_down import behind_points
from leadwerk.points.segments import Segments
from leadwerk.policy.model import Training

Progress = Callable[[str], None]
Predict = Callable[[Any], Floats]


@dataclass(frozen=True)
class Champion:
    """The present champion: how it predicts from columns, and the last moment of its training landmarks."""

    version: str
    predict: Predict
    last_as_of: np.datetime64


@dataclass(frozen=True)
class Learned:
    """`model` is fitted on all landmarks; `evaluations` are out of time, of twins fitted on the training part alone.

    `segments`: what was tried for each segment; those that have a model of their own are part of `model`.
    `stands_down`: why the champion should leave the ranking to the points, if it should, and nobody takes its place.
    """

    model: Model | Segmented
    decision: Decision
    evaluations: dict[str, Evaluation]
    split: Split
    base_rate: float
    importances: dict[str, float]
    profile: dict[str, Any]
    segments: tuple[Trial, ...] = ()
    stands_down: str = ""


@dataclass(frozen=True)
class Refused:
    """No model, and why, in words."""

    reason: str


def learn(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    *,
    horizon_days: int,
    hot_score: float,
    champion: Champion | None = None,
    rules: Rules | None = None,
    segments: Segments | None = None,
    progress: Progress = lambda _: None,
) -> Learned | Refused:
    """Split, fit the candidates, evaluate, decide, and fit the winner again on everything.

    `hot_score` is the predictive score from which a lead is HOT: precision and recall are measured there. `rules` are
    what the policy's points say of the landmarks, None where it has none. `segments` whose own models prove better than
    the general one are scored by them, and what is compared with points and champion is all of it, as it would serve.
    """
    split = split_by_time(landmarks.as_of, horizon_days=horizon_days, test_share=training.test_share)
    train, test = landmarks.take(split.train), landmarks.take(split.test)
    reason = too_few(landmarks, train, test)
    if reason:
        return Refused(reason)
    twins = _candidates(train, features, training, progress)
    progress("comparing the candidates")
    probabilities = {kind: _model(twin).probability(test.columns) for kind, twin in twins.items()}
    general = _model(twins[best(test.converted, probabilities)])
    tried = try_segments(segments, landmarks, split, general, features, training, progress)
    alone = probabilities[general.kind]
    if tried.twins:
        probabilities[general.kind] = tried.with_own(general).probability(test.columns)
    incumbent = _incumbent(champion, test)
    points = None if rules is None else points_alone(rules.take(split.train), train.converted, rules.take(split.test))
    decision = decide(
        test.converted,
        test.lead,
        probabilities,
        incumbent,
        points=None if points is None else points.probability,
        seed=training.seed,
    )
    of_test = None if rules is None or decision.promote else rules.take(split.test)
    stands_down = behind_points(test.converted, test.lead, incumbent, of_test, seed=training.seed)
    threshold = probability_at(hot_score, landmarks.base_rate)
    evaluations = _evaluations(test, decision.kind, probabilities, incumbent, threshold, training.seed)
    if tried.twins:
        evaluations["general"] = evaluate(test.converted, alone, test.lead, threshold=threshold, seed=training.seed)
    if rules is not None and points is not None:
        chosen = probabilities[decision.kind]
        together = both(rules.take(split.test), chosen, landmarks.base_rate, hot_score=hot_score)
        evaluations |= _with_points(test, points, together, training.seed)
    progress(f"fitting the {decision.kind.replace('_', ' ')} on all {len(landmarks)} landmarks")
    final, note = _final(decision.kind, landmarks, features, training)
    model = tried.fit(final, landmarks, features, training, progress)
    return Learned(
        model=model,
        decision=replace(decision, reason=f"{decision.reason}{note}{tried.reason()}"),
        evaluations=evaluations,
        split=split,
        base_rate=landmarks.base_rate,
        importances=importances(model, landmarks, features, seed=training.seed),
        profile=profile(landmarks, features),
        segments=tried.trials,
        stands_down=stands_down,
    )


def too_few(landmarks: Landmarks, train: Landmarks, test: Landmarks) -> str:
    """Why these landmarks cannot teach, or nothing."""
    if not len(landmarks):
        return "No landmark has matured yet: outcomes must be known for a whole horizon after a lead was seen."
    known = f"{landmarks.converted_leads} of {landmarks.leads} leads with a matured outcome converted"
    if train.converted_leads < MINIMUM_POSITIVES or train.converted.all():
        return (
            f"{known}, {train.converted_leads} of them in the training period; a model needs {MINIMUM_POSITIVES} there,"
            " and leads that did not convert."
        )
    if test.converted_leads < MINIMUM_TEST_POSITIVES or test.converted.all():
        return (
            f"{known}, {test.converted_leads} of them in the test period; a model can be judged by"
            f" {MINIMUM_TEST_POSITIVES} there, and by leads that did not convert."
        )
    return ""


def probability_at(score: float, base_rate: float) -> float:
    """The probability whose predictive score is `score`: the inverse of `predictive_score`.

    >>> round(probability_at(85, 0.03), 3)
    0.149
    """
    odds = score / (100 - score) * base_rate / (1 - base_rate) if score < 100 else float("inf")
    return 1.0 if odds == float("inf") else odds / (1 + odds)


def _candidates(
    train: Landmarks, features: Sequence[Feature], training: Training, progress: Progress
) -> dict[ModelKind, Boosted | Model]:
    """A regression always, boosting where the policy's minimum of converted leads is there."""
    twins: dict[ModelKind, Boosted | Model] = {}
    if train.converted_leads >= training.minimum_positives:
        progress(f"fitting gradient boosting on {len(train)} landmarks")
        twins["boosting"] = fit_boosting(train, features, training)
    progress(f"fitting a logistic regression on {len(train)} landmarks")
    twins["logistic_regression"] = fit_logistic(train, features, seed=training.seed)
    return twins


def _final(kind: ModelKind, landmarks: Landmarks, features: Sequence[Feature], training: Training) -> tuple[Model, str]:
    """The winner on all landmarks, and what is to be said of their age."""
    if kind == "logistic_regression":
        return fit_logistic(landmarks, features, seed=training.seed), ""
    boosted = fit_boosting(landmarks, features, training)
    days = boosted.half_life_days
    return boosted.model, "" if days is None else f" Outcomes of leads {days:g} days older count half."


def _model(twin: Boosted | Model) -> Model:
    return twin.model if isinstance(twin, Boosted) else twin


def _incumbent(champion: Champion | None, test: Landmarks) -> Incumbent | None:
    if champion is None:
        return None
    return Incumbent(champion.version, champion.predict(test.columns), test.as_of > champion.last_as_of)


def _evaluations(
    test: Landmarks,
    winner: ModelKind,
    probabilities: dict[ModelKind, Floats],
    incumbent: Incumbent | None,
    threshold: float,
    seed: int,
) -> dict[str, Evaluation]:
    results = {
        "challenger" if kind == winner else str(kind): evaluate(
            test.converted, p, test.lead, threshold=threshold, seed=seed
        )
        for kind, p in probabilities.items()
    }
    if incumbent is not None:
        rows = np.flatnonzero(incumbent.unseen)
        if 0 < test.converted[rows].sum() < len(rows):
            results["champion"] = evaluate(
                test.converted[rows], incumbent.probability[rows], test.lead[rows], threshold=threshold, seed=seed
            )
    return results


def _with_points(test: Landmarks, points: Forecast, together: Forecast, seed: int) -> dict[str, Evaluation]:
    """Points alone, and points and model as one, on the whole test part."""
    return {
        name: evaluate(test.converted, one.probability, test.lead, threshold=one.threshold, seed=seed)
        for name, one in (("points", points), ("both", together))
    }

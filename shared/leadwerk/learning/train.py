"""From matured landmarks to a model, its proof and the gate's decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from leadwerk.features.contract import Feature
from leadwerk.learning.boosting import BoostedFit, fit_boosting
from leadwerk.learning.candidate_comparison import ChampionForecast, ComparisonSetup, compare
from leadwerk.learning.evaluate import Evaluation
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.logistic import MINIMUM_POSITIVES, fit_logistic
from leadwerk.learning.model import Model, ModelKind
from leadwerk.learning.model_profile import importances, profile
from leadwerk.learning.points_baseline import PointsBaseline
from leadwerk.learning.promotion_gate import MINIMUM_TEST_POSITIVES, GateDecision, best
from leadwerk.learning.segment_trials import SegmentTrial, try_segments
from leadwerk.learning.segmented_model import SegmentedModel
from leadwerk.learning.split import Split, split_by_time
from leadwerk.points.segments import Segments
from leadwerk.policy.model import Training

Progress = Callable[[str], None]


@dataclass(frozen=True)
class TrainingResult:
    """`model` is fitted on all landmarks; `evaluations` are out of time, of twins fitted on the training part alone.

    `segments`: what was trials for each segment; those that have a model of their own are part of `model`.
    `stands_down`: why the champion should leave the ranking to the points without a successor; empty if not.
    """

    model: Model | SegmentedModel
    decision: GateDecision
    evaluations: dict[str, Evaluation]
    split: Split
    base_rate: float
    importances: dict[str, float]
    profile: dict[str, Any]
    segments: tuple[SegmentTrial, ...] = ()
    stands_down: str = ""


@dataclass(frozen=True)
class TrainingSkipped:
    """No model, and why, in words."""

    reason: str


def train_model(
    landmarks: Landmarks,
    features: Sequence[Feature],
    training: Training,
    *,
    horizon_days: int,
    hot_score: float,
    champion: ChampionForecast | None = None,
    rules: PointsBaseline | None = None,
    segments: Segments | None = None,
    progress: Progress = lambda _: None,
) -> TrainingResult | TrainingSkipped:
    """Split, fit the candidates, evaluate, decide, and fit the winner again on everything.

    `hot_score` is the predictive score from which a lead is HOT: precision and recall are measured there. `rules` are
    what the policy's points say of the landmarks, None where it has none. `segments` whose own models prove better than
    the general one are scored by them, and what is compared with points and champion is all of it, as it would serve.
    """
    split = split_by_time(landmarks.as_of, horizon_days=horizon_days, test_share=training.test_share)
    train, test = landmarks.take(split.train), landmarks.take(split.test)
    reason = too_few(landmarks, train, test)
    if reason:
        return TrainingSkipped(reason)
    twins = _candidates(train, features, training, progress)
    progress("comparing the candidates")
    probabilities = {kind: _model(twin).probability(test.columns) for kind, twin in twins.items()}
    general = _model(twins[best(test.converted, probabilities)])
    trials = try_segments(segments, landmarks, split, general, features, training, progress)
    contest = ComparisonSetup(landmarks, split, hot_score, training.seed, champion, rules)
    if trials.twins:
        with_own = trials.with_segment_models(general).probability(test.columns)
        outcome = compare(contest, probabilities | {general.kind: with_own}, probabilities[general.kind])
    else:
        outcome = compare(contest, probabilities)
    decision = outcome.decision
    progress(f"fitting the {decision.kind.replace('_', ' ')} on all {len(landmarks)} landmarks")
    final, note = _final(decision.kind, landmarks, features, training)
    model = trials.fit(final, landmarks, features, training, progress)
    return TrainingResult(
        model=model,
        decision=replace(decision, reason=f"{decision.reason}{note}{trials.reason()}"),
        evaluations=outcome.evaluations,
        split=split,
        base_rate=landmarks.base_rate,
        importances=importances(model, landmarks, features, seed=training.seed),
        profile=profile(landmarks, features),
        segments=trials.trials,
        stands_down=outcome.stands_down,
    )


def too_few(landmarks: Landmarks, train: Landmarks, test: Landmarks) -> str:
    """Why these landmarks cannot teach, or nothing."""
    if not len(landmarks):
        return "No landmark has matured yet: outcomes must be known for a whole horizon after a lead was seen."
    outcomes = f"{landmarks.converted_leads} of {landmarks.leads} leads with a matured outcome converted"
    if train.converted_leads < MINIMUM_POSITIVES or train.converted.all():
        return (
            f"{outcomes}, {train.converted_leads} of them in the training period; a model needs {MINIMUM_POSITIVES}"
            " there, and leads that did not convert."
        )
    if test.converted_leads < MINIMUM_TEST_POSITIVES or test.converted.all():
        return (
            f"{outcomes}, {test.converted_leads} of them in the test period; a model can be judged by"
            f" {MINIMUM_TEST_POSITIVES} there, and by leads that did not convert."
        )
    return ""


def _candidates(
    train: Landmarks, features: Sequence[Feature], training: Training, progress: Progress
) -> dict[ModelKind, BoostedFit | Model]:
    """A regression always, boosting where the policy's minimum of converted leads is there."""
    twins: dict[ModelKind, BoostedFit | Model] = {}
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


def _model(twin: BoostedFit | Model) -> Model:
    return twin.model if isinstance(twin, BoostedFit) else twin

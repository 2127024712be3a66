"""Training: a model from mature landmarks, its evaluation and the gate's decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from msgspec import structs

from leadwerk.catalogue.minimums import MINIMUM_POSITIVES, MINIMUM_TEST_POSITIVES
from leadwerk.features.encode import Columns
from leadwerk.learning.averaging import AveragePlan
from leadwerk.learning.candidate_comparison import Challenger, ChampionForecast, ComparisonSetup, compare
from leadwerk.learning.candidates import (
    ModelCandidate,
    better_alone,
    fit_candidate,
    order_evidence,
    plan_for_everything,
)
from leadwerk.learning.evaluate import Evaluation
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.level import level_shift, newest_leads
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.model import Model, ModelKind
from leadwerk.learning.model_profile import influences, profile, score_profile
from leadwerk.learning.points_baseline import PointsBaseline
from leadwerk.learning.promotion_gate import GateDecision, name_of
from leadwerk.learning.segment_trials import SegmentTrial, SegmentTrialResult, try_segments
from leadwerk.learning.segmented_model import SegmentedModel
from leadwerk.learning.soft_labels import RecentOutcomes, with_soft_labels
from leadwerk.learning.split import Split, split_by_time, split_sample
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.progress import Progress, silent
from leadwerk.stats.arrays import Floats
from leadwerk.stats.feature_profile import FeatureProfile
from leadwerk.stats.log_odds import logit
from leadwerk.texts.message import Message, sentences


@dataclass(frozen=True)
class TrainingResult:
    """`model` is fitted on all landmarks; `evaluations` are out of time, of twins fitted on the training part alone.
    `profile` and `scores`: how features, and the twin's log-odds of the test part, are distributed.

    `segments`: what was tried for each segment; those that have a model of their own are part of `model`.
    `stands_down`: why the champion should leave the ranking to the points without a successor; empty if not.
    """

    model: Model | SegmentedModel
    decision: GateDecision
    evaluations: dict[str, Evaluation]
    split: Split
    base_rate: float
    importances: dict[str, float]
    directions: dict[str, float]
    profile: dict[str, FeatureProfile]
    scores: FeatureProfile
    segments: tuple[SegmentTrial, ...] = ()
    stands_down: str = ""


@dataclass(frozen=True)
class TrainingSkipped:
    """No model, and why, as a message."""

    reason: str


def train_model(
    landmarks: Landmarks,
    setup: TrainingSetup,
    *,
    champion: ChampionForecast | None = None,
    rules: PointsBaseline | None = None,
    recent: RecentOutcomes | None = None,
    progress: Progress = silent,
) -> TrainingResult | TrainingSkipped:
    """Split, fit the candidates, evaluate, decide, and fit the winner again on everything.

    `rules`: the points of the landmarks, None where the policy has no rules. `recent`: landmarks that have not matured,
    which teach the released model after a change of the market. Segments with a better model of their own
    are scored by it, and what is compared with points and champion is the whole model, as it would serve.
    """
    features, training, horizon_days = setup.features, setup.training, setup.horizon_days
    split = _split(landmarks, setup)
    train, test = landmarks.take(split.train), landmarks.take(split.test)
    reason = too_few(landmarks, train, test)
    if reason:
        return TrainingSkipped(reason)
    progress(Message("progress.candidates", landmarks=f"{len(train):,}"), 0.08)
    fitted = fit_candidate(train, features, training, is_twin=True)
    twin = better_alone(fitted, test)
    kind = twin.model.kind
    trials = try_segments(setup, landmarks, split, twin.model, progress)
    # Points and champion are compared with what would serve, segment models included.
    served = trials.with_segment_models(twin.model)
    log_odds = logit(served.probability(test.columns))
    drawn = landmarks.drawn()
    refit = _refit(setup, kind, fitted.plan)
    evidence = order_evidence(drawn, test, log_odds, refit, horizon_days=horizon_days, progress=progress)
    progress(Message("progress.comparing"), 0.72)
    comparison = ComparisonSetup(
        landmarks, split, horizon_days, setup.hot_score, training.seed, champion, rules, setup.z_needed
    )
    outcome = compare(comparison, Challenger(kind, log_odds, evidence), _rival_forecasts(fitted, twin, trials, test))
    progress(Message("progress.winner", kind=name_of(kind), landmarks=f"{len(landmarks):,}"), 0.75)
    final = _fitted_on_everything(twin, fitted.plan, drawn, setup, recent)
    leveled = _at_newest_level(final.model, landmarks, recent)
    model = trials.fit(leveled, drawn, features, training, progress)
    reason = sentences(outcome.decision.reason, final.note, trials.reason(), _recent_note(recent), _sample_note(drawn))
    typical = landmarks.representative(training.seed)
    influence = influences(model, typical, features, seed=training.seed)
    return TrainingResult(
        model=model,
        # The plan for all landmarks may leave the regression alone of an average: what is saved counts, not what won.
        decision=replace(outcome.decision, kind=final.model.kind, reason=reason),
        evaluations=outcome.evaluations,
        split=split,
        base_rate=landmarks.base_rate,
        importances=influence.importances,
        directions=influence.directions,
        profile=profile(typical, features),
        scores=score_profile(log_odds + leveled.calibration.intercept - final.model.calibration.intercept),
        segments=trials.trials,
        stands_down=outcome.stands_down,
    )


def _split(landmarks: Landmarks, setup: TrainingSetup) -> Split:
    if landmarks.sampled is not None:
        return split_sample(landmarks, landmarks.sampled, horizon_days=setup.horizon_days)
    return split_by_time(landmarks.as_of, horizon_days=setup.horizon_days, test_share=setup.training.test_share)


def _rival_forecasts(
    fitted: ModelCandidate, twin: ModelCandidate, trials: SegmentTrialResult, test: Landmarks
) -> dict[str, Floats]:
    """Test probabilities of what was fitted and does not serve: other members, and the general model of segments."""
    rivals = {name: member for name, member in fitted.members.items() if name != twin.model.kind}
    rivals |= {"general": twin.model} if trials.twins else {}
    return {name: rival.probability(test.columns) for name, rival in rivals.items()}


def _refit(setup: TrainingSetup, kind: ModelKind, plan: AveragePlan | None) -> Callable[[Landmarks], Model]:
    """Fits the same kind by the same plan to other landmarks."""
    return lambda rows: fit_candidate(rows, setup.features, setup.training, kind=kind, plan=plan).model


def _fitted_on_everything(
    twin: ModelCandidate,
    plan: AveragePlan | None,
    landmarks: Landmarks,
    setup: TrainingSetup,
    recent: RecentOutcomes | None,
) -> ModelCandidate:
    """The winner's kind on all landmarks: twins are proof only, the released model learns from everything."""
    taught = landmarks if recent is None else with_soft_labels(landmarks, recent, _regression(setup))
    plan_for_all = plan_for_everything(plan, taught)
    return fit_candidate(taught, setup.features, setup.training, kind=twin.model.kind, plan=plan_for_all)


def _regression(setup: TrainingSetup) -> Callable[[Landmarks], Callable[[Columns], Floats]]:
    """Fits the fastest candidate, and returns its probabilities."""
    return lambda rows: fit_logistic(rows, setup.features, seed=setup.training.seed).probability


def _recent_note(recent: RecentOutcomes | None) -> str:
    return "" if recent is None else Message("gate.note.recent")


def _sample_note(drawn: Landmarks) -> str:
    if drawn.sampled is None:
        return ""
    return Message("gate.note.sample", sample=len(drawn), all=round(float(drawn.stands_for.sum())))


def _at_newest_level(model: Model, landmarks: Landmarks, recent: RecentOutcomes | None) -> Model:
    """The model with its level taken from the newest matured leads, where these differ clearly from it."""
    # The newest matured leads are older than the change that open leads were asked about.
    if recent is not None:
        return model
    newest = newest_leads(landmarks.as_of, landmarks.lead)
    rows = landmarks.take(newest)
    margin = model.calibration.log_odds(model.margin(model.encoder.matrix(rows.columns)))
    shift = level_shift(margin, rows.converted).shift
    calibration = model.calibration
    return replace(model, calibration=structs.replace(calibration, intercept=calibration.intercept + shift))


def too_few(landmarks: Landmarks, train: Landmarks, test: Landmarks) -> str:
    """Why these landmarks cannot teach, or nothing."""
    if not len(landmarks):
        return Message("gate.few.none")
    outcomes = Message("gate.few.outcomes", converted=landmarks.converted_leads, leads=landmarks.leads)
    if train.converted_leads < MINIMUM_POSITIVES or train.converted.all():
        converted, needed = train.converted_leads, MINIMUM_POSITIVES
        return Message("gate.few.training", outcomes=outcomes, converted=converted, needed=needed)
    if test.converted_leads < MINIMUM_TEST_POSITIVES or test.converted.all():
        converted, needed = test.converted_leads, MINIMUM_TEST_POSITIVES
        return Message("gate.few.test", outcomes=outcomes, converted=converted, needed=needed)
    return ""

"""Models of segments: one is tried for each, and serves where it predicts its own leads better than the general model.

The general model learns from all leads, a segment's own from its leads alone, on the same columns. Out of time, on the
segment's part of the test period, its twin must have a lower log loss than the general twin by more than one standard
error of the paired difference (leads drawn), and tell more than the segment's own mean: so hardly anybody is scored
worse because a policy names the segment. The serving model is chosen on the rows on which it is then compared with
points and champion, as the kind of the general model is; that flatters it a little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from msgspec import Struct

from leadwerk.catalogue.minimums import MINIMUM_POSITIVES, MINIMUM_TEST_POSITIVES
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoder
from leadwerk.learning.boosting import fit_boosting
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.model import Model, ModelKind
from leadwerk.learning.segmented_model import SegmentedModel
from leadwerk.learning.split import Split
from leadwerk.learning.training_setup import TrainingSetup
from leadwerk.points.segments import NO_SEGMENT, Segments
from leadwerk.policy.model import Training
from leadwerk.progress import Progress
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.bootstrap import paired_difference
from leadwerk.texts.message import Message

KINDS: tuple[ModelKind, ...] = ("boosting", "logistic_regression")
"""What is tried; on a tie the plainer one is taken, which is named last."""


class ModelQuality(Struct, frozen=True):
    """Quality of a model on the test part of a segment."""

    auc: float
    log_loss: float


class SegmentTrial(Struct, frozen=True, kw_only=True):
    """A segment and what became of a model for it; `reason` as a message.

    `rows`, `leads` and `converted` (leads) are of all its landmarks, `train_converted` of the training part;
    `test_rows` and `test_positives` are landmarks. `own`, `general`, the `gain` in log loss and its standard `error`
    are out of time, None where no model could be tried.
    """

    name: str
    reason: str
    serves: bool = False
    rows: int
    leads: int
    converted: int
    train_converted: int
    test_rows: int
    test_positives: int
    kind: ModelKind | None = None
    own: ModelQuality | None = None
    general: ModelQuality | None = None
    gain: float | None = None
    error: float | None = None


@dataclass(frozen=True)
class SegmentTrialResult:
    """All trials in the policy's order, and the twins of the models that serve, by place among the segments."""

    segments: Segments | None = None
    trials: tuple[SegmentTrial, ...] = ()
    twins: Mapping[int, Model] = field(default_factory=dict)

    def with_segment_models(self, general: Model) -> Model | SegmentedModel:
        """The general twin together with theirs; the general one alone where none serves."""
        return self._together(general, self.twins)

    def fit(
        self, general: Model, landmarks: Landmarks, features: Sequence[Feature], training: Training, progress: Progress
    ) -> Model | SegmentedModel:
        """The general model together with those that serve, each fitted again on all landmarks of its segment."""
        segment_models = {}
        segment_index = _segment_index(self.segments, landmarks)
        for place, twin in self.twins.items():
            rows = landmarks.take(np.flatnonzero(segment_index == place))
            segment = self.trials[place].name
            progress(Message("progress.segment_model", segment=segment, landmarks=f"{len(rows):,}"), 0.95)
            segment_models[place] = _fit(twin.kind, rows, features, training, general.encoder)
        return self._together(general, segment_models)

    def reason(self) -> str:
        """All trials as one sentence; nothing without segments."""
        if not self.trials:
            return ""
        texts = (
            Message(f"gate.segment.{'serves' if trial.serves else 'none'}", segment=trial.name, reason=trial.reason)
            for trial in self.trials
        )
        trials = reduce(lambda first, second: Message("gate.segments.and", first=first, second=second), texts)
        return Message("gate.segments", trials=trials)

    def _together(self, general: Model, segment_models: Mapping[int, Model]) -> Model | SegmentedModel:
        return (
            SegmentedModel.of(self.segments, general, segment_models) if self.segments and segment_models else general
        )


@dataclass(frozen=True)
class _Leads:
    """The landmarks of a segment: all of them, and those of the training and the test period."""

    whole: Landmarks
    train: Landmarks
    test: Landmarks


def try_segments(
    setup: TrainingSetup, landmarks: Landmarks, split: Split, general: Model, progress: Progress
) -> SegmentTrialResult:
    """Try a model for each segment of the setup against `general`, which was fitted on the training part."""
    segments = setup.segments
    segment_index = _segment_index(segments, landmarks)
    trials: list[SegmentTrial] = []
    twins: dict[int, Model] = {}
    for place, definition in enumerate(segments.definitions if segments else ()):
        mine = np.flatnonzero(segment_index == place)
        train, test = (rows[segment_index[rows] == place] for rows in (split.train, split.test))
        leads = _Leads(landmarks.take(mine), landmarks.take(train), landmarks.take(test))
        reason = _too_few(leads, setup.training)
        if reason:
            trials.append(_trial(definition.name, leads, reason=reason))
            continue
        doing = Message("progress.segment_trial", segment=definition.name, landmarks=f"{len(train):,}")
        progress(doing, 0.6)
        twin, trial = _try(definition.name, leads, general, setup)
        trials.append(trial)
        if trial.serves:
            twins[place] = twin
    return SegmentTrialResult(segments, tuple(trials), twins)


def _segment_index(segments: Segments | None, landmarks: Landmarks) -> Index:
    """The segment of each landmark, (n,)."""
    if segments is None:
        return np.full(len(landmarks), NO_SEGMENT, dtype=np.intp)
    return segments.segment_index(landmarks.columns, len(landmarks))


def _too_few(leads: _Leads, training: Training) -> str:
    """Why these landmarks are too few for a model of their own, or nothing."""
    needed = max(training.minimum_positives, MINIMUM_POSITIVES)
    for part, least, name in ((leads.train, needed, "training"), (leads.test, MINIMUM_TEST_POSITIVES, "test")):
        if part.converted_leads < least:
            return Message(f"gate.segment.few.{name}", converted=part.converted_leads, needed=least)
        if part.converted.all():
            return Message(f"gate.segment.all.{name}")
    return ""


def _trial(name: str, leads: _Leads, *, reason: str, **measured: Any) -> SegmentTrial:
    return SegmentTrial(
        name=name,
        reason=reason,
        rows=len(leads.whole),
        leads=leads.whole.leads,
        converted=leads.whole.converted_leads,
        train_converted=leads.train.converted_leads,
        test_rows=len(leads.test),
        test_positives=int(leads.test.converted.sum()),
        **measured,
    )


def _try(name: str, leads: _Leads, general: Model, setup: TrainingSetup) -> tuple[Model, SegmentTrial]:
    """The better of both kinds fitted on the segment's training part, and how it stands against the general twin."""
    test, features, training = leads.test, setup.features, setup.training
    # Fitted on the training part alone: the test part decides whether the segment gets a model.
    twins = {kind: _fit(kind, leads.train, features, training, general.encoder) for kind in KINDS}
    forecasts = {kind: twin.probability(test.columns) for kind, twin in twins.items()}
    kind = best(test.converted, forecasts)
    segment_forecast, general_forecast = forecasts[kind], general.probability(test.columns)
    gain, error = paired_difference(
        metrics.losses(test.converted, general_forecast),
        metrics.losses(test.converted, segment_forecast),
        test.lead,
        seed=training.seed,
    )
    # Better than the general model is not enough where that one is worse than a constant.
    useless = no_better_than_chance(test.converted, segment_forecast, test.lead, training.seed)
    serves = gain > error and not useless
    key = "gate.segment.better" if serves else "gate.segment.no_better"
    compared = {
        "own": _quality(test, segment_forecast),
        "general": _quality(test, general_forecast),
        "gain": gain,
        "error": error,
    }
    reason = useless or Message(key, gain=f"{gain:+.4f}", error=f"{error:.4f}", landmarks=len(test))
    return twins[kind], _trial(name, leads, reason=reason, serves=serves, kind=kind, **compared)


def _quality(test: Landmarks, probability: Floats) -> ModelQuality:
    return ModelQuality(metrics.auc(test.converted, probability), metrics.log_loss(test.converted, probability))


def _fit(
    kind: ModelKind, landmarks: Landmarks, features: Sequence[Feature], training: Training, encoder: Encoder
) -> Model:
    if kind == "boosting":
        return fit_boosting(landmarks, features, training, encoder).model
    return fit_logistic(landmarks, features, seed=training.seed, encoder=encoder)


def best(converted: Bools, candidates: dict[ModelKind, Floats]) -> ModelKind:
    """The least log loss; on a tie the plainer model, which is named last."""
    return min(reversed(candidates), key=lambda kind: metrics.log_loss(converted, candidates[kind]))


def no_better_than_chance(converted: Bools, probability: Floats, lead: Index, seed: int) -> str:
    """What is to be said of probabilities that tell no more than their own mean, or nothing where they do."""
    constant = np.full(len(converted), converted.mean())
    gain, error = paired_difference(
        metrics.losses(converted, constant), metrics.losses(converted, probability), lead, seed=seed
    )
    if gain > error and metrics.auc(converted, probability) > 0.5:
        return ""
    return Message("gate.segment.base_rate", gain=f"{gain:.4f}", error=f"{error:.4f}")

"""Landmarks: features, labels and points of past leads, read from the warehouse for training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from leadwerk.errors import OutOfMemory
from leadwerk.features.contract import Feature, contract
from leadwerk.learning.landmarks import Landmarks, Sampled
from leadwerk.learning.points_baseline import PointsBaseline
from leadwerk.learning.sample_weights import weigh_by_change
from leadwerk.learning.soft_labels import RecentOutcomes
from leadwerk.pipeline.drift.check_rows import latest_change_day
from leadwerk.pipeline.leads.exploration_weights import exploration_weights
from leadwerk.pipeline.leads.features import (
    features_statement,
    label_parameters,
    labels_statement,
    of_sample,
    sampled_features_statement,
    training_parameters,
)
from leadwerk.pipeline.leads.points_input import facts_of_frame, occurrence_frame
from leadwerk.pipeline.leads.recent_landmarks import columns_of, persons_of, read_recent_outcomes
from leadwerk.pipeline.leads.training_sample import TrainingSample, sample_needed
from leadwerk.points.blended_score import PERCENT, as_predictive
from leadwerk.points.engine import compute_points
from leadwerk.points.entry import HUNDREDTHS
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    import pandas as pd

    from leadwerk.points.conditions import LeadFacts
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

    _Frames = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]


@dataclass(frozen=True)
class TrainingRows:
    """Labelled landmarks and their points (None without rules), and landmarks of leads that are still open.

    `converted` of an open lead is False, and means nothing. `recent`: landmarks whose horizon is not over, read only
    after an alarm of the drift monitor, when the past teaches less.
    """

    landmarks: Landmarks
    rules: PointsBaseline | None
    open_leads: Landmarks
    recent: RecentOutcomes | None = None


def read_training_rows(warehouse: Warehouse, policy: Policy, now: datetime) -> TrainingRows:
    """All that training looks at, as of `now`."""
    try:
        with warehouse.bounded_memory():
            sample, (labelled, unlabelled, occurred) = _read_sampled(warehouse, policy, now)
    except OutOfMemory:
        # Not every step of a statement can use the disk, and a training with much memory is better than none.
        sample, (labelled, unlabelled, occurred) = _read_sampled(warehouse, policy, now)
    change = latest_change_day(warehouse, now)
    change_day = None if change is None else np.datetime64(change, "D")
    rules = None if occurred is None else _rules(policy, facts_of_frame(policy, labelled, occurred))
    features = contract(policy)
    weight = exploration_weights(warehouse, policy, labelled.lead_id.tolist(), now)
    landmarks = replace(landmarks_from_rows(labelled, features), weight=weight, sampled=_sampled(labelled, sample))
    return TrainingRows(
        weigh_by_change(landmarks, change_day),
        rules,
        landmarks_from_rows(unlabelled.assign(converted=False), features),
        _recent(warehouse, policy, persons_of(labelled).tolist(), change_day, now),
    )


def _recent(
    warehouse: Warehouse, policy: Policy, matured: list[str], change_day: np.datetime64 | None, now: datetime
) -> RecentOutcomes | None:
    if change_day is None:
        return None
    recent = read_recent_outcomes(warehouse, policy, matured, now)
    if recent is None:
        return None
    rows = weigh_by_change(recent.landmarks.rows, change_day)
    return replace(recent, landmarks=replace(recent.landmarks, rows=rows))


def read_rows_with_points(
    warehouse: Warehouse, policy: Policy, now: datetime, *, with_points: bool = True
) -> tuple[Landmarks, PointsBaseline | None]:
    """The labelled landmarks and their points; the latter None without rules or `with_points`."""
    landmarks, facts = read_labelled_rows(warehouse, policy, now, with_facts=with_points and bool(policy.points.rules))
    return landmarks, None if facts is None else _rules(policy, facts)


def read_labelled_rows(
    warehouse: Warehouse, policy: Policy, now: datetime, *, with_facts: bool = True
) -> tuple[Landmarks, LeadFacts | None]:
    """The labelled landmarks and, in the same order, their facts for points (None without `with_facts`)."""
    labelled, _, occurred = _read(warehouse, policy, now, with_facts=with_facts)
    landmarks = landmarks_from_rows(labelled, contract(policy))
    return landmarks, None if occurred is None else facts_of_frame(policy, labelled, occurred)


def _sampled(labelled: pd.DataFrame, sample: TrainingSample | None) -> Sampled | None:
    if sample is None:
        return None
    has_won, is_drawn = (labelled[name].to_numpy(dtype=bool) for name in ("has_won", "is_drawn"))
    whole_from = np.datetime64(sample.whole_from.astimezone(UTC).replace(tzinfo=None), "us")
    return Sampled(sample.stands_for(has_won, is_drawn), whole_from)


def _read_sampled(warehouse: Warehouse, policy: Policy, now: datetime) -> tuple[TrainingSample | None, _Frames]:
    """The sample that a training reads, None for all landmarks, and its frames."""
    last, first = now - timedelta(days=policy.horizon_days), now - timedelta(days=policy.training.history_days)
    sample = sample_needed(warehouse, policy, first, last, now)
    return sample, _read(warehouse, policy, now, with_facts=bool(policy.points.rules), sample=sample)


def _read(
    warehouse: Warehouse, policy: Policy, now: datetime, *, with_facts: bool, sample: TrainingSample | None = None
) -> _Frames:
    """Frames of labelled and of unlabelled landmarks, and the occurrences of both."""
    last = now - timedelta(days=policy.horizon_days)
    first = now - timedelta(days=policy.training.history_days)
    of_labels, of_features = label_parameters(policy, first, last, now), training_parameters(policy, first, last)
    drawn = None if sample is None else sample.parameters(policy, now)
    with warehouse.unit_of_work():
        occurred = occurrence_frame(warehouse, policy, first, last, drawn) if with_facts else None
        if drawn is None:
            labels = warehouse.frame(labels_statement(policy), of_labels)
            features = warehouse.frame(features_statement(policy), of_features)
        else:
            labels = warehouse.frame(statement("labels/sampled"), of_sample(of_labels, drawn))
            features = warehouse.frame(sampled_features_statement(policy), of_sample(of_features, drawn))
    rows = features.merge(labels, on=["lead_id", "as_of"], how="left", validate="one_to_one")
    # Engines return rows in any order, on which the model must not depend.
    rows = rows.sort_values(["as_of", "lead_id"], ignore_index=True)
    is_labelled = rows["converted"].notna()
    labelled = rows[is_labelled].reset_index(drop=True)
    return labelled, rows[~is_labelled].reset_index(drop=True), occurred


def _rules(policy: Policy, facts: LeadFacts) -> PointsBaseline:
    totals = compute_points(policy, facts, ledger=False)
    points = totals.total / HUNDREDTHS
    return PointsBaseline(
        points=points,
        on_scale=as_predictive(policy, points),
        disqualified=totals.disqualified,
        hot=policy.points.bands.hot,
        weight=policy.decision.points_weight / PERCENT,
        disqualify=policy.decision.points_disqualify,
    )


def landmarks_from_rows(frame: pd.DataFrame, features: tuple[Feature, ...]) -> Landmarks:
    """Arrays from a frame with lead_id, person_key, as_of, converted and the features."""
    import pandas as pd

    as_of = pd.to_datetime(frame.as_of, utc=True).dt.tz_localize(None).to_numpy("datetime64[us]")
    # Two leads of one person share what nobody asked: apart, they would confirm each other.
    lead = pd.factorize(persons_of(frame))[0].astype(np.intp)
    return Landmarks(columns_of(frame, features), lead, as_of, frame.converted.to_numpy(dtype=bool))

"""Drift of this week's leads from the training data: values of features, missing values, and scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from leadwerk.catalogue.features import FeatureValues
from leadwerk.features.drift import MINIMUM_ROWS, FeatureDrift, SampleSizes, feature_drifts
from leadwerk.features.drift_check import DriftCheck, DriftDriver
from leadwerk.pipeline.leads.features import training_parameters
from leadwerk.pipeline.leads.open_leads import read_open_leads
from leadwerk.pipeline.leads.read_features import LeadFeatures, read_features
from leadwerk.policy.model import Drift, Policy
from leadwerk.registry import Manifest
from leadwerk.scoring.model import Scorer
from leadwerk.stats.log_odds import logit
from leadwerk.warehouse.protocol import Warehouse

RECENT = timedelta(days=7)
"""A whole week of landmarks, so that every weekday is included."""

SIGNIFICANCE = 0.01
"""Of all features of one night together (Bonferroni): an index beyond its limit must not be chance."""

CLEARLY_MISSING = 4.0
"""Standard errors by which a missing share has to differ."""

SHOWN = 12
SCORES = "score"


def recent_landmarks(warehouse: Warehouse, policy: Policy, now: datetime) -> list[LeadFeatures]:
    """Features at the last week's landmarks of open leads: the population of training."""
    oldest = now - RECENT - timedelta(days=max(policy.landmark_days))
    leads = set(read_open_leads(warehouse, created_since=oldest, as_of=now))
    rows = read_features(warehouse, policy, training_parameters(policy, now - RECENT, now))
    return [row for row in rows if row.lead_id in leads]


def lead_drift(
    champion: Manifest, scorer: Scorer, landmarks: Sequence[LeadFeatures], limits: Drift
) -> tuple[DriftCheck, DriftCheck, DriftCheck]:
    """Checks of features, missing values and scores at the recent landmarks of open leads."""
    leads = len({landmark.lead_id for landmark in landmarks})
    rows = [landmark.values for landmark in landmarks]
    sizes = SampleSizes(champion.data.leads, leads)
    drifts = feature_drifts(champion.profile, rows, sizes)
    return (
        features_check(drifts, leads, limits),
        missing_check(drifts, leads, limits),
        _scores(champion, scorer, rows, sizes, limits),
    )


def features_check(drifts: Sequence[FeatureDrift], leads: int, limits: Drift) -> DriftCheck:
    significance = SIGNIFICANCE / max(len(drifts), 1)
    beyond = [drift for drift in drifts if drift.stability >= limits.stability and drift.p_value < significance]
    drivers = [
        DriftDriver(name=drift.feature, statistic=round(drift.stability, 4), p_value=drift.p_value)
        for drift in beyond or drifts[:SHOWN]
    ]
    largest = drivers[0].statistic if drivers else None
    return DriftCheck(
        monitor="features",
        alarm=bool(beyond),
        leads=leads,
        statistic=largest,
        alarm_limit=limits.stability,
        drivers=tuple(drivers),
    )


def missing_check(drifts: Sequence[FeatureDrift], leads: int, limits: Drift) -> DriftCheck:
    by_change = sorted(drifts, key=lambda drift: -abs(drift.missing_change))
    beyond = [
        drift
        for drift in by_change
        if abs(drift.missing_change) >= limits.missing and abs(drift.missing_z) > CLEARLY_MISSING
    ]
    drivers = [
        DriftDriver(
            name=drift.feature,
            statistic=round(drift.missing_change, 4),
            before=round(drift.missing_before, 4),
            now=round(drift.missing_now, 4),
        )
        for drift in beyond or by_change[:SHOWN]
    ]
    largest = abs(drivers[0].statistic) if drivers else None
    return DriftCheck(
        monitor="missing",
        alarm=bool(beyond),
        leads=leads,
        statistic=largest,
        alarm_limit=limits.missing,
        drivers=tuple(drivers),
    )


def _scores(
    champion: Manifest, scorer: Scorer, rows: Sequence[FeatureValues], sizes: SampleSizes, limits: Drift
) -> DriftCheck:
    if not champion.scores or len(rows) < MINIMUM_ROWS:
        return DriftCheck(monitor="scores", alarm=False, leads=sizes.recent, alarm_limit=limits.stability)
    log_odds = logit(np.asarray(scorer.predict(scorer.encode(rows)).probability))
    (drift,) = feature_drifts({SCORES: champion.scores}, [{SCORES: float(value)} for value in log_odds], sizes)
    return DriftCheck(
        monitor="scores",
        alarm=drift.stability >= limits.stability and drift.p_value < SIGNIFICANCE,
        leads=sizes.recent,
        statistic=round(drift.stability, 4),
        alarm_limit=limits.stability,
        drivers=(DriftDriver(name=SCORES, statistic=round(drift.stability, 4), p_value=drift.p_value),),
    )

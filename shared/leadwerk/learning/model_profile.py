"""What a model learned from: which feature groups move it, and how its features were distributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from leadwerk.features.contract import Feature, groups
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model import Model
from leadwerk.learning.segmented_model import SegmentedModel
from leadwerk.stats.arrays import Floats
from leadwerk.stats.feature_profile import FeatureProfile

SAMPLE = 500
"""Rows on which importances are measured."""

EDGES = 9
"""Inner quantiles that cut a number's training distribution into ten parts for drift."""

LEVELS = 20


@dataclass(frozen=True)
class Influences:
    """By feature group: mean absolute contribution to the calibrated log-odds, the largest first, and its direction."""

    importances: dict[str, float]
    directions: dict[str, float]


def influences(
    model: Model | SegmentedModel, landmarks: Landmarks, features: Sequence[Feature], *, seed: int
) -> Influences:
    """What moves the model, on some of the landmarks.

    Importance is the global form of SHAP values: Lundberg et al. 2020, From local explanations to global understanding,
    §2. A direction is the correlation of each number's rank with its contribution, −1 to 1, averaged over the group:
    unknown values do not count, and categories have none.
    """
    rows = np.random.default_rng(seed).permutation(len(landmarks))[:SAMPLE]
    columns = landmarks.take(rows).columns
    by_feature = model.contributions(columns)
    size = {name: float(np.abs(total).mean()) for name, total in _by_group(by_feature, features).items()}
    importances = dict(sorted(size.items(), key=lambda item: -item[1]))
    return Influences(importances, _directions(columns, by_feature, features))


def _by_group(contributions: Floats, features: Sequence[Feature]) -> dict[str, Floats]:
    of = np.array([feature.group for feature in features])
    return {name: contributions[:, of == name].sum(axis=1) for name in groups(tuple(features))}


def _directions(columns: Mapping[str, Any], contributions: Floats, features: Sequence[Feature]) -> dict[str, float]:
    # Spearman's correlation by hand: of ranks, because what is asked is the direction, not whether it is a line.
    by_group: dict[str, list[float]] = {}
    for index, feature in enumerate(features):
        if feature.kind == "number":
            by_group.setdefault(feature.group, []).append(
                _rank_correlation(columns[feature.name], contributions[:, index])
            )
    means = {group: [value for value in values if np.isfinite(value)] for group, values in by_group.items()}
    return {group: round(float(np.mean(values)), 3) for group, values in means.items() if values}


def _rank_correlation(column: Any, contribution: Floats) -> float:
    values = np.asarray(column, dtype=np.float64)
    present = np.isfinite(values)
    values, contribution = values[present], contribution[present]
    if len(values) < 2 or np.ptp(values) == 0 or np.ptp(contribution) == 0:
        return float("nan")
    ranks = np.searchsorted(np.sort(values), values).astype(np.float64)
    return float(np.corrcoef(ranks, contribution)[0, 1])


def profile(landmarks: Landmarks, features: Sequence[Feature]) -> dict[str, FeatureProfile]:
    """The training distribution of each feature, numbers by deciles: what a later month is compared with."""
    return {
        f.name: (_number_profile if f.kind == "number" else _category_profile)(landmarks.columns[f.name])
        for f in features
    }


def score_profile(log_odds: Floats) -> FeatureProfile:
    """Distribution of the scores of leads that a model had not seen, by deciles."""
    return _number_profile(log_odds)


def _number_profile(column: Any) -> FeatureProfile:
    values = np.asarray(column, dtype=np.float64)
    present = values[np.isfinite(values)]
    if not len(present):
        return FeatureProfile(missing=1.0, edges=[], shares=[])
    # Unique: a feature that is mostly zero has the same quantile several times, and an empty part has no share to
    # compare.
    edges = np.unique(np.quantile(present, np.linspace(0, 1, EDGES + 2)[1:-1]))
    counts = np.bincount(np.searchsorted(edges, present, side="left"), minlength=len(edges) + 1)
    return FeatureProfile(
        missing=round(1 - len(present) / len(values), 6),
        edges=edges.tolist(),
        shares=(counts / len(present)).round(6).tolist(),
    )


def _category_profile(column: Any) -> FeatureProfile:
    # NaN is the only value that differs from itself: this leaves it out without asking for its type.
    counts = Counter(str(value) for value in column if value is not None and value == value)
    present = sum(counts.values())
    return FeatureProfile(
        missing=round(1 - present / len(column), 6),
        shares={level: round(count / present, 6) for level, count in counts.most_common(LEVELS)},
    )

"""Drift: how far today's leads are from those that a model learned from, feature by feature.

The population stability index compares two distributions cut into the same parts: Σ (a − e) · ln(a / e) over the shares
a of today and e of training. Below 0.1 is no shift, above 0.25 a large one.
Source: N. Siddiqi, Credit Risk Scorecards, Wiley 2006, chapter 8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from leadwerk.stats.arrays import Floats
from leadwerk.stats.feature_profile import FeatureProfile
from leadwerk.stats.two_sample import difference_p_value

MINIMUM_ROWS = 200
"""With fewer rows chance alone moves the index by more than a tenth of what an alert is about."""

SMALLEST_SHARE = 0.001
"""An empty part counts as this, so that a single lead in it is no infinite change."""


def stability(expected: Sequence[float], actual: Sequence[float]) -> float:
    """The population stability index of two distributions over the same parts.

    >>> round(stability([0.5, 0.5], [0.6, 0.4]), 4)
    0.0405
    >>> stability([0.2, 0.8], [0.2, 0.8])
    0.0
    """
    e, a = _shares(expected), _shares(actual)
    return float(np.sum((a - e) * np.log(a / e)))


@dataclass(frozen=True)
class SampleSizes:
    """Leads behind the training's profile and behind the rows of today; landmarks of one lead are one observation."""

    learned: int
    recent: int


@dataclass(frozen=True)
class FeatureDrift:
    """Stability index of a feature, the p-value of the two-sample test, and the share that is missing, then and now.

    `missing_z`: standard errors by which these shares differ.
    """

    feature: str
    stability: float
    p_value: float
    missing_before: float
    missing_now: float
    missing_z: float

    @property
    def missing_change(self) -> float:
        """Share missing now less that of training."""
        return self.missing_now - self.missing_before


def feature_drifts(
    profile: Mapping[str, FeatureProfile], rows: Sequence[Mapping[str, Any]], sizes: SampleSizes
) -> list[FeatureDrift]:
    """Stability index and test of each feature of a manifest's `profile` in rows of `lead_features`, the largest first.

    A missing value is a part of its own. Features that the rows do not have are left out; so are all if there are fewer
    than MINIMUM_ROWS rows.
    """
    if len(rows) < MINIMUM_ROWS:
        return []
    drifts = [_feature_drift(name, past, [row[name] for row in rows], sizes) for name, past in _of_rows(profile, rows)]
    return sorted(drifts, key=lambda feature: -feature.stability)


def _of_rows(
    profile: Mapping[str, FeatureProfile], rows: Sequence[Mapping[str, Any]]
) -> list[tuple[str, FeatureProfile]]:
    # A profile may be older than the contract: what today's rows no longer have is no drift.
    return [(name, past) for name, past in profile.items() if name in rows[0]]


def _feature_drift(name: str, profile: FeatureProfile, column: Sequence[Any], sizes: SampleSizes) -> FeatureDrift:
    expected, actual = _parts(profile, column)
    before, now = profile.missing, actual[0]
    pooled = (before * sizes.learned + now * sizes.recent) / max(sizes.learned + sizes.recent, 1)
    error = sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / max(sizes.learned, 1) + 1 / max(sizes.recent, 1)))
    return FeatureDrift(
        feature=name,
        stability=stability(expected, actual),
        p_value=difference_p_value(np.array(expected) * sizes.learned, np.array(actual) * sizes.recent),
        missing_before=before,
        missing_now=now,
        missing_z=(now - before) / error,
    )


def _parts(profile: FeatureProfile, column: Sequence[Any]) -> tuple[list[float], list[float]]:
    """Shares of training and of today over the same parts; the first is what is missing."""
    present, shares = [value for value in column if value is not None], profile.shares
    if isinstance(shares, dict):
        # Levels that training never saw are one part of their own, the rest of the profile's shares.
        expected, actual = [*shares.values(), max(0.0, 1.0 - sum(shares.values()))], _level_shares(shares, present)
    else:
        expected, actual = shares or [1.0], _number_shares(profile.edges or (), present)
    # A field that stops arriving is the most common drift; as a part of its own it cannot hide.
    missing = 1.0 - len(present) / len(column)
    return (
        [profile.missing, *(share * (1.0 - profile.missing) for share in expected)],
        [missing, *(share * (1.0 - missing) for share in actual)],
    )


def _number_shares(edges: Sequence[float], present: Sequence[float]) -> list[float]:
    if not present:
        return [0.0] * (len(edges) + 1)
    parts = np.searchsorted(np.asarray(edges), np.asarray(present, dtype=np.float64), side="left")
    return list(np.bincount(parts, minlength=len(edges) + 1) / len(present))


def _level_shares(levels: Mapping[str, float], present: Sequence[Any]) -> list[float]:
    """Floats of the profile's levels, and last of all others together."""
    if not present:
        return [0.0] * (len(levels) + 1)
    counts = Counter(str(value) for value in present)
    shares = [counts[level] / len(present) for level in levels]
    return [*shares, max(0.0, 1.0 - sum(shares))]


def _shares(parts: Sequence[float]) -> Floats:
    # ln(0) is infinite: an empty part gets the least share, then all are normalised again.
    shares = np.maximum(np.asarray(parts, dtype=np.float64), SMALLEST_SHARE)
    normal: Floats = shares / shares.sum()
    return normal

"""Drift: how far the leads of today are from those that a model learned from, feature by feature.

The population stability index compares two distributions cut into the same parts: Σ (a − e) · ln(a / e) over the shares
a of today and e of training. Below 0.1 nothing happened, above 0.25 the population is another one.
Source: N. Siddiqi, Credit Risk Scorecards, Wiley 2006, chapter 8.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leadwerk.stats.arrays import Floats
from leadwerk.stats.feature_profile import FeatureProfile

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


def drift(profile: Mapping[str, FeatureProfile], rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """The index of each feature of a manifest's `profile` in rows of `lead_features`, the largest first.

    A missing value is a part of its own. Features that the rows do not have are left out; so are all if there are fewer
    than MINIMUM_ROWS rows.
    """
    if len(rows) < MINIMUM_ROWS:
        return {}
    # A profile may be older than the contract: what today's rows no longer have is no drift.
    profiles = {name: past for name, past in profile.items() if name in rows[0]}
    indices = {name: _feature_stability(past, [row[name] for row in rows]) for name, past in profiles.items()}
    return dict(sorted(indices.items(), key=lambda item: -item[1]))


def _feature_stability(profile: FeatureProfile, column: Sequence[Any]) -> float:
    present, shares = [value for value in column if value is not None], profile.shares
    if isinstance(shares, dict):
        # Levels that training never saw are one part of their own, the rest of the profile's shares.
        expected, actual = [*shares.values(), max(0.0, 1.0 - sum(shares.values()))], _level_shares(shares, present)
    else:
        expected, actual = shares or [1.0], _number_shares(profile.edges or (), present)
    # A field that stops arriving is the most common drift; as a part of its own it cannot hide.
    missing = 1.0 - len(present) / len(column)
    return stability(
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

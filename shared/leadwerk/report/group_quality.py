"""Group quality: whether scores are as good, and as honest, for every language, region, channel and device. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leadwerk.report.threshold_quality import FEW, Share
from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats

LARGEST_GROUPS = 6
"""Groups of one kind that are shown, the largest first."""


@dataclass(frozen=True)
class GroupQuality:
    """A group's observed and predicted conversion rate, share of HOT, and AUC (None with few conversions)."""

    kind: str
    value: str
    leads: int
    observed: Share
    predicted: float
    hot: Share
    auc: float | None

    @property
    def is_small(self) -> bool:
        """Whether there are too few conversions to conclude anything."""
        return self.auc is None


def group_quality(
    groups: Mapping[str, Sequence[str | None]], probability: Floats, is_hot: Bools, converted: Bools
) -> list[GroupQuality]:
    """Quality by kind of group, such as language, and its values; leads without a value are a group of their own."""
    rows: list[GroupQuality] = []
    for kind, values in groups.items():
        column = np.array([value or "" for value in values], dtype=object)
        names, counts = np.unique(column.astype(str), return_counts=True)
        if len(names) < 2:
            continue
        largest = names[np.argsort(-counts, kind="stable")][:LARGEST_GROUPS]
        rows += [_quality(kind, str(name), column == name, probability, is_hot, converted) for name in largest]
    return rows


def _quality(
    kind: str, value: str, inside: Bools, probability: Floats, is_hot: Bools, converted: Bools
) -> GroupQuality:
    probability, is_hot, converted = probability[inside], is_hot[inside], converted[inside]
    leads, won = len(converted), int(converted.sum())
    tells = FEW <= won <= leads - FEW
    return GroupQuality(
        kind,
        value,
        leads,
        Share.of_counts(won, leads),
        float(probability.mean()),
        Share.of_counts(int(is_hot.sum()), leads),
        float(metrics.auc(converted, probability)) if tells else None,
    )

"""Presence of a field: how much oftener decided leads have it than open leads of the same time."""

from __future__ import annotations

from typing import Any

import numpy as np

from leadwerk.learning.target_encoding import is_missing
from leadwerk.stats.arrays import Bools, Index


def presence(column: Any) -> Bools:
    """Whether each value is there, (n,)."""
    values = np.asarray(column)
    if values.dtype.kind in "iufb":
        return np.isfinite(values.astype(np.float64))
    return np.array([not is_missing(value) for value in values.tolist()], dtype=bool)


def presence_difference(present: Bools, is_open: Bools, block: Index) -> tuple[float, float]:
    """Share of decided less share of open rows that have the field, within blocks, and its standard error.

    Cochran 1954, Biometrics 10, p. 417: blocks weighted by the harmonic mean of both numbers.
    """
    parts: list[tuple[float, float, float]] = []
    for number in np.unique(block):
        in_block = block == number
        groups = [present[in_block & ~is_open], present[in_block & is_open]]
        if min(map(len, groups)):
            weight = len(groups[0]) * len(groups[1]) / len(present[in_block])
            variance = sum(_variance(group) for group in groups)
            parts.append((weight, float(groups[0].mean() - groups[1].mean()), variance))
    if not parts:
        return 0.0, float("inf")
    table = np.array(parts)
    share = table[:, 0] / table[:, 0].sum()
    return float(share @ table[:, 1]), float(np.sqrt(share**2 @ table[:, 2]))


def _variance(group: Bools) -> float:
    # At least one, however few there are.
    rate = (group.sum() + 1) / (len(group) + 2)
    return float(rate * (1 - rate) / len(group))

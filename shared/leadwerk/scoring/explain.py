"""Which feature groups moved a lead's score, and by how much: exact, and adding up.

TreeSHAP attributes the log-odds to encoded columns. A person thinks in feature groups (the rates page, not its nine
counts), so columns are summed to features and features to groups; sums of Shapley values of a partition stay additive.
Source: Lundberg & Lee (2017), A unified approach to interpreting model predictions, NeurIPS, property 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Contribution:
    """What one feature group adds to a lead's log-odds; `leading` is the feature of the group that adds most of it."""

    group: str
    leading: str
    log_odds: float


def sum_columns(contributions: npt.ArrayLike, owners: npt.ArrayLike, count: int) -> Floats:
    """Sum (n, m) column contributions to (n, count), where column j belongs to owner `owners[j]`.

    >>> sum_columns([[1.0, 2.0, 4.0]], owners=[0, 1, 0], count=2).tolist()
    [[5.0, 2.0]]
    """
    columns = np.asarray(contributions, dtype=np.float64)
    totals = np.zeros((count, len(columns)))
    np.add.at(totals, np.asarray(owners, dtype=np.intp), columns.T)
    return totals.T


def by_group(per_feature: Sequence[float] | Floats, names: Sequence[str], groups: Sequence[str]) -> list[Contribution]:
    """One contribution for every feature group of one lead, the largest in size first (equal ones by name).

    >>> by_group([0.5, 0.25, -1.0], names=["a_1d", "a_7d", "b"], groups=["a", "a", "b"])[1]
    Contribution(group='a', leading='a_1d', log_odds=0.75)
    """
    values = np.asarray(per_feature, dtype=np.float64)
    members: dict[str, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    found = [_contribution(group, indexes, values, names) for group, indexes in members.items()]
    return sorted(found, key=lambda contribution: (-abs(contribution.log_odds), contribution.group))


def _contribution(group: str, indexes: list[int], values: Floats, names: Sequence[str]) -> Contribution:
    total = float(values[indexes].sum())
    sign = 1.0 if total >= 0 else -1.0
    leading = max(indexes, key=lambda index: sign * values[index])
    return Contribution(group, names[leading], total)

"""Which feature groups moved a lead's score, and by how much: exact, and adding up.

TreeSHAP attributes the log-odds to encoded columns. A person thinks in feature groups (the rates page, not its nine
counts), so columns are summed to features and features to groups; sums of Shapley values of a partition stay additive.
Source: Lundberg & Lee (2017), A unified approach to interpreting model predictions, NeurIPS, property 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from leadwerk.stats.arrays import Floats


class Contribution(Struct, frozen=True):
    """What one feature group adds to a lead's log-odds."""

    group: str
    log_odds: float


def sum_columns(contributions: npt.ArrayLike, owners: npt.ArrayLike, count: int) -> Floats:
    """Sum (n, m) column contributions to (n, count), where column j belongs to owner `owners[j]`.

    >>> sum_columns([[1.0, 2.0, 4.0]], owners=[0, 1, 0], count=2).tolist()
    [[5.0, 2.0]]
    """
    columns = np.asarray(contributions, dtype=np.float64)
    totals = np.zeros((count, len(columns)))
    # One column after the other, so that a row has the same last digit among others and alone.
    np.add.at(totals, np.asarray(owners, dtype=np.intp), columns.T)
    return totals.T


def by_group(contributions: npt.ArrayLike, groups: Sequence[str]) -> list[list[Contribution]]:
    """Of (n, k) feature contributions, where feature j is of group `groups[j]`: for each row one a group.

    The largest in size comes first, equal ones by name.

    >>> by_group([[0.5, 0.25, -1.0]], groups=["a", "a", "b"])
    [[Contribution(group='b', log_odds=-1.0), Contribution(group='a', log_odds=0.75)]]
    """
    names = sorted(set(groups))
    owners = [names.index(group) for group in groups]
    totals = sum_columns(contributions, owners, len(names))
    # Names are sorted, so a stable sort breaks ties by name.
    order = np.argsort(-np.abs(totals), axis=1, kind="stable")
    return [
        [Contribution(names[index], row[index]) for index in largest]
        for row, largest in zip(totals.tolist(), order.tolist(), strict=True)
    ]

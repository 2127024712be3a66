"""An additive model as a plain value: log-odds are a sum of one curve a column, so every contribution is exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.features.stored import StoredPart

LogOdds = Annotated[float, msgspec.Meta(ge=-1e6, le=1e6)]
"""Far beyond any model's; sums of it stay finite."""


class Curve(msgspec.Struct, frozen=True):
    """Contribution of one column: straight lines between the points (xs, ys), level beyond them.

    `missing`: contribution of a missing value. A column without points contributes nothing.
    """

    xs: tuple[float, ...] = ()
    ys: tuple[LogOdds, ...] = ()
    missing: LogOdds = 0.0

    def __post_init__(self) -> None:
        # A file may say anything; NumPy's interpolation would silently give nonsense for such points.
        if len(self.xs) != len(self.ys):
            raise ValueError("a curve has another number of xs than of ys")
        if any(left > right for left, right in pairwise(self.xs)):
            raise ValueError("the xs of a curve do not rise")


class Additive(StoredPart, frozen=True):
    """Log-odds = bias + Σ curve(x) over the m encoder columns."""

    bias: LogOdds
    curves: tuple[Curve, ...]

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, m + 1) contributions to the log-odds, the bias last.

        A curve with mean 0 over the training rows is the exact Shapley value under independent columns (Lundberg and
        Lee 2017, corollary 1, holds for every additive model).

        >>> model = Additive(0.5, (Curve((0.0, 2.0), (0.0, 1.0), -1.0),))
        >>> model.contributions(np.array([[1.0], [9.0], [np.nan]], dtype=np.float32)).tolist()
        [[0.5, 0.5], [1.0, 0.5], [-1.0, 0.5]]
        """
        terms = np.zeros((len(matrix), len(self.curves) + 1))
        terms[:, -1] = self.bias
        for column, curve in enumerate(self.curves):
            if curve.xs:
                values = matrix[:, column].astype(np.float64)
                terms[:, column] = np.where(np.isnan(values), curve.missing, np.interp(values, curve.xs, curve.ys))
        return terms

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of n rows.

        >>> Additive(0.5, (Curve((0.0, 2.0), (0.0, 1.0)),)).margin(np.array([[3.0]], dtype=np.float32)).tolist()
        [1.5]
        """
        total: NDArray[np.float64] = self.contributions(matrix).sum(axis=1)
        return total

"""A logistic regression as a plain value: the model that serves while there is too little data for boosting."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.stored import StoredPart

_BLOCK = 4096


class Linear(StoredPart, frozen=True):
    """Log-odds = bias + Σ weight · (x − mean) / scale over the m encoder columns; a missing x counts as its mean."""

    bias: float
    weights: tuple[float, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]

    def contributions(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """(n, m + 1) contributions to the log-odds, the bias last, as `Booster.predict(pred_contribs=True)` has them.

        For a linear model weight · (x − mean) is the exact Shapley value under independent columns (Lundberg and Lee,
        2017, corollary 1).

        >>> model = Linear(bias=0.5, weights=(2.0,), means=(1.0,), scales=(2.0,))
        >>> model.contributions(np.array([[3.0], [np.nan]], dtype=np.float32)).tolist()
        [[2.0, 0.5], [0.0, 0.5]]
        """
        centred = (matrix.astype(np.float64) - np.array(self.means)) / np.array(self.scales)
        # A missing value contributes nothing: the mean is what training filled in.
        terms = np.nan_to_num(centred, nan=0.0) * np.array(self.weights)
        return np.column_stack([terms, np.full(len(matrix), self.bias)])

    def margin(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log-odds of n rows.

        >>> Linear(0.5, (2.0,), (1.0,), (2.0,)).margin(np.array([[3.0]], dtype=np.float32)).tolist()
        [2.5]
        """
        means, slopes = np.array(self.means), np.array(self.weights) / np.array(self.scales)
        total = np.full(len(matrix), self.bias)
        for first in range(0, len(matrix), _BLOCK):  # a block stays in the processor's cache
            block = matrix[first : first + _BLOCK]
            terms = np.where(np.isnan(block), 0.0, block - means) * slopes
            # Not `@`: the last digit of its result depends on how many rows are multiplied together.
            total[first : first + _BLOCK] += terms.sum(axis=1)
        return total

"""Two-sample test of counts over the same parts: whether chance alone explains that two distributions differ."""

from __future__ import annotations

from math import erfc, sqrt

import numpy as np

from leadwerk.stats.arrays import Floats


def difference_p_value(first: Floats, second: Floats) -> float:
    """p-value of Pearson's χ² test of homogeneity of two samples, given their counts (parts,); 1.0 without a sample.

    Pearson 1911, Biometrika 8, p. 250. Parts that both samples leave empty do not count.

    >>> first = np.array([50.0, 50.0])
    >>> round(difference_p_value(first, np.array([60.0, 40.0])), 3), difference_p_value(first, first)
    (0.155, 1.0)
    """
    counts = np.array([first, second])
    counts = counts[:, counts.sum(axis=0) > 0]
    sizes = counts.sum(axis=1, keepdims=True)
    freedom = counts.shape[1] - 1
    if freedom < 1 or not sizes.all():
        return 1.0
    expected = sizes * counts.sum(axis=0) / sizes.sum()
    return _chi_square_tail(float(((counts - expected) ** 2 / expected).sum()), freedom)


def _chi_square_tail(statistic: float, freedom: int) -> float:
    """P(χ² > statistic), by the cube root, which is nearly normal: Wilson and Hilferty 1931, PNAS 17, p. 684.

    Exact with one degree of freedom, where that is coarsest.

    >>> round(_chi_square_tail(18.307, 10), 3), round(_chi_square_tail(3.841, 1), 3)
    (0.05, 0.05)
    """
    if freedom == 1:
        return erfc(sqrt(statistic / 2))
    variance = 2 / (9 * freedom)
    z = ((statistic / freedom) ** (1 / 3) - (1 - variance)) / sqrt(variance)
    return min(1.0, erfc(z / sqrt(2)) / 2) if statistic > 0 else 1.0

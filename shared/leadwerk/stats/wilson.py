"""Wilson interval: how far a share among few can be from the truth."""

from __future__ import annotations

from math import sqrt

Z = 1.96
"""Quantile of the normal distribution for a 95 % interval."""


def wilson(rate: float, n: float, z: float = Z) -> tuple[float, float]:
    """Wilson's score interval for a rate among n. Wilson 1927, J. American Statistical Association 22, p. 209.

    >>> tuple(round(bound, 4) for bound in wilson(0.25, 20))
    (0.1119, 0.4687)
    >>> wilson(0.0, 0)
    (0.0, 1.0)
    """
    # Without any lead nothing is known: the whole range, rather than a division by zero.
    if n <= 0:
        return 0.0, 1.0
    middle = (rate + z * z / (2 * n)) / (1 + z * z / n)
    # The normal interval p ± z·se has width 0 at p = 0; Wilson's does not, which matters for few conversions.
    reach = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, middle - reach), min(1.0, middle + reach)

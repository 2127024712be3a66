"""Array types, from the bottom up: named once, for every room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Matrix = NDArray[np.float32]
"""(n, features): a model's input."""

Outcomes = Bools | Floats
"""Converted or not; or true chances to convert, which a simulation knows."""


def evenly(rows: int, most: int) -> Index:
    """Positions of at most `most` of so many rows, at equal distances.

    >>> evenly(10, 4).tolist()
    [0, 3, 6, 9]
    """
    return np.arange(0, rows, max(1, -(-rows // most)))

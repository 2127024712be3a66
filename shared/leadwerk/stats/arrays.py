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

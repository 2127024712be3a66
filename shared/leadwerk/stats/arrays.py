"""Array types of the statistics."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Index = NDArray[np.intp]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

Outcomes = Bools | Floats
"""Converted or not; or true chances to convert, which a simulation knows."""

"""The predictive score: a probability seen under a balanced prior, 0–100, comparable between models and markets."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def predictive_scores(probabilities: npt.ArrayLike, base_rate: float) -> Integers:
    """100·p(1−π) / (p(1−π) + (1−p)π), rounded half up; int64 of the shape of `probabilities`.

    p is the calibrated probability of conversion, π (`base_rate`, strictly between 0 and 1) the share of leads that
    convert. 50 is the average lead; 85 has 5.7 times its odds. The order is that of p.

    >>> predictive_scores([0.0, 0.03, 0.149, 0.5, 1.0], base_rate=0.03).tolist()
    [0, 50, 85, 97, 100]

    Source: Elkan (2001), The foundations of cost-sensitive learning, IJCAI, theorem 2, with the base rate moved to 1/2.

    Raises:
        ValueError: `base_rate` is not strictly between 0 and 1.
    """
    if not 0 < base_rate < 1:
        raise ValueError(f"A base rate lies strictly between 0 and 1, not at {base_rate}.")
    p = np.asarray(probabilities, dtype=np.float64)
    converted, lost = p * (1 - base_rate), (1 - p) * base_rate
    return np.floor(100 * converted / (converted + lost) + 0.5).astype(np.int64)

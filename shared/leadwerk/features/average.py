"""Averages of models on the log-odds scale, whose contributions still add up to the prediction exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Floats = NDArray[np.float64]

LIMIT = 9.21
"""Largest log-odds of a member (a chance of 1 in 10,000): beyond it a single member would decide alone."""

SMALLEST_SHARE = 1e-4


class Estimator(Protocol):
    """What gives log-odds (n,) of an encoded matrix, and their exact attribution (n, m + 1), the bias last."""

    def margin(self, matrix: Matrix) -> NDArray[Any]:
        """Log-odds before calibration, (n,)."""

    def contributions(self, matrix: Matrix) -> NDArray[Any]:
        """Contributions to the log-odds, (n, m + 1), the bias last."""


@dataclass(frozen=True)
class Forest:
    """A random forest behind `trees`, whose prediction is a share: seen as log-odds.

    A contribution to the share becomes one to the log-odds by the slope of the line between the forest's average and
    its prediction, so the sum stays exact.
    """

    trees: Estimator = field(repr=False)

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds of the share of n rows."""
        return _log_odds(self.trees.margin(matrix))

    def contributions(self, matrix: Matrix) -> Floats:
        """Contributions to these log-odds, (n, m + 1)."""
        shares = np.asarray(self.trees.contributions(matrix), dtype=np.float64)
        average, total = shares[:, -1], shares.sum(axis=1)
        bias, log_odds = _log_odds(average), _log_odds(total)
        # Where the forest says its average, nothing contributes, and the slope would be 0/0.
        moved = total - average
        slope = np.where(np.abs(moved) > 1e-9, (log_odds - bias) / np.where(moved == 0, 1.0, moved), 0.0)
        return np.column_stack([shares[:, :-1] * slope[:, None], bias])


@dataclass(frozen=True)
class Average:
    """The mean of its members' log-odds, each within ±LIMIT."""

    members: tuple[Estimator, ...]

    def margin(self, matrix: Matrix) -> Floats:
        """Mean log-odds of n rows."""
        return mean_margin([member.margin(matrix) for member in self.members])

    def contributions(self, matrix: Matrix) -> Floats:
        """Mean contributions, (n, m + 1); where a member is at the limit, its contributions shrink in proportion."""
        parts = [_within_limit(np.asarray(member.contributions(matrix), np.float64)) for member in self.members]
        mean: Floats = np.mean(parts, axis=0)
        return mean


def mean_margin(margins: Sequence[NDArray[Any]]) -> Floats:
    """Mean of log-odds (n,) within ±LIMIT.

    >>> mean_margin([np.array([1.0, 50.0]), np.array([3.0, 0.79])]).tolist()
    [2.0, 5.0]
    """
    mean: Floats = np.mean([np.clip(np.asarray(margin, np.float64), -LIMIT, LIMIT) for margin in margins], axis=0)
    return mean


def _within_limit(contributions: Floats) -> Floats:
    bias, total = np.clip(contributions[:, -1], -LIMIT, LIMIT), contributions.sum(axis=1)
    limited = np.clip(total, -LIMIT, LIMIT)
    moved = total - contributions[:, -1]
    # Scaled and not cut: each feature keeps its share of what the limit leaves, and the sum stays exact.
    scale = np.where(np.abs(moved) > 1e-9, (limited - bias) / np.where(moved == 0, 1.0, moved), 1.0)
    return np.column_stack([contributions[:, :-1] * scale[:, None], bias])


def _log_odds(share: NDArray[Any]) -> Floats:
    p = np.clip(np.asarray(share, dtype=np.float64), SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    odds: Floats = np.log(p) - np.log1p(-p)
    return odds

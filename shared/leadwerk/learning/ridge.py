"""Ridge regression of log-odds by Newton's method, in blocks of rows so that memory stays bounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.linear import Linear
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.log_odds import sigmoid

PENALTY = 10.0
"""Ridge on standardised weights (1/C of scikit-learn): worth about ten observations against every weight."""

STEPS = 25
TOLERANCE = 1e-5
BLOCK = 16_384
"""Rows summed at a time."""

LONGEST_STEP = 5.0
"""Largest step of a weight: a whole Newton step can overshoot far from the optimum."""

FIRST_LOOK = 10
"""Of many rows the search begins with a tenth: what is left to do for all of them is a step or two."""

MANY = 40_000

EVIDENCE_ROWS, EVIDENCE_STEPS = 10_000, 10
SAME_PENALTY = 1.05
"""Ratio from which a penalty counts as another than before."""

LARGEST_PENALTY = 1e6


@dataclass(frozen=True)
class _Rows:
    """What is fitted: the standardised design (n, m + 1), outcomes, and how much each row counts (None: alike)."""

    design: NDArray[np.float32]
    converted: Bools
    counts: NDArray[np.float32] | None

    def __len__(self) -> int:
        return len(self.design)

    def drawn(self, most: int) -> _Rows:
        """At most so many of them."""
        if len(self) <= most:
            return self
        # Drawn, because a file may repeat itself every so many rows.
        few = np.sort(np.random.default_rng(0).choice(len(self), most, replace=False))
        return _Rows(self.design[few], self.converted[few], None if self.counts is None else self.counts[few])


def fit_linear(
    matrix: NDArray[np.float32],
    converted: Bools,
    *,
    standardised: bool = True,
    weights: Floats | None = None,
    penalties: Floats | None = None,
    by_evidence: Bools | None = None,
) -> Linear:
    """Newton's method (iteratively reweighted least squares; McCullagh and Nelder 1989, §4.4).

    A missing value counts as its column's mean; the bias is not penalised. Without `standardised` the penalty is on
    weights as they are: for columns in one unit, of which a small one shall stay small. `weights` (n,) say how much
    each row counts; rows without weight are passed over. `penalties` (m,) take the place of PENALTY, column by column.
    Columns of the mask `by_evidence` (m,) get one penalty in common that the data find, which begins with theirs.
    """
    if weights is not None and not weights.all():
        matrix, converted, weights = matrix[weights > 0], converted[weights > 0], weights[weights > 0]
    counts = None if weights is None else weights.astype(np.float32)
    means, scales = _scaling(matrix)
    if not standardised:
        scales = [1.0] * len(scales)
    rows = _Rows(_design(matrix, means, scales), converted, counts)
    penalty = np.r_[np.full(len(means), PENALTY) if penalties is None else penalties, 1e-6]
    coefficients = np.zeros(len(penalty))
    if by_evidence is not None and by_evidence.any():
        coefficients, penalty = _evidence(rows.drawn(EVIDENCE_ROWS), penalty, np.r_[by_evidence, False])
    if len(rows) > MANY:
        coefficients = _optimum(rows.drawn(len(rows) // FIRST_LOOK), coefficients, penalty / FIRST_LOOK)
    coefficients = _optimum(rows, coefficients, penalty)
    return Linear(float(coefficients[-1]), tuple(coefficients[:-1].tolist()), tuple(means), tuple(scales))


def _evidence(rows: _Rows, penalty: Floats, chosen: Bools) -> tuple[Floats, Floats]:
    """Coefficients, and penalties in which those of the chosen columns are what makes the data likeliest.

    What the data determine of a weight is one less its penalty by its curvature (MacKay 1992, Neural Computation 4,
    p. 418): where these weights say nothing the penalty grows, where they say much it falls.
    """
    coefficients, penalty = np.zeros(len(penalty)), penalty.copy()
    for step in range(EVIDENCE_STEPS):
        gradient, hessian = _slopes(rows, coefficients, penalty)
        coefficients = coefficients - _newton_step(gradient, hessian)
        if not step:
            continue
        before = float(penalty[chosen][0])
        determined = chosen.sum() - before * float(np.diag(np.linalg.inv(hessian))[chosen].sum())
        best = max(determined, 0.0) / max(float((coefficients[chosen] ** 2).sum()), 1e-12)
        penalty[chosen] = np.clip(best, PENALTY, LARGEST_PENALTY) if determined > 0 else LARGEST_PENALTY
        ratio = float(penalty[chosen][0]) / before
        if max(ratio, 1 / ratio) < SAME_PENALTY:
            break
    return coefficients, penalty


def _optimum(rows: _Rows, coefficients: Floats, penalty: Floats) -> Floats:
    """The coefficients at which the penalised likelihood is largest, from these on."""
    for _ in range(STEPS):
        gradient, hessian = _slopes(rows, coefficients, penalty)
        step = _newton_step(gradient, hessian)
        coefficients = coefficients - step
        if np.abs(step).max() < TOLERANCE:
            break
    return coefficients


def _design(matrix: NDArray[np.float32], means: list[float], scales: list[float]) -> NDArray[np.float32]:
    """Standardised columns and a column of ones; float32, which halves time and memory and costs no digit that counts.

    Sums are taken in blocks below, so that they keep their precision.
    """
    design = np.ones((len(matrix), matrix.shape[1] + 1), dtype=np.float32)
    np.subtract(matrix, np.array(means, dtype=np.float32), out=design[:, :-1])
    design[:, :-1] /= np.array(scales, dtype=np.float32)
    np.nan_to_num(design, copy=False, nan=0.0)
    return design


def _scaling(matrix: NDArray[np.float32]) -> tuple[list[float], list[float]]:
    means, scales = [], []
    for column in matrix.T:  # one at a time: whole copies of a large matrix would not fit into memory
        present = column[~np.isnan(column)].astype(np.float64)
        mean, scale = (float(present.mean()), float(present.std())) if len(present) else (0.0, 0.0)
        # A missing value stands at the mean, so it takes its share off the variance.
        scale *= float(np.sqrt(len(present) / max(len(column), 1)))
        means.append(mean)
        scales.append(scale if scale > 1e-9 * max(1.0, abs(mean)) else 1.0)
    return means, scales


def _slopes(rows: _Rows, coefficients: Floats, penalty: Floats) -> tuple[Floats, Floats]:
    """Gradient (m,) and curvature (m, m) of the penalised loss."""
    gradient, hessian = penalty * coefficients, np.diag(penalty)
    for first in range(0, len(rows), BLOCK):
        part = rows.design[first : first + BLOCK]
        p = sigmoid((part @ coefficients.astype(np.float32)).astype(np.float64))
        error, curvature = p - rows.converted[first : first + BLOCK], np.maximum(p * (1 - p), 1e-6)
        if rows.counts is not None:
            error, curvature = (
                error * rows.counts[first : first + BLOCK],
                curvature * rows.counts[first : first + BLOCK],
            )
        gradient = gradient + part.T @ error
        root = part * np.sqrt(curvature, dtype=np.float32)[:, None]
        hessian = hessian + root.T @ root
    return gradient, hessian


def _newton_step(gradient: Floats, hessian: Floats) -> Floats:
    step: Floats = np.linalg.solve(hessian, gradient).astype(np.float64)
    return step / max(1.0, float(np.abs(step).max()) / LONGEST_STEP)

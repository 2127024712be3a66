"""Spline regression: a ridge regression on piecewise-linear curves of the numbers, without columns of the calendar.

A column that follows the calendar (a running number, a campaign that ended) explains a moved base rate in training and
extrapolates it into the future, where a line is wrong without limit. So such columns are left out: honest columns have
at most .38 of their variance between 60 consecutive blocks of leads, columns of the calendar at least .6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.additive import Additive, Curve
from leadwerk.features.linear import Linear
from leadwerk.learning.landmarks import Times
from leadwerk.learning.ridge import PENALTY, fit_linear
from leadwerk.stats.arrays import Bools, Floats

CALENDAR_SHARE = 0.5
BLOCKS = 60
ENOUGH = 20_000
"""Rows on which shares are measured, evenly in time; of those left out each block has as many."""

CLIPPED = (0.01, 0.99)
"""Quantiles beyond which a curve is level."""

KNOTS = (0.2, 0.4, 0.6, 0.8)
BEND_PENALTY = 400.0
"""Ridge with which the search for that on what bends lines at knots begins: straight or curved, the data decide."""

FEWEST_VALUES = 6
"""Different values that a column needs for a curve; with fewer a line says all there is."""

FEWEST_MISSING = 0.005
"""Share of missing (or of present) values from which being missing has a weight of its own."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class _Basis:
    """How one column becomes terms: points of its curve (the first and last are the clips), and a term for missing."""

    column: int
    points: tuple[float, ...]
    has_missing_term: bool

    @property
    def width(self) -> int:
        return len(self.points) - 1 + self.has_missing_term

    def penalties(self) -> list[float]:
        """Ridge of each term."""
        return [PENALTY, *[BEND_PENALTY] * (len(self.points) - 2), *[PENALTY] * self.has_missing_term]

    def bends(self) -> list[bool]:
        """Which terms bend the line."""
        return [False, *[True] * (len(self.points) - 2), *[False] * self.has_missing_term]

    def terms(self, values: Matrix) -> Matrix:
        """(n, width): the clipped value, its excess over each inner point, and whether it is missing."""
        # Beyond the outer points the curve is flat: a straight line would extrapolate an outlier.
        clipped = np.clip(values, self.points[0], self.points[-1])
        parts = [clipped, *(np.maximum(clipped - point, 0) for point in self.points[1:-1])]
        if self.has_missing_term:
            parts.append(np.isnan(values).astype(np.float32))
        return np.column_stack(parts).astype(np.float32)


def fit_additive(matrix: Matrix, converted: Bools, as_of: Times, weights: Floats | None = None) -> Additive:
    """Penalised maximum likelihood on (n, m) encoded rows; `weights` (n,) say how much each counts.

    Where every column follows the calendar all are used: there is nothing better.
    """
    # A column that follows the calendar would predict the past's seasons and not the lead.
    used = np.flatnonzero(calendar_shares(matrix, as_of) < CALENDAR_SHARE)
    bases = [
        basis for column in (used if len(used) else range(matrix.shape[1])) if (basis := _basis(matrix, int(column)))
    ]
    design = np.hstack([basis.terms(matrix[:, basis.column]) for basis in bases] or [matrix[:, :0]])
    penalties = np.array([penalty for basis in bases for penalty in basis.penalties()])
    bends = np.array([bend for basis in bases for bend in basis.bends()], dtype=np.bool_)
    linear = fit_linear(design, converted, weights=weights, penalties=penalties, by_evidence=bends)
    return _as_curves(linear, bases, matrix.shape[1])


def calendar_shares(matrix: Matrix, as_of: Times) -> Floats:
    """Share of each column's variance (clipped values) that lies between consecutive blocks of rows in time, (m,).

    What blocks of that size vary by chance is taken off.

    >>> times = np.arange(6000).astype("datetime64[us]")
    >>> column = np.column_stack([np.arange(6000), np.arange(6000) % 7]).astype(np.float32)
    >>> calendar_shares(column, times).round(1).tolist()
    [1.0, 0.0]
    """
    # Blocks of equal size in time: the variance between them is what the calendar explains.
    order = np.argsort(as_of, kind="stable")
    order = order[:: max(1, len(order) // ENOUGH)]
    block = np.arange(len(order)) * BLOCKS // max(len(order), 1)
    size = np.maximum(np.bincount(block, minlength=BLOCKS), 1)
    shares = np.zeros(matrix.shape[1])
    for column in range(matrix.shape[1]):
        values = _clipped(matrix[order, column].astype(np.float64))
        variance = values.var()
        if variance > 0:
            means = np.bincount(block, values, minlength=BLOCKS) / size
            between = float(size @ (means - values.mean()) ** 2) / len(values)
            # Chance alone gives every block a mean of its own; that part is taken off.
            shares[column] = max(0.0, between / variance - BLOCKS / len(values))
    return shares


def _clipped(values: Floats) -> Floats:
    """Missing values as the mean, the others between the clips where these differ."""
    present = values[np.isfinite(values)]
    if not len(present):
        return np.zeros(len(values))
    filled = np.where(np.isfinite(values), values, present.mean())
    low, high = np.quantile(present, CLIPPED)
    return np.clip(filled, low, high) if high > low else filled


def _basis(matrix: Matrix, column: int) -> _Basis | None:
    """None for a column that is the same in all rows."""
    values = matrix[:, column]
    is_present = np.isfinite(values)
    present = values[is_present]
    missing = 1 - len(present) / max(len(values), 1)
    # A term for a handful of rows would fit noise.
    has_missing_term = FEWEST_MISSING < missing < 1 - FEWEST_MISSING
    points = _points(present) if len(present) else ()
    if len(points) < 2:
        return _Basis(column, (0.0, 1.0), True) if has_missing_term else None
    return _Basis(column, points, has_missing_term)


def _points(present: Matrix) -> tuple[float, ...]:
    """Clips and knots of a column's curve, ascending, float32 as the matrix is."""
    if len(np.unique(present)) < FEWEST_VALUES:
        return tuple(float(end) for end in np.unique([present.min(), present.max()]))
    ends = np.quantile(present, CLIPPED)
    if ends[0] == ends[1]:
        ends = np.array([present.min(), present.max()])
    inner = [knot for knot in np.quantile(present, KNOTS) if ends[0] < knot < ends[1]]
    return tuple(float(point) for point in np.unique(np.array([*ends, *inner], dtype=np.float32)))


def _as_curves(linear: Linear, bases: list[_Basis], columns: int) -> Additive:
    """The regression on terms as curves: exact, because a sum of clipped lines is straight between its points."""
    curves = [Curve()] * columns
    first = 0
    for basis in bases:
        terms = slice(first, first + basis.width)
        part = Linear(0.0, linear.weights[terms], linear.means[terms], linear.scales[terms])
        points = np.array([*basis.points, np.nan], dtype=np.float32)
        ys = part.margin(basis.terms(points))
        curves[basis.column] = Curve(basis.points, tuple(ys[:-1].tolist()), float(ys[-1]))
        first += basis.width
    return Additive(linear.bias, tuple(curves))

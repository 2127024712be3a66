"""Out-of-fold target encoding: what a field's value alone says of the outcome, learned from other leads.

Values become cells: quantiles of a number, frequent levels of a category, and one cell for missing. A cell's log-odds
are shrunk towards the average (Micci-Barreca 2001, SIGKDD Explorations 3, eq. 3) and learned from the other folds, so a
row never sees its own outcome.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from leadwerk.stats.arrays import Bools, Floats, Index
from leadwerk.stats.log_odds import logit

MISSING_CELL = 0
QUANTILES = 20
MOST_LEVELS = 40
FEWEST_ROWS = 10
"""Rows that a level needs for a cell of its own."""

PRIOR_ROWS = 5.0
"""Average rows that every cell begins with."""


def cells(column: Any) -> Index:
    """The cell of each value (n,): 0 where it is missing, rare levels together in the last one.

    >>> cells(np.array([1.0, np.nan, 3.0])).tolist()
    [1, 0, 2]
    """
    values = np.asarray(column)
    if values.dtype.kind in "iufb":
        return _number_cells(values.astype(np.float64))
    return _level_cells(values.tolist())


def _number_cells(values: Floats) -> Index:
    finite = np.isfinite(values)
    cell = np.full(len(values), MISSING_CELL, dtype=np.intp)
    if finite.any():
        edges = np.unique(np.quantile(values[finite], np.linspace(0, 1, QUANTILES + 1)[1:-1]))
        cell[finite] = np.searchsorted(edges, values[finite], side="left") + 1
    return _without_gaps(cell)


def _without_gaps(cell: Index) -> Index:
    """The same cells, numbered without gaps; missing stays 0."""
    return np.unique(np.r_[MISSING_CELL, cell], return_inverse=True)[1][1:].astype(np.intp)


def _level_cells(values: Sequence[Any]) -> Index:
    counts = Counter(values)
    missing = [value for value in counts if is_missing(value)]
    for value in missing:
        del counts[value]
    frequent = [level for level, rows in counts.most_common(MOST_LEVELS) if rows >= FEWEST_ROWS]
    number = {level: place for place, level in enumerate(frequent, start=1)}
    number |= dict.fromkeys(missing, MISSING_CELL)
    rare = len(frequent) + 1
    return np.array([number.get(value, rare) for value in values], dtype=np.intp)


def is_missing(value: Any) -> bool:
    """Whether a value is unknown: None, NaN or an empty text."""
    return value is None or value != value or value == ""


def out_of_fold_log_odds(cell: Index, converted: Bools, fold: Index) -> Floats:
    """Log-odds of each row's cell relative to the average, by the rows of the other folds, (n,)."""
    count = int(cell.max(initial=0)) + 1
    encoded = np.empty(len(cell))
    for number in np.unique(fold):
        other_folds = fold != number
        rows = np.bincount(cell[other_folds], minlength=count)
        hits = np.bincount(cell[other_folds], converted[other_folds], minlength=count)
        average = float(converted[other_folds].mean())
        rate = (hits + PRIOR_ROWS * average) / (rows + PRIOR_ROWS)
        encoded[~other_folds] = (logit(rate) - logit(np.array([average])))[cell[~other_folds]]
    return encoded

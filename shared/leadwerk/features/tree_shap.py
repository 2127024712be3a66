"""Exact TreeSHAP of an ensemble of trees in NumPy: the values of XGBoost's own, in linear time and without its library.

A leaf's part in a feature's Shapley value is an integral over t in [0, 1] of a polynomial: the product, over the other
features on the leaf's path, of the chance that the leaf is reached where each feature is the row's own with chance t
and any training row's otherwise (Owen 1972, Multilinear extensions of games, §4). Gauss's rule with half as many points
as there are features on the path has no error, so the values are exact to rounding. A feature that stands on a path
several times is one factor, which each of its nodes renews (Yu et al. 2022, Linear TreeSHAP).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadwerk.features.saved_trees import SavedForest, read_forest
from leadwerk.stats.arrays import Bools, Floats, Index, Matrix

SMALLEST_SHARE = 1e-30
"""In place of a branch that no training row took: a factor of zero could not be taken out of the product again."""

LARGEST = np.float32(np.finfo(np.float32).max)


@dataclass(frozen=True)
class TreeShap:
    """The contributions of an ensemble; safe to share between threads.

    All trees together have E branches, level by level; the two of a node stand side by side, in the order of their
    nodes. A row `matches` a branch if it passes all conditions on `feature` down to it: its value lies in
    [lower, upper), or is missing where `takes_missing`. `above`: the nearest branch on the way to the root by the
    same feature; E where there is none.
    """

    bias: float
    levels: tuple[slice, ...]
    """The branches of each level."""
    parents: tuple[Index, ...]
    """For each level but the first, the branches that lead to its nodes: one a pair of branches."""
    feature: Index
    lower: Matrix
    upper: Matrix
    takes_missing: Bools
    above: Index
    leaf: Floats
    """(E, 1): the value of the leaf that a branch ends in, 0 where it ends in a node."""
    renewed: Floats
    """(3 E, points): factor of the branch by that of the one above; for a row that matches neither, only that above,
    or both."""
    gained: Floats
    """(3 E, points): what the branch adds to a feature's value by unit of the product, times the point's weight."""

    @classmethod
    def from_ubjson(cls, model: bytes) -> TreeShap:
        """The contributions of a model in XGBoost's UBJSON.

        Raises:
            ValueError: the bytes are no such model, are damaged, or have other trees than those of numbers.
        """
        return cls.of(read_forest(model))

    @classmethod
    def of(cls, forest: SavedForest) -> TreeShap:
        """The contributions of a model's trees."""
        return _built(forest)

    def contributions(self, matrix: Matrix) -> Floats:
        """(n, m + 1) of a float32 (n, m) matrix in which NaN is missing: one a column, then the bias.

        Source: Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees,
        Nature Machine Intelligence 2: the values of algorithm 2.
        """
        columns = matrix.shape[1]
        values = np.empty((len(matrix), columns + 1))
        values[:, -1] = self.bias
        for row, encoded in enumerate(matrix):
            values[row, :-1] = (
                np.bincount(self.feature, self._by_branch(encoded), columns) if len(self.feature) else 0.0
            )
        return values

    def _by_branch(self, row: NDArray[np.float32]) -> Floats:
        """What each of the E branches adds to its feature's value."""
        case = self._cases(row)
        product = np.take(self.renewed, case, axis=0)
        for level, parents in zip(self.levels[1:], self.parents, strict=True):
            pairs = product[level].reshape(len(parents), 2, -1)
            pairs *= np.take(product, parents, axis=0)[:, None]
        # From here on the sum over the leaves below a branch: one with others below is no leaf, and stands at 0.
        product *= self.leaf
        for level, parents in zip(self.levels[:0:-1], self.parents[::-1], strict=True):
            pairs = product[level].reshape(len(parents), 2, -1)
            product[parents] = pairs[:, 0] + pairs[:, 1]
        total: Floats = np.einsum("bp,bp->b", product, np.take(self.gained, case, axis=0))
        return total

    def _cases(self, row: NDArray[np.float32]) -> Index:
        """Which row of `renewed` and `gained` holds for each branch."""
        # No value is infinite: a branch without an upper end takes the largest too.
        value = np.take(np.minimum(row, LARGEST), self.feature)
        matches = np.ones(len(value) + 1, dtype=np.int8)
        matches[:-1] = ((value >= self.lower) & (value < self.upper)) | (np.isnan(value) & self.takes_missing)
        cases: Index = np.arange(0, 3 * len(value), 3) + matches[:-1] + np.take(matches, self.above)
        return cases


class _Branches:
    """The branches found so far, level by level; attributes as in TreeShap."""

    def __init__(self) -> None:
        self.levels: list[slice] = []
        self.parents: list[Index] = []
        self.parent = self.feature = self.above = self.features_above = np.empty(0, np.intp)
        self.lower = self.upper = np.empty(0, np.float32)
        self.takes_missing = np.empty(0, np.bool_)
        self.share = self.reached = np.empty(0)

    def add_level(self, forest: SavedForest, nodes: Index, leading: Index) -> Index:
        """Add the two branches of each of `nodes`, reached by the branches `leading` (-1: roots); return their ends."""
        first = len(self.feature)
        ends = np.stack([forest.left[nodes], forest.right[nodes]], axis=1).ravel()
        parent, feature = np.repeat(leading, 2), np.repeat(forest.feature[nodes], 2)
        threshold, is_left = np.repeat(forest.threshold[nodes], 2), np.arange(len(ends)) % 2 == 0
        share = np.maximum(forest.cover[ends] / np.repeat(forest.cover[nodes], 2), SMALLEST_SHARE)
        above = self._nearest(parent, feature)
        is_new = above < 0
        lower = np.where(is_left, -np.inf, threshold).astype(np.float32)
        upper = np.where(is_left, threshold, np.inf).astype(np.float32)
        missing = np.repeat(forest.missing_left[nodes], 2) == is_left
        self._extend("lower", np.where(is_new, lower, np.maximum(lower, _at(self.lower, above))))
        self._extend("upper", np.where(is_new, upper, np.minimum(upper, _at(self.upper, above))))
        self._extend("takes_missing", missing & (is_new | _at(self.takes_missing, above)))
        self._extend("share", share * np.where(is_new, 1.0, _at(self.share, above)))
        self._extend("reached", share * np.where(parent < 0, 1.0, _at(self.reached, parent)))
        self._extend("features_above", is_new + np.where(parent < 0, 0, _at(self.features_above, parent)))
        for name, values in {"parent": parent, "feature": feature, "above": above}.items():
            self._extend(name, values)
        self.levels.append(slice(first, len(self.feature)))
        self.parents.append(leading)
        return ends

    def _nearest(self, branch: Index, feature: Index) -> Index:
        """From `branch` on upwards the first by the same feature, -1 where there is none."""
        while True:
            is_other = (branch >= 0) & (_at(self.feature, branch) != feature)
            if not is_other.any():
                return branch
            branch = np.where(is_other, _at(self.parent, branch), branch)

    def _extend(self, name: str, values: Any) -> None:
        setattr(self, name, np.concatenate([getattr(self, name), values]))


def _at(values: Any, positions: Index) -> Any:
    """The values at these positions; anything for -1, which the caller passes over."""
    return values[positions] if len(values) else np.zeros(len(positions), values.dtype)


def _built(forest: SavedForest) -> TreeShap:
    branches = _Branches()
    is_leaf = forest.left < 0
    ends = [np.empty(0, np.intp)]
    nodes, leading = forest.roots[~is_leaf[forest.roots]], np.full(len(forest.roots), -1)[~is_leaf[forest.roots]]
    while len(nodes):
        reached = branches.add_level(forest, nodes, leading)
        ends.append(reached)
        goes_on = np.flatnonzero(~is_leaf[reached])
        nodes, leading = reached[goes_on], branches.levels[-1].start + goes_on
    end = np.concatenate(ends)
    leaf = np.where(is_leaf[end], forest.threshold[end].astype(np.float64), 0.0)
    stumps = forest.threshold[forest.roots[is_leaf[forest.roots]]].astype(np.float64)
    above = np.where(branches.above < 0, len(end), branches.above)
    renewed, gained = _tables(branches.share, above, int(branches.features_above.max(initial=1)))
    return TreeShap(
        bias=forest.base + float(leaf @ branches.reached) + float(stumps.sum()),
        levels=tuple(branches.levels),
        parents=tuple(branches.parents[1:]),
        feature=branches.feature,
        lower=branches.lower,
        upper=branches.upper,
        takes_missing=branches.takes_missing,
        above=above,
        leaf=leaf[:, None],
        renewed=renewed,
        gained=gained,
    )


def _tables(share: Floats, above: Index, features_on_path: int) -> tuple[Floats, Floats]:
    """`renewed` and `gained` of a TreeShap."""
    nodes, weights = np.polynomial.legendre.leggauss((features_on_path + 1) // 2)
    t, weight = (nodes + 1) / 2, weights / 2
    # Above the first branch by a feature there is none: as if all rows had come that way.
    shares = np.r_[share, 1.0][:, None]
    misses, matches = (1 - t) * shares, t + (1 - t) * shares
    by_miss, by_match = np.broadcast_to(-1 / (1 - t), misses.shape), (1 - shares) / matches
    renewed = [misses[:-1] / misses[above], misses[:-1] / matches[above], matches[:-1] / matches[above]]
    gained = [by_miss[:-1] - by_miss[above], by_miss[:-1] - by_match[above], by_match[:-1] - by_match[above]]
    points = len(t)
    return np.stack(renewed, axis=1).reshape(-1, points), (weight * np.stack(gained, axis=1)).reshape(-1, points)

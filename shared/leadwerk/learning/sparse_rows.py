"""Rows for XGBoost in which a category takes one entry, and its trees as the encoder's matrix needs them.

Of a category's columns all but one are 0, and XGBoost passes over every entry of every row for each level of each tree.
Zeros that are left out count as missing, and the same splits are found in half of the time.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from functools import reduce
from operator import getitem
from typing import Any, Final

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.sparse import csr_array

from leadwerk.stats.arrays import Bools, Floats, Index

TREES: Final = ("learner", "gradient_booster", "model", "trees")


@dataclass
class Nodes:
    """A tree's nodes (each field n), named as XGBoost's JSON names them."""

    left_children: NDArray[Any]
    right_children: NDArray[Any]
    parents: NDArray[Any]
    default_left: NDArray[Any]
    split_indices: NDArray[Any]
    split_conditions: NDArray[Any]
    split_type: NDArray[Any]
    base_weights: NDArray[Any]
    loss_changes: NDArray[Any]
    sum_hessian: NDArray[Any]

    @classmethod
    def of(cls, tree: dict[str, list[Any]]) -> Nodes:
        return cls(**{field.name: np.array(tree[field.name]) for field in fields(cls)})

    def in_order(self, order: Index) -> Nodes:
        """The nodes at other places; their pointers stay."""
        return Nodes(**{name: part[order] for name, part in asdict(self).items()})

    def as_lists(self) -> dict[str, list[Any]]:
        return {name: part.tolist() for name, part in asdict(self).items()}


@dataclass(frozen=True)
class SparseRows:
    """What is there of an (n, m) encoded matrix: known numbers, and the ones of categories.

    `is_level` (m,): which columns are 1 for a category's level and else 0.
    """

    entries: csr_array
    is_level: Bools

    @classmethod
    def of(cls, matrix: NDArray[np.float32], is_level: Bools) -> SparseRows:
        """The rows of an encoded matrix."""
        is_there = np.where(is_level, matrix > 0, ~np.isnan(matrix))
        columns = np.nonzero(is_there)[1].astype(np.int32)
        starts = np.r_[0, np.cumsum(is_there.sum(axis=1))].astype(np.int32)
        return cls(csr_array((matrix[is_there], columns, starts), shape=matrix.shape), is_level)

    def binned(self, rows: Index, converted: Bools, weights: Floats, *, bins: int) -> xgb.QuantileDMatrix:
        """These rows as XGBoost trains on them; labels and weights are those of all rows."""
        entries, labels = self.entries[rows], converted[rows].astype(np.float32)
        return xgb.QuantileDMatrix(entries, labels, weight=weights[rows], max_bin=bins, nthread=1)

    def unbinned(self, rows: Index, converted: Bools, weights: Floats) -> xgb.DMatrix:
        """These rows as XGBoost predicts them in training: a QuantileDMatrix takes several times as long."""
        return xgb.DMatrix(self.entries[rows], converted[rows], weight=weights[rows], nthread=1)

    def as_encoded(self, booster: xgb.Booster) -> xgb.Booster:
        """Trees of these rows, as trees of the encoder's matrix: a level that is 0 goes where a missing one went."""
        model = json.loads(bytes(booster.save_raw("json")))
        for tree in reduce(getitem, TREES, model):
            tree.update(self._zeros_left(Nodes.of(tree)).as_lists())
        encoded = xgb.Booster({"nthread": 1})
        encoded.load_model(bytearray(json.dumps(model).encode()))
        return encoded

    def _zeros_left(self, nodes: Nodes) -> Nodes:
        """The tree in which at levels 0 goes left and 1 right."""
        left, threshold = nodes.left_children, nodes.split_conditions
        splits_level = (left >= 0) & self.is_level[nodes.split_indices]
        # A threshold above 1 sent the level left, and all others, which were missing, right.
        mirrored = left[splits_level & (threshold > 1)]
        threshold[splits_level], nodes.default_left[splits_level] = 0.5, 1
        # XGBoost looks for the right child behind the left one, so children change places, not their parent's pointers.
        order = np.arange(len(left))
        order[mirrored], order[mirrored + 1] = mirrored + 1, mirrored
        moved = nodes.in_order(order)
        moved.parents[1:] = order[moved.parents[1:]]
        return moved

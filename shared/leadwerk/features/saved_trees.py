"""Trees as XGBoost saves them, checked before anything computes with them.

XGBoost's library trusts its model files: a child that lies outside its tree, or above its parent, ends the process or
keeps it busy for ever. A file whose hash is right is what somebody wrote, which may still be wrong: so its structure
and ranges are checked here, in Python, and only then does the library get the bytes.

Source: https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from leadwerk.features import ubjson
from leadwerk.stats.arrays import Bools, Floats, Index

ROOT_PARENT = 2**31 - 1
"""The parent that XGBoost writes for a root."""

MOST_COLUMNS = 100_000
MOST_LOG_ODDS = 1e6
"""Of a leaf: far beyond any model's, and its sums stay finite in single precision."""

COVER_TOLERANCE = 0.01
"""By which the weights of two children may exceed their parent's: XGBoost adds them up in another order."""


class SavedTree(msgspec.Struct, frozen=True):
    """A tree as XGBoost saves it: one item a node in each array, which is typed or a list, as its writer chose."""

    split_type: Any
    left_children: Any
    right_children: Any
    parents: Any
    split_indices: Any
    split_conditions: Any
    default_left: Any
    sum_hessian: Any
    base_weights: Any
    loss_changes: Any
    tree_param: dict[str, str]
    id: int


class _BoosterParameters(msgspec.Struct, frozen=True):
    num_trees: str
    num_parallel_tree: str


class _SavedTrees(msgspec.Struct, frozen=True):
    trees: list[SavedTree]
    tree_info: Any
    gbtree_model_param: _BoosterParameters
    iteration_indptr: Any = ()


class _SavedEnsemble(msgspec.Struct, frozen=True):
    name: Literal["gbtree"]
    model: _SavedTrees


class _LearnerParameters(msgspec.Struct, frozen=True):
    base_score: str
    num_feature: str
    num_class: str
    num_target: str = "1"


class _SavedObjective(msgspec.Struct, frozen=True):
    name: str


class _SavedLearner(msgspec.Struct, frozen=True):
    gradient_booster: _SavedEnsemble
    learner_model_param: _LearnerParameters
    objective: _SavedObjective


class _SavedModel(msgspec.Struct, frozen=True):
    learner: _SavedLearner


@dataclass(frozen=True)
class SavedForest:
    """All nodes of all trees: children by place among all nodes, -1 below a leaf; `threshold` of a leaf is its value.

    `base`: the prediction before any tree, on the scale of the trees. `columns`: of the matrix it was trained on.
    """

    base: float
    columns: int
    roots: Index
    left: Index
    right: Index
    feature: Index
    threshold: NDArray[np.float32]
    missing_left: Bools
    cover: Floats


def read_forest(model: bytes) -> SavedForest:
    """The trees of a model in XGBoost's UBJSON.

    Raises:
        ValueError: the bytes are no such model, are damaged, or have other trees than those of numbers.
    """
    try:
        learner = msgspec.convert(ubjson.decode(model), _SavedModel).learner
    except msgspec.ValidationError as error:
        raise ValueError(f"no model of XGBoost's: {error}") from error
    saved, parameters = learner.gradient_booster.model, learner.learner_model_param
    columns, count = _whole(parameters.num_feature), len(saved.trees)
    _require(0 <= columns <= MOST_COLUMNS, "the number of columns is out of range")
    _require(parameters.num_class in ("0", "1") and parameters.num_target == "1", "it predicts several values")
    _require(_whole(saved.gbtree_model_param.num_trees) == count, "it has another number of trees than it states")
    _require(_whole(saved.gbtree_model_param.num_parallel_tree) >= 1, "it has no trees side by side")
    _require(len(saved.tree_info) == count and not np.any(saved.tree_info), "its trees belong to several values")
    _check_iterations(np.asarray(saved.iteration_indptr), count)
    forest = _joined(saved.trees, _base(learner), columns)
    _check_numbers(saved.trees, forest)
    _check_shape(saved.trees, forest)
    return forest


def _base(learner: _SavedLearner) -> float:
    # Older versions write 5E-1, newer ones [5E-1].
    base = float(learner.learner_model_param.base_score.strip("[]"))
    match learner.objective.name:
        case "binary:logistic":
            _require(0 < base < 1, "its average is no probability")
            return float(np.log(base) - np.log1p(-base))
        case "reg:squarederror":
            _require(abs(base) <= MOST_LOG_ODDS, "its average is out of range")
            return base
    raise ValueError(f"no model of ours: its objective is {learner.objective.name!r}")


def _check_iterations(ends: NDArray[Any], trees: int) -> None:
    """By round the first tree: from 0 up to the number of trees. Older versions do not write it."""
    if ends.size:
        _require(ends.ndim == 1 and ends.dtype.kind in "iu", "its rounds are no numbers")
        is_rising = ends[0] == 0 and ends[-1] == trees and bool(np.all(np.diff(ends.astype(np.int64)) >= 0))
        _require(is_rising, "its rounds are not those of its trees")


def _joined(trees: Sequence[SavedTree], base: float, columns: int) -> SavedForest:
    _require(len(trees) > 0, "it has no tree")
    sizes = [len(tree.left_children) for tree in trees]
    roots = np.cumsum([0, *sizes])[:-1]
    for number, (tree, size) in enumerate(zip(trees, sizes, strict=True)):
        stated = tree.tree_param
        # The library stores a tree at the place of its id.
        _require(tree.id == number, "a tree is not where its id says")
        _require(size > 0 and _whole(stated.get("num_nodes", "")) == size, "a tree has another size than it states")
        _require(_whole(stated.get("num_feature", "")) == columns, "a tree has other columns than the model")
        _require(stated.get("size_leaf_vector", "1") in ("0", "1"), "a leaf has several values")

    def joined(name: str, kinds: str, dtype: type) -> Any:
        parts = [np.asarray(getattr(tree, name)) for tree in trees]
        for part, size in zip(parts, sizes, strict=True):
            _require(part.shape == (size,) and part.dtype.kind in kinds, f"{name} of a tree has not one item a node")
        with np.errstate(invalid="ignore"):  # a signalling NaN, which is refused later
            return np.concatenate(parts).astype(dtype)

    _require(not np.any(joined("split_type", "iub", np.int64)), "a tree splits by categories")
    joined("base_weights", "f", np.float64)
    joined("loss_changes", "f", np.float64)
    offsets = np.repeat(roots, sizes)

    def children(name: str) -> Index:
        children_in_tree = joined(name, "i", np.intp)
        # To the library -1 alone is a leaf: -2 is a place before the tree.
        _require(bool((children_in_tree >= -1).all()), "a child lies outside its tree")
        return np.where(children_in_tree < 0, -1, children_in_tree + offsets)

    return SavedForest(
        base=base,
        columns=columns,
        roots=roots,
        left=children("left_children"),
        right=children("right_children"),
        feature=joined("split_indices", "iu", np.intp),
        threshold=joined("split_conditions", "f", np.float32),
        missing_left=joined("default_left", "iub", np.bool_),
        cover=joined("sum_hessian", "f", np.float64),
    )


def _check_numbers(trees: Sequence[SavedTree], forest: SavedForest) -> None:
    is_leaf = forest.left < 0
    _require(bool(np.isfinite(forest.threshold).all()), "a threshold or a leaf is not finite")
    _require(bool((np.abs(forest.threshold[is_leaf]) <= MOST_LOG_ODDS).all()), "a leaf is out of range")
    splits = forest.feature[~is_leaf]
    _require(bool(((splits >= 0) & (splits < forest.columns)).all()), "a node asks for a column that is not there")
    _require(bool((np.isfinite(forest.cover) & (forest.cover >= 0)).all()), "a weight is not finite")


def _check_shape(trees: Sequence[SavedTree], forest: SavedForest) -> None:
    """Children follow their parent within its tree, and each node but the root has one parent: so there is no loop."""
    nodes = np.arange(len(forest.left))
    sizes = np.diff([*forest.roots, len(nodes)])
    first, last = np.repeat(forest.roots, sizes), np.repeat(forest.roots + sizes, sizes)
    is_leaf = forest.left < 0
    _require(bool((is_leaf == (forest.right < 0)).all()), "a node has one child")
    inner = nodes[~is_leaf]
    for child in (forest.left[inner], forest.right[inner]):
        _require(bool(((child > inner) & (child < last[inner])).all()), "a child lies outside its tree")
    ends = np.concatenate([forest.left[inner], forest.right[inner]])
    # Not np.unique: it imports numpy.ma, which costs a cold start as much as all of the checks.
    _require(bool((np.bincount(ends, minlength=len(nodes)) <= 1).all()), "a node has two parents")
    parents = np.concatenate([np.asarray(tree.parents) for tree in trees])
    _require(parents.shape == nodes.shape and parents.dtype.kind == "i", "a tree names no parents")
    stated = parents.astype(np.int64)
    _require(
        bool((stated[forest.roots] == ROOT_PARENT).all() or (stated[forest.roots] == -1).all()), "a root has a parent"
    )
    of_ends = np.concatenate([inner, inner]) - first[ends]
    _require(bool((stated[ends] == of_ends).all()), "a node names another parent")
    together = forest.cover[forest.left[inner]] + forest.cover[forest.right[inner]]
    _require(
        bool((together <= forest.cover[inner] * (1 + COVER_TOLERANCE)).all()), "children weigh more than their parent"
    )


def _whole(text: str) -> int:
    # Not int(): it takes "1_0", " 1" and other digits, which XGBoost reads otherwise.
    _require(text.isascii() and text.isdigit() and len(text) <= 9, f"{text[:20]!r} is no number")
    return int(text)


def _require(holds: bool, problem: str) -> None:
    if not holds:
        raise ValueError(f"no sound model of XGBoost's: {problem}")

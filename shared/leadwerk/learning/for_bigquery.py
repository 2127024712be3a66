"""A boosted model as a file that BigQuery ML imports: the same trees, in the words of XGBoost 1.5.

BigQuery ML loads XGBoost models with version 1.5.1 of the library and promises nothing for files of later ones
(https://cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-create-xgboost). Ours it refuses. So
the trees are written anew, and in such a way that the prediction hangs on nothing that Google leaves open:

- No value is ever missing. A number whose absence sends a row to the left in some splits and to the right in others
  becomes two columns, in which UNKNOWN, below or above every threshold, stands for it.
- A zero that is taken for a missing value, as in sparse matrices, goes where a zero goes.
- The file says regression, so that what comes out are log-odds whether or not the output is transformed. Calibration
  starts from log-odds; a probability in float32 would have lost digits of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from leadwerk.errors import RegistryError
from leadwerk.features.encode import Encoded, Encoder
from leadwerk.learning.model import Model

UNKNOWN = 1e38
"""Stands for a missing number, with the sign that its split asks for; no threshold reaches it, and float32 does."""

SUPPORTED = {"name": "gbtree", "objective": "binary:logistic", "num_target": "1", "num_class": "0"}
KEPT = (
    *("id", "parents", "left_children", "right_children", "split_conditions", "split_type"),
    *("base_weights", "loss_changes", "sum_hessian"),
    *("categories", "categories_nodes", "categories_segments", "categories_sizes"),
)
"""What a tree says in the same words in both versions; nothing about categories, which are columns here."""


class Input(msgspec.Struct, frozen=True):
    """A column of the imported model, made of one feature.

    Of a number: its value, or `unknown` where it is missing. Of a category: 1 where it has the level, else 0; the level
    after the last is that of all rare and unseen ones.
    """

    feature: Encoded
    unknown: float | None = None
    level: int | None = None

    @property
    def name(self) -> str:
        """A column name that BigQuery takes: feature names end before the last two underscores, so none is taken twice.

        >>> Input(Encoded("income", "number"), unknown=-UNKNOWN).name
        'income__low'
        >>> Input(Encoded("canton", "category", ("ZH", "Zug (Stadt)")), level=1).name
        'canton__1'
        """
        if self.unknown is not None:
            return f"{self.feature.name}__{'low' if self.unknown < 0 else 'high'}"
        return f"{self.feature.name}__{self.level}"


@dataclass(frozen=True)
class Imported:
    """The file, XGBoost's JSON of version 1.5, and the columns it wants, in its order; it yields log-odds."""

    file: bytes
    inputs: tuple[Input, ...]


@dataclass(frozen=True)
class _Column:
    """A column of the encoder's matrix, and what a missing value there does."""

    feature: Encoded
    level: int

    def input(self, missing_goes_left: bool) -> Input:
        if self.feature.kind == "number":
            return Input(self.feature, unknown=-UNKNOWN if missing_goes_left else UNKNOWN)
        return Input(self.feature, level=self.level)


def for_bigquery(model: Model) -> Imported:
    """The file for BigQuery ML of a boosted model. Its log-odds are those of the model, before calibration.

    Raises:
        RegistryError: the model is no boosted one, or has something that the file cannot say.
    """
    learner = _learner(model)
    trees: list[dict[str, Any]] = learner["gradient_booster"]["model"]["trees"]
    columns = _columns(model.encoder)
    wanted = {(column, left): columns[column].input(left) for tree in trees for _, column, left in _splits(tree)}
    # A category's column is never missing, so both directions make the same input.
    inputs = tuple(dict.fromkeys(wanted[key] for key in sorted(wanted))) or (columns[0].input(True),)
    places = {key: inputs.index(found) for key, found in wanted.items()}
    written = [_tree(tree, places, len(inputs)) for tree in trees]
    return Imported(_file(learner, written, inputs), inputs)


def _learner(model: Model) -> dict[str, Any]:
    if not hasattr(model.predictor, "save_raw"):
        raise _not_for_bigquery("it is a logistic regression, and BigQuery ML imports trees")
    learner: dict[str, Any] = msgspec.json.decode(bytes(model.predictor.save_raw("json")))["learner"]
    parameters = learner["learner_model_param"]
    found = {
        "name": learner["gradient_booster"]["name"],
        "objective": learner["objective"]["name"],
        "num_target": parameters["num_target"],
        "num_class": parameters["num_class"],
    }
    wrong = [f"{name} {found[name]}" for name, value in SUPPORTED.items() if found[name] != value]
    if wrong:
        raise _not_for_bigquery(f"it has {wrong[0]}")
    return learner


def _columns(encoder: Encoder) -> list[_Column]:
    return [_Column(feature, level) for feature in encoder.features for level in range(feature.width)]


def _splits(tree: dict[str, Any]) -> list[tuple[int, int, bool]]:
    """(node, column, whether a missing value goes left) of each node that is no leaf."""
    children, columns, lefts = tree["left_children"], tree["split_indices"], tree["default_left"]
    splits = [(node, columns[node], bool(lefts[node])) for node in range(len(children)) if children[node] >= 0]
    for node, _, _ in splits:
        if tree["split_type"][node] or not abs(tree["split_conditions"][node]) < UNKNOWN:
            raise _not_for_bigquery(f"it splits by sets of categories, or at {UNKNOWN} and beyond")
    return splits


def _tree(tree: dict[str, Any], places: dict[tuple[int, bool], int], width: int) -> dict[str, Any]:
    nodes = len(tree["left_children"])
    indices, lefts = [0] * nodes, [False] * nodes
    for node, column, left in _splits(tree):
        indices[node] = places[column, left]
        lefts[node] = tree["split_conditions"][node] > 0
    sizes = {"num_deleted": "0", "num_feature": str(width), "num_nodes": str(nodes), "size_leaf_vector": "0"}
    kept = {name: tree[name] for name in KEPT}
    return {**kept, "default_left": lefts, "split_indices": indices, "tree_param": sizes}


def _file(learner: dict[str, Any], trees: Sequence[dict[str, Any]], inputs: Sequence[Input]) -> bytes:
    parameters = {"base_score": _base_margin(learner), "num_class": "0", "num_feature": str(len(inputs))}
    size = {"num_trees": str(len(trees)), "size_leaf_vector": "0"}
    booster = {"gbtree_model_param": size, "tree_info": [0] * len(trees), "trees": trees}
    told = {
        "attributes": {},
        "feature_names": [column.name for column in inputs],
        "feature_types": ["float"] * len(inputs),
        "gradient_booster": {"model": booster, "name": "gbtree"},
        "learner_model_param": parameters,
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
    }
    return msgspec.json.encode({"learner": told, "version": [1, 5, 1]})


def _base_margin(learner: dict[str, Any]) -> str:
    """Log-odds before the first tree, in float32 as XGBoost computes them."""
    share = np.float32(learner["learner_model_param"]["base_score"].strip("[]"))
    return str(-np.log(np.float32(1) / share - np.float32(1)))


def _not_for_bigquery(why: str) -> RegistryError:
    return RegistryError(
        f"The model cannot be imported into BigQuery ML: {why}.",
        remedy="Score with the remote function leadwerk.score, which takes every model.",
    )

"""Model files that are damaged, or made to harm, under a hash that is right: refused, and never a crash or a NaN."""

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import xgboost as xgb

from leadwerk.errors import CorruptModel
from leadwerk.features import ubjson
from leadwerk.features.additive import Additive
from leadwerk.features.calibration import Calibration
from leadwerk.features.encode import Encoder
from leadwerk.scoring.booster import Booster

COLUMNS, FLIPPED = 5, 1500
MARKS = {"int8": "i", "uint8": "U", "int16": "I", "int32": "l", "int64": "L", "float32": "d", "float64": "D"}


@pytest.fixture(scope="module")
def model() -> bytes:
    random = np.random.default_rng(3)
    matrix = random.normal(size=(300, COLUMNS)).astype(np.float32)
    label = (matrix[:, 0] + matrix[:, 1] > 0.5).astype(int)
    parameters = {"objective": "binary:logistic", "max_depth": 3, "base_score": 0.2, "nthread": 1}
    return bytes(xgb.train(parameters, xgb.DMatrix(matrix, label), 4).save_raw("ubj"))


def encoded(value: Any) -> bytes:
    """`value` as UBJSON; the opposite of ubjson.decode."""
    if isinstance(value, np.ndarray):
        mark = MARKS[value.dtype.name]
        return b"[$" + mark.encode() + b"#" + encoded(len(value)) + value.astype(ubjson.NUMBERS[mark]).tobytes()
    if isinstance(value, str):
        return b"S" + encoded(len(value.encode())) + value.encode()
    if isinstance(value, int):
        return b"L" + struct.pack(">q", value)
    if isinstance(value, float):
        return b"D" + struct.pack(">d", value)
    if isinstance(value, Mapping):
        members = (encoded(str(name))[1:] + encoded(member) for name, member in value.items())
        return b"{" + b"".join(members) + b"}"
    return b"[" + b"".join(map(encoded, value)) + b"]"


def changed(model: bytes, change: Callable[[Any], None]) -> bytes:
    document = ubjson.decode(model)
    change(document["learner"])
    return encoded(document)


def tree(learner: Any) -> Any:
    return learner["gradient_booster"]["model"]["trees"][1]


def setter(name: str, place: int, value: float) -> Callable[[Any], None]:
    """Sets one item of one array of a tree."""

    def change(learner: Any) -> None:
        values = tree(learner)[name].copy()
        values[place] = value
        tree(learner)[name] = values

    return change


def cut(name: str) -> Callable[[Any], None]:
    def change(learner: Any) -> None:
        tree(learner)[name] = tree(learner)[name][:-1]

    return change


def stated(names: tuple[str, ...], value: Any) -> Callable[[Any], None]:
    """Sets a member of the learner by its path."""

    def change(learner: Any) -> None:
        for name in names[:-1]:
            learner = learner[name]
        learner[names[-1]] = value

    return change


TREES = ("gradient_booster", "model")
DAMAGES: Mapping[str, tuple[Callable[[Any], None], str]] = {
    "a child beyond the tree": (setter("left_children", 0, 10_000), "outside"),
    "a leaf by another number": (setter("left_children", -1, -2), "outside"),
    "a child before its parent": (setter("left_children", 1, 0), "outside"),
    "a loop": (setter("right_children", 1, 1), "outside"),
    "a child of two": (setter("right_children", 0, 1), "two parents"),
    "one child": (setter("left_children", 0, -1), "one child"),
    "a foreign parent": (setter("parents", 2, 1), "another parent"),
    "a root with a parent": (setter("parents", 0, 3), "a root"),
    "a column that is not there": (setter("split_indices", 0, COLUMNS), "column"),
    "a negative column": (setter("split_indices", 0, -1), "column"),
    "no number as a threshold": (setter("split_conditions", 0, np.nan), "finite"),
    "an infinite leaf": (setter("split_conditions", -1, np.inf), "finite"),
    "a leaf of a billion": (setter("split_conditions", -1, 1e9), "out of range"),
    "a negative weight": (setter("sum_hessian", 0, -1.0), "weight"),
    "a child heavier than its parent": (setter("sum_hessian", 1, 1e30), "weigh more"),
    "a split by category": (setter("split_type", 0, 1), "categories"),
    "a short array": (cut("split_indices"), "one item a node"),
    "a tree in another's place": (lambda learner: tree(learner).update(id=700), "id"),
    "short weights": (cut("sum_hessian"), "one item a node"),
    "short base weights": (cut("base_weights"), "one item a node"),
    "many columns": (stated(("learner_model_param", "num_feature"), "99999999"), "out of range"),
    "columns of another number": (stated(("learner_model_param", "num_feature"), "4"), "other columns"),
    "columns in words": (stated(("learner_model_param", "num_feature"), "-5"), "no number"),
    "several values": (stated(("learner_model_param", "num_class"), "3"), "several values"),
    "no probability": (stated(("learner_model_param", "base_score"), "[2E0]"), "no probability"),
    "no number as average": (stated(("learner_model_param", "base_score"), "nan"), "no probability"),
    "another objective": (stated(("objective", "name"), "rank:pairwise"), "objective"),
    "another booster": (stated(("gradient_booster", "name"), "dart"), "dart"),
    "trees it has not": (stated((*TREES, "gbtree_model_param", "num_trees"), "9"), "number of trees"),
    "no trees": (stated((*TREES, "trees"), []), "number of trees"),
    "rounds beyond its trees": (stated((*TREES, "iteration_indptr"), [0, 1, 2, 3, 400]), "rounds"),
    "trees of a second value": (stated((*TREES, "tree_info"), [0, 0, 7, 0]), "several values"),
}


def test_the_unchanged_model_is_used(model: bytes) -> None:
    row = np.ones((1, COLUMNS), np.float32)
    again = Booster(changed(model, lambda _: None), threads=1)
    assert again.margin(row) == Booster(model, threads=1).margin(row)


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_named_before_the_library_has_the_file(model: bytes, name: str) -> None:
    change, problem = DAMAGES[name]
    with pytest.raises(CorruptModel, match=problem):
        Booster(changed(model, change), threads=1)


def test_what_a_second_reader_could_read_otherwise_is_refused(model: bytes) -> None:
    with pytest.raises(CorruptModel, match="follows its end"):
        Booster(model + b"Z", threads=1)
    with pytest.raises(CorruptModel, match="stands twice"):
        Booster(model[:-1] + b"U\x07versionZ}", threads=1)


FLIPS = """
import sys
from pathlib import Path
import numpy as np
from leadwerk.errors import CorruptModel
from leadwerk.scoring.booster import Booster

model, columns = Path(sys.argv[1]).read_bytes(), int(sys.argv[2])
rows = np.array([[0.5] * columns, [np.nan] * columns, [3e38] * columns], np.float32)
draw = np.random.default_rng(11)
used = 0
for _ in range(int(sys.argv[3])):
    flipped = bytearray(model)
    for place in draw.integers(0, len(model), draw.integers(1, 4)):
        flipped[place] ^= 1 << draw.integers(8)
    try:
        booster = Booster(bytes(flipped), threads=1)
    except CorruptModel:
        continue
    used += 1
    assert np.isfinite(booster.margin(rows)).all() and np.isfinite(booster.contributions(rows)).all()
print("used", used)
"""


def test_no_flipped_bits_crash_or_give_nan(model: bytes, tmp_path: Path) -> None:
    """In a process of its own: what the check lets through by mistake may kill it."""
    (tmp_path / "model.ubj").write_bytes(model)
    command = [sys.executable, "-c", FLIPS, str(tmp_path / "model.ubj"), str(COLUMNS), str(FLIPPED)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert 0 < int(run.stdout.split()[-1]) < FLIPPED


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Calibration, '{"slope": 0, "intercept": 0}'),
        (Calibration, '{"slope": -1, "intercept": 0}'),
        (Calibration, '{"slope": 1e300, "intercept": 0}'),
        (Calibration, '{"slope": 1, "intercept": 1e300}'),
        (Calibration, '{"slope": 1, "intercept": 1e999}'),
        (Additive, '{"bias": 1e300, "curves": []}'),
        (Additive, '{"bias": 0, "curves": [{"xs": [0, 1], "ys": [0]}]}'),
        (Additive, '{"bias": 0, "curves": [{"xs": [1, 0], "ys": [0, 1]}]}'),
        (Additive, '{"bias": 0, "curves": [{"xs": [0], "ys": [1e300]}]}'),
        (Additive, '{"bias": 0, "curves": [{"missing": -1e300}]}'),
        (Encoder, '{"features": [{"name": "a", "kind": "picture"}]}'),
        (Encoder, '{"features": [{"name": "a", "kind": "number", "levels": ["x"]}]}'),
        (Encoder, '{"features": [{"name": "a", "kind": "category", "levels": ["x", "x"]}]}'),
        (Encoder, '{"features": [{"name": "a", "kind": "number"}, {"name": "a", "kind": "number"}]}'),
    ],
)
def test_values_out_of_range_are_refused(kind: Any, text: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        kind.from_json(text.encode())

"""The file for BigQuery ML says what the model says, to the XGBoost that BigQuery ML has and to ours."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

import older_xgboost
from leadwerk.errors import RegistryError
from leadwerk.features.calibration import Calibration
from leadwerk.features.contract import Feature
from leadwerk.features.encode import Encoded, Encoder
from leadwerk.learning.fit import fit_boosting
from leadwerk.learning.for_bigquery import Imported, for_bigquery
from leadwerk.learning.model import Model, from_files
from leadwerk.policy.load import load
from leadwerk.policy.model import Training
from learning.market import FEATURES, landmarks
from scoring import models

BIGGEST = float(np.finfo(np.float32).max)


def wanted(imported: Imported, encoder: Encoder, matrix):
    """The columns that the file wants, from the encoder's matrix."""
    starts = dict(zip(encoder.features, np.cumsum([0, *(f.width for f in encoder.features)]), strict=False))
    columns = [matrix[:, starts[column.feature] + (column.level or 0)] for column in imported.inputs]
    filled = [
        values if column.unknown is None else np.where(np.isnan(values), np.float32(column.unknown), values)
        for column, values in zip(imported.inputs, columns, strict=True)
    ]
    return np.column_stack(filled).astype(np.float32)


def said_by_ours(file: bytes, matrix, *, missing=np.nan):
    booster = xgb.Booster()
    with xgb.config_context(verbosity=0):  # it would warn that the file is of an old version
        booster.load_model(bytearray(file))
        return booster.predict(xgb.DMatrix(matrix, missing=missing, feature_names=booster.feature_names))


@cache
def mortgage() -> Model:
    """A model of the shipped policy; a third of what it learned from was missing."""
    return from_files(models.files(load("mortgage")).files)


@cache
def fitted() -> Model:
    """A model as retraining fits it: weighted positives, monotone constraints, stopped early."""
    known, _ = landmarks(600)
    return fit_boosting(known, FEATURES, Training(trees=40, scale_pos_weight="auto")).model


@cache
def small() -> Model:
    """A model whose few thresholds any row lies on: 0, ±1 and 2."""
    random = np.random.default_rng(4)
    columns = {
        "a": random.choice([np.nan, -1.0, 0.0, 1.0, 2.0], 900),
        "b": random.choice([np.nan, -1.0, 0.0, 1.0, 2.0], 900),
        "canton": random.choice(np.array(["ZH", "BE", "UR", None], dtype=object), 900),
    }
    kinds = {"a": "number", "b": "number", "canton": "category"}
    encoder = Encoder.fit(columns, [Feature(name, kind, name) for name, kind in kinds.items()])
    matrix = encoder.matrix(columns)
    label = (np.isnan(matrix[:, 0]) ^ (np.nan_to_num(matrix[:, 1]) > 0) ^ (matrix[:, 2] > 0)).astype(int)
    label ^= random.random(900) < 0.1
    parameters = {"objective": "binary:logistic", "max_depth": 5, "nthread": 1}
    return Model("boosting", encoder, xgb.train(parameters, xgb.DMatrix(matrix, label), 15), Calibration())


hostile = arrays(
    np.float32,
    st.tuples(st.integers(1, 8), st.just(6)),
    elements=st.sampled_from([np.nan, -1.0, -0.0, 0.0, 1.0, 2.0, 5e-39, 1e30, -1e38, 1e38, BIGGEST, -BIGGEST])
    | st.floats(-3, 3, width=32),
)


@pytest.mark.parametrize("model", [mortgage, fitted, small], ids=lambda made: made.__name__)
@pytest.mark.parametrize("missing", [np.nan, 0.0], ids=["dense", "zeros taken for missing"])
def test_the_xgboost_of_bigquery_ml_loads_it_and_predicts_the_same(model, missing):
    model = model()
    imported = for_bigquery(model)
    matrix = np.random.default_rng(1).normal(0, 10, (2000, len(model.encoder.names))).astype(np.float32)
    matrix[np.random.default_rng(2).random(matrix.shape) < 0.4] = np.nan
    matrix[np.random.default_rng(3).random(matrix.shape) < 0.2] = 0
    for place, owner in enumerate(model.encoder.owners()):
        if model.encoder.features[owner].kind == "category":
            matrix[:, place] = matrix[:, place] > 0
    said = older_xgboost.predicted(imported.file, wanted(imported, model.encoder, matrix), missing=missing)
    np.testing.assert_allclose(said, model.margin(matrix), rtol=1e-6, atol=1e-6)


def test_it_refuses_the_file_that_our_xgboost_writes():
    ours = bytes(mortgage().predictor.save_raw("json"))
    with pytest.raises(older_xgboost.Refused, match="Invalid cast"):
        older_xgboost.predicted(ours, np.zeros((1, 1), np.float32))


@settings(deadline=None, max_examples=40)
@given(hostile)
def test_every_row_keeps_its_log_odds_whatever_is_missing(matrix):
    model = small()
    rows = matrix[:, : len(model.encoder.names)].copy()
    rows[:, 2:] = rows[:, 2:] > 0  # the category's columns
    imported = for_bigquery(model)
    expected = model.margin(rows)
    given_columns = wanted(imported, model.encoder, rows)
    assert not np.isnan(given_columns).any()
    np.testing.assert_allclose(said_by_ours(imported.file, given_columns), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(said_by_ours(imported.file, given_columns, missing=0), expected, rtol=1e-6, atol=1e-6)


def test_columns_have_names_that_bigquery_takes_and_none_has_two():
    features = (
        Encoded("a", "category", ("x", "Zug (Stadt)", "a__low")),
        Encoded("a__low", "number"),
        Encoded("a__0", "number"),
    )
    known = np.random.default_rng(1).random((400, 6)).round(1).astype(np.float32)
    label = (known.sum(axis=1) > 3).astype(int)
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(known, label), 20)
    names = [c.name for c in for_bigquery(Model("boosting", Encoder(features), booster, Calibration())).inputs]
    assert {"a__0", "a__1", "a__2", "a__3", "a__low__high", "a__0__high"} <= set(names)
    assert len(names) == len({name.lower() for name in names})
    assert all(name.isidentifier() and name.isascii() for name in names)


def test_names_and_types_stand_in_the_file_in_order():
    imported = for_bigquery(small())
    told = json.loads(imported.file)["learner"]
    assert told["feature_names"] == [column.name for column in imported.inputs]
    assert told["feature_types"] == ["float"] * len(imported.inputs)


def test_only_columns_that_the_trees_read_are_asked_for():
    assert len(for_bigquery(mortgage()).inputs) < len(mortgage().encoder.names)


def test_a_model_without_any_split_still_has_a_column():
    encoder = small().encoder
    rows = xgb.DMatrix(np.zeros((20, len(encoder.names)), np.float32), [0, 1] * 10)
    model = Model("boosting", encoder, xgb.train({"objective": "binary:logistic"}, rows, 3), Calibration())
    imported = for_bigquery(model)
    assert len(imported.inputs) == 1
    matrix = np.full((2, len(encoder.names)), np.nan, np.float32)
    np.testing.assert_allclose(
        said_by_ours(imported.file, wanted(imported, encoder, matrix)), model.margin(matrix), atol=1e-6
    )


def test_a_regression_is_refused_with_the_way_that_takes_it():
    with pytest.raises(RegistryError, match=r"logistic regression.*leadwerk\.score"):
        for_bigquery(from_files(models.linear_files(load("mortgage")).files))


@pytest.mark.parametrize(
    ("parameters", "complaint"),
    [
        ({"objective": "reg:squarederror"}, "objective reg:squarederror"),
        ({"objective": "multi:softprob", "num_class": 2}, "objective multi:softprob"),
        ({"objective": "binary:logistic", "booster": "dart"}, "name dart"),
    ],
)
def test_what_the_file_cannot_say_is_refused(parameters, complaint):
    matrix = np.random.default_rng(1).random((50, 2)).astype(np.float32)
    booster = xgb.train({**parameters, "nthread": 1}, xgb.DMatrix(matrix, (matrix[:, 0] > 0.5).astype(int)), 2)
    encoder = Encoder((Encoded("a", "number"), Encoded("b", "number")))
    with pytest.raises(RegistryError, match=complaint):
        for_bigquery(Model("boosting", encoder, booster, Calibration()))


def test_a_threshold_that_a_missing_value_could_not_pass_is_refused():
    values = np.array([[1.2e38], [1.4e38]] * 20, np.float32)
    parameters = {"objective": "binary:logistic", "tree_method": "exact", "min_child_weight": 0, "nthread": 1}
    booster = xgb.train(parameters, xgb.DMatrix(values, [0, 1] * 20), 1)
    with pytest.raises(RegistryError, match=r"1e\+38 and beyond"):
        for_bigquery(Model("boosting", Encoder((Encoded("a", "number"),)), booster, Calibration()))

"""The C API of XGBoost gives what its Python package gives, and attributions that add up."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays

from leadwerk.errors import CorruptModel
from leadwerk.scoring.booster import Booster

COLUMNS = 7


@pytest.fixture(scope="module")
def trained() -> xgb.Booster:
    random = np.random.default_rng(7)
    matrix = random.normal(size=(600, COLUMNS)).astype(np.float32)
    matrix[random.random(matrix.shape) < 0.3] = np.nan
    label = (np.nan_to_num(matrix[:, 0]) + np.nan_to_num(matrix[:, 1]) > 0.5).astype(int)
    parameters = {"objective": "binary:logistic", "max_depth": 4, "base_score": 0.2, "nthread": 1}
    return xgb.train(parameters, xgb.DMatrix(matrix, label), 25)


@pytest.fixture(scope="module")
def booster(trained: xgb.Booster) -> Booster:
    return Booster(bytes(trained.save_raw("ubj")), threads=1)


matrices = arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.just(COLUMNS)),
    elements=st.one_of(st.just(np.nan), st.floats(-1e6, 1e6, width=32)),
)


@given(matrices)
def test_margins_and_contributions_are_those_of_the_python_package(trained, booster, matrix):
    data = xgb.DMatrix(matrix)
    np.testing.assert_array_equal(booster.margin(matrix), trained.predict(data, output_margin=True))
    contributions = trained.predict(data, pred_contribs=True)
    np.testing.assert_allclose(booster.contributions(matrix), contributions, rtol=1e-5, atol=1e-6)


def test_an_explanation_does_not_depend_on_what_was_explained_before(trained):
    fresh, row = Booster(bytes(trained.save_raw("ubj")), threads=1), np.ones((1, COLUMNS), np.float32)
    first = fresh.contributions(row)
    many = fresh.contributions(np.ones((50, COLUMNS), np.float32))
    assert np.array_equal(first[0], many[-1]) and np.array_equal(first, fresh.contributions(row))


@given(matrices)
def test_contributions_and_bias_sum_to_the_margin(booster, matrix):
    total = booster.contributions(matrix).astype(np.float64).sum(axis=1)
    np.testing.assert_allclose(total, booster.margin(matrix), rtol=1e-5, atol=1e-5)


def test_a_matrix_without_rows_yields_no_predictions(booster):
    assert booster.margin(np.empty((0, COLUMNS), np.float32)).shape == (0,)
    assert booster.contributions(np.empty((0, COLUMNS), np.float32)).shape == (0, COLUMNS + 1)


def test_columns_of_another_number_are_refused(booster):
    with pytest.raises(ValueError, match=r"[Ff]eature"):
        booster.margin(np.zeros((1, COLUMNS + 3), np.float32))
    with pytest.raises(ValueError, match=r"[Ff]eature"):
        booster.contributions(np.zeros((1, COLUMNS + 3), np.float32))


def test_the_number_of_features_is_known(booster):
    assert booster.features == COLUMNS


@pytest.mark.parametrize("model", [b"", b"not a model", b"{}"])
def test_bytes_that_are_no_model_are_refused(model):
    with pytest.raises(CorruptModel, match="promote"):
        Booster(model)


def test_threads_predict_at_once_without_mixing_results(booster):
    matrix = np.random.default_rng(1).normal(size=(64, COLUMNS)).astype(np.float32)
    expected = booster.contributions(matrix)
    wrong: list[int] = []

    def predict(row: int) -> None:
        for _ in range(50):
            if not np.array_equal(booster.contributions(matrix[row : row + 1])[0], expected[row]):
                wrong.append(row)

    threads = [threading.Thread(target=predict, args=(row,)) for row in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []

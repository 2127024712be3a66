"""TreeSHAP of ours gives what XGBoost's own gives, whatever the trees."""

from __future__ import annotations

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, settings, strategies as st

from leadwerk.features import ubjson
from leadwerk.features.tree_shap import TreeShap

COLUMNS = 6


@st.composite
def ensembles(draw: st.DrawFn) -> tuple[xgb.Booster, np.ndarray]:
    """Trees of any shape, and rows of which some were trained on, some were not, and some lie on a threshold."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.integers(2, 400))
    # Few different values: rows then lie on thresholds, and features come again on a path.
    matrix = random.integers(0, draw(st.sampled_from([2, 4, 50])), (size, COLUMNS)).astype(np.float32)
    matrix[random.random(matrix.shape) < draw(st.sampled_from([0.0, 0.4]))] = np.nan
    label = (random.random(size) < 0.3) ^ (np.nan_to_num(matrix[:, 0]) > 1)
    forest = draw(st.booleans())
    parameters = {
        "objective": "reg:squarederror" if forest else "binary:logistic",
        "num_parallel_tree": draw(st.integers(1, 6)) if forest else 1,
        "max_depth": draw(st.integers(1, 9)),
        "min_child_weight": draw(st.sampled_from([0.0, 1.0, 20.0])),
        "colsample_bynode": 0.5,
        "subsample": draw(st.sampled_from([0.3, 1.0])),
        "base_score": draw(st.sampled_from([0.02, 0.5, 0.9])),
        "seed": draw(st.integers(0, 1000)),
        "nthread": 1,
    }
    weight = np.where(random.random(size) < 0.2, 1e-3, 1.0)
    trained = xgb.train(parameters, xgb.DMatrix(matrix, label.astype(int), weight=weight), draw(st.integers(1, 6)))
    extremes = np.array([[np.nan], [-1e30], [1e30], [0.5], [np.float32(3.4e38)]], np.float32) * np.ones(
        COLUMNS, np.float32
    )
    return trained, np.vstack([matrix[:20], random.normal(2, 3, (5, COLUMNS)), extremes]).astype(np.float32)


@settings(deadline=None)
@given(ensembles())
def test_contributions_are_those_of_xgboost(ensemble):
    trained, rows = ensemble
    ours = TreeShap.from_ubjson(bytes(trained.save_raw("ubj"))).contributions(rows)
    theirs = trained.predict(xgb.DMatrix(rows), pred_contribs=True)
    # XGBoost counts in single precision, so its own digits end here.
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5)


@settings(deadline=None)
@given(ensembles())
def test_a_row_sums_to_the_prediction(ensemble):
    trained, rows = ensemble
    ours = TreeShap.from_ubjson(bytes(trained.save_raw("ubj"))).contributions(rows)
    np.testing.assert_allclose(ours.sum(axis=1), trained.predict(xgb.DMatrix(rows), output_margin=True), atol=2e-5)


def test_an_infinite_value_counts_as_the_largest():
    matrix = np.arange(40, dtype=np.float32).reshape(-1, 1)
    trained = xgb.train({"max_depth": 2, "objective": "reg:squarederror"}, xgb.DMatrix(matrix, matrix[:, 0]), 2)
    ours = TreeShap.from_ubjson(bytes(trained.save_raw("ubj")))
    infinite, largest = ours.contributions(np.array([[np.inf], [3e38]], np.float32))
    assert infinite.tolist() == largest.tolist()


@pytest.mark.parametrize("model", [b"", b"not a model", b"{}", b"[#", b"{$", b"{L" + b"\xff" * 8, b"[" * 100])
def test_bytes_that_are_no_model_are_refused(model):
    with pytest.raises(ValueError, match="no "):
        TreeShap.from_ubjson(model)


def test_a_truncated_model_is_refused():
    matrix = np.arange(40, dtype=np.float32).reshape(-1, 1)
    model = bytes(xgb.train({"max_depth": 2}, xgb.DMatrix(matrix, matrix[:, 0]), 2).save_raw("ubj"))
    for size in range(0, len(model) - 1, 37):
        with pytest.raises(ValueError, match="no "):
            TreeShap.from_ubjson(model[:size])


def test_another_objective_is_refused():
    matrix = np.arange(40, dtype=np.float32).reshape(-1, 1)
    trained = xgb.train({"objective": "count:poisson"}, xgb.DMatrix(matrix, matrix[:, 0]), 1)
    with pytest.raises(ValueError, match="count:poisson"):
        TreeShap.from_ubjson(bytes(trained.save_raw("ubj")))


def test_ubjson_reads_what_xgboost_may_write():
    data = b"{U\x01a[#U\x02i\xffTU\x01b{$I#U\x01U\x01x\x01\x00U\x01cSU\x02hiU\x01d[D\x3f\xf8\0\0\0\0\0\0ZFC!]}"
    assert ubjson.decode(data) == {"a": [-1, True], "b": {"x": 256}, "c": "hi", "d": [1.5, None, False, "!"]}

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from leadwerk.features.contract import Feature
from leadwerk.features.encode import RARE, Encoder

FEATURES = (
    Feature("income", "number", "income"),
    Feature("canton", "category", "region"),
    Feature("visits", "number", "visits"),
)
numbers = st.one_of(st.none(), st.integers(-(10**9), 10**9), st.floats(-1e30, 1e30), st.just(math.nan))
levels = st.one_of(st.none(), st.sampled_from(["CH-ZH", "CH-BE", "Zürich", ""]), st.text(max_size=5))
rows = st.lists(st.fixed_dictionaries({"income": numbers, "canton": levels, "visits": numbers}), max_size=30)


def frame_of(given_rows):
    columns = {f.name: [row[f.name] for row in given_rows] for f in FEATURES}
    kinds = {f.name: "float64" if f.kind == "number" else "object" for f in FEATURES}
    return pd.DataFrame({name: pd.Series(values, dtype=kinds[name]) for name, values in columns.items()})


@given(rows, rows)
def test_serving_rows_and_training_frames_give_identical_matrices(training, serving):
    encoder = Encoder.fit(frame_of(training), FEATURES, minimum_count=1)
    frame = encoder.matrix(frame_of(serving))
    np.testing.assert_array_equal(encoder.matrix_of_rows(serving), frame)
    again = Encoder.from_json(encoder.to_json())
    assert again == encoder
    np.testing.assert_array_equal(again.matrix(frame_of(serving)), frame)


@given(rows)
def test_the_matrix_is_finite_or_missing_and_a_category_fills_at_most_one_column(given_rows):
    encoder = Encoder.fit(frame_of(given_rows), FEATURES, minimum_count=2)
    matrix = encoder.matrix_of_rows(given_rows)
    assert matrix.dtype == np.float32
    assert matrix.shape == (len(given_rows), len(encoder.names))
    assert not np.isinf(matrix).any()
    of_canton = matrix[:, encoder.owners() == 1]
    assert list(of_canton.sum(axis=1)) == [float(row["canton"] is not None) for row in given_rows]


def test_rare_and_unseen_levels_share_a_column_and_missing_has_none():
    encoder = Encoder.fit({"canton": ["ZH"] * 5 + ["UR"]}, FEATURES[1:2], minimum_count=2)
    assert encoder.names == ("canton=ZH", f"canton={RARE}")
    assert encoder.matrix({"canton": ["ZH", "UR", "XX", None, math.nan]}).tolist() == [
        [1, 0],
        [0, 1],
        [0, 1],
        [0, 0],
        [0, 0],
    ]


def test_levels_are_the_most_frequent_ones_whatever_the_order_of_the_rows():
    cantons = ["A"] * 3 + ["B"] * 3 + ["C"] * 4
    encoder = Encoder.fit({"canton": cantons}, FEATURES[1:2], minimum_count=1)
    other = Encoder.fit({"canton": cantons[::-1]}, FEATURES[1:2], minimum_count=1)
    assert encoder == other
    assert encoder.features[0].levels == ("C", "A", "B")


@pytest.mark.parametrize("dtype", ["Int64", "Float64", "boolean", "float64"])
def test_every_way_in_which_pandas_says_missing_is_missing(dtype):
    encoder = Encoder.fit({"income": [1.0]}, FEATURES[:1])
    column = pd.Series([1, None, 0], dtype=dtype)
    assert np.isnan(encoder.matrix({"income": column})[:, 0]).tolist() == [False, True, False]


@pytest.mark.parametrize("dtype", ["string", "category", "object", "str"])
def test_every_way_in_which_pandas_holds_text_is_read(dtype):
    encoder = Encoder.fit({"canton": pd.Series(["ZH", None, "ZH"], dtype=dtype)}, FEATURES[1:2], minimum_count=2)
    assert encoder.matrix({"canton": pd.Series(["ZH", None], dtype=dtype)}).tolist() == [[1, 0], [0, 0]]


def test_infinity_and_numbers_beyond_float32_count_as_missing():
    encoder = Encoder.fit({"income": [1.0]}, FEATURES[:1])
    assert np.isnan(encoder.matrix({"income": [math.inf, -math.inf, 1e300]})).all()


def test_a_row_without_a_key_is_a_row_with_it_missing():
    encoder = Encoder.fit({"income": [1.0], "canton": ["ZH"], "visits": [2.0]}, FEATURES, minimum_count=1)
    np.testing.assert_array_equal(
        encoder.matrix_of_rows([{}]), encoder.matrix_of_rows([{"income": None, "canton": None, "visits": None}])
    )


def test_more_rows_than_a_block_are_encoded_like_each_row_alone():
    random = np.random.default_rng(1)
    columns = {
        "income": random.normal(size=5000),
        "canton": random.choice(np.array(["ZH", "BE", None], dtype=object), 5000),
        "visits": np.full(5000, np.nan),
    }
    encoder = Encoder.fit(columns, FEATURES)
    whole = encoder.matrix(columns)
    for row in (0, 2047, 2048, 4999):
        alone = encoder.matrix({name: values[row : row + 1] for name, values in columns.items()})
        np.testing.assert_array_equal(whole[row : row + 1], alone)


def test_text_where_a_number_belongs_is_refused():
    encoder = Encoder.fit({"income": [1.0]}, FEATURES[:1])
    with pytest.raises(ValueError, match="could not convert"):
        encoder.matrix({"income": ["plenty"]})


def test_levels_are_compared_without_case_space_and_invisible_signs():
    feature = Feature("city", "category", "city")
    encoder = Encoder.fit({"city": ["Zürich", "zürich ", "Zürich", "Bern"]}, [feature], minimum_count=1)
    assert encoder.names == ("city=Zürich", "city=Bern", "city=(other)")
    coded = encoder.matrix({"city": ["ZU\u0308RICH", "Zü\u200brich", " bern", "Chur", None]})
    assert coded.tolist() == [[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]

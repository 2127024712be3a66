"""Drift is nothing where nothing changed, and names what did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.features.contract import Feature
from leadwerk.features.drift import MINIMUM_ROWS, SampleSizes, feature_drifts, stability
from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.model_profile import profile
from leadwerk.stats.feature_profile import FeatureProfile

INCOME, LANGUAGE = Feature("income", "number", "income"), Feature("language", "category", "language")
shares = st.lists(st.floats(0, 1), min_size=2, max_size=10).filter(lambda parts: sum(parts) > 0.1)


def leads(count: int, *, seed: int, income: float = 100_000.0, german: float = 0.7) -> list[dict[str, object]]:
    random = np.random.default_rng(seed)
    incomes = random.normal(income, 20_000, count)
    return [
        {
            "income": None if random.random() < 0.1 else float(value),
            "language": "de" if random.random() < german else "fr",
        }
        for value in incomes
    ]


def drift(learned: Mapping[str, FeatureProfile], rows: Sequence[Mapping[str, object]]) -> dict[str, float]:
    drifts = feature_drifts(learned, rows, SampleSizes(5_000, len(rows)))
    return {feature.feature: feature.stability for feature in drifts}


@pytest.fixture(scope="module")
def learned() -> dict[str, FeatureProfile]:
    rows = leads(5_000, seed=1)
    columns = {name: np.array([row[name] for row in rows], dtype=object) for name in ("income", "language")}
    columns["income"] = columns["income"].astype(float)
    landmarks = Landmarks.__new__(Landmarks)
    object.__setattr__(landmarks, "columns", columns)
    return profile(landmarks, [INCOME, LANGUAGE])


def test_the_same_population_has_not_drifted(learned):
    assert max(drift(learned, leads(1_000, seed=2)).values()) < 0.05


def test_what_changed_is_named_first(learned):
    richer = drift(learned, leads(1_000, seed=2, income=140_000.0))
    assert next(iter(richer)) == "income"
    assert richer["income"] > 0.25 > richer["language"]
    french = drift(learned, leads(1_000, seed=2, german=0.2))
    assert french["language"] > 0.25 > french["income"]


def test_values_that_went_missing_are_drift(learned):
    blind = [row | {"income": None} for row in leads(1_000, seed=2)]
    assert drift(learned, blind)["income"] > 0.25


def test_a_new_language_is_drift(learned):
    assert drift(learned, [row | {"language": "it"} for row in leads(1_000, seed=2)])["language"] > 0.25


def test_too_few_rows_say_nothing(learned):
    assert drift(learned, leads(MINIMUM_ROWS - 1, seed=2)) == {}


def test_values_where_there_were_none_are_drift():
    never = {"income": FeatureProfile(missing=1.0, edges=[], shares=[])}
    assert drift(never, leads(1_000, seed=2))["income"] > 0.25


def test_a_feature_that_is_gone_is_left_out(learned):
    assert list(drift(learned, [{"income": 1.0}] * MINIMUM_ROWS)) == ["income"]


@given(shares, st.data())
def test_the_index_is_symmetric_and_never_negative(first, data):
    other = data.draw(
        st.lists(st.floats(0, 1), min_size=len(first), max_size=len(first)).filter(lambda p: sum(p) > 0.1)
    )
    assert stability(first, other) >= 0
    assert stability(first, other) == pytest.approx(stability(other, first))
    assert stability(first, first) == 0

"""Key figures against their definitions, and scikit-learn as the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st
from sklearn.metrics import roc_auc_score

from leadwerk.report import kpi

rows = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in rows]), np.array([float(won) for _, won in rows])


@given(rows)
def test_auc_is_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    assume(0 < converted.sum() < len(converted))
    assert kpi.auc(score.astype(float), converted) == pytest.approx(roc_auc_score(converted, score))


@given(rows)
def test_every_lead_is_in_one_band_and_one_bin(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    bands = kpi.bands(score, converted)
    assert sum(band.leads for band in bands) == len(rows)
    assert sum(band.converted for band in bands) == converted.sum()
    assert sum(found.leads for found in kpi.calibration(score / 100, converted)) == len(rows)


@given(rows)
def test_gains_rise_from_nothing_to_everything(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    curve = kpi.gains(score / 100, converted)
    if converted.sum():
        reached = [share for _, share in curve]
        assert (reached[0], reached[-1]) == (0.0, 1.0)
        assert reached == sorted(reached)
    else:
        assert curve == []


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_interval_holds_the_share(successes: int, failures: int) -> None:
    assume(successes + failures)
    low, high = kpi.wilson(successes, successes + failures)
    share = successes / (successes + failures)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


@given(rows)
def test_calling_everybody_saves_nothing(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    found = kpi.savings(score, converted, threshold=0)
    if converted.sum():
        assert (found.saved, found.kept) == (0.0, 1.0)
    else:
        assert (found.saved, found.kept, found.calls_per_success) == (None, None, None)


def test_the_best_tenth_of_a_perfect_order_has_all_of_few_conversions() -> None:
    converted = np.r_[np.ones(5), np.zeros(95)]
    assert kpi.lift(converted, converted) == pytest.approx(10.0)

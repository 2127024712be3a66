"""Score bands and savings against their definitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from leadwerk.report import score_bands
from leadwerk.stats.arrays import Bools

rows = st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, bool]]) -> tuple[np.ndarray, Bools]:
    return np.array([score for score, _ in rows]), np.array([converted for _, converted in rows])


@given(rows)
def test_every_lead_is_in_one_band(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    bands = score_bands.score_bands(score, converted)
    assert sum(band.leads for band in bands) == len(rows)
    assert sum(band.converted for band in bands) == converted.sum()


@given(rows)
def test_calling_every_lead_saves_nothing(rows: list[tuple[int, bool]]) -> None:
    score, converted = arrays(rows)
    savings = score_bands.threshold_savings(score, converted, threshold=0)
    if converted.sum():
        assert (savings.saved, savings.conversion_share) == (0.0, 1.0)
    else:
        assert (savings.saved, savings.conversion_share, savings.calls_per_success) == (None, None, None)


@given(rows, st.randoms(use_true_random=False))
def test_bands_and_savings_do_not_depend_on_the_order_of_the_rows(rows: list[tuple[int, bool]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert score_bands.score_bands(*arrays(rows)) == score_bands.score_bands(*arrays(shuffled))
    assert score_bands.threshold_savings(*arrays(rows), 50) == score_bands.threshold_savings(*arrays(shuffled), 50)

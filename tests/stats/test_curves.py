"""Curves and intervals: tied leads share in proportion, and the order of the rows does not matter."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

from leadwerk.stats import metrics
from leadwerk.stats.arrays import Bools, Floats
from leadwerk.stats.curves import calibration_bins, gains
from leadwerk.stats.wilson import wilson

rows = st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=60)


def arrays(rows: list[tuple[int, bool]]) -> tuple[Bools, Floats]:
    return np.array([converted for _, converted in rows]), np.array([score / 20 for score, _ in rows])


@given(rows, st.randoms(use_true_random=False))
def test_no_curve_depends_on_the_order_of_the_rows(rows: list[tuple[int, bool]], random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert gains(*arrays(rows)) == gains(*arrays(shuffled))
    for bin_, shuffled_bin in zip(calibration_bins(*arrays(rows)), calibration_bins(*arrays(shuffled)), strict=True):
        assert msgspec.structs.astuple(bin_) == pytest.approx(msgspec.structs.astuple(shuffled_bin))


@given(rows)
def test_gains_rise_from_nothing_to_everything(rows: list[tuple[int, bool]]) -> None:
    curve = gains(*arrays(rows))
    assume(curve)
    captured = [share for _, share in curve]
    assert (captured[0], captured[-1]) == (0.0, 1.0)
    assert captured == sorted(captured)


@given(rows)
def test_every_row_is_in_one_bin(rows: list[tuple[int, bool]]) -> None:
    assert sum(calibration_bin.n for calibration_bin in calibration_bins(*arrays(rows))) == len(rows)


def test_twenty_tied_leads_gain_in_proportion() -> None:
    converted, tied = np.array([True] * 4 + [False] * 16), np.full(20, 0.2)
    assert dict(gains(converted, tied))[0.2] == pytest.approx(0.2)
    assert metrics.lift(converted, tied) == pytest.approx(1.0)
    assert gains(converted, tied) == gains(converted[::-1], tied)


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_interval_holds_the_share(successes: int, failures: int) -> None:
    assume(successes + failures)
    share = successes / (successes + failures)
    low, high = wilson(share, successes + failures)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1

"""Calls a week by threshold: of everybody, of a seller pool, and of leads that nobody serves."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.scoring.call_demand import BORROWED, Demand
from leadwerk.scoring.seller_pools import EVERYBODY, pool_name

ANNA, BOTH = ("anna",), ("anna", "beat")
# In two weeks, at thresholds 50, 51 and 52.
DEMAND = Demand(
    50,
    14.0,
    (ANNA, BOTH),
    np.array([[40.0, 30.0, 10.0], [20.0, 10.0, 0.0]]),
    np.zeros((2, 3)),
    np.array([6.0, 4.0, 2.0]),
)


def test_leads_a_week_are_those_of_all_days_over_the_weeks() -> None:
    assert [DEMAND.weekly(EVERYBODY, threshold) for threshold in DEMAND.levels()] == [30.0, 20.0, 5.0]
    assert [DEMAND.unserved_from(threshold) for threshold in DEMAND.levels()] == [3.0, 2.0, 1.0]


def test_a_pool_of_few_leads_borrows_the_shape_of_all() -> None:
    assert DEMAND.weekly(pool_name(ANNA), 50) == 20.0
    borrowed = 40.0 * (10.0 + BORROWED * 10.0 / 60.0) / (40.0 + BORROWED)
    assert DEMAND.weekly(pool_name(ANNA), 52) == pytest.approx(borrowed / 2)
    assert 0 < DEMAND.weekly(pool_name(BOTH), 52) < 1

"""Ranking within time: chance is chance, a moved base rate is no skill, and few leads are no certainty."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from leadwerk.stats import metrics
from leadwerk.stats.within_time import time_blocks, within_time_auc


def in_order(rows):
    return np.arange(rows).astype("datetime64[us]")


def test_by_chance_z_has_the_spread_it_states():
    random = np.random.default_rng(1)
    scores = []
    for _ in range(300):
        converted, rows = random.random(300) < 0.2, np.arange(300)
        block = time_blocks(in_order(300), int(converted.sum()))
        scores.append(within_time_auc(converted, random.random(300), block, rows).z)
    assert abs(np.mean(scores)) < 0.2
    assert 0.85 < np.std(scores) < 1.1


def test_a_score_that_only_follows_the_base_rate_ranks_nothing():
    random = np.random.default_rng(2)
    rate = np.where(np.arange(4000) > 2000, 0.6, 0.2)
    converted = random.random(4000) < rate
    block = time_blocks(in_order(4000), int(converted.sum()))
    assert metrics.auc(converted, rate) > 0.65
    assert abs(within_time_auc(converted, rate + random.normal(0, 1e-3, 4000), block, np.arange(4000)).z) < 3


def test_repeated_rows_of_a_lead_add_no_certainty():
    random = np.random.default_rng(3)
    converted, score = random.random(500) < 0.3, random.random(500)
    block = time_blocks(in_order(500), int(converted.sum()))
    once = within_time_auc(converted, score, block, np.arange(500))
    rows = np.repeat(np.arange(500), 5)
    many = within_time_auc(converted[rows], score[rows], block[rows], rows)
    assert many.value == pytest.approx(once.value)
    assert many.error >= 0.99 * once.error


def test_a_perfect_order_of_three_winners_proves_little():
    converted = np.arange(60) % 20 == 0
    auc = within_time_auc(converted, converted * 1.0, np.arange(60) // 30, np.arange(60))
    assert auc.value == 1.0
    assert auc.lower(3.0) < 0.9


def test_the_z_of_a_perfect_order_is_mann_whitneys():
    converted = np.arange(50) % 5 == 0
    auc = within_time_auc(converted, converted * 1.0, np.zeros(50, dtype=int), np.arange(50))
    pairs, by_chance = 10 * 40, 10 * 40 * (50 + 1) / 12
    assert auc.z == pytest.approx((pairs - pairs / 2) / by_chance**0.5)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=40))
def test_in_a_single_block_it_is_the_area_under_the_curve(rows):
    converted, score = (np.array(column) for column in zip(*rows, strict=True))
    auc = within_time_auc(converted, score * 1.0, np.zeros(len(rows), dtype=int), np.arange(len(rows)))
    expected = metrics.auc(converted, score * 1.0) if 0 < converted.sum() < len(rows) else 0.5
    assert auc.value == pytest.approx(expected)

"""The predictive score keeps the order of the probabilities and puts the average lead at 50."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadwerk.scoring.balance import predictive_scores

rates = st.floats(0.001, 0.999)
probabilities = st.floats(0, 1)


@given(rates)
def test_the_average_lead_scores_50(base_rate):
    assert predictive_scores(base_rate, base_rate) == 50


@given(rates, st.lists(probabilities, min_size=1))
def test_scores_lie_between_0_and_100_in_the_order_of_the_probabilities(base_rate, values):
    scores = predictive_scores(sorted(values), base_rate).tolist()
    assert scores == sorted(scores)
    assert scores[0] >= 0 and scores[-1] <= 100


@given(st.floats(0.01, 0.5))
def test_85_has_five_point_seven_times_the_odds_of_the_average(base_rate):
    odds = 85 / 15 * base_rate / (1 - base_rate)
    assert predictive_scores(odds / (1 + odds), base_rate) == 85


@pytest.mark.parametrize("base_rate", [0.0, 1.0, -0.1, 1.1, float("nan")])
def test_a_base_rate_of_nobody_or_everybody_is_refused(base_rate):
    with pytest.raises(ValueError, match="base rate"):
        predictive_scores(0.5, base_rate)

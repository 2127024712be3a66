"""Reasons are few, strongest first, true in sign, and in the lead's language."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from leadwerk.policy.load import load
from leadwerk.scoring.contributions import Contribution
from leadwerk.scoring.reasons import MOST, SMALLEST, top_reasons

MORTGAGE = load("mortgage")
GROUPS = ["visits", "rates_page", "loan_to_value", "recency", "language", "income", "careers", "behaviour"]
sizes = st.lists(st.floats(-3, 3), min_size=len(GROUPS), max_size=len(GROUPS))


def by_size(values: list[float]) -> list[Contribution]:
    contributions = [Contribution(group, value) for group, value in zip(GROUPS, values, strict=True)]
    return sorted(contributions, key=lambda contribution: -abs(contribution.log_odds))


@given(sizes)
def test_at_most_three_each_way_strongest_first_and_none_too_small(values):
    chosen = top_reasons(by_size(values), {}, MORTGAGE, "de")
    strengths = [abs(reason.contribution) for reason in chosen]
    assert strengths == sorted(strengths, reverse=True)
    assert all(strength >= SMALLEST for strength in strengths)
    assert (
        sum(reason.contribution > 0 for reason in chosen) <= MOST >= sum(reason.contribution < 0 for reason in chosen)
    )


@given(sizes)
def test_nothing_stronger_in_the_same_direction_is_left_out(values):
    chosen = top_reasons(by_size(values), {}, MORTGAGE, "de")
    groups = {reason.feature for reason in chosen}
    for sign in (1, -1):
        weakest = min((sign * reason.contribution for reason in chosen if sign * reason.contribution > 0), default=0)
        left = [sign * value for group, value in zip(GROUPS, values, strict=True) if group not in groups]
        assert all(strength <= weakest or strength < SMALLEST for strength in left)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "Dafür spricht: 3 Besuche"), ("fr", "3 visites"), ("it", "3 visite"), ("en", "In favour: 3 visits")],
)
def test_a_reason_is_worded_in_the_language_of_the_lead(language, expected):
    [reason] = top_reasons([Contribution("visits", 0.7)], {"sessions_30d": 3}, MORTGAGE, language)
    assert expected in reason.text
    assert (reason.feature, reason.contribution) == ("visits", 0.7)


def test_a_policys_own_signal_is_called_by_its_label():
    features = {"pdf_guide_events_30d": 2, "pdf_guide_days_since": 1.5}
    [reason] = top_reasons([Contribution("pdf_guide", 0.4)], features, MORTGAGE, "de")
    assert "PDF-Ratgeber" in reason.text

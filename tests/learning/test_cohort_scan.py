"""The cohort scan is quiet where predictions hold, and dates a change before the horizon is over."""

from __future__ import annotations

import numpy as np
import pytest

from leadwerk.learning.cohort_scan import (
    DAY,
    CohortScan,
    PredictedLeads,
    alarm_limit,
    conversion_delay,
    scan_cohorts,
)

START = np.datetime64("2026-01-01T00:00:00", "us")
HORIZON = 30


def predicted_leads(
    *, days: int = 190, a_day: int = 60, change: int = 999, times: float = 1.0, seed: int = 1
) -> PredictedLeads:
    """Leads whose chance is a tenth on average, and from day `change` on so many times what is predicted."""
    random = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), a_day)
    created = START + ((day + random.uniform(0, 1, len(day))) * 86_400e6).astype("timedelta64[us]")
    predicted = random.beta(2, 18, len(day))
    chance = np.clip(predicted * np.where(day >= change, times, 1.0), 0, 1)
    delay = np.minimum(random.weibull(2.2, len(day)) * 14 + 2, HORIZON - 0.1)
    won = random.random(len(day)) < chance
    converted = np.where(won, created + (delay * 86_400e6).astype("timedelta64[us]"), np.datetime64("NaT", "us"))
    order = np.argsort(created)
    return PredictedLeads(created, created, predicted, converted).take(order)


def first_alarm(leads: PredictedLeads, *, first: int = 100, last: int = 189) -> tuple[int, CohortScan] | None:
    start = START + first * DAY
    delay = conversion_delay(leads.take(leads.created_at <= start), horizon_days=HORIZON, now=start)
    assert delay is not None
    before = leads.take(leads.created_at <= start)
    limit = alarm_limit(before, delay, horizon_days=HORIZON, false_alarms=0.05, seed=1)
    for night in range(first + 1, last):
        now = START + night * DAY
        leads_tonight = PredictedLeads(
            leads.created_at,
            leads.scored_at,
            leads.probability,
            np.where(leads.converted_at <= now, leads.converted_at, np.datetime64("NaT", "us")),
        ).take(leads.created_at <= now)
        scan = scan_cohorts(leads_tonight, delay, horizon_days=HORIZON, now=now, limit=limit)
        if scan is not None and scan.alarms:
            return night, scan
    return None


@pytest.mark.slow
def test_markets_that_convert_as_predicted_raise_hardly_an_alarm() -> None:
    """One in twenty may; seed 5 does, since none of 720 leads has converted where 8.4 were expected."""
    alarms = [first_alarm(predicted_leads(seed=seed)) for seed in range(8)]
    assert sum(alarm is not None for alarm in alarms) <= 1


def test_a_rate_within_a_tenth_of_the_prediction_is_no_alarm() -> None:
    assert first_alarm(predicted_leads(change=0, times=0.92)) is None


def test_fewer_conversions_raise_an_alarm_within_their_horizon_and_are_dated() -> None:
    alarm = first_alarm(predicted_leads(change=110, times=0.3))
    assert alarm is not None
    night, scan = alarm
    assert 110 + 5 < night < 110 + HORIZON
    assert abs((scan.change_day - START.astype("datetime64[D]")) / DAY - 110) <= 5
    assert scan.observed < scan.expected
    assert scan.ratio < 0.7


def test_more_conversions_raise_an_alarm_too() -> None:
    alarm = first_alarm(predicted_leads(change=110, times=2.0))
    assert alarm is not None
    assert alarm[1].ratio > 1.3


def test_leads_scored_late_are_expected_to_convert_only_after_their_score() -> None:
    """A model that comes 20 days after a lead does not expect what came before."""
    leads = predicted_leads(days=100)
    late = PredictedLeads(leads.created_at, leads.created_at + 20 * DAY, leads.probability, leads.converted_at)
    now = START + 99 * DAY
    delay = conversion_delay(leads, horizon_days=HORIZON, now=now)
    assert delay is not None
    scan = scan_cohorts(late, delay, horizon_days=HORIZON, now=now, limit=0.0)
    assert scan is not None
    already = ((late.converted_at <= late.scored_at) & (late.created_at >= now - 90 * DAY)).sum()
    assert already > 100
    in_time = (late.converted_at > late.scored_at) & (late.created_at.astype("datetime64[D]") >= scan.change_day)
    assert scan.observed == int((in_time & (late.converted_at <= now)).sum())


def test_too_few_leads_say_nothing() -> None:
    leads = predicted_leads(days=40, a_day=1)
    assert conversion_delay(leads, horizon_days=HORIZON, now=START + 40 * DAY) is None


@pytest.mark.slow
def test_a_larger_rate_of_false_alarms_gives_a_lower_limit() -> None:
    leads = predicted_leads(days=120)
    delay = conversion_delay(leads, horizon_days=HORIZON, now=START + 120 * DAY)
    assert delay is not None
    limits = [alarm_limit(leads, delay, horizon_days=HORIZON, false_alarms=rate, seed=1) for rate in (0.01, 0.05, 0.3)]
    assert limits == sorted(limits, reverse=True)
    assert limits[0] > limits[2]

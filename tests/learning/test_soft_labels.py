"""Open leads teach by what is known of them so far, without the bias of counting them as lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from leadwerk.learning.landmarks import Landmarks
from leadwerk.learning.logistic import fit_logistic
from leadwerk.learning.soft_labels import DecisionDelays, OpenLandmarks, RecentOutcomes, with_soft_labels
from support.simulated_landmarks import FEATURES, landmarks

DELAYS = DecisionDelays(won=np.arange(1.0, 31.0), lost=np.append(np.arange(1.0, 21.0), np.inf))


def fit(rows: Landmarks):
    return fit_logistic(rows, FEATURES, seed=1).probability


def recent(rows: Landmarks, chance: np.ndarray, youngest: float = 0) -> OpenLandmarks:
    """Leads of all ages from the youngest to the horizon: won or lost by now by the delays above, else open."""
    random = np.random.default_rng(4)
    age = random.uniform(youngest, 30, len(rows))
    will_win = random.random(len(rows)) < chance
    delay = np.where(will_win, random.choice(DELAYS.won, len(rows)), random.choice(DELAYS.lost, len(rows)))
    return OpenLandmarks(replace(rows, converted=will_win & (delay <= age)), ~will_win & (delay <= age), age)


def test_the_weights_of_an_open_lead_add_up_to_one() -> None:
    rows, truth = landmarks(600, per_lead=1)
    combined = with_soft_labels(rows, RecentOutcomes(recent(rows, truth), DELAYS), fit)
    assert combined.weights.sum() == pytest.approx(2 * len(rows), rel=0.002)
    assert np.all(np.diff(combined.as_of.astype(np.int64)) >= 0)


@pytest.mark.slow
def test_a_market_that_halved_is_learned_before_its_horizon_is_over() -> None:
    past, _ = landmarks(2500, per_lead=1, seed=1)
    rows, truth = landmarks(2500, per_lead=1, seed=2, rate=-2.8)
    matured = replace(past, weight=np.full(len(past), 0.1))
    taught = with_soft_labels(matured, RecentOutcomes(recent(rows, truth), DELAYS), fit)
    # The same leads when all are decided: how many of them win is chance, and moves both alike.
    decided = RecentOutcomes(recent(rows, truth, youngest=30), DELAYS)
    hindsight = with_soft_labels(matured, decided, lambda _: lambda _: truth)
    unseen, _ = landmarks(2500, per_lead=1, seed=3, rate=-2.8)
    mean = {
        name: fit(rows_to_learn)(unseen.columns).mean()
        for name, rows_to_learn in (("soft", taught), ("matured", past), ("hindsight", hindsight))
    }
    assert mean["matured"] > 1.5 * mean["hindsight"]
    # 1.06 over 12 markets, with a standard deviation of 0.05; this one has 1.02.
    assert 0.95 < mean["soft"] / mean["hindsight"] < 1.15


@pytest.mark.slow
def test_counting_open_leads_as_lost_would_be_biased() -> None:
    rows, truth = landmarks(4000, per_lead=1, seed=2)
    young = recent(rows, truth)
    unseen, chance = landmarks(2500, per_lead=1, seed=3)
    as_lost = fit(young.rows)(unseen.columns).mean() / chance.mean()
    soft = fit(with_soft_labels(rows.take(np.arange(200)), RecentOutcomes(young, DELAYS), fit))(unseen.columns)
    assert as_lost < 0.7
    assert soft.mean() / chance.mean() == pytest.approx(1.0, abs=0.15)


def test_what_is_decided_keeps_its_outcome() -> None:
    rows, truth = landmarks(500, per_lead=1)
    young = recent(rows, truth)
    combined = with_soft_labels(rows.take(np.arange(0)), RecentOutcomes(young, DELAYS), lambda _: lambda _: truth)
    weight_of_won = np.zeros(len(rows))
    np.add.at(weight_of_won, combined.lead[combined.converted], combined.weights[combined.converted])
    by_lead = weight_of_won[rows.lead]
    assert np.all(by_lead[young.rows.converted] == 1.0)
    assert np.all(by_lead[young.is_lost] == 0.0)
    assert np.all((by_lead[young.is_open] >= 0) & (by_lead[young.is_open] < 1))

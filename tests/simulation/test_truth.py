"""The true chances are true: they agree with what happens, at every age, and can be learned from what is observed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import roc_auc_score

from leadwerk import simulation
from leadwerk.errors import InputError, UnknownLead
from leadwerk.simulation import storage, truth
from leadwerk.simulation.calendar import DAY, Calendar, moment
from leadwerk.simulation.forms import lead_id
from leadwerk.simulation.generate import fate_of, past_of, truth_arrays

HORIZON = 30 * DAY


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The truth of 6,000 leads, without the traffic around it."""
    home, start, days, leads = tmp_path_factory.mktemp("large"), date(2026, 1, 5), 60, 6000
    rng, calendar = np.random.default_rng(11), Calendar.of(start, days)
    past = past_of(rng, calendar, leads)
    fate = fate_of(rng, calendar, past, past.people.day >= 45)
    folder = storage.emptied(home)
    storage.write_truth(folder, truth_arrays(past.people, fate))
    storage.write_market(folder, storage.SimulatedMarket(start=start, days=days, leads=leads, seed=11, shock_day=45))
    return home, storage.read_truth(home)


def paid_within(stored, at):
    return stored["paid"] & (stored["closed"] > at) & (stored["closed"] <= at + HORIZON)


@pytest.mark.parametrize("age", [0.0, 0.4, 1.0, 3.0, 7.0, 14.0, 30.0])
def test_chances_agree_with_what_happens_at_every_age(large, age):
    home, stored = large
    at = stored["created"] + int(age * DAY)
    ids = [lead_id(index) for index in range(len(at))]
    chance = simulation.true_probability(home, ids, [moment(as_of) for as_of in at])
    is_open = ~np.isnan(chance)
    assert (is_open == (stored["closed"] > at)).all()
    p, y = chance[is_open], paid_within(stored, at)[is_open]
    for part in np.array_split(np.argsort(p), 4):
        spread = np.sqrt((p[part] * (1 - p[part])).sum())
        # One more for the rare events: where 0.1 is expected, 2 are no contradiction.
        assert abs(y[part].sum() - p[part].sum()) <= 4 * spread + 1


def test_what_happens_later_makes_the_chance_sharper(large):
    home, stored = large
    at = stored["created"] + 7 * DAY
    ids = [lead_id(index) for index in range(len(at))]
    late = simulation.true_probability(home, ids, [moment(as_of) for as_of in at])
    is_open, y = ~np.isnan(late), paid_within(stored, at)
    early = simulation.true_probability(home, ids)
    assert roc_auc_score(y[is_open], late[is_open]) > roc_auc_score(y[is_open], early[is_open]) + 0.02


def test_a_moment_for_all_says_the_same_as_the_moment_for_each(large):
    home, _ = large
    ids, now = [lead_id(index) for index in range(50)], datetime(2026, 1, 6, 12, tzinfo=UTC)
    for_all = simulation.true_probability(home, ids, now)
    assert np.array_equal(for_all, simulation.true_probability(home, ids, [now] * 50), equal_nan=True)


def test_before_its_creation_a_lead_has_no_chance_to_state(large):
    home, stored = large
    before = moment(int(stored["created"][9]) - 1)
    assert np.isnan(simulation.true_probability(home, [lead_id(9)], before)).all()


@pytest.mark.parametrize("stranger", ["99", "999999", "visitor:1"])
def test_a_stranger_is_named(large, stranger):
    with pytest.raises(UnknownLead, match=stranger):
        simulation.true_probability(large[0], [stranger])


def test_as_many_moments_as_leads_are_asked_for(large):
    with pytest.raises(InputError, match="one for each"):
        simulation.true_probability(large[0], [lead_id(0)], [None, None])


@given(st.floats(0.001, 0.999), st.floats(0.1, 10))
def test_odds_are_multiplied(probability, factor):
    changed = float(truth.odds_times(np.array(probability), factor))
    assert changed / (1 - changed) == pytest.approx(probability / (1 - probability) * factor)


@given(st.floats(0, 0.999))
def test_days_to_the_decision_are_the_inverse_of_the_share_decided(uniform):
    days = truth.LOST.days(np.array([uniform]))
    share = truth.LOST.decided(days)[0] if np.isfinite(days[0]) else 1 - truth.LOST.never
    assert share == pytest.approx(min(uniform, 1 - truth.LOST.never), abs=1e-9)


def test_nearly_all_that_is_decided_is_decided_within_the_horizon():
    assert truth.PAID_OUT.decided(np.array([30.0]))[0] > 0.98
    assert truth.LOST.decided(np.array([30.0]))[0] > 0.9


def drawn(seed, leads=12_000, shock=None):
    """Observed quantities (n, m), whether paid out, and the true chance at creation, in order of time."""
    rng, calendar = np.random.default_rng(seed), Calendar.of(date(2026, 1, 5), 180)
    past = past_of(rng, calendar, leads)
    fate = fate_of(rng, calendar, past, past.people.day >= (180 if shock is None else shock))
    people, seen = past.people, past.seen
    web = [seen.simulator, seen.guide, seen.calculator, seen.rates_seconds, seen.careers]
    web += [people.source, people.device >= 3]
    columns = [np.where(seen.is_linked, column, np.nan) for column in web]
    columns += [*seen.amounts.T, seen.loan_to_value, seen.instalment_to_income, seen.is_linked]
    columns += [people.hour, people.weekday, people.region, people.language, people.email, people.channel]
    columns += [*rng.standard_normal((20, len(people)))]  # what else a product knows, and need not
    chance = truth.mixed(fate.alone, fate.called.share)
    return np.column_stack(columns).astype(float), fate.ended.paid, chance, people.day


def boosted(x, y):
    import xgboost

    parameters = {"objective": "binary:logistic", "eta": 0.05, "max_depth": 4, "subsample": 0.8, "seed": 1}
    parameters |= {"colsample_bytree": 0.6, "min_child_weight": 5, "nthread": 1}
    return xgboost.train(parameters, xgboost.DMatrix(x, y), num_boost_round=150)


def ranked(model, x):
    import xgboost

    return model.predict(xgboost.DMatrix(x))


def test_a_model_of_8000_leads_comes_close_to_the_best_possible_one():
    x, paid, chance, _ = drawn(seed=7)
    model = boosted(x[:8000], paid[:8000])
    auc, best = (roc_auc_score(paid[9000:], rank[9000:]) for rank in (ranked(model, x), chance))
    assert 0.78 <= best <= 0.87
    assert auc >= 0.97 * best


@pytest.mark.slow
def test_after_the_shock_the_old_model_is_beaten_by_a_retrained_one():
    x, paid, chance, day = drawn(seed=7, shock=90)
    old, test = boosted(x[day < 90], paid[day < 90]), day >= 150
    new = boosted(x[(day >= 90) & ~test], paid[(day >= 90) & ~test])
    before = roc_auc_score(drawn(seed=8)[1], ranked(old, drawn(seed=8)[0]))
    after, retrained = (roc_auc_score(paid[test], ranked(model, x[test])) for model in (old, new))
    assert after < before - 0.02
    assert retrained > after + 0.04
    assert retrained <= roc_auc_score(paid[test], chance[test]) + 0.01

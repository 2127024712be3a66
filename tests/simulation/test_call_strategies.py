"""What calling by score saves is reckoned at equal capacity, and nobody saves more than one who knows the truth."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from leadwerk import simulation
from leadwerk.errors import InputError, UnknownLead
from leadwerk.simulation import truth_lookup
from leadwerk.simulation.forms import lead_id


def test_the_truth_as_score_is_the_best(home):
    saved = simulation.savings(home)
    assert saved.by_score == saved.best
    assert saved.first_come.calls == saved.by_score.calls > 0
    assert saved.extra_paid_out > 0 and 0.3 < saved.cost_saved < 0.7


def test_a_score_without_meaning_saves_nothing(home):
    rng = np.random.default_rng(1)
    drawn = {lead_id(index): float(rng.random()) for index in range(900)}
    saved = simulation.savings(home, drawn)
    assert abs(saved.cost_saved) < 0.25
    assert saved.by_score.paid_out <= saved.best.paid_out


def test_a_reversed_score_is_worse_than_first_come(home):
    chances = truth_lookup.read(home).alone
    reversed_score = {lead_id(index): -float(chance) for index, chance in enumerate(chances)}
    saved = simulation.savings(home, reversed_score)
    assert saved.extra_paid_out < 0 and saved.cost_saved < 0


def test_a_minimum_saves_calls(home):
    chances = {lead_id(index): float(chance) for index, chance in enumerate(truth_lookup.read(home).alone)}
    all_day, only_good = simulation.savings(home, chances), simulation.savings(home, chances, minimum=0.2)
    assert only_good.by_score.calls < all_day.by_score.calls
    assert only_good.by_score.cost_per_paid_out < all_day.by_score.cost_per_paid_out


def test_cost_is_calls_times_price_per_paid_out_mortgage(home):
    saved = simulation.savings(home, cost_per_call=100.0).by_score
    assert saved.cost_per_paid_out == pytest.approx(100 * saved.calls_per_paid_out)


def test_only_leads_of_the_given_days_take_part(home):
    part = simulation.savings(home, first_day=date(2026, 1, 10), last_day=date(2026, 1, 19))
    whole = simulation.savings(home)
    assert 0 < part.leads < whole.leads


def test_without_any_lead_there_is_nothing_to_compare(home):
    with pytest.raises(InputError, match="No lead"):
        simulation.savings(home, first_day=date(2027, 1, 1))


def test_a_score_for_nobody_is_named(home):
    with pytest.raises(UnknownLead, match="777"):
        simulation.savings(home, {"777": 0.5})

"""Facts out of the warehouse: of single leads and of a million the same, and known only when they were."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from leadwerk.pipeline.leads.features import features_statement, occurrences_statement
from leadwerk.pipeline.leads.points_input import points_input_of_leads
from leadwerk.points.classification import rate_leads
from leadwerk.points.conditions import VISIT
from leadwerk.points.engine import compute_points
from leadwerk.policy.load import load
from leadwerk.policy.points import Condition, Decay, Group, PointsModel, Rule
from leadwerk.scoring.lead_facts import facts_of_states
from leadwerk.scoring.lead_state import Occurrence
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_leads
from support.example_leads import CREATED, NOW
from support.landmarks import landmarks_with_facts
from support.lead_states import lead_state

RULES = PointsModel(
    groups=(
        Group(name="person", score="fit"),
        Group(name="interest", score="interest", decay=Decay(half_life_days=10)),
        Group(name="contact", score="interest", cap=8),
    ),
    rules=(
        Rule(name="decider", group="person", points=20, when={"job_title": Condition(matches="(?i)ceo|direktor")}),
        Rule(name="cantons", group="person", points=5, when={"region": Condition(any_of=("CH-ZH",))}),
        Rule(
            name="simulator",
            group="interest",
            points=10,
            repeat_points=2,
            repeat="every_event",
            signal="mortgage_simulator",
        ),
        Rule(name="rates", group="interest", points=3, signal="rates_page"),
        Rule(name="talked", group="contact", points=15, signal="advice_call"),
    ),
)
POLICY = msgspec.structs.replace(load("mortgage"), points=RULES, landmark_days=(0, 1, 2))


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    filled = example_leads.warehouse(tmp_path)
    filled.append("leads", [example_leads.lead("7", job_title="Direktorin", account_id="acme.ch")])
    return filled


def of(policy, warehouse, *lead_ids, as_of=NOW):
    states, _, totals, ratings = points_input_of_leads(warehouse, policy, lead_ids, as_of)
    return {
        state.lead_id: (rating, totals.ledger.entries(i))
        for i, (state, rating) in enumerate(zip(states, ratings, strict=True))
    }


def test_a_lead_has_the_points_that_a_pencil_gives(warehouse):
    rating = of(POLICY, warehouse, "1")["1"][0]
    simulator = 4 * 0.5**0.1 + 4 * 0.5**0.3 + 12 * 0.5**2  # twice a day, 1, 3 and 20 days ago; the oldest is the first
    rates = 3 * (0.5**0.1 + 0.5**0.3 + 0.5**2)
    assert rating.fit == 5
    assert rating.interest == pytest.approx(simulator + rates + 8, abs=0.03)  # each entry rounded to hundredths; a cap


def test_the_ledger_adds_up_to_the_points(warehouse):
    for rating, entries in of(POLICY, warehouse, "1", "2", "3", "7").values():
        assert sum(round(entry.points * 100) for entry in entries) == round(rating.points * 100)


def test_the_job_title_is_a_fact_though_no_model_learns_from_it(warehouse):
    assert of(POLICY, warehouse, "7")["7"][0].fit == 25


def test_without_consent_only_what_was_said_and_not_what_was_surfed_counts(warehouse):
    rating, entries = of(POLICY, warehouse, "2")["2"]
    assert rating.interest == 0
    assert {entry.rule for entry in entries} == {"cantons"}


def test_a_lead_that_nobody_knows_has_a_row_and_no_points(warehouse):
    states, facts, totals, _ = points_input_of_leads(warehouse, POLICY, ["nobody"], NOW)
    assert (states[0].created_at, facts.size, totals.total.tolist()) == (None, 1, [0])


def test_no_leads_are_no_facts(warehouse):
    rows, facts, _, ratings = points_input_of_leads(warehouse, POLICY, [], NOW)
    assert (rows, facts.size, len(facts.columns), ratings) == ([], 0, 0, [])


def test_what_a_policy_has_no_rules_for_is_not_even_read(warehouse, monkeypatch):
    statements = []
    rows = warehouse.rows
    monkeypatch.setattr(warehouse, "rows", lambda s, p: statements.append(s) or rows(s, p))
    plain = msgspec.structs.replace(POLICY, points=PointsModel())
    assert of(plain, warehouse, "1")["1"][0].points == 0
    [read] = statements
    assert "lead_occurrences" not in read.text
    assert "latest_threshold" not in read.text


def test_what_became_known_after_the_moment_changes_no_point(warehouse):
    moment = NOW - timedelta(hours=1)
    before = of(POLICY, warehouse, "1", "3", as_of=moment)
    times = {"day": NOW.date(), "occurred_at": moment - timedelta(days=1), "recorded_at": NOW}
    warehouse.append("touchpoints", [{"event_id": "late", "lead_id": "3", "kind": "call_answered", **times}])
    warehouse.append(
        "leads", [example_leads.lead("1", event_id="later", recorded_at=NOW, job_title="CEO", region="CH-BE")]
    )
    warehouse.append("identities", [{**example_leads.link("V4", "3"), "linked_at": NOW}])
    assert of(POLICY, warehouse, "1", "3", as_of=moment) == before
    after = of(POLICY, warehouse, "1", "3")
    assert after["1"][0].fit == 20
    assert after["3"][0].interest > before["3"][0].interest


@pytest.mark.slow
def test_training_gives_the_points_that_scoring_at_that_moment_gives(warehouse):
    frame, facts = landmarks_with_facts(warehouse, POLICY, CREATED, NOW)
    totals = compute_points(POLICY, facts)
    trained = rate_leads(POLICY, facts, totals)
    assert len(frame) == facts.size == 15
    for place, (lead, as_of) in enumerate(zip(frame["lead_id"], frame["as_of"], strict=True)):
        rating, entries = of(POLICY, warehouse, lead, as_of=as_of.to_pydatetime())[lead]
        assert (trained[place], totals.ledger.entries(place)) == (rating, entries)


def test_occurrences_are_sorted_and_those_of_forgotten_signals_left_out():
    def seen(signal, days):
        at = NOW - timedelta(days=days)
        return Occurrence(signal=signal, day=at.date(), events=1, last_at=at)

    occurred = [[seen("rates_page", 1.5), seen("gone", 3), seen(None, 0.1)], [], [seen("blog", 2), seen("blog", 9)]]
    states = [lead_state({}, as_of=NOW, occurrences=tuple(of_lead)) for of_lead in occurred]
    occurrences = facts_of_states(POLICY, states).occurrences
    names = [signal.name for signal in POLICY.signals]
    assert occurrences.lead.tolist() == [0, 0, 2, 2]
    assert occurrences.signal.tolist() == [names.index("rates_page"), VISIT, names.index("blog"), names.index("blog")]
    assert occurrences.age_days.tolist() == [1, 0, 9, 2]
    assert (np.diff(occurrences.lead) >= 0).all()


def test_the_statements_are_those_of_the_same_front():
    zeros = {f"zero_{signal.name}" for signal in POLICY.signals}
    parameters = features_statement(POLICY).parameters.keys() - zeros - {"longest_window"}
    assert occurrences_statement(POLICY).parameters.keys() == parameters | {"signals", "occurrence_window"}

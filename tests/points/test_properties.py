"""What must hold of points for every policy, every history and every moment."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given, strategies as st

from leadwerk.points.conditions import LeadFacts, Occurrences
from leadwerk.points.decay import factors, half_life_factor, idle_days, idle_factor
from leadwerk.points.engine import PointTotals, compute_points
from leadwerk.points.entry import KINDS, SCORES
from leadwerk.points.ledger import NONE, Ledger
from leadwerk.policy.model import Policy
from leadwerk.policy.points import Decay
from leadwerk.policy.validation.point_range import PointRange
from support.examples import examples
from support.generated_points import B2B, decays, leads, moments, policies
from support.lead_history import DAY, NOON, Lead, facts_at
from support.pencil import worked_out

many = st.lists(leads, max_size=5) | st.lists(leads, min_size=3, max_size=8)
thoroughly = examples(80)


def totals_and_ledger(policy: Policy, histories: list[Lead], moment: datetime) -> tuple[PointTotals, Ledger]:
    totals = compute_points(policy, facts_at(policy, histories, moment))
    assert totals.ledger is not None
    return totals, totals.ledger


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_the_ledger_sums_exactly_to_both_scores(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    totals, ledger = totals_and_ledger(policy, histories, moment)
    for place in range(len(histories)):
        entries = ledger.entries(place)
        for score, sums in zip(SCORES, (totals.fit, totals.interest), strict=True):
            assert sum(round(entry.points * 100) for entry in entries if entry.score == score) == sums[place]
    assert totals.total.tolist() == (totals.fit + totals.interest).tolist()


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_columns_say_what_a_pencil_says(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    totals, _ = totals_and_ledger(policy, histories, moment)
    columns = zip(totals.fit, totals.interest, totals.icp, totals.disqualified, strict=True)
    by_columns = [tuple(value.item() for value in row) for row in columns]
    assert by_columns == [worked_out(policy, history, moment) for history in histories]


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_a_lead_is_pointed_alone_as_among_others(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    together, ledger = totals_and_ledger(policy, histories, moment)
    for place, history in enumerate(histories):
        alone, ledger_alone = totals_and_ledger(policy, [history], moment)
        assert [x[0] for x in (alone.fit, alone.interest, alone.icp, alone.disqualified)] == [
            x[place] for x in (together.fit, together.interest, together.icp, together.disqualified)
        ]
        assert ledger_alone.entries(0) == ledger.entries(place)


@thoroughly
@given(policy=policies(), histories=many, moment=moments, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(policy: Policy, histories: list[Lead], moment: datetime, seed: int) -> None:
    facts = facts_at(policy, histories, moment)
    shuffled = np.random.default_rng(seed).permutation(len(facts.occurrences.lead))
    rows = Occurrences(**{name: column[shuffled] for name, column in vars(facts.occurrences).items()})
    first, second = compute_points(policy, facts), compute_points(policy, LeadFacts(facts.size, facts.columns, rows))
    assert first.ledger is not None and second.ledger is not None
    assert [first.ledger.entries(n) for n in range(facts.size)] == [second.ledger.entries(n) for n in range(facts.size)]


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_caps_hold(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    totals, ledger = totals_and_ledger(policy, histories, moment)
    model = policy.points
    assert (totals.fit <= model.fit_cap * 100).all() and (totals.interest <= model.interest_cap * 100).all()
    for place in range(len(histories)):
        entries = ledger.entries(place)
        for rule in (rule for rule in model.rules if rule.cap is not None):
            assert abs(sum(e.points for e in entries if e.rule == rule.name)) <= rule.cap + 1e-9
        for group in (group for group in model.groups if group.cap is not None):
            assert sum(e.points for e in entries if e.group == group.name and e.kind != "weight") <= group.cap + 1e-9


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_nobody_gets_more_than_the_policy_check_holds_possible(
    policy: Policy, histories: list[Lead], moment: datetime
) -> None:
    totals, _ = totals_and_ledger(policy, histories, moment)
    highest = PointRange.of(policy)
    assert (totals.fit <= highest.fit * 100 + 0.5).all() and (totals.interest <= highest.interest * 100 + 0.5).all()


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_decay_never_adds_to_what_an_entry_was_worth(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    _, ledger = totals_and_ledger(policy, histories, moment)
    given_rows = np.isin(ledger.kind, [KINDS.index("attribute"), KINDS.index("event")])
    assert ((ledger.factor >= 0) & (ledger.factor <= 1)).all()
    assert (np.abs(ledger.hundredths) <= np.abs(ledger.base) * 100)[given_rows].all()


@given(decay=decays, age=st.integers(0, 400), idle=st.integers(0, 400), later=st.integers(0, 400))
def test_decay_never_rises_with_time(decay: Decay | None, age: int, idle: int, later: int) -> None:
    now, then = (factors(decay, np.array([age + days]), np.array([idle + days]))[0] for days in (0, later))
    assert 0 <= then <= now <= 1


@thoroughly
@given(
    policy=policies(), histories=many, moment=moments, extra=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 9)))
)
def test_what_happens_at_or_after_the_moment_changes_nothing(
    policy: Policy, histories: list[Lead], moment: datetime, extra: list[tuple[int, int]]
) -> None:
    later = [Lead(history.facts, list(history.events)) for history in histories]
    for place, hours in extra:
        if place < len(later):
            later[place].events.append(("pricing_page", moment + timedelta(hours=hours)))
    assert (
        totals_and_ledger(policy, later, moment)[0].total.tolist()
        == totals_and_ledger(policy, histories, moment)[0].total.tolist()
    )
    facts = facts_at(policy, histories, moment)
    with_later_events = LeadFacts(facts.size, facts.columns, with_future(facts.occurrences, facts.size))
    assert compute_points(policy, with_later_events).total.tolist() == compute_points(policy, facts).total.tolist()


def with_future(occurrences: Occurrences, size: int) -> Occurrences:
    """The occurrences, and one of tomorrow for every lead, should somebody ever pass one on."""
    lead, one_each = np.arange(size), np.ones(size, dtype=np.int64)
    return Occurrences(
        np.append(occurrences.lead, lead),
        np.append(occurrences.signal, 0 * one_each),
        np.append(occurrences.day, np.full(size, np.datetime64("2026-12-31"))),
        np.append(occurrences.events, one_each),
        np.append(occurrences.age_days, -one_each),
    )


@thoroughly
@given(policy=policies(), history=leads, moment=moments)
def test_a_past_moment_is_pointed_today_as_it_was_then(policy: Policy, history: Lead, moment: datetime) -> None:
    then = Lead(history.facts, [event for event in history.events if event[1] < moment])
    assert totals_and_ledger(policy, [history], moment)[1].entries(0) == totals_and_ledger(policy, [then], moment)[
        1
    ].entries(0)


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_a_ledger_that_nobody_reads_changes_no_points(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    facts = facts_at(policy, histories, moment)
    with_ledger, without = compute_points(policy, facts), compute_points(policy, facts, ledger=False)
    assert without.ledger is None
    assert without.total.tolist() == with_ledger.total.tolist()


@thoroughly
@given(policy=policies(), histories=many, moment=moments)
def test_every_row_says_what_it_is_about(policy: Policy, histories: list[Lead], moment: datetime) -> None:
    _, ledger = totals_and_ledger(policy, histories, moment)
    groups = {group.name: group for group in policy.points.groups}
    for entry in (entry for place in range(len(histories)) for entry in ledger.entries(place)):
        assert not entry.group or groups[entry.group].score == entry.score
        if entry.kind == "event":
            assert datetime.fromisoformat(entry.subject).date() <= moment.date() and entry.events > 0
        elif entry.kind == "cap":
            assert entry.subject == (entry.rule or entry.group or entry.score)
        elif entry.kind == "weight":
            assert entry.base == groups[entry.group].weight and not entry.rule
    assert ((ledger.rule == NONE) | (ledger.kind != KINDS.index("weight"))).all()


@given(age=st.integers(0, 2000), half_life=st.integers(1, 400), loss_percent=st.integers(0, 100))
def test_one_lead_and_a_million_have_the_same_factor(age: int, half_life: int, loss_percent: int) -> None:
    ages = np.array([0, age, 2 * age])
    by_age = Decay(half_life_days=half_life)
    by_idleness = Decay(idle_period_days=half_life, loss_percent=loss_percent)
    assert factors(by_age, ages, ages)[1] == half_life_factor(age, half_life)
    assert factors(by_idleness, ages, ages)[1] == idle_factor(age, half_life, loss_percent)


def test_who_was_never_seen_is_idle_since_he_became_a_lead() -> None:
    facts = facts_at(
        B2B, [Lead({"lead_age_days": 45.9}), Lead({}), Lead({"lead_age_days": 90.0}, [(None, NOON - 3 * DAY)])]
    )
    assert idle_days(np.array([45.9, np.nan, 90.0]), facts.occurrences).tolist() == [45, 0, 3]

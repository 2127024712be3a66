"""Contacts roll up to their account: facts of the company, interest of its people, nothing of a person."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from leadwerk.points.account_rollup import NOBODY, AccountContacts, company_facts, company_rules, roll_up
from leadwerk.points.classification import rate_leads
from leadwerk.policy.load import load

POLICY = load("b2b_swiss")
BIG = {"employees": 400, "industry": "Software", "revenue": 60e6, "region": "CH-ZH", "country": "CH"}


def contacts(*each: tuple[int, float, float] | tuple[int, float, float, bool]) -> AccountContacts:
    """(place of the account, interest, points, disqualified) of each contact."""
    rows = [(*contact, False)[:4] for contact in each]
    interest, total = (np.array([round(row[column] * 100) for row in rows], dtype=np.int64) for column in (1, 2))
    account = np.array([row[0] for row in rows], dtype=np.int64)
    return AccountContacts(account, interest, total, np.array([row[3] for row in rows], dtype=bool))


def rolled(rows: list[dict[str, Any]], people: AccountContacts) -> Any:
    return roll_up(POLICY, company_facts(POLICY, rows), people)


def test_e1_more_than_50_employees_are_50_points_of_the_match_and_the_industry_more() -> None:
    rows = [{"employees": 51}, {"employees": 50}, {"employees": 51, "industry": "Software"}, BIG, {}]
    rollup = rolled(rows, contacts(*((place, 0, 0) for place in range(5))))
    assert rollup.totals.icp.tolist() == [50, 20, 70, 85, 0]
    ratings = rate_leads(POLICY, company_facts(POLICY, rows), rollup.totals)
    assert [rating.traffic_light for rating in ratings] == ["yellow", "red", "yellow", "green", None]


def test_e2_the_tier_of_an_account_is_that_of_its_company() -> None:
    rows = [{"employees": 400}, {"employees": 60}, {"employees": 3}, {"revenue": 70e6}, {}]
    rollup = rolled(rows, contacts(*((place, 0, 0) for place in range(5))))
    ratings = rate_leads(POLICY, company_facts(POLICY, rows), rollup.totals)
    assert [rating.tier for rating in ratings] == ["Enterprise", "Mid-Market", "SMB", "Enterprise", None]


def test_e4_contacts_roll_up_to_their_account() -> None:
    people = contacts((0, 25.5, 45.5), (0, 10, 50), (1, 40, 60))
    rollup = rolled([BIG, {}], people)
    assert (rollup.totals.interest / 100).tolist() == [35.5, 40]
    assert rollup.contacts.tolist() == [2, 1]
    assert rollup.best.tolist() == [1, 2]


def test_a_persons_facts_never_leak_into_the_account() -> None:
    person = {"job_title": "CEO", "email_domain_kind": "freemail", "income": 1e6, "language": "de", "channel": "form"}
    alone, with_person = rolled([BIG], contacts((0, 0, 0))), rolled([BIG | person], contacts((0, 0, 0)))
    assert with_person.totals.fit.tolist() == alone.totals.fit.tolist()
    company_fields = {name for rule in company_rules(POLICY).points.rules for name in rule.when}
    assert not company_fields & {"job_title", "email_domain_kind", "language", "channel", "income"}


def test_a_rule_of_the_account_that_asks_for_a_person_finds_nobody() -> None:
    rule = replace(company_rules(POLICY).points.rules[0], when={"job_title": {"matches": "CEO"}}, points=100)
    wrong = replace(POLICY, points=replace(POLICY.points, rules=(rule,)))
    rollup = roll_up(wrong, company_facts(wrong, [{"job_title": "CEO"}]), contacts((0, 0, 0)))
    assert rollup.totals.fit.tolist() == [0]


def test_whom_the_points_disqualify_adds_nothing_and_is_not_the_best() -> None:
    rollup = rolled([BIG, BIG], contacts((0, 90, 90, True), (0, 10, 20), (1, 50, 50, True)))
    assert (rollup.totals.interest / 100).tolist() == [10, 0]
    assert rollup.best.tolist() == [1, NOBODY]
    assert rollup.contacts.tolist() == [2, 1]


def test_an_account_without_any_contact_has_its_fit() -> None:
    rollup = rolled([BIG], contacts())
    assert (rollup.totals.icp.tolist(), rollup.best.tolist(), rollup.contacts.tolist()) == ([85], [NOBODY], [0])


points = st.integers(-5_000, 20_000).map(lambda hundredths: hundredths / 100)
people = st.lists(st.tuples(st.integers(0, 3), points, points, st.booleans()), max_size=12)


@given(people, st.lists(st.sampled_from([BIG, {}, {"employees": 20}, {"revenue": 2e7}]), min_size=4, max_size=4))
def test_the_ledger_of_every_account_adds_up_exactly(people: list[Any], rows: list[dict[str, Any]]) -> None:
    rollup = rolled(rows, contacts(*people))
    for place in range(4):
        fit = sum(round(entry.points * 100) for entry in rollup.totals.ledger.entries(place))
        interest = sum(round(contact[1] * 100) for contact in people if contact[0] == place and not contact[3])
        assert fit == rollup.totals.fit[place]
        assert interest + rollup.capped[place] == rollup.totals.interest[place]
        assert fit + interest + rollup.capped[place] == rollup.totals.total[place]
        assert rollup.capped[place] <= 0
        assert rollup.totals.interest[place] <= POLICY.points.interest_cap * 100


@given(people)
def test_the_best_contact_is_beaten_by_nobody_of_his_account(people: list[Any]) -> None:
    rollup = rolled([{}] * 4, contacts(*people))
    for place, best in enumerate(rollup.best.tolist()):
        rivals = [round(contact[2] * 100) for contact in people if contact[0] == place and not contact[3]]
        assert (best == NOBODY) == (not rivals)
        if rivals:
            assert (people[best][0], people[best][3]) == (place, False)
            assert round(people[best][2] * 100) == max(rivals)


@pytest.mark.parametrize("order", [1, -1])
def test_accounts_do_not_depend_on_the_company_they_come_in(order: int) -> None:
    rows = [BIG, {"employees": 20}, {}][::order]
    rollup = rolled(rows, contacts((0, 1, 1), (1, 2, 2), (2, 3, 3)))
    alone = [int(rolled([row], contacts((0, 0, 0))).totals.fit[0]) for row in rows]
    assert rollup.totals.fit.tolist() == alone

"""Facts of companies: entries of people and the CRM stand above every answer, which counts from its moment on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.features.contract import contract
from leadwerk.pipeline.leads.features import attribute_lists, features_statement, scoring_parameters
from leadwerk.policy.enrichment import EnrichedFact, Enrichment
from leadwerk.warehouse.statement import statement
from sql.feature_rows import CREATED, form
from sql.hostile import POLICY, Row
from sql.lead_rows import AS_OF, DAY
from sql.reference import analyse, assert_engines_agree, on_duckdb
from support.examples import examples

pytestmark = pytest.mark.slow  # both engines side by side

FACTS = (
    EnrichedFact(fills="employees"),
    EnrichedFact(fills="revenue"),
    EnrichedFact(fills="industry", values=("software", "banking")),
    EnrichedFact(fills="score", asks="founding_year"),
    EnrichedFact(fills="branch", asks="legal_form"),
)
ENRICHED = msgspec.structs.replace(POLICY, enrichment=Enrichment(facts=FACTS))
SELECT = features_statement(ENRICHED)
OF_ACCOUNTS = statement("accounts/attributes", None, **attribute_lists(ENRICHED))
ANSWERED = AS_OF - DAY
COLUMNS = ("employees", "revenue", "industry", "attribute_score", "attribute_branch")


def fact(name: str, value: Any, confidence: float = 0.8) -> Row:
    is_text = isinstance(value, str)
    return {
        "name": name,
        "text": value if is_text else None,
        "number": None if is_text else float(value),
        "confidence": confidence,
    }


def answer(*facts: Row, at: datetime = ANSWERED, account: str = "firma.ch", number: int = 1) -> Row:
    return {
        "answer_id": f"a{number}", "account_id": account, "provider": "gemini", "question": "q", "asked_at": at,
        "answered_at": at, "day": at.date(), "outcome": "answered", "calls": 1, "cost": 0.0, "facts": list(facts),
    }  # fmt: skip


ALL = answer(fact("employees", 500), fact("revenue", 9e6), fact("industry", "software"), fact("score", 1984),
             fact("branch", "foundation"))  # fmt: skip


def features(leads: list[Row], *answers: Row, policy: Any = ENRICHED) -> Row:
    """The features of L1 at AS_OF, alike on both engines."""
    tables = {"leads": leads, "company_answers": list(answers)}
    (row,) = assert_engines_agree(features_statement(policy), scoring_parameters(policy, ["L1"], [], AS_OF), tables)
    return row


def test_the_analyser_accepts_it_and_the_contract_has_the_confidence() -> None:
    columns = analyse(SELECT)
    assert {feature.name for feature in contract(ENRICHED)} <= set(columns)
    assert "company_confidence" in {feature.name for feature in contract(ENRICHED)}
    assert "company_confidence" not in {feature.name for feature in contract(POLICY)}
    assert (columns["employees"], columns["company_confidence"]) == ("INT64", "FLOAT64")
    assert set(analyse(OF_ACCOUNTS)) >= {*COLUMNS, "company_confidence"}
    assert "company_answers" not in features_statement(POLICY).text


def test_what_nobody_stated_comes_from_the_answer_with_its_confidence() -> None:
    row = features([form(account_id="firma.ch")], ALL)
    assert [row[column] for column in COLUMNS] == [500, 9e6, "software", 1984, "foundation"]
    assert (row["company_source"], row["company_confidence"]) == ("enriched", 0.8)


def test_what_the_lead_or_a_colleague_stated_stands_above_it() -> None:
    colleague = form(event_id="e2", lead_id="L2", account_id="firma.ch", revenue=1.0, industry="banking",
                     attributes=[{"name": "branch", "text": "gmbh", "number": None}])  # fmt: skip
    row = features([form(account_id="firma.ch", employees=3), colleague], ALL)
    assert [row[column] for column in COLUMNS] == [3, 1.0, "banking", 1984, "gmbh"]
    assert (row["company_source"], row["company_confidence"]) == ("account", 0.8)
    stated = form(account_id="firma.ch", employees=3, attributes=[{"name": "score", "text": None, "number": 5.0}])
    row = features([stated, colleague], ALL)
    assert (row["attribute_score"], row["company_confidence"]) == (5.0, 1.0)


def test_a_colleague_who_only_repeats_an_attribute_does_not_outrank_its_correction() -> None:
    def stated(event_id: str, lead_id: str, hours: int, number: float) -> Row:
        attributes = [{"name": "score", "text": None, "number": number}]
        at = CREATED + timedelta(hours=hours)
        return form(event_id=event_id, lead_id=lead_id, account_id="firma.ch", recorded_at=at, attributes=attributes)

    leads = [stated("e2", "L2", 0, 5.0), stated("e3", "L3", 1, 6.0), stated("e4", "L2", 2, 5.0)]
    assert features([form(account_id="firma.ch"), *leads])["attribute_score"] == 6.0


def test_an_answer_counts_from_its_moment_on_and_the_latest_counts() -> None:
    later, older = answer(fact("employees", 7), number=2), answer(fact("employees", 6), at=ANSWERED - DAY, number=3)
    assert features([form(account_id="firma.ch")], later, older)["employees"] == 7
    future = answer(fact("employees", 8), at=AS_OF + timedelta(seconds=1))
    row = features([form(account_id="firma.ch")], future)
    assert (row["employees"], row["company_source"], row["company_confidence"]) == (None, None, None)


@pytest.mark.parametrize(("percent", "employees"), [(79, 500), (80, 500), (81, None)])
def test_less_certain_facts_do_not_count(percent: int, employees: int | None) -> None:
    enrichment = Enrichment(facts=FACTS, minimum_confidence_percent=percent)
    policy = msgspec.structs.replace(POLICY, enrichment=enrichment)
    assert features([form(account_id="firma.ch")], ALL, policy=policy)["employees"] == employees


def test_a_fact_that_the_policy_does_not_name_does_not_count() -> None:
    policy = msgspec.structs.replace(POLICY, enrichment=Enrichment(facts=FACTS[:1]))
    row = features([form(account_id="firma.ch")], ALL, policy=policy)
    assert (row["employees"], row["industry"], row["attribute_branch"]) == (500, None, None)
    assert features([form(account_id="firma.ch")], ALL, policy=POLICY)["employees"] is None
    assert features([form(account_id="other.ch")], ALL)["employees"] is None


def test_the_account_shows_them_below_what_its_contacts_stated() -> None:
    leads = [
        form(account_id="firma.ch", industry="banking", attributes=[{"name": "score", "text": None, "number": 5.0}])
    ]
    tables = {"leads": leads, "company_answers": [ALL]}
    (row,) = assert_engines_agree(OF_ACCOUNTS, {"account_ids": ["firma.ch"], "as_of": AS_OF}, tables)
    assert [row[column] for column in COLUMNS] == [500, 9e6, "banking", 5.0, "foundation"]
    assert row["company_confidence"] == 0.8


entered = st.fixed_dictionaries(
    {
        "lead_id": st.sampled_from(["L1", "L2"]),
        "recorded_at": st.sampled_from([CREATED, CREATED + DAY, AS_OF - timedelta(minutes=1)]),
        "account_id": st.sampled_from(["firma.ch", "other.ch", None]),
        "employees": st.none() | st.integers(1, 9),
        "revenue": st.none() | st.sampled_from([1.0, 2.0]),
        "industry": st.none() | st.sampled_from(["retail", "farming"]),
        "attributes": st.sampled_from(
            [
                [],
                [{"name": "score", "text": None, "number": 1.0}],
                [{"name": "branch", "text": "gmbh", "number": None}, {"name": "score", "text": None, "number": 2.0}],
            ]
        ),
    }
)
answers = st.lists(
    st.builds(
        lambda names, at, account: (names, at, account),
        st.lists(st.sampled_from(COLUMNS), max_size=4),
        st.sampled_from([CREATED, ANSWERED, AS_OF, AS_OF + DAY]),
        st.sampled_from(["firma.ch", "other.ch"]),
    ),
    max_size=4,
)
ANSWERS_TO = {
    "employees": 500,
    "revenue": 9e6,
    "industry": "software",
    "attribute_score": 1984,
    "attribute_branch": "ag",
}


@examples(20, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(entered, min_size=1, max_size=4), answers)
def test_no_answer_ever_replaces_an_entry(
    leads: list[Row], given_answers: list[tuple[list[str], datetime, str]]
) -> None:
    versions = [form(event_id=f"e{number}", **lead) for number, lead in enumerate(leads)]
    answered = [
        answer(*(fact(name.removeprefix("attribute_"), ANSWERS_TO[name]) for name in names), at=at, account=account,
               number=number)
        for number, (names, at, account) in enumerate(given_answers)
    ]  # fmt: skip
    parameters = scoring_parameters(ENRICHED, ["L1", "L2"], [], AS_OF)
    without = {row["lead_id"]: row for row in on_duckdb(SELECT, parameters, {"leads": versions})}
    with_answers = on_duckdb(SELECT, parameters, {"leads": versions, "company_answers": answered})
    assert len(with_answers) == len(without) == 2
    for row in with_answers:
        before = without[row["lead_id"]]
        for column in COLUMNS:
            assert row[column] in ((before[column],) if before[column] is not None else (None, ANSWERS_TO[column]))

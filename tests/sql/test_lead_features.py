"""lead_features: both engines agree, training and scoring see the same, and nothing looks into the future."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.features.contract import contract
from leadwerk.pipeline.leads.features import features_statement, scoring_parameters, training_parameters
from sql.feature_rows import CREATED, day, event, form, future_of, link
from sql.hostile import POLICY, Row
from sql.lead_rows import AS_OF, DAY, tables
from sql.reference import analyse, assert_engines_agree, assert_equal_rows, on_duckdb
from support.examples import examples

HOUR = timedelta(hours=1)
SELECT = features_statement(POLICY)
SCORING = scoring_parameters(POLICY, ["L1", "L2", "unknown"], ["v1", "nobody"], AS_OF)
hostile = examples(14, suppress_health_check=[HealthCheck.too_slow])


def features(**tables: list[Row]) -> Row:
    """The features of L1 at AS_OF."""
    (row,) = on_duckdb(SELECT, scoring_parameters(POLICY, ["L1"], [], AS_OF), tables)
    return row


@pytest.mark.slow
def test_the_statement_passes_googles_analyser_and_yields_the_contract() -> None:
    columns = analyse(SELECT)
    kinds = {"number": {"INT64", "FLOAT64"}, "category": {"STRING"}}
    assert {f.name for f in contract(POLICY)} | {
        "lead_id",
        "as_of",
        "created_at",
        "job_title",
        "account_id",
        "person_key",
        "company_source",
        "company_confidence",
    } == set(columns)
    assert all(columns[feature.name] in kinds[feature.kind] for feature in contract(POLICY))


@pytest.mark.slow
def test_a_policy_without_signals_and_attributes_has_features_too() -> None:
    bare = msgspec.structs.replace(POLICY, signals=(), attributes=())
    assert {f.name for f in contract(bare)} < set(analyse(features_statement(bare)))


@pytest.mark.slow
@hostile
@given(tables())
def test_both_engines_agree_when_scoring(tables: dict[str, list[Row]]) -> None:
    feature_rows = assert_engines_agree(SELECT, SCORING, tables)
    assert sorted(row["lead_id"] for row in feature_rows) == ["L1", "L2", "unknown", "visitor:nobody", "visitor:v1"]


@pytest.mark.slow
@hostile
@given(tables())
def test_both_engines_agree_when_training(tables: dict[str, list[Row]]) -> None:
    feature_rows = assert_engines_agree(SELECT, training_parameters(POLICY, AS_OF - 7 * DAY, AS_OF + 7 * DAY), tables)
    assert len({(row["lead_id"], row["as_of"]) for row in feature_rows}) == len(feature_rows)


@examples(10, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_training_sees_what_scoring_at_that_moment_would_have_seen(tables: dict[str, list[Row]]) -> None:
    trained = on_duckdb(SELECT, training_parameters(POLICY, AS_OF - 7 * DAY, AS_OF + 7 * DAY), tables)
    for row in trained[:6]:
        assert_equal_rows(
            on_duckdb(SELECT, scoring_parameters(POLICY, [row["lead_id"]], [], row["as_of"]), tables), [row]
        )


@hostile
@given(tables(), st.sampled_from([AS_OF, AS_OF - 2 * DAY, AS_OF - timedelta(hours=12)]))
def test_nothing_at_or_after_the_moment_changes_anything(tables: dict[str, list[Row]], as_of: datetime) -> None:
    future = future_of(tables, as_of)
    past = {name: [row for row in rows if row not in future[name]] for name, rows in tables.items()}
    parameters = scoring_parameters(POLICY, ["L1", "L2"], ["v1"], as_of)
    assert_equal_rows(on_duckdb(SELECT, parameters, tables), on_duckdb(SELECT, parameters, past))


def test_windows_hold_the_own_day_and_whole_days_before() -> None:
    row = features(
        leads=[form()],
        identities=[link()],
        activity_daily=[day(age) for age in (1, 6, 7, 29, 30, 89, 90)],
        activity_events=[event(AS_OF - timedelta(minutes=1)), event(AS_OF, event_rank=2)],
    )
    assert [row[f"sessions_{w}d"] for w in (1, 7, 30, 90)] == [1, 3, 5, 7]
    assert [row[f"page_views_{w}d"] for w in (1, 7, 30, 90)] == [1, 5, 9, 13]
    assert [row[f"active_days_{w}d"] for w in (1, 7, 30, 90)] == [1, 3, 5, 7]
    assert row["seconds_30d"] == 45.0
    assert row["session_seconds_30d"] == 9.0
    assert row["sessions_trend"] == (3 / 7) / (5 / 30)
    assert row["days_since_activity"] == 60 / 86400
    assert row["days_since_first_activity"] == 89.0


def test_unknown_behaviour_is_null_and_idleness_is_zero() -> None:
    idle = features(leads=[form()], identities=[link()])
    assert (idle["has_web_behaviour"], idle["sessions_90d"], idle["simulator_events_90d"]) == (1, 0, 0)
    assert (idle["simulator_days_since"], idle["calculator_loan_amount_mean"]) == (None, None)
    unknown = features(leads=[form()], activity_daily=[day(1)])
    assert (unknown["has_web_behaviour"], unknown["sessions_90d"], unknown["simulator_events_90d"]) == (0, None, None)
    assert unknown["mail_events_90d"] == 0


def test_without_consent_behaviour_stays_unknown() -> None:
    row = features(leads=[form(web_consent=False)], identities=[link()], activity_daily=[day(1)])
    assert (row["has_web_behaviour"], row["sessions_90d"], row["source"]) == (0, None, None)


def test_a_visitor_linked_later_is_not_known_yet() -> None:
    row = features(leads=[form()], identities=[link(linked_at=AS_OF + DAY)], activity_daily=[day(1)])
    assert row["has_web_behaviour"] == 0


def test_the_behaviour_of_all_visitors_of_a_lead_adds_up() -> None:
    row = features(
        leads=[form()],
        identities=[link(), link(visitor_id="v2", source="login")],
        activity_daily=[day(1), day(1, visitor_id="v2"), day(3, visitor_id="v2")],
    )
    assert (row["sessions_7d"], row["active_days_7d"]) == (3, 2)


def test_the_form_counts_before_the_calculator_and_ratios_follow() -> None:
    calculator = {"uses": 2, "loan_amount_sum": 900_000.0, "loan_amount": 500_000.0, "property_value": 800_000.0,
                  "income": 120_000.0, "instalment": 2_000.0}  # fmt: skip
    row = features(
        leads=[form(loan_amount=600_000.0)],
        identities=[link()],
        activity_daily=[day(9, calculator=calculator | {"property_value": 1.0}), day(2, calculator=calculator)],
    )
    assert (row["loan_amount"], row["property_value"]) == (600_000.0, 800_000.0)
    assert (row["loan_to_value"], row["instalment_to_income"]) == (0.75, 0.2)
    assert (row["calculator_uses_90d"], row["calculator_loan_amount_mean"]) == (4, 450_000.0)


def test_a_later_version_counts_from_when_it_was_recorded() -> None:
    later = form(event_id="e2", recorded_at=AS_OF, income=100_000.0)
    unknown = form(event_id="e3", recorded_at=AS_OF + timedelta(microseconds=1), income=1.0)
    assert features(leads=[unknown, form(), later])["income"] == 100_000.0


def test_the_form_counts_from_creation_even_when_it_was_recorded_later() -> None:
    row = features(leads=[form(recorded_at=AS_OF + 9 * DAY, income=100_000.0)])
    assert (row["created_at"], row["income"]) == (CREATED, 100_000.0)


def test_hours_and_weekdays_are_those_of_the_policys_time_zone() -> None:
    # 28 March 23:30 UTC is Sunday 00:30; 29 March 10:29 UTC is, an hour lost, 12:29.
    row = features(leads=[form()], identities=[link()], activity_events=[event(AS_OF - timedelta(minutes=1))])
    assert (row["created_hour"], row["created_weekday"]) == (0, 7)
    assert (row["last_active_hour"], row["last_active_weekday"]) == (12, 7)


def test_signals_of_days_events_and_touchpoints_are_counted_alike() -> None:
    signal = {"name": "simulator", "events": 2, "seconds": 30.0, "last_at": AS_OF - 2 * DAY}
    mail = {"event_id": "t1", "lead_id": "L1", "day": (AS_OF - DAY).date(), "occurred_at": AS_OF - DAY,
            "recorded_at": AS_OF - DAY, "kind": "email_click"}  # fmt: skip
    row = features(
        leads=[form()],
        identities=[link()],
        activity_daily=[day(2, signals=[signal])],
        activity_events=[event(AS_OF - timedelta(hours=6), signal="simulator", signal_count=1)],
        touchpoints=[mail, mail],
    )
    assert [row[f"simulator_events_{w}d"] for w in (1, 7, 30, 90)] == [1, 3, 3, 3]
    assert (row["simulator_seconds_7d"], row["simulator_days_since"]) == (35.0, 0.25)
    assert [row[f"mail_events_{w}d"] for w in (1, 7)] == [0, 1]
    assert (row["mail_seconds_7d"], row["mail_days_since"]) == (0.0, 1.0)


def test_a_logged_use_of_a_calculator_counts_from_its_own_moment_on() -> None:
    def use(days: int, **amounts: float) -> Row:
        at = AS_OF - days * DAY
        common = {"event_id": f"t{days}", "lead_id": "L1", "kind": "calculator"}
        return {**common, "day": at.date(), "occurred_at": at, "recorded_at": at, **amounts}

    first = use(2, loan_amount=500_000.0)
    second = use(1, loan_amount=700_000.0, property_value=1_000_000.0, income=120_000.0, instalment=2_000.0)
    on_site = day(3, calculator={"uses": 1, "loan_amount_sum": 300_000.0, "loan_amount": 300_000.0})
    names = (
        "calculator_uses_90d",
        "calculator_loan_amount_mean",
        "loan_amount",
        "loan_to_value",
        "instalment_to_income",
    )

    def values(*log: Row, **tables: list[Row]) -> list[object]:
        row = features(leads=[form()], touchpoints=list(log), **tables)
        return [row[name] for name in names]

    later = {**second, "occurred_at": AS_OF, "recorded_at": AS_OF}
    assert values(later) == [None] * 5
    assert values(first) == [1, 500_000, 500_000, None, None]
    assert values(first, second, second) == [2, 600_000, 700_000, 0.7, 0.2]
    assert values(first, identities=[link()], activity_daily=[on_site]) == [2, 400_000, 500_000, None, None]
    assert features(leads=[form(income=90_000.0)], touchpoints=[second])["income"] == 90_000


def test_attributes_become_features_by_name() -> None:
    attributes = [{"name": "score", "text": None, "number": 2.5}, {"name": "branch", "text": "north", "number": None}]
    row = features(leads=[form(attributes=attributes)])
    assert (row["attribute_score"], row["attribute_branch"]) == (2.5, "north")


def test_a_visitor_without_a_lead_is_known_by_his_behaviour_only() -> None:
    tables = {"activity_daily": [day(1, language="fr")]}
    seen, unseen = on_duckdb(SELECT, scoring_parameters(POLICY, [], ["v1", "v9"], AS_OF), tables)
    seen, unseen = sorted((seen, unseen), key=lambda row: row["lead_id"])
    assert (seen["lead_id"], seen["has_web_behaviour"], seen["sessions_7d"], seen["language"]) == (
        "visitor:v1",
        1,
        1,
        "fr",
    )
    assert (unseen["has_web_behaviour"], unseen["sessions_7d"], unseen["created_at"]) == (0, None, None)


def test_what_colleagues_told_of_the_company_reaches_the_contact_with_its_source() -> None:
    stated = form(event_id="e2", lead_id="L2", account_id="firma.ch", employees=80, industry="software", revenue=2e7)
    older = form(
        event_id="e3", lead_id="L3", account_id="firma.ch", employees=12, industry="old",
        recorded_at=CREATED - DAY, created_at=CREATED - DAY,
    )  # fmt: skip
    mine = form(account_id="firma.ch", industry="banking")
    row = features(leads=[stated, older, mine])
    assert (row["employees"], row["revenue"], row["industry"]) == (80, 2e7, "banking")
    assert row["company_source"] == "account"


def test_the_person_is_the_one_that_the_lead_came_with() -> None:
    corrected = form(event_id="e2", recorded_at=CREATED + DAY, person_key="b" * 64)
    assert features(leads=[form(person_key="a" * 64), corrected])["person_key"] == "a" * 64
    assert features(leads=[form(), corrected])["person_key"] is None


def test_a_colleague_who_only_repeats_a_figure_does_not_outrank_its_correction() -> None:
    wrong = form(event_id="e2", lead_id="L2", account_id="firma.ch", employees=12)
    right = form(event_id="e3", lead_id="L3", account_id="firma.ch", employees=80, recorded_at=CREATED + HOUR)
    repeated = wrong | {"event_id": "e4", "recorded_at": CREATED + 2 * HOUR, "language": "fr"}
    mine = form(account_id="firma.ch")
    assert features(leads=[wrong, right, repeated, mine])["employees"] == 80
    corrected = repeated | {"employees": 13}
    assert features(leads=[wrong, right, corrected, mine])["employees"] == 13


def test_what_is_told_later_or_of_another_company_reaches_nobody() -> None:
    later = form(event_id="e2", lead_id="L2", account_id="firma.ch", employees=80, recorded_at=AS_OF + DAY,
                 created_at=AS_OF + DAY)  # fmt: skip
    elsewhere = form(event_id="e3", lead_id="L3", account_id="other.ch", employees=7)
    nowhere = form(event_id="e4", lead_id="L4", employees=9)
    row = features(leads=[later, elsewhere, nowhere, form(account_id="firma.ch")])
    assert (row["employees"], row["company_source"]) == (None, None)
    assert features(leads=[nowhere, form()])["employees"] is None
    assert features(leads=[form(employees=5)])["company_source"] == "contact"

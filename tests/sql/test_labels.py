"""labels: both engines agree; a label is mature or absent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline.leads.features import features_statement, label_parameters, labels_statement, training_parameters
from leadwerk.warehouse.statement import statement
from sql.hostile import POLICY, Row, keyed
from sql.lead_rows import AS_OF, DAY, outcomes, versions
from sql.reference import analyse, assert_engines_agree, on_duckdb
from support.examples import examples

SELECT = labels_statement(POLICY)
NOW = AS_OF + 60 * DAY
hostile = examples(40, suppress_health_check=[HealthCheck.too_slow])
LEAD = {"event_id": "e1", "lead_id": "L1", "recorded_at": AS_OF, "created_at": AS_OF, "web_consent": True}


def parameters(now: datetime = NOW) -> dict[str, Any]:
    """All landmarks of the leads below, as known at `now`."""
    return label_parameters(POLICY, AS_OF - 90 * DAY, AS_OF + 90 * DAY, now)


def outcome(age: float, what: str, delay: float = 0, name: str = "") -> Row:
    """L1's status so many days after its creation, recorded `delay` days later."""
    at = AS_OF + age * DAY
    return {
        "event_id": name or f"o{age}{what}", "lead_id": "L1", "day": at.date(), "occurred_at": at,
        "recorded_at": at + delay * DAY, "status": what, "outcome": what,
    }  # fmt: skip


def labels(*rows: Row, now: datetime = NOW) -> dict[float, bool]:
    """Age in days → converted."""
    labels_read = on_duckdb(SELECT, parameters(now), {"leads": [LEAD], "outcomes": rows})
    return {(row["as_of"] - AS_OF) / DAY: row["converted"] for row in labels_read}


def test_the_statement_passes_googles_analyser() -> None:
    assert analyse(SELECT) == {"lead_id": "STRING", "as_of": "TIMESTAMP", "converted": "BOOL"}


@pytest.mark.slow
@hostile
@given(keyed(versions, lambda row: row["event_id"], 4), keyed(outcomes, lambda row: row["event_id"], 6), st.booleans())
def test_both_engines_agree_and_each_label_has_its_features(tables: list[Row], ends: list[Row], twice: bool) -> None:
    rows = {"leads": tables, "outcomes": ends * 2 if twice else ends}
    labels_read = assert_engines_agree(SELECT, parameters(), rows)
    arguments = training_parameters(POLICY, AS_OF - 90 * DAY, AS_OF + 90 * DAY)
    points = {(row["lead_id"], row["as_of"]) for row in on_duckdb(features_statement(POLICY), arguments, rows)}
    assert {(row["lead_id"], row["as_of"]) for row in labels_read} <= points


@pytest.mark.slow
@hostile
@given(keyed(versions, lambda row: row["event_id"], 4), keyed(outcomes, lambda row: row["event_id"], 6))
def test_ends_agree_on_both_engines_and_explain_each_label(tables: list[Row], ends: list[Row]) -> None:
    rows = {"leads": tables, "outcomes": ends}
    end_rows = assert_engines_agree(statement("labels/ends"), parameters(), rows)
    won = {(row["lead_id"], row["as_of"]): row["converted_at"] for row in end_rows}
    for label in assert_engines_agree(SELECT, parameters(), rows):
        converted_at = won[label["lead_id"], label["as_of"]]
        in_time = converted_at is not None and converted_at <= label["as_of"] + POLICY.horizon_days * DAY
        assert label["converted"] == in_time


@hostile
@given(keyed(outcomes, lambda row: row["event_id"], 6))
def test_what_is_recorded_later_changes_nothing(ends: list[Row]) -> None:
    recorded_by_then = [row for row in ends if row["recorded_at"] <= NOW]
    lead_tables = {"leads": [LEAD]}
    assert on_duckdb(SELECT, parameters(), lead_tables | {"outcomes": ends}) == on_duckdb(
        SELECT, parameters(), lead_tables | {"outcomes": recorded_by_then}
    )


def test_a_conversion_within_the_horizon_is_positive_and_a_later_one_is_not() -> None:
    assert labels(outcome(30, "paid_out")) == {0: True, 1: True, 7: True}
    assert labels(outcome(30.5, "paid_out")) == {0: False, 1: True, 7: True}


def test_a_lead_closed_at_the_landmark_has_no_label_from_then_on() -> None:
    assert labels(outcome(1, "lost")) == {0: False}


def test_a_lost_lead_matures_with_its_horizon_not_with_its_end() -> None:
    lost = outcome(2, "lost")
    assert labels(lost, now=AS_OF + 30 * DAY - timedelta(seconds=1)) == {}
    assert labels(lost, now=AS_OF + 30 * DAY) == {0: False}


def test_an_open_lead_is_never_negative() -> None:
    assert labels() == {}
    assert labels(outcome(3, "open")) == {}
    assert labels(outcome(2, "lost"), outcome(40, "open")) == {}


def test_an_outcome_that_we_do_not_know_of_yet_leaves_the_lead_open() -> None:
    assert labels(outcome(3, "open"), outcome(50, "lost", delay=20)) == {}


def test_landmarks_are_counted_from_the_first_version_of_the_lead() -> None:
    later = LEAD | {"event_id": "e2", "recorded_at": AS_OF + DAY, "created_at": AS_OF + DAY}
    labels_read = on_duckdb(SELECT, parameters(), {"leads": [later, LEAD], "outcomes": [outcome(9, "paid_out")]})
    assert min(row["as_of"] for row in labels_read) == AS_OF

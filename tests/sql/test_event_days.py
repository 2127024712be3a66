"""Single events count on a moment's own day alone, so a look-up reads two or three days of them: in any time zone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, strategies as st

from leadwerk.pipeline.leads.features import (
    features_statement,
    occurrence_parameters,
    occurrences_statement,
    scoring_parameters,
    training_parameters,
)
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Statement
from sql.feature_rows import event, form, link
from sql.hostile import POLICY, Row
from sql.lead_rows import AS_OF, DAY, tables
from sql.reference import assert_equal_rows, evaluate, on_duckdb
from support.examples import examples

ZONES = ("Pacific/Kiritimati", "Europe/Zurich", "Pacific/Pago_Pago")  # 14 h before UTC to 11 h behind
hostile = examples(4, suppress_health_check=[HealthCheck.too_slow])
moments_of_a_day = st.integers(0, 23).map(lambda hours: AS_OF + timedelta(hours=hours))


def in_zone(zone: str, tables: dict[str, list[Row]]) -> tuple[Policy, dict[str, list[Row]]]:
    """The policy in this time zone, and the rows with their events on the days of that zone."""
    events = [row | {"day": row["occurred_at"].astimezone(ZoneInfo(zone)).date()} for row in tables["activity_events"]]
    return msgspec.structs.replace(POLICY, time_zone=zone), tables | {"activity_events": events}


def reading_more_days(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters with which all days of behaviour are read for events, too."""
    return parameters | {"first_event_day": parameters["first_day"]}


def statements(policy: Policy, arguments: dict[str, Any]) -> list[tuple[Statement[Row], dict[str, Any]]]:
    """Both statements that read events, with their parameters."""
    return [
        (features_statement(policy), arguments),
        (occurrences_statement(policy), occurrence_parameters(policy, arguments)),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
@hostile
@given(tables=tables(), as_of=moments_of_a_day, place=st.integers(0, 1))
def test_more_days_of_events_give_the_same_on_googles_evaluator(
    zone: str, tables: dict[str, list[Row]], as_of: datetime, place: int
) -> None:
    policy, rows = in_zone(zone, tables)
    select, arguments = statements(policy, scoring_parameters(policy, ["L1", "L2"], ["v1"], as_of))[place]
    assert_equal_rows(evaluate(select, arguments, rows), evaluate(select, reading_more_days(arguments), rows))


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
@hostile
@given(tables=tables(), as_of=moments_of_a_day)
def test_more_days_of_events_give_the_same_for_training(
    zone: str, tables: dict[str, list[Row]], as_of: datetime
) -> None:
    policy, rows = in_zone(zone, tables)
    for select, arguments in statements(policy, training_parameters(policy, as_of - 7 * DAY, as_of + 7 * DAY)):
        assert_equal_rows(on_duckdb(select, arguments, rows), on_duckdb(select, reading_more_days(arguments), rows))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hours", [0, 6, 12, 18])
def test_an_event_right_before_the_moment_is_read_whatever_the_time_zone(zone: str, hours: int) -> None:
    as_of = AS_OF + timedelta(hours=hours)
    tables = {"leads": [form()], "identities": [link()], "activity_events": [event(as_of - timedelta(minutes=1))]}
    policy, rows = in_zone(zone, tables)
    [row] = on_duckdb(features_statement(policy), scoring_parameters(policy, ["L1"], [], as_of), rows)
    assert row["sessions_1d"] == 1


def test_a_look_up_reads_three_days_of_events_at_most() -> None:
    arguments = scoring_parameters(POLICY, ["L1"], [], AS_OF)
    assert (arguments["last_day"] - arguments["first_event_day"]).days == 2

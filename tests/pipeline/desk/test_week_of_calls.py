"""A seller's week on the desk: the leads called since Monday, of as many as the policy's hours allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from leadwerk.pipeline.desk.week_of_calls import WeekOfCalls, start_of_week, week_of_calls
from leadwerk.policy.load import load
from leadwerk.policy.selling import Capacity, Seller
from leadwerk.warehouse.duckdb import DuckDBWarehouse

WEDNESDAY = datetime(2026, 5, 6, 9, 30, tzinfo=UTC)
# The policy's clock is two hours ahead: its Monday begins on Sunday evening.
MONDAY = datetime(2026, 5, 3, 22, tzinfo=UTC)
POLICY = msgspec.structs.replace(
    load("b2b_swiss"),
    capacity=Capacity(
        sellers=(Seller(name="anna", hours_per_week=20.5), Seller(name="beat", hours_per_week=0)), minutes_per_lead=45
    ),
)


def verdict(number: int, lead_id: str, at: datetime, seller: str = "anna") -> dict[str, Any]:
    return {
        "event_id": f"v{number}", "lead_id": lead_id, "day": at.date(), "given_at": at, "stored_at": at,
        "seller": seller, "reached": True, "verdict": "good",
    }  # fmt: skip


def test_a_week_begins_on_monday_by_the_policys_clock(warehouse: DuckDBWarehouse) -> None:
    assert start_of_week(POLICY, WEDNESDAY) == MONDAY
    moments = (MONDAY - timedelta(seconds=1), MONDAY, WEDNESDAY, WEDNESDAY + timedelta(seconds=1))
    warehouse.append("verdicts", [verdict(number, f"l{number}", at) for number, at in enumerate(moments)])
    # 20.5 hours are 27 calls of 45 minutes; the rest of an hour is no call.
    assert week_of_calls(warehouse, POLICY, "Anna", WEDNESDAY) is not None
    assert week_of_calls(warehouse, POLICY, "anna", WEDNESDAY) == WeekOfCalls(done=2, allowed=27, hours=20.5)


def test_two_verdicts_on_one_lead_are_one_call_and_those_of_others_none(warehouse: DuckDBWarehouse) -> None:
    hour = timedelta(hours=1)
    warehouse.append(
        "verdicts",
        [verdict(1, "a", MONDAY + hour), verdict(2, "a", MONDAY + 2 * hour), verdict(3, "b", MONDAY + hour, "beat")],
    )
    week = week_of_calls(warehouse, POLICY, "anna", WEDNESDAY)
    assert week is not None
    assert week.done == 1


@pytest.mark.parametrize("name", ["beat", "eva"])
def test_who_has_no_hours_has_no_week(warehouse: DuckDBWarehouse, name: str) -> None:
    assert week_of_calls(warehouse, POLICY, name, WEDNESDAY) is None

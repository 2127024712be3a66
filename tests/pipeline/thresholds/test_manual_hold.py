"""A person holds a threshold: in force at once, kept by the daily decision, recorded, and let go of."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from leadwerk.errors import InputError
from leadwerk.pipeline.thresholds import daily as threshold, manual_hold
from leadwerk.pipeline.thresholds.manual_hold import HoldRequest
from leadwerk.policy.model import Policy
from leadwerk.scoring.seller_pools import Basis
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.homes import home_warehouse
from support.selling_team import DAY, MORTGAGE, NOW, anna, by_pool, come_in, policy_with

POLICY = policy_with(anna(14, "de"))
EVA = {"author": "Eva", "reason": "trade fair"}


def hold(
    warehouse: DuckDBWarehouse, policy: Policy, basis: Basis, hot: int | None, *, now: datetime, **stated: Any
) -> None:
    manual_hold.hold(warehouse, policy, HoldRequest(basis=basis, hot=hot, **stated), now)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    warehouse = home_warehouse(tmp_path)
    come_in(warehouse, [52.0, 55.0, 57.9, 61.0], until=NOW + 14 * DAY, days=60)
    return warehouse


def hot(warehouse: DuckDBWarehouse, at=NOW, language="de") -> int:
    return threshold.hot_thresholds(warehouse, POLICY, at)("points", language, "CH-ZH")


def test_it_holds_at_once_and_after_the_days_decision(warehouse):
    threshold.run(warehouse, POLICY, NOW)
    assert hot(warehouse) == 51
    hold(warehouse, POLICY, "points", 45, now=NOW + timedelta(hours=1), **EVA)
    assert [hot(warehouse, at) for at in (NOW, NOW + timedelta(hours=1))] == [51, 45]
    line = by_pool(threshold.run(warehouse, POLICY, NOW + DAY))["anna"]
    assert (line.hot, line.wanted, line.reason) == (45, 56, "set")
    assert hot(warehouse, NOW + DAY) == 45


def test_it_is_shown_with_name_and_reason(warehouse):
    hold(warehouse, POLICY, "points", 45, now=NOW, until=date(2026, 5, 8), **EVA)
    [stored_hold] = threshold.current_thresholds(warehouse, POLICY, NOW).holds
    assert (stored_hold.author, stored_hold.reason, stored_hold.hot, stored_hold.until, stored_hold.since) == (
        "Eva",
        "trade fair",
        45,
        date(2026, 5, 8),
        NOW,
    )


def test_it_ends_after_its_last_day_and_moves_on_from_there_a_point_a_day(warehouse):
    hold(warehouse, POLICY, "points", 45, now=NOW, until=date(2026, 5, 5), **EVA)
    days = [by_pool(threshold.run(warehouse, POLICY, NOW + n * DAY))["anna"] for n in range(4)]
    assert [(line.hot, line.reason) for line in days] == [
        (45, "set"), (45, "set"), (46, "overloaded"), (47, "overloaded"),
    ]  # fmt: skip


def test_whoever_lets_go_is_recorded_too(warehouse):
    hold(warehouse, POLICY, "points", 45, now=NOW, **EVA)
    hold(warehouse, POLICY, "points", None, now=NOW + DAY, author="Urs", reason="fair is over")
    assert hot(warehouse, NOW) == 45
    assert hot(warehouse, NOW + DAY) == 50
    assert threshold.current_thresholds(warehouse, POLICY, NOW + DAY).holds == ()


def test_who_lets_go_of_what_nobody_holds_is_told_so_and_what_is_held(warehouse):
    with pytest.raises(InputError, match="Nothing is held for everybody") as refused:
        hold(warehouse, POLICY, "points", None, now=NOW, **EVA)
    assert refused.value.remedy == "No threshold is held at all."
    hold(warehouse, POLICY, "points", 45, now=NOW, seller_pool="anna", **EVA)
    with pytest.raises(InputError, match="Nothing is held for everybody") as refused:
        hold(warehouse, POLICY, "points", None, now=NOW + DAY, **EVA)
    assert refused.value.remedy == "Held thresholds: anna (points) at 45."
    assert hot(warehouse, NOW + DAY) == 45


def test_a_hold_of_one_seller_pool_leaves_the_others_alone(warehouse):
    hold(warehouse, POLICY, "points", 45, now=NOW, seller_pool="anna", **EVA)
    assert (hot(warehouse), hot(warehouse, language="fr")) == (45, 50)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hot": 61}, "hot"),
        ({"author": " "}, "author"),
        ({"reason": ""}, "reason"),
        ({"until": date(2026, 5, 3)}, "until"),
        ({"seller_pool": "anna+nobody"}, "seller_pool"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_remedy(warehouse, changes, field):
    fields = {"hot": 45, "author": "Eva", "reason": "fair", **changes}
    with pytest.raises(InputError) as refused:
        hold(warehouse, POLICY, "points", fields.pop("hot"), now=NOW, **fields)
    assert refused.value.field == field
    assert refused.value.remedy


def test_without_sellers_the_policys_bands_are_to_be_changed(warehouse):
    with pytest.raises(InputError, match=r"points\.bands\.hot"):
        hold(warehouse, MORTGAGE, "points", 45, now=NOW, **EVA)

"""The champion's health is what the night's monitor measured of it, and of no other model."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from leadwerk.features.drift_check import DriftCheck, DriftDriver
from leadwerk.pipeline.drift.check_rows import row_of_check
from leadwerk.pipeline.health import Health, health_of
from leadwerk.policy.load import load
from leadwerk.registry import Manifest
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support import example_models
from support.selling import DAY, HOUR, NOW

DRIVERS = (DriftDriver(name="source", statistic=0.31), DriftDriver(name="device_category", statistic=0.12))


@pytest.fixture(scope="module")
def champion() -> Manifest:
    manifest = example_models.files(load("mortgage")).manifest
    return msgspec.structs.replace(manifest, created_at=(NOW - 3 * DAY).isoformat())


def warehouse(home: Path, champion: Manifest, *, age: timedelta = HOUR, drivers: tuple[DriftDriver, ...] = DRIVERS):
    statistic = drivers[0].statistic if drivers else None
    check = DriftCheck(monitor="features", alarm=False, leads=945, statistic=statistic, drivers=drivers)
    row = row_of_check(check, NOW - age, model_version=champion.version, policy_version="p1")
    made = DuckDBWarehouse(home)
    made.append("drift_checks", [row])
    return made


def test_the_drift_is_that_of_the_last_check(tmp_path: Path, champion: Manifest) -> None:
    health = health_of(warehouse(tmp_path, champion), champion, now=NOW)
    assert health == Health(3.0, 0.31, "source", (("source", 0.31), ("device_category", 0.12)))


def test_a_check_of_another_model_says_nothing_of_this_one(tmp_path: Path, champion: Manifest) -> None:
    other = msgspec.structs.replace(champion, version="another")
    assert health_of(warehouse(tmp_path, other), champion, now=NOW) == Health(3.0)


def test_a_later_check_is_not_known_yet(tmp_path: Path, champion: Manifest) -> None:
    assert health_of(warehouse(tmp_path, champion, age=-HOUR), champion, now=NOW) == Health(3.0)


def test_of_too_few_leads_only_the_age_is_known(tmp_path: Path, champion: Manifest) -> None:
    assert health_of(warehouse(tmp_path, champion, drivers=()), champion, now=NOW) == Health(3.0)
    assert health_of(DuckDBWarehouse(tmp_path / "empty"), None, now=NOW) == Health()

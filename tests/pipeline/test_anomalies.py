"""Anomalies in a warehouse: a channel that stops, a signal that stops, a wave of bots; alarms without a champion."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from leadwerk import policy as policies
from leadwerk.features.drift_check import DriftCheck
from leadwerk.pipeline import drift_monitor
from leadwerk.pipeline.drift.anomalies import anomaly_checks
from leadwerk.pipeline.drift.check_rows import latest_checks
from leadwerk.registry import open_registry
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.homes import home_warehouse

MORTGAGE = policies.load("mortgage")
DAYS = 80
START = date(2026, 2, 2)
NOW = datetime(2026, 2, 2, 4, tzinfo=UTC) + timedelta(days=DAYS)
CHANGED = DAYS - 5


def lead(k: int, day: int, channel: str) -> dict[str, Any]:
    created = datetime(2026, 2, 2, 9, tzinfo=UTC) + timedelta(days=day)
    return {
        "event_id": f"e{k}", "lead_id": f"L{k}", "recorded_at": created, "created_at": created, "channel": channel,
        "language": "de", "country": "CH", "web_consent": False, "attributes": [],
    }  # fmt: skip


def visit(k: int, day: int, *, seconds: float, source: str, signal: str | None) -> dict[str, Any]:
    at = datetime(2026, 2, 2, 9, tzinfo=UTC) + timedelta(days=day)
    signals = [] if signal is None else [{"name": signal, "events": 1, "seconds": 5.0, "last_at": at}]
    return {
        "day": START + timedelta(days=day), "visitor_id": f"v{k}", "first_at": at, "last_at": at, "events": 2,
        "sessions": 1, "page_views": 1, "seconds": seconds, "source": source, "device_category": "desktop",
        "first_hour": 10, "weekday": 1, "signals": signals, "calculator": None,
    }  # fmt: skip


def market(home: Path, *, changes: bool) -> DuckDBWarehouse:
    """Phone and form bring leads, visitors read; from day CHANGED on, if asked, all three go wrong."""
    random, warehouse = np.random.default_rng(2), home_warehouse(home)
    leads: list[dict[str, Any]] = []
    visits: list[dict[str, Any]] = []
    for day in range(DAYS):
        is_wrong = changes and day >= CHANGED
        for channel, mean in (("form", 8.0), ("phone", 0.0 if is_wrong else 6.0)):
            leads += [lead(len(leads) + k, day, channel) for k in range(random.poisson(mean))]
        signal = None if is_wrong else "mortgage_simulator"
        for _ in range(random.poisson(20)):
            visits.append(visit(len(visits), day, seconds=40.0, source="google", signal=signal))
        for _ in range(random.poisson(90 if is_wrong else 5)):
            visits.append(visit(len(visits), day, seconds=0.0, source="spam.example", signal=None))
    warehouse.append("leads", leads)
    warehouse.append("activity_daily", visits)
    return warehouse


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory: pytest.TempPathFactory) -> DuckDBWarehouse:
    return market(tmp_path_factory.mktemp("home"), changes=True)


def by_monitor(checks: tuple[DriftCheck, ...]) -> dict[str, DriftCheck]:
    return {check.monitor: check for check in checks}


def test_a_quiet_market_has_no_anomaly(tmp_path: Path) -> None:
    checks = anomaly_checks(market(tmp_path, changes=False), MORTGAGE, now=NOW)
    assert {check.monitor: check.alarm for check in checks} == {"inflow": False, "signals": False, "bots": False}


def test_each_anomaly_names_what_changed_since_when_and_what_was_usual(disturbed: DuckDBWarehouse) -> None:
    checks = by_monitor(anomaly_checks(disturbed, MORTGAGE, now=NOW))
    assert {driver.name for driver in checks["inflow"].drivers} <= {"phone", "all"}
    phone = next(driver for driver in checks["inflow"].drivers if driver.name == "phone")
    assert phone.now == 0
    assert phone.before is not None
    assert phone.before > 10
    assert [driver.name for driver in checks["signals"].drivers] == ["mortgage_simulator"]
    [bots] = checks["bots"].drivers
    assert (bots.name, bots.statistic > 0) == ("spam.example desktop", True)
    assert abs(checks["bots"].change_day - (START + timedelta(days=CHANGED))) <= timedelta(days=10)


def test_anomalies_are_stored_and_logged_once_without_a_champion(
    disturbed: DuckDBWarehouse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    registry = open_registry(str(tmp_path / "models"))
    report = drift_monitor.run(disturbed, MORTGAGE, registry, now=NOW)
    assert (report.model_version, report.alarm, report.training_due) == (None, True, "")
    assert {check.monitor for check in latest_checks(disturbed, NOW)} == {"inflow", "signals", "bots"}
    events = [record.fields["event"] for record in caplog.records if hasattr(record, "fields")]
    assert events == ["anomaly_alarm"] * 3
    caplog.clear()
    drift_monitor.run(disturbed, MORTGAGE, registry, now=NOW + timedelta(hours=2))
    assert not caplog.records

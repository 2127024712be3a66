"""The drift monitor on a warehouse: quiet while the market stays; a change is dated, and asks for training."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from leadwerk import policy as policies
from leadwerk.features.drift_check import DriftCheck
from leadwerk.pipeline import drift_monitor, report, retrain
from leadwerk.pipeline.drift.check_rows import latest_change_day, latest_checks
from leadwerk.pipeline.leads.landmarks import read_training_rows
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry, open_registry
from leadwerk.registry.store import FolderStore
from leadwerk.warehouse.duckdb import DuckDBWarehouse
from support.equity_market import START, change, lead

TRAINED = START + timedelta(days=150)
CHANGED = START + timedelta(days=180)
DAY = timedelta(days=1)
ALARMED = CHANGED + 21 * DAY


def market(*, times: float, days: int = 240, a_day: int = 12) -> dict[str, list[dict[str, Any]]]:
    """Leads whose chance falls with loan to value, and from day 180 on is so many times that; scored when they come."""
    random = np.random.default_rng(5)
    tables: dict[str, list[dict[str, Any]]] = {"leads": [], "outcomes": [], "scores": []}
    for k in range(days * a_day):
        created = START + timedelta(days=k / a_day)
        ltv = float(random.uniform(0.3, 1.0))
        chance = float(1 / (1 + np.exp(8 * (ltv - 0.45))))
        won = random.random() < chance * (times if created >= CHANGED else 1.0)
        tables["leads"].append(lead(f"L{k}", created, ltv))
        closed = created + timedelta(days=float(random.uniform(3, 18)))
        tables["outcomes"] += [
            change(f"L{k}", at, kind) for at, kind in ((created, "open"), (closed, "paid_out" if won else "lost"))
        ]
        if created >= TRAINED - 30 * DAY:
            tables["scores"].append(score(f"L{k}", created, chance))
    return tables


def score(lead_id: str, at: Any, probability: float) -> dict[str, Any]:
    return {
        "score_id": f"s{lead_id}", "lead_id": lead_id, "day": at.date(), "scored_at": at, "stored_at": at,
        "score_origin": "rescore", "basis": "model", "model_version": "m", "policy_version": "p",
        "probability": probability, "predictive_score": 50, "score_cluster": "WARM", "recommended_action": "Call",
        "language": "de", "has_web_behaviour": False, "reasons": [],
    }  # fmt: skip


@pytest.fixture(scope="module")
def policy() -> Policy:
    shipped = policies.load("mortgage")
    quick = msgspec.structs.replace(shipped.training, trees=30, depth=3)
    return msgspec.structs.replace(shipped, training=quick, landmark_days=(0,))


def filled(home: Path, times: float) -> DuckDBWarehouse:
    warehouse = DuckDBWarehouse(home)
    for table, rows in market(times=times).items():
        warehouse.append(table, rows)
    return warehouse


@pytest.fixture(scope="module")
def shocked(tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> tuple[DuckDBWarehouse, Registry]:
    home = tmp_path_factory.mktemp("shocked")
    warehouse, registry = filled(home, times=0.2), open_registry(str(home / "models"))
    assert retrain.run(warehouse, policy, registry, now=TRAINED).promoted
    return warehouse, registry


def outcomes_of(checks: tuple[DriftCheck, ...]) -> DriftCheck:
    return next(check for check in checks if check.monitor == "outcomes")


def test_without_a_champion_nothing_drifts(tmp_path: Path, policy: Policy) -> None:
    report = drift_monitor.run(DuckDBWarehouse(tmp_path), policy, open_registry(str(tmp_path / "models")), now=TRAINED)
    assert (report.model_version, report.checks, report.training_due) == (None, (), "")


@pytest.mark.slow
def test_a_quiet_market_raises_no_alarm_and_trains_nothing(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = filled(tmp_path, times=1.0), open_registry(str(tmp_path / "models"))
    retrain.run(warehouse, policy, registry, now=TRAINED)
    reports = [drift_monitor.run(warehouse, policy, registry, now=TRAINED + days * DAY) for days in (20, 40, 60, 80)]
    assert [report.alarm for report in reports] == [False] * 4
    assert {report.training_due for report in reports} == {""}
    assert outcomes_of(reports[-1].checks).statistic is not None
    assert latest_change_day(warehouse, TRAINED + 90 * DAY) is None


@pytest.mark.slow
def test_fewer_conversions_raise_an_alarm_that_trains_and_weighs_the_past(
    shocked: tuple[DuckDBWarehouse, Registry], policy: Policy, caplog: pytest.LogCaptureFixture
) -> None:
    warehouse, registry = shocked
    before = drift_monitor.run(warehouse, policy, registry, now=CHANGED - DAY)
    assert (before.alarm, before.training_due) == (False, "")
    now = ALARMED
    report = drift_monitor.run(warehouse, policy, registry, now=now)
    check = outcomes_of(report.checks)
    assert check.alarm
    assert abs(check.change_day - CHANGED.date()) <= 4 * DAY
    assert check.drivers[0].name == "all"
    assert check.drivers[0].now < check.drivers[0].before
    groups = {driver.name.partition("=")[0] for driver in check.drivers[1:]}
    assert groups <= {"language", "region", "channel", "industry"}
    assert report.training_due == "Drift of outcomes."
    assert [record.fields["event"] for record in caplog.records if hasattr(record, "fields")] == ["drift_alarm"]
    again = drift_monitor.run(warehouse, policy, registry, now=now)
    assert again == report
    monitors = {check.monitor for check in latest_checks(warehouse, now)}
    assert monitors == {"features", "missing", "scores", "outcomes", "inflow"}

    later = CHANGED + 59 * DAY
    weight = read_training_rows(warehouse, policy, later).landmarks.weight
    assert weight is not None
    assert sorted(set(weight.tolist())) == [0.1, 1.0]
    recent = read_training_rows(warehouse, policy, later).recent
    assert recent is not None
    open_rows = recent.landmarks.rows
    assert open_rows.as_of.min() > np.datetime64((later - 30 * DAY).replace(tzinfo=None))
    assert 0 < open_rows.converted.sum() < recent.landmarks.is_lost.sum()
    assert recent.landmarks.is_open.any()
    assert read_training_rows(warehouse, policy, CHANGED).recent is None


@pytest.mark.slow
def test_a_model_that_knew_of_the_alarm_is_watched_anew(
    shocked: tuple[DuckDBWarehouse, Registry], policy: Policy
) -> None:
    warehouse, registry = shocked
    now = ALARMED
    if not any(check.alarm for check in latest_checks(warehouse, now)):
        drift_monitor.run(warehouse, policy, registry, now=now)
    trained = retrain.run(warehouse, policy, registry, now=now)
    assert trained.promoted, trained.reason
    assert "teach by what is known of them so far" in trained.reason
    report = drift_monitor.run(warehouse, policy, registry, now=now + DAY)
    check = outcomes_of(report.checks)
    assert (check.alarm, check.watched_since, check.alarm_since) == (False, now, now)
    assert report.training_due == ""
    # New outcomes keep arriving: the next training follows after the policy's days.
    report = drift_monitor.run(warehouse, policy, registry, now=now + policy.drift.retrain_days * DAY)
    assert report.training_due.startswith("New outcomes after the drift")


@pytest.mark.slow
def test_a_policy_that_forbids_it_trains_nothing_early(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = filled(tmp_path, times=0.1), open_registry(str(tmp_path / "models"))
    retrain.run(warehouse, policy, registry, now=TRAINED)
    drift = msgspec.structs.replace(policy.drift, retrain=False)
    alarmed = drift_monitor.run(
        warehouse, msgspec.structs.replace(policy, drift=drift), registry, now=CHANGED + 20 * DAY
    )
    assert (alarmed.alarm, alarmed.training_due) == (True, "")


@pytest.mark.slow
def test_a_field_that_goes_missing_and_other_values_are_named(tmp_path: Path, policy: Policy) -> None:
    warehouse, registry = DuckDBWarehouse(tmp_path), open_registry(str(tmp_path / "models"))
    tables = market(times=1.0)
    for row in tables["leads"]:
        if row["created_at"] >= CHANGED:
            row |= {"loan_amount": None, "country": "DE"}
    for table, rows in tables.items():
        warehouse.append(table, [row for row in rows if table != "outcomes" or row["recorded_at"] < CHANGED + 8 * DAY])
    retrain.run(warehouse, policy, registry, now=TRAINED)
    busy = msgspec.structs.replace(policy, landmark_days=(0, 1, 2, 3, 4))
    report = drift_monitor.run(warehouse, busy, registry, now=CHANGED + 8 * DAY)
    by_monitor = {check.monitor: check for check in report.checks}
    assert by_monitor["missing"].alarm
    assert "loan_amount" in {driver.name for driver in by_monitor["missing"].drivers}
    assert by_monitor["features"].alarm
    assert {"loan_amount", "loan_to_value"} <= {driver.name for driver in by_monitor["features"].drivers}
    assert by_monitor["scores"].statistic is not None


@pytest.mark.slow
def test_the_report_shows_the_checks(shocked: tuple[DuckDBWarehouse, Registry], policy: Policy, tmp_path: Path) -> None:
    warehouse, registry = shocked
    now = ALARMED
    drift_monitor.run(warehouse, policy, registry, now=now)
    store = FolderStore(tmp_path)
    report.run(warehouse, policy, registry, store, report.ReportRequest(now=now, language="en"))
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "outcomes against predictions" in page
    assert "the model expected" in page

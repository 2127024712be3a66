"""Drift monitor: compares leads and outcomes with what the champion learned, stores the checks, and asks for training.

Anomalies of what comes in (inflow, signals, bots) are checked beside, with or without a champion; they ask a person to
look, and for no training. An alarm of drift asks for training at once, and again every few days while new outcomes
mature (policy: `drift`). Training itself reads the date of the change from the stored checks (pipeline.drift.change).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.features.drift_check import ANOMALIES, DriftCheck
from leadwerk.pipeline.drift.anomalies import anomaly_checks
from leadwerk.pipeline.drift.check_rows import latest_checks, row_of_check
from leadwerk.pipeline.drift.lead_drift import lead_drift, recent_landmarks
from leadwerk.pipeline.drift.outcome_drift import outcome_drift
from leadwerk.policy.model import Policy
from leadwerk.registry import Registry
from leadwerk.scoring.model import Scorer
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import DriftCheckRow
from leadwerk.warehouse.statement import statement

logger = logging.getLogger("leadwerk")

HORIZONS_OF_CHANGE = 2
"""Horizons after an alarm's beginning in which new outcomes keep teaching something new."""


@dataclass(frozen=True)
class DriftReport:
    """Checks as of a moment; without a champion those of anomalies alone.

    `training_due`: why a model should be trained now, as a message; empty if none should.
    """

    checked_at: datetime
    model_version: str | None
    alarm: bool
    training_due: str
    checks: tuple[DriftCheck, ...] = ()


class LastTraining(Struct, frozen=True):
    """A row of model_runs/last_training."""

    trained_at: datetime | None


def run(warehouse: Warehouse, policy: Policy, registry: Registry, *, now: datetime) -> DriftReport:
    """Check all monitors as of `now` (aware, UTC) and store the checks; a second run of this `now` changes nothing."""
    # Strictly before now: a repeated run must not take its own checks for the previous ones.
    previous = {check.monitor: check for check in latest_checks(warehouse, now - timedelta(microseconds=1))}
    manifest = registry.champion_files().manifest if registry.champion() is not None else None
    version = manifest.version if manifest is not None else None
    measured = [*anomaly_checks(warehouse, policy, now=now)]
    if manifest is not None:
        measured += _drift_checks(warehouse, policy, registry, previous.get("outcomes"), now=now)
    checks = tuple(check.after(previous.get(check.monitor), now) for check in measured)
    # Stored before the alarm is logged: a reader of the log finds the check, and a crash in between repeats both.
    warehouse.append("drift_checks", [_row(check, version, policy, now) for check in checks])
    for check in checks:
        if check.begins(now):
            _log(check, version)
    due = _training_due(warehouse, policy, [check for check in checks if check.monitor not in ANOMALIES], now)
    return DriftReport(now, version, any(check.alarm for check in checks), due, checks)


def _drift_checks(
    warehouse: Warehouse, policy: Policy, registry: Registry, previous: DriftCheck | None, *, now: datetime
) -> tuple[DriftCheck, ...]:
    """Checks against the champion; `previous` is the latest one of the outcomes."""
    files = registry.champion_files()
    with warehouse.unit_of_work():
        rows = recent_landmarks(warehouse, policy, now)
        outcomes = outcome_drift(warehouse, policy, files.manifest, previous, now=now)
    return (*lead_drift(files.manifest, Scorer.load(files, policy), rows, policy.drift), outcomes)


def _row(check: DriftCheck, champion: str | None, policy: Policy, now: datetime) -> DriftCheckRow:
    return row_of_check(check, now, model_version=champion or "", policy_version=policy.version)


def _training_due(warehouse: Warehouse, policy: Policy, checks: Sequence[DriftCheck], now: datetime) -> str:
    if not policy.drift.retrain:
        return ""
    beginning = [check.monitor for check in checks if check.begins(now)]
    if beginning:
        return Message("drift.due.monitors", monitors=", ".join(beginning))
    since = [check.alarm_since for check in checks if check.alarm_since is not None]
    changing = [moment for moment in since if now - moment <= timedelta(days=HORIZONS_OF_CHANGE * policy.horizon_days)]
    if not changing:
        return ""
    (last,) = warehouse.rows(statement("model_runs/last_training", LastTraining), {"as_of": now})
    # Each training costs minutes, and few new outcomes mature in a day.
    if last.trained_at is not None and now - last.trained_at < timedelta(days=policy.drift.retrain_days):
        return ""
    return Message("drift.due.outcomes", day=f"{max(changing):%Y-%m-%d}")


def _log(check: DriftCheck, model_version: str | None) -> None:
    drivers = ", ".join(driver.name for driver in check.drivers)
    is_anomaly = check.monitor in ANOMALIES
    fields = {
        "event": "anomaly_alarm" if is_anomaly else "drift_alarm",
        "monitor": check.monitor,
        "model_version": model_version,
        "statistic": check.statistic,
        "alarm_limit": check.alarm_limit,
        "change_day": check.change_day.isoformat() if check.change_day else None,
        "drivers": [driver.name for driver in check.drivers],
    }
    logger.warning(
        "Anomaly of %s: %s" if is_anomaly else "Drift of %s: %s", check.monitor, drivers, extra={"fields": fields}
    )

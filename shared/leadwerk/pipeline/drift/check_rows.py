"""Rows of `drift_checks`: a check as a row, and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec

from leadwerk.features.drift_check import DriftCheck, DriftDriver, Monitor
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import DriftCheckRow
from leadwerk.warehouse.statement import statement

COLUMNS = tuple(name for name in DriftCheck.__struct_fields__ if name != "drivers")


def row_of_check(check: DriftCheck, now: datetime, *, model_version: str, policy_version: str) -> DriftCheckRow:
    """The row of a check of `now` (aware)."""
    return DriftCheckRow(
        check_id=f"{now.astimezone(UTC).isoformat()} {check.monitor}",
        checked_at=now,
        model_version=model_version,
        policy_version=policy_version,
        **{name: getattr(check, name) for name in COLUMNS},
        drivers=msgspec.json.encode(check.drivers).decode(),
    )


def latest_checks(warehouse: Warehouse, as_of: datetime) -> list[DriftCheck]:
    """The latest check of each monitor by `as_of` (aware), in the order of their names."""
    return [_check_of_row(row) for row in _latest_rows(warehouse, as_of)]


def latest_check_of_model(
    warehouse: Warehouse, monitor: Monitor, model_version: str, as_of: datetime
) -> DriftCheck | None:
    """The latest check of a monitor by `as_of` (aware); None if it is of another model, or there is none."""
    rows = [row for row in _latest_rows(warehouse, as_of) if row.monitor == monitor]
    return next((_check_of_row(row) for row in rows if row.model_version == model_version), None)


def _latest_rows(warehouse: Warehouse, as_of: datetime) -> list[DriftCheckRow]:
    return warehouse.rows(statement("drift_checks/latest", DriftCheckRow), {"as_of": as_of})


def _check_of_row(row: DriftCheckRow) -> DriftCheck:
    columns = {name: getattr(row, name) for name in COLUMNS}
    drivers = msgspec.json.decode(row.drivers, type=tuple[DriftDriver, ...])
    return msgspec.convert({**columns, "drivers": drivers}, DriftCheck, from_attributes=True)


MATTERS = timedelta(days=180)
"""After an alarm older outcomes count less for so long: by then newer ones outweigh them, or it was a false alarm."""


def latest_change_day(warehouse: Warehouse, now: datetime) -> date | None:
    """The day of the latest alarm in the 180 days before `now` (aware); None without one."""
    outcomes = [check for check in latest_checks(warehouse, now) if check.monitor == "outcomes"]
    for check in outcomes:
        is_recent = check.alarm_since is not None and now - check.alarm_since <= MATTERS
        if check.change_day is not None and is_recent:
            return check.change_day
    return None

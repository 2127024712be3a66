"""Day of the latest change of the market, as dated by an alarm of the outcomes."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from leadwerk.pipeline.drift.check_rows import latest_checks
from leadwerk.warehouse.protocol import Warehouse

MATTERS = timedelta(days=180)
"""After an alarm older outcomes count less for so long: by then newer ones outweigh them, or it was a false alarm."""


def latest_change_day(warehouse: Warehouse, now: datetime) -> np.datetime64 | None:
    """The day (datetime64[D]) of the latest alarm in the 180 days before `now` (aware); None without one."""
    outcomes = [check for check in latest_checks(warehouse, now) if check.monitor == "outcomes"]
    for check in outcomes:
        is_recent = check.alarm_since is not None and now - check.alarm_since <= MATTERS
        if check.change_day is not None and is_recent:
            return np.datetime64(check.change_day, "D")
    return None

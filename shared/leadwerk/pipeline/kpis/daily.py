"""KPIs of the day: measured and stored once a day, with an alert in the log when one leaves its range."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from leadwerk.pipeline.kpis.measure import MeasuredKpi, measure
from leadwerk.report.kpi_alerts import DailyKpi, KpiAlert, kpi_alerts
from leadwerk.warehouse.records import KpisDailyRow
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

logger = logging.getLogger("leadwerk")

ALERT_DAYS = 90
"""How far back the beginning of an alert is looked for."""


@dataclass(frozen=True)
class KpiReport:
    """The KPIs of a day: how many rows are new, and how many are outside their limits."""

    kpis: int = 0
    kpi_alerts: int = 0


def run(warehouse: Warehouse, policy: Policy, now: datetime) -> KpiReport:
    """Measure and store the KPIs of the day of `now` (aware, UTC); a second run that day stores nothing new."""
    day = day_of(policy, now)
    is_measured = bool(read_kpis(warehouse, now, first_day=day))
    rows = [] if is_measured else [_row(kpi, policy, day, now) for kpi in measure(warehouse, policy, now)]
    warehouse.append("kpis_daily", rows)
    alerts = current_alerts(warehouse, policy, now)
    for alert in alerts:
        if rows and alert.since == day:
            _log(alert)
    report = KpiReport(len(rows), len(alerts))
    fields = {"event": "kpis_measured", "kpis": report.kpis, "kpi_alerts": report.kpi_alerts}
    logger.info("%d KPIs of %s", len(rows), day, extra={"fields": fields})
    return report


def read_kpis(warehouse: Warehouse, now: datetime, *, first_day: date) -> list[DailyKpi]:
    """The KPIs stored by `now` (aware) since `first_day`, the oldest first."""
    return warehouse.rows(statement("kpis_daily/since", DailyKpi), {"first_day": first_day, "as_of": now})


def current_alerts(warehouse: Warehouse, policy: Policy, now: datetime) -> list[KpiAlert]:
    """The KPIs of the newest morning that are outside the limits of the policy, as of `now` (aware)."""
    if not policy.kpi_limits:
        return []
    first_day = day_of(policy, now) - timedelta(days=ALERT_DAYS)
    return kpi_alerts(policy.kpi_limits, read_kpis(warehouse, now, first_day=first_day))


def day_of(policy: Policy, now: datetime) -> date:
    """The day of a moment by the policy's clock."""
    return now.astimezone(ZoneInfo(policy.time_zone)).date()


def _row(kpi: MeasuredKpi, policy: Policy, day: date, now: datetime) -> KpisDailyRow:
    low, high = kpi.interval or (None, None)
    return KpisDailyRow(
        kpi_id=":".join((day.isoformat(), kpi.kpi, kpi.by or "", kpi.segment or "")),
        day=day,
        measured_at=now,
        kpi=kpi.kpi,
        segmented_by=kpi.by,
        segment=kpi.segment,
        value=kpi.value,
        low=low,
        high=high,
        leads=kpi.leads,
        policy_version=policy.version,
    )


def _log(alert: KpiAlert) -> None:
    kpi, limit = alert.kpi, alert.limit
    fields = {
        "event": "kpi_limit",
        "kpi": kpi.kpi,
        "segmented_by": kpi.segmented_by,
        # A seller's name has no business in a log.
        "segment": None if kpi.segmented_by == "seller" else kpi.segment,
        "value": kpi.value,
        "at_least": limit.at_least,
        "at_most": limit.at_most,
    }
    logger.warning("The KPI %s is outside its limits", kpi.kpi, extra={"fields": fields})

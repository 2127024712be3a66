"""Alerts: KPIs outside the range that the policy sets, and since when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from leadwerk.policy.kpi_limits import KpiLimit


class DailyKpi(Struct, frozen=True, kw_only=True):
    """A row of kpis_daily/since: a KPI of a morning; `low` and `high` bound a share with 95 % confidence."""

    kpi_id: str
    day: date
    kpi: str
    segmented_by: str | None
    segment: str | None
    value: float
    low: float | None
    high: float | None
    leads: int

    @property
    def series(self) -> tuple[str, str, str]:
        """What the same figure of another day shares with it."""
        return self.kpi, self.segmented_by or "", self.segment or ""


@dataclass(frozen=True)
class KpiAlert:
    """A KPI of the newest day outside a limit, and the first day of the days in a row on which it was."""

    kpi: DailyKpi
    limit: KpiLimit
    since: date


def kpi_alerts(limits: Sequence[KpiLimit], history: Iterable[DailyKpi]) -> list[KpiAlert]:
    """The alerts of the newest day in the history, in the policy's order."""
    by_series: dict[tuple[str, str, str], list[DailyKpi]] = {}
    for row in sorted(history, key=lambda row: row.day):
        by_series.setdefault(row.series, []).append(row)
    newest = max((rows[-1].day for rows in by_series.values()), default=None)
    current = [rows for rows in by_series.values() if rows[-1].day == newest]
    return [
        KpiAlert(rows[-1], limit, _since(limit, rows))
        for limit in limits
        for rows in current
        if _concerns(limit, rows[-1]) and is_outside(limit, rows[-1])
    ]


def is_outside(limit: KpiLimit, kpi: DailyKpi) -> bool:
    """Whether the KPI lies outside the range; a share only with its whole interval.

    >>> from leadwerk.policy.kpi_limits import KpiLimit
    >>> few = DailyKpi(kpi_id="", day=date(2026, 5, 4), kpi="conversion", segmented_by=None, segment=None, value=0.02,
    ...                low=0.01, high=0.04, leads=400)
    >>> is_outside(KpiLimit(kpi="conversion", at_least=0.03), few)
    False
    >>> is_outside(KpiLimit(kpi="conversion", at_least=0.05), few)
    True
    """
    highest = kpi.value if kpi.high is None else kpi.high
    lowest = kpi.value if kpi.low is None else kpi.low
    too_low = limit.at_least is not None and highest < limit.at_least
    return too_low or (limit.at_most is not None and lowest > limit.at_most)


def _concerns(limit: KpiLimit, kpi: DailyKpi) -> bool:
    if (limit.kpi, limit.by) != (kpi.kpi, kpi.segmented_by):
        return False
    return limit.segment is None or limit.segment == kpi.segment


def _since(limit: KpiLimit, rows: Sequence[DailyKpi]) -> date:
    """The first of the days in a row, up to the newest, on which the KPI was outside."""
    days = list(_days_outside(limit, rows))
    return days[-1]


def _days_outside(limit: KpiLimit, rows: Sequence[DailyKpi]) -> Iterator[date]:
    for row in reversed(rows):
        if not is_outside(limit, row):
            return
        yield row.day

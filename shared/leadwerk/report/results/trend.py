"""Trend: how the KPIs of each morning developed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from leadwerk.drawing.plot import Plot, ticks_of, twice
from leadwerk.report.formatter import Formatter
from leadwerk.report.kpi_section import kpi_figure

if TYPE_CHECKING:
    from leadwerk.report.kpi_alerts import DailyKpi
    from leadwerk.report.wording import Wording

KPIS = ("new_leads", "hot_leads", "mean_score", "conversion", "contacted", "contact_hours")
# A line needs two mornings.
LEAST_DAYS = 2


@dataclass(frozen=True)
class TrendView:
    """The KPIs of each morning: an answer, the conversion as a chart, and all figures as rows."""

    answer: str
    svg: str
    rows: Sequence[tuple[str, ...]]


def trend_view(wording: Wording, history: Sequence[DailyKpi]) -> TrendView | None:
    """The KPIs of all leads, the oldest morning first; None before the second morning."""
    by_day: dict[date, dict[str, DailyKpi]] = {}
    for row in history:
        if row.segmented_by is None:
            by_day.setdefault(row.day, {})[row.kpi] = row
    if len(by_day) < LEAST_DAYS:
        return None
    answer, formatter = trend_answer(wording, by_day), Formatter(wording.language, wording.policy)
    rows = [
        (_day(wording, day), *(kpi_figure(formatter, kpi, kpis[kpi].value) if kpi in kpis else "–" for kpi in KPIS))
        for day, kpis in reversed(by_day.items())
    ]
    return TrendView(answer, _conversion_chart(wording, by_day, answer), rows)


def trend_answer(wording: Wording, by_day: Mapping[date, Mapping[str, DailyKpi]]) -> str:
    """How conversion moved between the first and the last morning: by their intervals, or perhaps by chance."""
    rates = _conversion_rates(by_day)
    if len(rates) < LEAST_DAYS:
        return wording.say("page.trend.no_rate", count=len(by_day))
    (first_day, first), (_, last) = rates[0], rates[-1]
    figures = {
        "day": _day(wording, first_day),
        "before": wording.percent(first.value, 1),
        "after": wording.percent(last.value, 1),
    }
    if (last.low or 0.0) > (first.high or 1.0):
        return wording.say("page.trend.up", **figures)
    if (last.high or 1.0) < (first.low or 0.0):
        return wording.say("page.trend.down", **figures)
    return wording.say("page.trend.chance", **figures)


def _conversion_rates(by_day: Mapping[date, Mapping[str, DailyKpi]]) -> list[tuple[date, DailyKpi]]:
    return [(day, rate) for day, kpis in by_day.items() if (rate := kpis.get("conversion"))]


def _conversion_chart(wording: Wording, by_day: Mapping[date, Mapping[str, DailyKpi]], label: str) -> str:
    rates = _conversion_rates(by_day)
    if len(rates) < LEAST_DAYS:
        return ""
    start = rates[0][0]
    points = [((day - start).days, rate.value, rate.low or 0.0, rate.high or rate.value) for day, rate in rates]
    ticks = ticks_of(max(high for _, _, _, high in points))
    last = points[-1][0]

    def draw(size: tuple[int, int], _: str) -> Plot:
        plot = Plot(size, (0, last), (0, ticks[-1]), label)
        plot.y_axis(ticks, lambda value: wording.percent(value, 0 if ticks[-1] >= 0.1 else 1))
        plot.x_axis((0, last), lambda days: _day(wording, start + timedelta(days=int(days))))
        plot.band([(day, high) for day, _, _, high in points], [(day, low) for day, _, low, _ in points], "area")
        return plot.path([(float(day), rate) for day, rate, _, _ in points], "main")

    return twice(draw)


def _day(wording: Wording, day: date) -> str:
    # Noon, so that no time zone moves the day.
    return wording.day(datetime.combine(day, time(12), UTC))

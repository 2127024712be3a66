"""KPIs in words: their figures, and a sentence for one outside the policy's limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadwerk.texts import has

if TYPE_CHECKING:
    from leadwerk.report.formatter import Formatter
    from leadwerk.report.kpi_alerts import DailyKpi, KpiAlert

SHARES = ("conversion", "contacted")


def alert_sentence(formatter: Formatter, alert: KpiAlert) -> str:
    """Which KPI has which value, since when, and what the limits are."""
    kpi, limit = alert.kpi, alert.limit
    bounds = [
        formatter.say(f"page.kpi.{name}", bound=kpi_figure(formatter, kpi.kpi, bound))
        for name, bound in (("at_least", limit.at_least), ("at_most", limit.at_most))
        if bound is not None
    ]
    name = formatter.say(f"page.kpi.{kpi.kpi}")
    if kpi.segmented_by:
        name = f"{name} ({formatter.say(f'page.by.{kpi.segmented_by}')} {_segment(formatter, kpi)})"
    value = kpi_figure(formatter, kpi.kpi, kpi.value)
    return formatter.say(
        "page.kpi.alert", kpi=name, value=value, limits=", ".join(bounds), day=formatter.day(alert.since)
    )


def kpi_figure(formatter: Formatter, kpi: str, value: float) -> str:
    """The value of a KPI, or a limit of it, with its unit."""
    if kpi in SHARES:
        return formatter.share(value, 1)
    if kpi == "contact_hours":
        return formatter.say("page.hours", hours=formatter.count(value))
    return formatter.decimal(value, 1 if kpi == "mean_score" else 0)


def _segment(formatter: Formatter, kpi: DailyKpi) -> str:
    name = kpi.segment or formatter.say("page.segment.unknown")
    key = f"value.{kpi.segmented_by}.{name}"
    return formatter.say(key) if has(formatter.language, key) else name

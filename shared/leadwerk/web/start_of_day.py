"""Start of the sellers' day: thresholds, lapsed picks and KPIs, in one report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadwerk import settings
from leadwerk.pipeline import wiring
from leadwerk.pipeline.thresholds import daily as threshold
from leadwerk.pipeline.thresholds.daily import ThresholdReport


@dataclass(frozen=True)
class StartOfDay(ThresholdReport):
    """The day's thresholds, what became of yesterday's picks, and the KPIs of the morning with their alerts."""

    lapsed_picks: int = 0
    damaged_picks: int = 0
    kpis: int = 0
    kpi_alerts: int = 0


def start_of_day(now: datetime) -> StartOfDay:
    """Start the sellers' day: decide thresholds, record yesterday's lapsed picks, measure KPIs, in one report."""
    from leadwerk.pipeline.desk.lapsed_picks import settle_lapsed
    from leadwerk.pipeline.kpis import daily as kpis

    config = settings.read()
    picks = wiring.picks(config, wiring.policy(config))
    # Thresholds first: they do not depend on the picks of yesterday, and a damaged pick must not leave sellers without
    # them.
    decided = threshold.run(picks.warehouse, picks.policy, now)
    lapsed = settle_lapsed(picks, now)
    # Last: no figure may cost the sellers their thresholds.
    measured = kpis.run(picks.warehouse, picks.policy, now)
    return StartOfDay(**vars(decided), **vars(lapsed), **vars(measured))

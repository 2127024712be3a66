"""Measuring: the KPIs of a moment, from the open leads and from what became of the leads of half a year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from leadwerk.pipeline.desk.call_list import EVERYBODY, open_lead_parameters
from leadwerk.pipeline.desk.outcome_counts import outcome_counts
from leadwerk.report.results.outcome_counts import SEGMENTS, OutcomeCount, hours_of, totals, waits
from leadwerk.stats.wilson import wilson
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.policy.kpi_limits import Kpi, Segmentation
    from leadwerk.policy.model import Policy
    from leadwerk.warehouse.protocol import Warehouse

WEEKS = 26
"""Conversion is that of the leads of so many weeks whose outcome is certain."""

CONTACT_WEEKS = 4
"""Time to the first contact is that of the leads of so many weeks."""


class OpenFigures(Struct, frozen=True, kw_only=True):
    """A row of scores/open_figures; `mean_score` is None while no lead has a score."""

    leads: int
    hot: int
    scored: int
    mean_score: float | None


@dataclass(frozen=True)
class MeasuredKpi:
    """A KPI with the leads that it was measured on; a share also has its 95 % interval."""

    kpi: Kpi
    value: float
    leads: int
    interval: tuple[float, float] | None = None
    by: Segmentation | None = None
    segment: str | None = None


def measure(warehouse: Warehouse, policy: Policy, now: datetime) -> list[MeasuredKpi]:
    """All KPIs as of `now` (aware, UTC): of the open leads, of all leads of the period, and of each segment."""
    with warehouse.unit_of_work():
        open_figures = statement("scores/open_figures", OpenFigures, tier=range(len(policy.tiers)))
        [figures] = warehouse.rows(open_figures, open_lead_parameters(policy, now, now, EVERYBODY))
        counts = {by: outcome_counts(warehouse, policy, now=now, weeks=WEEKS, segment=by) for by in SEGMENTS}
    kpis = [MeasuredKpi("hot_leads", figures.hot, figures.leads)]
    if figures.mean_score is not None:
        kpis.append(MeasuredKpi("mean_score", figures.mean_score, figures.scored))
    # Every segmentation counts the same leads: any of them has the totals.
    kpis.extend(_of_leads(counts[SEGMENTS[0]]))
    for by, rows in counts.items():
        for segment in sorted({row.segment for row in rows if row.segment is not None}):
            kpis.extend(_of_leads([row for row in rows if row.segment == segment], by, segment))
    return kpis


def _of_leads(
    rows: Sequence[OutcomeCount], by: Segmentation | None = None, segment: str | None = None
) -> Iterator[MeasuredKpi]:
    """New leads of the last week, conversion, and how soon the newest leads were contacted."""
    week = totals(row for row in rows if row.week == WEEKS - 1)
    yield MeasuredKpi("new_leads", week.leads, week.leads, by=by, segment=segment)
    everything = totals(rows)
    if everything.rate is not None:
        interval = wilson(everything.rate, everything.certain)
        yield MeasuredKpi("conversion", everything.rate, everything.certain, interval, by, segment)
    recent = [row for row in rows if row.week >= WEEKS - CONTACT_WEEKS]
    leads = totals(recent).leads
    if not leads:
        return
    share = curve[-1][1] if (curve := waits(recent)) else 0.0
    yield MeasuredKpi("contacted", share, leads, wilson(share, leads), by, segment)
    hours = hours_of(recent, 0.5)
    if hours is not None:
        yield MeasuredKpi("contact_hours", hours, leads, by=by, segment=segment)

"""Results, read: everything behind the page Results and the report, each part kept apart where a page keeps figures."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.pipeline.desk.outcome_counts import DAYS_A_WEEK, outcome_counts
from leadwerk.pipeline.kpis.daily import current_alerts, day_of, read_kpis
from leadwerk.pipeline.thresholds.daily import threshold_of_everybody
from leadwerk.policy.folding import is_same_name
from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.policy.model import Policy
from leadwerk.report.kpi_alerts import KpiAlert
from leadwerk.report.report_rows import ScoredOutcome
from leadwerk.report.results.changes import DecisionChange
from leadwerk.report.results.customers import CustomerFindings
from leadwerk.report.results.data import ResultsData
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.report.money_figures import MoneyFigures
    from leadwerk.report.threshold_outlook_table import Outlook

Value = TypeVar("Value")


class Keep(Protocol):
    """Reads what a key stands for, or returns what was kept of it."""

    def __call__(self, key: Hashable, read: Callable[[], Value]) -> Value: ...


@dataclass(frozen=True, kw_only=True)
class ResultsRequest:
    """Results as of `now` (aware, UTC) of the last `weeks`, in segments `by` a field.

    `only_seller`: who reads, if a seller: no costs, and of sellers' figures the own only.
    `customers`: as measured last.
    """

    now: datetime
    weeks: int = 26
    by: Segmentation = "language"
    only_seller: str | None = None
    customers: CustomerFindings | None = None


def at_once(key: Hashable, read: Callable[[], Value]) -> Value:
    """Keeps nothing."""
    return read()


def read_results(warehouse: Warehouse, policy: Policy, request: ResultsRequest, keep: Keep = at_once) -> ResultsData:
    """All data of results; each part is read through `keep`."""
    now, weeks, by, day = request.now, request.weeks, request.by, request.now.date()
    first_day = day_of(policy, now) - timedelta(days=weeks * DAYS_A_WEEK)
    return ResultsData(
        weeks=weeks,
        by=by,
        hot=keep(("hot", policy.version, day), lambda: threshold_of_everybody(warehouse, policy, now)),
        counts=keep(
            ("results", policy.version, weeks, by, day),
            lambda: outcome_counts(warehouse, policy, now=now, weeks=weeks, segment=by),
        ),
        outcomes=keep(*outcomes_read(warehouse, policy, now)),
        outlook=keep(("outlook", policy.version, day), lambda: _outlook(warehouse, policy, now)),
        kpis=keep(("kpis", policy.version, weeks, day), lambda: read_kpis(warehouse, now, first_day=first_day)),
        alerts=readable_alerts(warehouse, policy, request, keep),
        money=None
        if request.only_seller
        else keep(("money", policy.version, weeks, day), lambda: _money(warehouse, policy, weeks, now)),
        only_seller=request.only_seller,
        customers=request.customers,
        changes=keep(("changes", weeks, day), lambda: _changes(warehouse, now, first_day)),
    )


def readable_alerts(
    warehouse: Warehouse, policy: Policy, request: ResultsRequest, keep: Keep = at_once
) -> list[KpiAlert]:
    """The KPIs outside their limits; a seller reads none of another seller."""
    key = ("kpi_alerts", policy.version, request.now.date())
    alerts = keep(key, lambda: current_alerts(warehouse, policy, request.now))
    reader = request.only_seller
    return [
        alert
        for alert in alerts
        if reader is None or alert.kpi.segmented_by != "seller" or is_same_name(alert.kpi.segment or "", reader)
    ]


def outcomes_read(
    warehouse: Warehouse, policy: Policy, now: datetime
) -> tuple[Hashable, Callable[[], list[ScoredOutcome]]]:
    """Key and reading of past scores with a certain outcome, of the last SCORE_LOOK_BACK_DAYS before `now`."""
    parameters = {
        "first_day": (now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date(),
        "horizon_days": policy.horizon_days,
        "positive": list(policy.positive),
        "as_of": now,
    }
    read = statement("scores/outcomes_by_score", ScoredOutcome)
    return ("outcomes", policy.version, now.date()), lambda: warehouse.rows(read, parameters)


def _changes(warehouse: Warehouse, now: datetime, first_day: date) -> list[DecisionChange]:
    parameters = {"since": datetime.combine(first_day, time(tzinfo=UTC)), "as_of": now}
    return warehouse.rows(statement("audit/changes", DecisionChange), parameters)


def _outlook(warehouse: Warehouse, policy: Policy, now: datetime) -> Outlook | None:
    # Imported where it is used: it brings numpy, which most pages do without.
    from leadwerk.pipeline.thresholds.forecast import threshold_outlook

    return threshold_outlook(warehouse, policy, "model", now)


def _money(warehouse: Warehouse, policy: Policy, weeks: int, now: datetime) -> MoneyFigures:
    from leadwerk.pipeline.money import read_money

    # A page must not wait for the features of all leads; sources are on the command line.
    return read_money(warehouse, policy, days=DAYS_A_WEEK * weeks, now=now, with_sources=False)

"""Data of results: everything that was read, before anything is drawn or worded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadwerk.policy.folding import is_same_name
from leadwerk.policy.kpi_limits import Segmentation
from leadwerk.report.kpi_alerts import DailyKpi, KpiAlert
from leadwerk.report.report_rows import ScoredOutcome
from leadwerk.report.results.changes import DecisionChange
from leadwerk.report.results.customers import CustomerFindings
from leadwerk.report.results.outcome_counts import OutcomeCount

if TYPE_CHECKING:
    from leadwerk.report.money_figures import MoneyFigures
    from leadwerk.report.threshold_outlook_table import Outlook


@dataclass(frozen=True)
class ResultsData:
    """What results are computed from, for the leads of the last `weeks`, in segments `by` a field.

    `hot`: where HOT starts for everybody today. `kpis`: of each morning, the oldest first. `money` is None, and
    `only_seller` the reader, where the reader is a seller: no costs, and of sellers' figures the own only.
    `changes`: of model and rules, the oldest first. `customers`: None for sellers, and where nothing was measured.
    """

    weeks: int
    by: Segmentation
    hot: int
    counts: Sequence[OutcomeCount]
    outcomes: Sequence[ScoredOutcome]
    outlook: Outlook | None
    kpis: Sequence[DailyKpi]
    alerts: Sequence[KpiAlert]
    money: MoneyFigures | None
    only_seller: str | None = None
    changes: Sequence[DecisionChange] = ()
    customers: CustomerFindings | None = None

    def may_show(self, seller: str | None) -> bool:
        """Whether the reader may see figures of this seller."""
        return self.only_seller is None or (seller is not None and is_same_name(seller, self.only_seller))

"""What the demo measures: each champion against the simulation's truth, calls saved, and the report of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from leadwerk import simulation
from leadwerk.cli.demo import measure
from leadwerk.cli.demo.deployment import DemoDeployment
from leadwerk.cli.demo.plan import HORIZON_DAYS, DemoPlan
from leadwerk.cli.demo.results import AfterShock, ByOutcomes, DemoResults, DemoSavings
from leadwerk.pipeline import wiring
from leadwerk.report.report_data import TruthComparison


@dataclass
class DemoMeasurements:
    """Measurements of the demo in `home`, written into its `figures`; `comparisons` collects those with the truth."""

    home: Path
    plan: DemoPlan
    figures: DemoResults
    comparisons: list[TruthComparison] = field(default_factory=list)

    def measure_first(self, stage: DemoDeployment, now: datetime) -> None:
        """Measure the first champion in the market that it has learned."""
        moments = self._unseen(stage, now, until=min(now, self.plan.shock_begins))
        quality = measure.quality(stage.scorer(self.figures.champion_before), moments)
        figures = self.figures
        figures.auc, figures.bayes_auc, figures.ece = quality.auc, quality.best, quality.ece
        figures.lift_at_10 = quality.lift_at_10
        self.comparisons.append(measure.against("first", quality, moments))

    def measure_both(self, stage: DemoDeployment, now: datetime) -> None:
        """Measure both champions on leads that neither has learned from, in the market that has changed."""
        figures, moments = self.figures, self._unseen(stage, now, until=now)
        before, after = stage.scorer(figures.champion_before), stage.scorer(figures.champion_after)
        old, new = measure.quality(before, moments), measure.quality(after, moments)
        self.comparisons += [measure.against("first_later", old, moments), measure.against("in_use", new, moments)]
        figures.after_shock = AfterShock(
            bayes_auc=new.best,
            auc_without_retraining=old.auc,
            auc=new.auc,
            ece_without_retraining=old.ece,
            ece=new.ece,
        )
        figures.measured = {
            comparison.model: [str(comparison.first), str(comparison.last)] for comparison in self.comparisons
        }
        chances = measure.probabilities(after, moments)
        ranked = zip(moments.lead_ids, chances, moments.at_creation, strict=True)
        saved = simulation.savings(self.home, {lead: chance for lead, chance, is_new in ranked if is_new})
        figures.savings = DemoSavings(
            leads=saved.leads,
            calls=saved.by_score.calls,
            calls_per_success=saved.first_come.calls_per_paid_out,
            calls_per_success_by_score=saved.by_score.calls_per_paid_out,
            cost_per_success=saved.first_come.cost_per_paid_out,
            cost_per_success_by_score=saved.by_score.cost_per_paid_out,
            cost_saved=saved.cost_saved,
            extra_successes=saved.extra_paid_out,
        )

    def report(self, stage: DemoDeployment, now: datetime, language: str) -> None:
        """Write the report in `language`, with the truth beside the model."""
        from leadwerk.pipeline import report
        from leadwerk.report.report_data import SimulationTruth

        def chances(lead_ids: Sequence[str], as_of: Sequence[datetime]) -> Any:
            return simulation.true_probability(self.home, lead_ids, as_of, stage.policy.horizon_days)

        truth = SimulationTruth(self.comparisons, measure.calling(self.figures.savings))
        written = report.run(
            stage.warehouse,
            stage.policy,
            stage.registry,
            wiring.reports(stage.settings),
            report.ReportRequest(now=now, language=language, truth=report.ReportTruth(truth, chances)),
        )
        self.figures.by_outcomes = ByOutcomes(
            calls_saved=written.calls_saved, leads=written.scored_leads, auc=written.auc, ece=written.ece
        )
        # A page that ends was rendered whole.
        assert "</html>" in stage.functions.page("desk")
        self.figures.report = str(self.home / "reports" / report.NEWEST)

    def _unseen(self, stage: DemoDeployment, now: datetime, *, until: datetime) -> measure.UnseenLandmarks:
        """Landmarks of the last horizon: their labels have not matured, so no model has learned from them."""
        # One minute less than a horizon: at a full horizon the landmark is mature, and was trained on.
        since = now - timedelta(days=HORIZON_DAYS) + timedelta(minutes=1)
        return measure.unseen(self.home, stage.warehouse, stage.policy, since=since, now=until)

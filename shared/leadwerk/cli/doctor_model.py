"""Links of the model: the one that serves, its drift, and the outcomes it learns from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadwerk.cli.doctor_finding import Finding
from leadwerk.cli.options import Deployment
from leadwerk.pipeline.totals import OutcomeTotal
from leadwerk.texts.message import Message
from leadwerk.warehouse.statement import statement


@dataclass(frozen=True)
class ModelLinks:
    """The links as of `now`."""

    deployment: Deployment
    now: datetime

    def champion(self) -> Finding:
        """The model that serves, and whether it learned from people who were erased since."""
        from leadwerk.pipeline.serving.champion_cache import ChampionCache

        scorer = ChampionCache(self.deployment.registry, self.deployment.policy).scorer()
        if scorer is None:
            remedy = Message("doctor.champion.none.remedy")
            return Finding("champion", "look", Message("doctor.champion.none"), remedy)
        if erasures := self.deployment.registry.erasures_since(scorer.version):
            erased = f"{erasures[0].erased_at:%Y-%m-%d}"
            summary = Message("doctor.champion.erased", version=scorer.version, day=erased)
            return Finding("champion", "look", summary, Message("doctor.champion.erased.remedy"))
        summary = Message("doctor.champion", version=scorer.version, features=len(scorer.features))
        return Finding("champion", "good", summary)

    def drift(self) -> Finding:
        """Whether what the model sees has changed."""
        from leadwerk.features.drift_check import ANOMALIES
        from leadwerk.pipeline.drift.check_rows import latest_checks

        checks = latest_checks(self.deployment.warehouse, self.now)
        alarms = [check for check in checks if check.alarm]
        if not checks:
            remedy = Message("doctor.drift.none.remedy") if self.deployment.policy.signals else ""
            return Finding("drift", "good", Message("doctor.drift.none"), remedy)
        if not alarms:
            return Finding("drift", "good", Message("doctor.drift", monitors=len(checks)))
        drivers = "; ".join(
            f"{check.monitor}: {', '.join(driver.name for driver in check.drivers)}" for check in alarms
        )
        is_anomaly = all(check.monitor in ANOMALIES for check in alarms)
        remedy = Message("doctor.anomaly.remedy" if is_anomaly else "doctor.drift.remedy")
        return Finding("drift", "look", drivers, remedy)

    def outcomes(self) -> Finding:
        """Whether there are enough outcomes to learn from."""
        leads = {
            row.outcome: row.leads
            for row in self.deployment.warehouse.rows(statement("outcomes/totals", OutcomeTotal), {"as_of": self.now})
        }
        if not leads:
            return Finding("outcomes", "look", Message("doctor.outcomes.none"), Message("doctor.run.ingest_or_import"))
        positive = sum(leads.get(kind, 0) for kind in self.deployment.policy.positive)
        summary = ", ".join(f"{number:,} {kind}" for kind, number in leads.items())
        needed = self.deployment.policy.training.minimum_positives
        if positive < needed:
            return Finding("outcomes", "look", summary, Message("doctor.outcomes.few.remedy", count=needed))
        return Finding("outcomes", "good", summary)

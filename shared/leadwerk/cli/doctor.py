"""Check the chain from the CRM's field back to the first event: where it breaks, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import typer
from rich.text import Text

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.cli.console import out, print_json, table
from leadwerk.cli.doctor_feeds import Feeds
from leadwerk.cli.doctor_finding import Finding, Verdict
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment
from leadwerk.cli.progress_bar import working
from leadwerk.errors import LeadwerkError, WarehouseError
from leadwerk.pipeline.totals import LeadTotals, OutcomeTotal
from leadwerk.report.report_rows import DeliveryCount, ExtractTotals
from leadwerk.warehouse.protocol import R, Statement
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.crm.port import CRMField

SIGNS = {"good": Text("✓", "green"), "look": Text("!", "yellow"), "broken": Text("✗", "red")}
WAREHOUSED = frozenset(
    {
        "deliveries", "outbox", "workflows", "scores", "drift", "training", "outcomes", "statuses", "gone leads",
        "cursor", "leads", "activity", "signals", "GA4 export", "tables", "privacy",
    }
)  # fmt: skip
FRESH = timedelta(days=3)


def register(app: typer.Typer) -> None:
    """Add the commands of this family."""
    app.command(rich_help_panel="Tools")(doctor)


@shared_options()
def doctor(call: Invocation) -> None:
    """Check the whole chain from the CRM back to the first event, with a remedy where it breaks.

    Example: `leadwerk doctor`
    """
    with working("Following the chain", as_json=call.as_json):
        findings = list(examine(call.deployment, call.moment()))
    if call.as_json:
        print_json(findings)
    else:
        rows = [(SIGNS[f.verdict], f.link, f.summary, f.remedy) for f in findings]
        out.print(table("The chain, from the CRM back to the first event", ("", "link", "found", "what to do"), rows))
    if any(finding.verdict == "broken" for finding in findings):
        raise typer.Exit(EXIT_ERROR)


def examine(deployment: Deployment, now: datetime) -> Iterator[Finding]:
    """Each link; one that cannot be examined is broken with the error's own words, and the next is examined.

    A warehouse that cannot be opened is asked once: it may let everybody wait until it says so.
    """
    look = _Look(deployment, now)
    link_of_error: dict[str, str] = {}
    ignored_fields = ""
    feeds = Feeds(deployment, now)
    links: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("settings", look.settings),
        ("policy", look.policy),
        ("CRM", look.crm),
        ("deliveries", look.deliveries),
        ("outbox", feeds.outbox),
        ("workflows", feeds.workflows),
        ("scores", look.scores),
        ("champion", look.champion),
        ("drift", look.drift),
        ("training", feeds.training),
        ("outcomes", look.outcomes),
        ("statuses", feeds.statuses),
        ("gone leads", feeds.gone_leads),
        ("cursor", feeds.cursor),
        ("leads", look.leads),
        ("activity", look.activity),
        ("signals", feeds.signals),
        ("GA4 export", look.export),
        ("tables", feeds.tables),
        ("privacy", look.privacy),
    )
    for name, link in links:
        if ignored_fields and name in WAREHOUSED:
            yield Finding(name, "broken", f"not known: see {ignored_fields}")
            continue
        try:
            yield link()
        except LeadwerkError as error:
            # The others would each wait for the same connection, up to its timeout.
            if isinstance(error, WarehouseError):
                ignored_fields = name
            if error.message in link_of_error:
                yield Finding(name, "broken", f"not known: see {link_of_error[error.message]}")
            else:
                link_of_error[error.message] = name
                yield Finding(name, "broken", error.message, error.remedy)


@dataclass(frozen=True)
class _Look:
    deployment: Deployment
    now: datetime

    def rows(self, counts: Statement[R]) -> list[R]:
        first_day = (self.now - timedelta(days=SCORE_LOOK_BACK_DAYS)).date()
        return self.deployment.warehouse.rows(
            counts, {"as_of": self.now, "first_day": first_day, "scored_since": first_day}
        )

    @cached_property
    def _delivery_counts(self) -> list[DeliveryCount]:
        return self.rows(statement("deliveries/counts_by_state", DeliveryCount))

    @property
    def leads_by_state(self) -> Counter[str]:
        """Leads whose latest score has each state of delivery."""
        leads: Counter[str] = Counter()
        for row in self._delivery_counts:
            leads[row.delivery] += row.leads
        return leads

    @property
    def without_web(self) -> bool:
        """Leads of a file come without a web site and often without a CRM."""
        return not self.deployment.policy.signals

    def settings(self) -> Finding:
        s = self.deployment.settings
        place = s.home if s.engine == "duckdb" else f"{s.project}.{s.dataset} in {s.location}"
        return Finding("settings", "good", f"{s.engine}, {place}")

    def policy(self) -> Finding:
        p = self.deployment.policy
        return Finding("policy", "good", f"{p.name}, version {p.version}, success within {p.horizon_days} days")

    def crm(self) -> Finding:
        if not self.deployment.settings.crm_token:
            verdict: Verdict = "good" if self.without_web else "look"
            return Finding(
                "CRM", verdict, "no token is set", "Set LEADWERK_CRM_URL and LEADWERK_CRM_TOKEN to couple it."
            )
        crm = self.deployment.crm
        problems = [check for check in crm.check(self._crm_fields()) if check.problem]
        if problems:
            listed = "; ".join(f"{check.subject}: {check.problem}" for check in problems)
            return Finding("CRM", "look", listed, problems[0].remedy)
        left = crm.budget()
        budget = "" if left is None else f", {left:.0%} of the daily budget is left"
        return Finding("CRM", "good", f"answers at {self.deployment.settings.crm_url}{budget}")

    def _crm_fields(self) -> Sequence[CRMField]:
        from leadwerk.crm.fields import field_mapping

        return field_mapping(self.deployment.policy, self.deployment.crm.field_name).fields

    def deliveries(self) -> Finding:
        leads = self.leads_by_state
        dead_letters, sent, *waits = (leads[state] for state in ("dead_letter", "sent", "pending", "retry", "repair"))
        waiting = sum(waits)
        unknown = sum(row.unknown_leads for row in self._delivery_counts)
        summary = f"{sent:,} sent, {waiting:,} waiting, {dead_letters:,} dead letters"
        if unknown:
            remedy = "Run `leadwerk ingest` once they are there, then `leadwerk deliver`: nothing else is needed."
            return Finding("deliveries", "look", f"{summary}; of {unknown:,} the lead is not in the CRM", remedy)
        if dead_letters:
            remedy = "The table deliveries says why (error). After the cure: `leadwerk deliver --retry-dead-letters`."
            return Finding("deliveries", "look", summary, remedy)
        if waiting and not self.without_web:
            return Finding("deliveries", "look", summary, "Run `leadwerk deliver`.")
        return Finding("deliveries", "good", summary)

    def scores(self) -> Finding:
        scored = self.leads_by_state.total()
        if not scored and not self.without_web:
            return Finding("scores", "look", "no lead has a score", "Run `leadwerk rescore`.")
        return Finding("scores", "good", f"{scored:,} leads have a score")

    def champion(self) -> Finding:
        from leadwerk.pipeline.serving.champion_cache import ChampionCache

        scorer = ChampionCache(self.deployment.registry, self.deployment.policy).scorer()
        if scorer is None:
            remedy = "Run `leadwerk retrain` when outcomes have matured."
            return Finding("champion", "look", "there is no champion yet", remedy)
        if erasures := self.deployment.registry.erasures_since(scorer.version):
            summary = f"{scorer.version} knew a person erased on {erasures[0].erased_at:%Y-%m-%d}"
            return Finding("champion", "look", summary, "Run `leadwerk retrain`, which replaces it.")
        return Finding(
            "champion", "good", f"{scorer.version} loads, its {len(scorer.features)} features are this policy's"
        )

    def drift(self) -> Finding:
        from leadwerk.pipeline.drift.check_rows import latest_checks

        checks = latest_checks(self.deployment.warehouse, self.now)
        alarms = [check for check in checks if check.alarm]
        if not checks:
            remedy = "" if self.without_web else "Run `leadwerk drift`, or wait for tonight's schedule."
            return Finding("drift", "good", "was not checked yet", remedy)
        if not alarms:
            return Finding("drift", "good", f"{len(checks)} monitors are within their limits")
        drivers = "; ".join(
            f"{check.monitor}: {', '.join(driver.name for driver in check.drivers)}" for check in alarms
        )
        return Finding("drift", "look", drivers, "See the report's drift; `leadwerk drift --retrain` trains now.")

    def outcomes(self) -> Finding:
        leads = {row.outcome: row.leads for row in self.rows(statement("outcomes/totals", OutcomeTotal))}
        if not leads:
            return Finding("outcomes", "look", "no outcome is known", "Run `leadwerk ingest`, or import a file.")
        positive = sum(leads.get(kind, 0) for kind in self.deployment.policy.positive)
        summary = ", ".join(f"{number:,} {kind}" for kind, number in leads.items())
        needed = self.deployment.policy.training.minimum_positives
        if positive < needed:
            return Finding(
                "outcomes", "look", summary, f"Boosting needs {needed} conversions; a regression serves until then."
            )
        return Finding("outcomes", "good", summary)

    def privacy(self) -> Finding:
        from leadwerk.pipeline.privacy.erase import UnfinishedErasure
        from leadwerk.pipeline.privacy.retention import overdue

        unfinished = self.deployment.warehouse.rows(statement("erasures/unfinished", UnfinishedErasure), {})
        if unfinished:
            remedy = "Run `leadwerk privacy sweep`; on BigQuery 90 minutes after the rows were streamed."
            return Finding("privacy", "look", f"erasure {unfinished[0].erasure_id} is not completed", remedy)
        if late := overdue(self.deployment.warehouse, self.deployment.policy, self.now):
            summary = f"{late[0].table} has rows of {late[0].oldest}; the policy keeps {late[0].retention_days} days"
            remedy = "Run `leadwerk ingest`, which deletes them; on BigQuery apply Terraform."
            return Finding("privacy", "look", summary, remedy)
        return Finding("privacy", "good", "no row is older than the policy keeps it, no erasure is open")

    def leads(self) -> Finding:
        totals = self.rows(statement("leads/totals", LeadTotals))[0]
        summary = f"{totals.leads:,}, {totals.with_consent:,} with web consent, {totals.linked:,} linked with a visitor"
        if not totals.leads:
            return Finding("leads", "look", summary, "Run `leadwerk ingest`, or import a file.")
        if not totals.linked and not self.without_web:
            return Finding(
                "leads", "look", summary, "Send ga_client_id with the form: behaviour cannot be joined without."
            )
        return Finding("leads", "good", summary)

    def activity(self) -> Finding:
        totals = self.rows(statement("extract_runs/totals", ExtractTotals))[0]
        if not totals.days:
            verdict: Verdict = "good" if self.without_web else "look"
            return Finding(
                "activity", verdict, "no day was extracted", "Run `leadwerk extract`." if verdict == "look" else ""
            )
        summary = f"{totals.days:,} days, {totals.events_kept or 0:,} of {totals.events_read or 0:,} events kept"
        if totals.missing_days:
            return Finding(
                "activity", "look", f"{summary}, {totals.missing_days} days missing", "See the GA4 export below."
            )
        return Finding("activity", "good", summary)

    def export(self) -> Finding:
        days = [name.rpartition("_")[2] for name in self.deployment.warehouse.export_tables()]
        if not days:
            remedy = "Link GA4 with BigQuery (GA4: Admin, BigQuery links), or try `leadwerk simulate`."
            return Finding(
                "GA4 export", "good" if self.without_web else "look", "no table", "" if self.without_web else remedy
            )
        newest = max(days)
        if newest < (self.now - FRESH).strftime("%Y%m%d"):
            return Finding(
                "GA4 export", "look", f"the newest day is {newest}", "Look at the BigQuery link of the GA4 property."
            )
        tables = f"{len(days):,} tables, {min(days)} to {newest}"
        lifetime = self.deployment.warehouse.export_lifetime()
        if lifetime:
            return Finding(
                "GA4 export",
                "look",
                f"{tables}, each deleted after {lifetime.days} days",
                "Take the default expiration from the dataset, and the expiration from its tables (operations guide).",
            )
        return Finding("GA4 export", "good", tables)

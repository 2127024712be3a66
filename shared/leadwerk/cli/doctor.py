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
from leadwerk.cli.crm import owner_checks
from leadwerk.cli.doctor_feeds import Feeds
from leadwerk.cli.doctor_finding import Finding, Verdict, link_title
from leadwerk.cli.doctor_model import ModelLinks
from leadwerk.cli.exit_codes import EXIT_ERROR
from leadwerk.cli.invocation import Invocation, shared_options
from leadwerk.cli.options import Deployment
from leadwerk.cli.progress_bar import working
from leadwerk.cli.speech import Speech
from leadwerk.errors import LeadwerkError, WarehouseError
from leadwerk.pipeline.totals import LeadTotals
from leadwerk.report.report_rows import DeliveryCount, ExtractTotals
from leadwerk.texts.message import Message, in_language, placed_message
from leadwerk.warehouse.protocol import R, Statement
from leadwerk.warehouse.statement import statement

if TYPE_CHECKING:
    from leadwerk.crm.port import CRMField

SIGNS = {"good": Text("✓", "green"), "look": Text("!", "yellow"), "broken": Text("✗", "red")}
WAREHOUSED = frozenset(
    {
        "deliveries", "outbox", "workflows", "scores", "drift", "training", "outcomes", "statuses", "gone leads",
        "cursor", "leads", "enrichment", "activity", "signals", "GA4 export", "tables", "privacy",
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
    speech = Speech.of_reader(call)
    with working(speech, "doctor.following", as_json=call.as_json):
        findings = list(examine(call.deployment, call.moment()))
    if call.as_json:
        print_json(findings)
    else:
        rows = [
            (
                SIGNS[finding.verdict],
                in_language(finding.title, speech.language),
                in_language(finding.summary, speech.language),
                in_language(finding.remedy, speech.language),
            )
            for finding in findings
        ]
        header = ("", *speech.columns("link", "found", "what_to_do"))
        out.print(table(speech.say("doctor.title"), header, rows))
    if any(finding.verdict == "broken" for finding in findings):
        raise typer.Exit(EXIT_ERROR)


def examine(deployment: Deployment, now: datetime) -> Iterator[Finding]:
    """Each link; one that cannot be examined is broken with the error's own words, and the next is examined.

    A warehouse that cannot be opened is asked once: it may let everybody wait until it says so.
    """
    look = _Look(deployment, now)
    link_of_error: dict[str, str] = {}
    ignored_fields = ""
    feeds, model = Feeds(deployment, now), ModelLinks(deployment, now)
    links: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("settings", look.settings),
        ("policy", look.policy),
        ("CRM", look.crm),
        ("deliveries", look.deliveries),
        ("outbox", feeds.outbox),
        ("workflows", feeds.workflows),
        ("scores", look.scores),
        ("champion", model.champion),
        ("drift", model.drift),
        ("training", feeds.training),
        ("outcomes", model.outcomes),
        ("statuses", feeds.statuses),
        ("gone leads", feeds.gone_leads),
        ("cursor", feeds.cursor),
        ("leads", look.leads),
        ("enrichment", look.enrichment),
        ("activity", look.activity),
        ("signals", feeds.signals),
        ("GA4 export", look.export),
        ("tables", feeds.tables),
        ("privacy", look.privacy),
    )
    for name, link in links:
        if ignored_fields and name in WAREHOUSED:
            yield Finding(name, "broken", Message("doctor.unknown", link=link_title(ignored_fields)))
            continue
        try:
            yield link()
        except LeadwerkError as error:
            # The others would each wait for the same connection, up to its timeout.
            if isinstance(error, WarehouseError):
                ignored_fields = name
            if error.message in link_of_error:
                yield Finding(name, "broken", Message("doctor.unknown", link=link_title(link_of_error[error.message])))
            else:
                link_of_error[error.message] = name
                yield Finding(name, "broken", placed_message(error), error.texts[1])


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
        cloud = Message("doctor.settings.cloud", dataset=f"{s.project}.{s.dataset}", location=s.location)
        place = s.home if s.engine == "duckdb" else cloud
        return Finding("settings", "good", Message("doctor.settings", engine=s.engine, place=place))

    def policy(self) -> Finding:
        p = self.deployment.policy
        summary = Message("doctor.policy", name=p.name, version=p.version, days=p.horizon_days)
        return Finding("policy", "good", summary)

    def crm(self) -> Finding:
        if not self.deployment.settings.crm_token:
            verdict: Verdict = "good" if self.without_web else "look"
            return Finding("CRM", verdict, Message("doctor.crm.no_token"), Message("doctor.crm.no_token.remedy"))
        crm = self.deployment.crm
        checks = [*crm.check(self._crm_fields()), *owner_checks(self.deployment)]
        problems = [check for check in checks if check.problem]
        if problems:
            listed = "; ".join(f"{check.subject}: {check.problem}" for check in problems)
            return Finding("CRM", "look", listed, problems[0].remedy)
        left, url = crm.budget(), self.deployment.settings.crm_url
        if left is None:
            return Finding("CRM", "good", Message("doctor.crm.answers", url=url))
        return Finding("CRM", "good", Message("doctor.crm.answers.budget", url=url, share=f"{left:.0%}"))

    def _crm_fields(self) -> Sequence[CRMField]:
        from leadwerk.crm.fields import field_mapping

        return field_mapping(self.deployment.policy, self.deployment.crm.field_name).fields

    def deliveries(self) -> Finding:
        leads = self.leads_by_state
        dead_letters, sent, *waits = (leads[state] for state in ("dead_letter", "sent", "pending", "retry", "repair"))
        waiting = sum(waits)
        unknown = sum(row.unknown_leads for row in self._delivery_counts)
        summary = Message(
            "doctor.deliveries", sent=f"{sent:,}", waiting=f"{waiting:,}", dead_letters=f"{dead_letters:,}"
        )
        if unknown:
            summary = Message("doctor.deliveries.unknown", summary=summary, leads=f"{unknown:,}")
            return Finding("deliveries", "look", summary, Message("doctor.deliveries.unknown.remedy"))
        if dead_letters:
            return Finding("deliveries", "look", summary, Message("doctor.deliveries.dead.remedy"))
        if waiting and not self.without_web:
            return Finding("deliveries", "look", summary, Message("doctor.run.deliver"))
        return Finding("deliveries", "good", summary)

    def scores(self) -> Finding:
        scored = self.leads_by_state.total()
        if not scored and not self.without_web:
            return Finding("scores", "look", Message("doctor.scores.none"), Message("doctor.run.rescore"))
        return Finding("scores", "good", Message("doctor.scores", leads=f"{scored:,}"))

    def privacy(self) -> Finding:
        from leadwerk.pipeline.privacy.erase import UnfinishedErasure
        from leadwerk.pipeline.privacy.retention import overdue

        unfinished = self.deployment.warehouse.rows(statement("erasures/unfinished", UnfinishedErasure), {})
        if unfinished:
            summary = Message("doctor.privacy.unfinished", erasure=unfinished[0].erasure_id)
            return Finding("privacy", "look", summary, Message("doctor.privacy.unfinished.remedy"))
        if late := overdue(self.deployment.warehouse, self.deployment.policy, self.now):
            first = late[0]
            summary = Message("doctor.privacy.late", table=first.table, oldest=first.oldest, days=first.retention_days)
            return Finding("privacy", "look", summary, Message("doctor.privacy.late.remedy"))
        return Finding("privacy", "good", Message("doctor.privacy"))

    def leads(self) -> Finding:
        totals = self.rows(statement("leads/totals", LeadTotals))[0]
        summary = Message(
            "doctor.leads",
            leads=f"{totals.leads:,}",
            with_consent=f"{totals.with_consent:,}",
            linked=f"{totals.linked:,}",
        )
        if not totals.leads:
            return Finding("leads", "look", summary, Message("doctor.run.ingest_or_import"))
        if not totals.linked and not self.without_web:
            return Finding("leads", "look", summary, Message("doctor.leads.remedy"))
        return Finding("leads", "good", summary)

    def enrichment(self) -> Finding:
        from leadwerk.pipeline.enrichment.coverage import coverage

        policy = self.deployment.policy
        if not policy.enrichment.facts:
            return Finding("enrichment", "good", Message("doctor.enrichment.off"))
        measured = coverage(self.deployment.warehouse, policy, self.now)
        facts = ", ".join(f"{fact.fact} {fact.stated:,} → {fact.filled:,}" for fact in measured.facts)
        summary = Message("doctor.enrichment", companies=f"{measured.companies:,}", facts=facts)
        is_helped = any(fact.filled > fact.stated for fact in measured.facts)
        is_complete = all(fact.stated == measured.companies for fact in measured.facts)
        if policy.enrichment.providers and not is_helped and not is_complete:
            return Finding("enrichment", "look", summary, Message("doctor.enrichment.remedy"))
        return Finding("enrichment", "good", summary)

    def activity(self) -> Finding:
        totals = self.rows(statement("extract_runs/totals", ExtractTotals))[0]
        if not totals.days:
            verdict: Verdict = "good" if self.without_web else "look"
            remedy = Message("doctor.run.extract") if verdict == "look" else ""
            return Finding("activity", verdict, Message("doctor.activity.none"), remedy)
        summary = Message(
            "doctor.activity",
            days=f"{totals.days:,}",
            events_kept=f"{totals.events_kept or 0:,}",
            events_read=f"{totals.events_read or 0:,}",
        )
        if totals.missing_days:
            summary = Message("doctor.activity.missing", summary=summary, missing=totals.missing_days)
            return Finding("activity", "look", summary, Message("doctor.activity.missing.remedy"))
        return Finding("activity", "good", summary)

    def export(self) -> Finding:
        days = [name.rpartition("_")[2] for name in self.deployment.warehouse.export_tables()]
        if not days:
            summary = Message("doctor.export.none")
            if self.without_web:
                return Finding("GA4 export", "good", summary)
            return Finding("GA4 export", "look", summary, Message("doctor.export.none.remedy"))
        newest = max(days)
        if newest < (self.now - FRESH).strftime("%Y%m%d"):
            summary = Message("doctor.export.old", day=newest)
            return Finding("GA4 export", "look", summary, Message("doctor.export.old.remedy"))
        tables = Message("doctor.export", tables=f"{len(days):,}", first=min(days), last=newest)
        lifetime = self.deployment.warehouse.export_lifetime()
        if lifetime:
            return Finding(
                "GA4 export",
                "look",
                Message("doctor.export.expires", tables=tables, days=lifetime.days),
                Message("doctor.export.expires.remedy"),
            )
        return Finding("GA4 export", "good", tables)

"""Links of the chain that stand still without an error: ages of outboxes, cursor and training, silent signals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.catalogue.periods import SCORE_LOOK_BACK_DAYS
from leadwerk.cli.doctor_finding import Finding
from leadwerk.cli.options import Deployment
from leadwerk.pipeline.drift_monitor import LastTraining
from leadwerk.pipeline.workflows.disabled_channels import disabled_channels
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import R, Statement
from leadwerk.warehouse.statement import statement
from leadwerk.warehouse.table_statements import row_count

OLDEST_WAITING = timedelta(hours=1)  # five-minute runs would have sent it twelve times
OLDEST_READ = timedelta(days=7)  # a CRM in which nothing changes for a week is rarely at work
OLDEST_TRAINING = timedelta(days=15)  # two weekly trainings and a day
LISTENING_DAYS = 30


class WaitingScores(Struct, frozen=True):
    """The row of deliveries/oldest_waiting."""

    waiting: int
    oldest: datetime | None


class WaitingActions(Struct, frozen=True):
    """A row of workflow_actions/waiting."""

    state: str
    actions: int
    oldest: datetime


class GoneLeads(Struct, frozen=True):
    """A row of leads/gone_counts."""

    record_state: str
    leads: int


class CursorAge(Struct, frozen=True):
    """A row of cursors/latest."""

    cursor: str
    moved_at: datetime


class UnknownStatus(Struct, frozen=True):
    """A row of rejections/unknown_statuses."""

    reason: str
    cases: int


class NameSeen(Struct, frozen=True):
    """A row of activity_daily/signals_seen or touchpoints/kinds_seen."""

    name: str


@dataclass(frozen=True)
class Feeds:
    """The links as of `now`."""

    deployment: Deployment
    now: datetime

    def outbox(self) -> Finding:
        """How long the oldest score waits."""
        parameters = {"first_day": self._day(90), "as_of": self.now, "scored_since": self._day(SCORE_LOOK_BACK_DAYS)}
        (row,) = self._rows(statement("deliveries/oldest_waiting", WaitingScores), parameters)
        if row.oldest is None:
            return Finding("outbox", "good", "nothing waits")
        summary = f"{row.waiting:,} wait, the oldest for {_hours(self.now - row.oldest)}"
        if self.now - row.oldest > OLDEST_WAITING and self._is_coupled:
            remedy = "Run `leadwerk deliver`: its report says what stops it (`stopped`, `errors`)."
            return Finding("outbox", "look", summary, remedy)
        return Finding("outbox", "good", summary)

    def workflows(self) -> Finding:
        """What workflows have not carried out."""
        policy = self.deployment.policy
        rows = self._rows(statement("workflow_actions/waiting", WaitingActions), {"first_day": self._day(90)})
        oldest = {row.state: row.oldest for row in rows}
        counts = ", ".join(f"{row.actions:,} {row.state.replace('_', ' ')}" for row in rows) or "no action yet"
        summary = f"{len(policy.workflows.rules)} workflows: {counts}"
        last_holiday = max(policy.workflows.quiet.holidays, default="")
        if disabled := disabled_channels(self.deployment.warehouse, policy, self.now):
            first_reason = next(iter(disabled.values()))
            return Finding("workflows", "look", f"{summary}; disabled: {', '.join(disabled)}", first_reason)
        if "dead_letter" in oldest:
            remedy = "The table workflow_actions says why (error). After the cure: `leadwerk workflow replay`."
            return Finding("workflows", "look", summary, remedy)
        if self.now - oldest.get("retry", self.now) > OLDEST_WAITING:
            remedy = "Run `leadwerk workflow run`: its report says why a receiver takes nothing (`stopped`)."
            return Finding("workflows", "look", summary, remedy)
        if last_holiday and last_holiday < self.now.date().isoformat():
            return Finding("workflows", "look", f"{summary}; the last holiday was {last_holiday}",
                           "Add the coming holidays under workflows.quiet.holidays.")  # fmt: skip
        return Finding("workflows", "good", summary)

    def training(self) -> Finding:
        """When somebody last looked for a better model."""
        (row,) = self._rows(statement("model_runs/last_training", LastTraining), {"as_of": self.now})
        if row.trained_at is None:
            return Finding("training", "look", "no model was ever trained", "Run `leadwerk retrain`.")
        age = self.now - row.trained_at
        summary = f"the last was {age.days} days ago"
        if age > OLDEST_TRAINING:
            return Finding("training", "look", summary, "Run `leadwerk retrain`; in the cloud look at its schedule.")
        return Finding("training", "good", summary)

    def statuses(self) -> Finding:
        """Statuses that nobody mapped."""
        parameters = {"first_day": self._day(LISTENING_DAYS), "as_of": self.now}
        rows = self._rows(statement("rejections/unknown_statuses", UnknownStatus), parameters)
        if not rows:
            return Finding("statuses", "good", "the policy knows every status that came")
        cases = sum(row.cases for row in rows)
        summary = f"{cases:,} cases with statuses that the policy does not know: {rows[0].reason}"
        remedy = "Add them under outcomes, then `leadwerk ingest --from-start`."
        return Finding("statuses", "look", summary, remedy)

    def gone_leads(self) -> Finding:
        """Leads whose record the CRM no longer has."""
        parameters: dict[str, object] = {"gone_since": self.now - timedelta(days=LISTENING_DAYS), "as_of": self.now}
        leads = {
            row.record_state: row.leads for row in self._rows(statement("leads/gone_counts", GoneLeads), parameters)
        }
        merged, deleted = leads.get("merged", 0), leads.get("deleted", 0)
        summary = f"in {LISTENING_DAYS} days {deleted:,} were deleted in the CRM and {merged:,} merged: none is scored"
        if not deleted:
            return Finding("gone leads", "good", summary if merged else "the CRM has every lead")
        remedy = (
            "Where a person asked for it, `leadwerk privacy erase LEAD` deletes the lead here too. Deleted by mistake: "
            "restore it in the CRM, then `leadwerk ingest`."
        )
        return Finding("gone leads", "look", summary, remedy)

    def cursor(self) -> Finding:
        """When the CRM last had something new."""
        if not self._is_coupled:
            return Finding("cursor", "good", "no CRM is coupled")
        source = self.deployment.crm.source
        rows = self._rows(statement("cursors/latest", CursorAge), {"source": source})
        if not rows:
            return Finding("cursor", "look", f"{source} was never read", "Run `leadwerk ingest`.")
        age = self.now - rows[0].moved_at
        summary = f"{source}: the last change was read {age.days} days ago"
        if age > OLDEST_READ:
            remedy = (
                "Run `leadwerk ingest`; if it reads nothing, ask whether the CRM is still used, and by this account."
            )
            return Finding("cursor", "look", summary, remedy)
        return Finding("cursor", "good", summary)

    def signals(self) -> Finding:
        """Signals that never occur: a page was renamed, an event no longer sent."""
        policy = self.deployment.policy
        since = {"first_day": self._day(LISTENING_DAYS)}
        period = {**since, "last_day": self._day(0)}
        names = {row.name for row in self._rows(statement("activity_daily/signals_seen", NameSeen), period)}
        kinds = {row.name for row in self._rows(statement("touchpoints/kinds_seen", NameSeen), since)}
        silent = [
            signal.name
            for signal in policy.signals
            if (signal.touchpoint not in kinds if signal.touchpoint else signal.name not in names)
        ]
        if not silent or not (names or kinds):
            return Finding("signals", "good", f"{len(policy.signals) - len(silent)} of {len(policy.signals)} occur")
        summary = f"silent for {LISTENING_DAYS} days: {', '.join(silent)}"
        remedy = (
            "Compare the policy's pages and events with the site: one may have been renamed; else remove the signal."
        )
        return Finding("signals", "look", summary, remedy)

    def tables(self) -> Finding:
        """Every table can be read; MissingTable names the one that cannot."""
        tables = schema.own_tables()
        for table in tables:
            self._rows(row_count(table), {})
        return Finding("tables", "good", f"all {len(tables)} can be read")

    @property
    def _is_coupled(self) -> bool:
        config = self.deployment.settings
        return bool(config.crm_token or config.crm_client_secret)

    def _day(self, days: int) -> object:
        return (self.now - timedelta(days=days)).date()

    def _rows(self, of: Statement[R], parameters: dict[str, object]) -> list[R]:
        return self.deployment.warehouse.rows(of, parameters)


def _hours(age: timedelta) -> str:
    """An age in minutes, hours or days.

    >>> _hours(timedelta(minutes=30)), _hours(timedelta(hours=7)), _hours(timedelta(days=3))
    ('30 minutes', '7 hours', '3 days')
    """
    if age < timedelta(hours=2):
        return f"{age / timedelta(minutes=1):.0f} minutes"
    return f"{age / timedelta(hours=1):.0f} hours" if age < timedelta(days=2) else f"{age.days} days"

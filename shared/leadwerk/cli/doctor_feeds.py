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
from leadwerk.texts.message import Message, restored
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
    reason_message: str | None
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
            return Finding("outbox", "good", Message("doctor.outbox.none"))
        summary = Message("doctor.outbox", waiting=f"{row.waiting:,}", age=_age(self.now - row.oldest))
        if self.now - row.oldest > OLDEST_WAITING and self._is_coupled:
            return Finding("outbox", "look", summary, Message("doctor.outbox.remedy"))
        return Finding("outbox", "good", summary)

    def workflows(self) -> Finding:
        """What workflows have not carried out."""
        policy = self.deployment.policy
        rows = self._rows(statement("workflow_actions/waiting", WaitingActions), {"first_day": self._day(90)})
        oldest = {row.state: row.oldest for row in rows}
        counts = ", ".join(f"{row.actions:,} {row.state.replace('_', ' ')}" for row in rows)
        summary = Message(
            "doctor.workflows", count=len(policy.workflows.rules), actions=counts or Message("doctor.workflows.none")
        )
        last_holiday = max(policy.workflows.quiet.holidays, default="")
        if disabled := disabled_channels(self.deployment.warehouse, policy, self.now):
            first_reason = next(iter(disabled.values()))
            summary = Message("doctor.workflows.disabled", summary=summary, channels=", ".join(disabled))
            return Finding("workflows", "look", summary, first_reason)
        if "dead_letter" in oldest:
            return Finding("workflows", "look", summary, Message("doctor.workflows.dead.remedy"))
        if self.now - oldest.get("retry", self.now) > OLDEST_WAITING:
            return Finding("workflows", "look", summary, Message("doctor.workflows.retry.remedy"))
        if last_holiday and last_holiday < self.now.date().isoformat():
            summary = Message("doctor.workflows.holiday", summary=summary, day=last_holiday)
            return Finding("workflows", "look", summary, Message("doctor.workflows.holiday.remedy"))
        return Finding("workflows", "good", summary)

    def training(self) -> Finding:
        """When somebody last looked for a better model."""
        (row,) = self._rows(statement("model_runs/last_training", LastTraining), {"as_of": self.now})
        if row.trained_at is None:
            return Finding("training", "look", Message("doctor.training.none"), Message("doctor.run.retrain"))
        age = self.now - row.trained_at
        summary = Message("doctor.training", days=age.days)
        if age > OLDEST_TRAINING:
            return Finding("training", "look", summary, Message("doctor.training.remedy"))
        return Finding("training", "good", summary)

    def statuses(self) -> Finding:
        """Statuses that nobody mapped."""
        parameters = {"first_day": self._day(LISTENING_DAYS), "as_of": self.now}
        rows = self._rows(statement("rejections/unknown_statuses", UnknownStatus), parameters)
        if not rows:
            return Finding("statuses", "good", Message("doctor.statuses"))
        cases = sum(row.cases for row in rows)
        summary = Message(
            "doctor.statuses.unknown", cases=f"{cases:,}", reason=restored(rows[0].reason_message, rows[0].reason)
        )
        return Finding("statuses", "look", summary, Message("doctor.statuses.unknown.remedy"))

    def gone_leads(self) -> Finding:
        """Leads whose record the CRM no longer has."""
        parameters: dict[str, object] = {"gone_since": self.now - timedelta(days=LISTENING_DAYS), "as_of": self.now}
        leads = {
            row.record_state: row.leads for row in self._rows(statement("leads/gone_counts", GoneLeads), parameters)
        }
        merged, deleted = leads.get("merged", 0), leads.get("deleted", 0)
        counts = {"deleted": f"{deleted:,}", "merged": f"{merged:,}"}
        summary = Message("doctor.gone", days=LISTENING_DAYS, **counts)
        if not deleted:
            return Finding("gone leads", "good", summary if merged else Message("doctor.gone.none"))
        return Finding("gone leads", "look", summary, Message("doctor.gone.remedy"))

    def cursor(self) -> Finding:
        """When the CRM last had something new."""
        if not self._is_coupled:
            return Finding("cursor", "good", Message("doctor.cursor.uncoupled"))
        source = self.deployment.crm.source
        rows = self._rows(statement("cursors/latest", CursorAge), {"source": source})
        if not rows:
            return Finding("cursor", "look", Message("doctor.cursor.none", source=source), Message("doctor.run.ingest"))
        age = self.now - rows[0].moved_at
        summary = Message("doctor.cursor", source=source, days=age.days)
        if age > OLDEST_READ:
            return Finding("cursor", "look", summary, Message("doctor.cursor.remedy"))
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
            occurring, total = len(policy.signals) - len(silent), len(policy.signals)
            return Finding("signals", "good", Message("doctor.signals", occurring=occurring, total=total))
        summary = Message("doctor.signals.silent", days=LISTENING_DAYS, signals=", ".join(silent))
        return Finding("signals", "look", summary, Message("doctor.signals.remedy"))

    def tables(self) -> Finding:
        """Every table can be read; MissingTable names the one that cannot."""
        tables = schema.own_tables()
        for table in tables:
            self._rows(row_count(table), {})
        return Finding("tables", "good", Message("doctor.tables", tables=len(tables)))

    @property
    def _is_coupled(self) -> bool:
        config = self.deployment.settings
        return bool(config.crm_token or config.crm_client_secret)

    def _day(self, days: int) -> object:
        return (self.now - timedelta(days=days)).date()

    def _rows(self, of: Statement[R], parameters: dict[str, object]) -> list[R]:
        return self.deployment.warehouse.rows(of, parameters)


def _age(age: timedelta) -> Message:
    """An age in minutes, hours or days.

    >>> _age(timedelta(minutes=30)), _age(timedelta(hours=7)), _age(timedelta(days=3))
    ('30 minutes', '7 hours', '3 days')
    """
    if age < timedelta(hours=2):
        return Message("doctor.age.minutes", figure=round(age / timedelta(minutes=1)))
    if age < timedelta(days=2):
        return Message("doctor.age.hours", figure=round(age / timedelta(hours=1)))
    return Message("doctor.age.days", figure=age.days)

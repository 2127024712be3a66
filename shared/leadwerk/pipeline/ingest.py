"""Ingest: turns CRM changes since the cursor into lead versions, links, touchpoints and outcomes.

Every row takes its key and times from the change, never from the run. So changes may come twice, out of order or in
several interrupted runs, and the tables end up the same. The cursor moves only after its page is stored.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta

from msgspec import Struct, convert

from leadwerk.crm import outbox
from leadwerk.crm.port import CRM, BadRow, Case, CasePage
from leadwerk.errors import InputError, RecordFailure
from leadwerk.lead import Rejection, identity_rows, lead_version, parse_amount
from leadwerk.lead.lead import EARLIEST
from leadwerk.pipeline.own_writes import without_own_writes
from leadwerk.pipeline.privacy.delete_again import delete_again
from leadwerk.policy.model import Policy
from leadwerk.policy.outcome import outcome_of
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import (
    CursorRow,
    IdentityRow,
    LeadRow,
    OutcomeRow,
    RejectionRow,
    TableRow,
    TouchpointRow,
)
from leadwerk.warehouse.statement import statement

# Clocks differ: a change dated slightly ahead counts as now, one further ahead is a mistake.
CLOCK_TOLERANCE = timedelta(minutes=5)
STEP = timedelta(microseconds=1)  # two moves of a cursor never share a moment
# Cases at which the code fails are rejected. With more than this, and more than half of a page, the cases are not at
# fault: the run stops before the cursor passes cases that a fixed release can read.
TOLERATED_FAILURES = 10
REREAD_TABLES = ("leads", "identities", "touchpoints", "outcomes", "rejections")  # an erased person may be in these

logger = logging.getLogger("leadwerk")


@dataclass(frozen=True)
class IngestReport:
    """Pages and cases read by a run, and new rows per table; `rejected` rows name field and remedy."""

    pages: int
    cases: int
    leads: int
    identities: int
    touchpoints: int
    outcomes: int
    rejected: int
    unknown_statuses: dict[str, int]
    rejected_fields: dict[str, int]
    cursor: str | None


def run(
    warehouse: Warehouse, policy: Policy, crm: CRM, *, now: datetime, person_key: str, from_start: bool = False
) -> IngestReport:
    """Read all changes since the stored cursor; `from_start`: all changes, after the policy has learnt a status.

    `person_key`: secret key for the hashes of persons.

    Raises:
        CRMUnavailable, CRMRejected: the CRM failed between two pages; earlier pages are stored and a rerun continues.
        RecordFailure: the code fails at most cases of a page; likewise.
    """
    cursor, moved_at = _position(warehouse, crm.source)
    reading = _Reading(warehouse, policy, crm.source, now, person_key, cursor, moved_at)
    with warehouse.kept_open():
        for page in crm.pull(None if from_start else cursor):
            reading.store(_with_real_changes(warehouse, policy, crm, page, now))
    delete_again(warehouse, person_key, REREAD_TABLES)
    return reading.report()


def reread(
    warehouse: Warehouse, policy: Policy, crm: CRM, record_ids: Sequence[str], *, now: datetime, person_key: str
) -> IngestReport:
    """Read the present state of some records, as a webhook hints at; the cursor stays where it is.

    What the nightly reading finds again has the same keys, so it is stored once.

    Raises:
        CRMUnavailable, CRMRejected: as `run`; the nightly reading sees these changes all the same.
    """
    page = crm.reread(record_ids)
    reading = _Reading(warehouse, policy, crm.source, now, person_key, page.cursor, None)
    reading.store(_with_real_changes(warehouse, policy, crm, page, now))
    delete_again(warehouse, person_key, REREAD_TABLES)
    return reading.report()


def _with_real_changes(warehouse: Warehouse, policy: Policy, crm: CRM, page: CasePage, now: datetime) -> CasePage:
    """The page with the cases marked in which only our own writes moved the stamp."""
    if "stage_history" in crm.capabilities.reports:
        return page
    return replace(page, cases=without_own_writes(warehouse, page.cases, outbox.first_day(policy, now)))


def _position(warehouse: Warehouse, source: str) -> tuple[str | None, datetime | None]:
    moves = warehouse.rows(statement("cursors/latest", CursorMove), {"source": source})
    return (moves[0].cursor, moves[0].moved_at) if moves else (None, None)


class CursorMove(Struct, frozen=True):
    """Position up to which a source is read, and when the cursor moved there."""

    cursor: str
    moved_at: datetime


@dataclass
class _Rows:
    """Rows of a page, by table."""

    leads: list[LeadRow] = field(default_factory=list)
    identities: list[IdentityRow] = field(default_factory=list)
    touchpoints: list[TouchpointRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    rejections: list[RejectionRow] = field(default_factory=list)

    def add(self, other: _Rows) -> None:
        """Add the rows of `other`."""
        for name, rows in vars(self).items():
            rows += vars(other)[name]

    def tables(self) -> Iterator[tuple[str, list[TableRow]]]:
        return iter(vars(self).items())


@dataclass
class _Reading:
    """State of a run: its inputs, and counts of what it stored so far."""

    warehouse: Warehouse
    policy: Policy
    source: str
    now: datetime
    person_key: str
    cursor: str | None
    moved_at: datetime | None
    pages: int = 0
    cases: int = 0
    new_rows: Counter[str] = field(default_factory=Counter)
    unknown_statuses: Counter[str] = field(default_factory=Counter)
    rejected_fields: Counter[str] = field(default_factory=Counter)

    def store(self, page: CasePage) -> None:
        """Store a page's rows, and only then move the cursor past it, unless it is there already."""
        rows = self._rows(page)
        with self.warehouse.unit_of_work():
            for table, new in rows.tables():
                self.new_rows[table] += self.warehouse.append(table, new) if new else 0
            self._make_due([lead.lead_id for lead in rows.leads])
            if page.cursor != self.cursor:
                self._move(page.cursor)
        self.pages += 1
        self.cases += len(page.cases)

    def _make_due(self, lead_ids: Sequence[str]) -> None:
        """Make scores due whose lead was unknown to the CRM until now: the next delivery sends them."""
        if not lead_ids:
            return
        parameters = {"lead_ids": lead_ids, "first_day": outbox.first_day(self.policy, self.now), "now": self.now}
        refused = self.warehouse.rows(statement("deliveries/unknown_leads", outbox.UnknownLeadAttempt), parameters)
        if refused:
            self.warehouse.append("deliveries", [attempt.due(self.now) for attempt in refused])

    def _move(self, cursor: str) -> None:
        self.moved_at = self.now if self.moved_at is None else max(self.now, self.moved_at + STEP)
        self.cursor = cursor
        self.warehouse.append("cursors", [CursorRow(source=self.source, cursor=cursor, moved_at=self.moved_at)])

    def _rows(self, page: CasePage) -> _Rows:
        rows = _Rows()
        for bad in page.bad:
            self._reject(rows, bad.row, _rejection_of(bad))
        failures: list[RecordFailure] = []
        for case in page.cases:
            of_case, rejections = self._read(case, failures)
            rows.add(of_case)
            for rejection in rejections:
                self._reject(rows, case.event_id, rejection)
                if rejection.field == "status":
                    self.unknown_statuses[case.status] += 1
        if len(failures) > max(TOLERATED_FAILURES, len(page.cases) / 2):
            raise failures[0]
        return rows

    def _read(self, case: Case, failures: list[RecordFailure]) -> tuple[_Rows, list[Rejection]]:
        """Rows and rejections of a case; only a rejection if the code fails, which is added to `failures`."""
        rows = _Rows()
        try:
            return rows, list(_add_case(rows, case, self.policy, self.person_key, self.now))
        except Exception as error:  # noqa: BLE001  one case that we did not foresee must not stop all later ones
            failure = RecordFailure.at(f"Case {case.event_id}", error)
        logger.error(failure.message, extra={"fields": {"event": "record_failed", "stage": "ingest"}})
        failures.append(failure)
        return _Rows(), [Rejection.of("case", None, failure.message, failure.remedy)]

    def _reject(self, rows: _Rows, row: str, rejection: Rejection) -> None:
        rows.rejections.append(rejection_row(rejection, self.source, row, self.now))
        self.rejected_fields[rejection.field] += 1

    def report(self) -> IngestReport:
        """The report so far."""
        new = self.new_rows
        return IngestReport(
            pages=self.pages,
            cases=self.cases,
            **{field.name: new[field.name] for field in fields(_Rows) if field.name != "rejections"},
            rejected=new["rejections"],
            unknown_statuses=dict(self.unknown_statuses),
            rejected_fields=dict(self.rejected_fields),
            cursor=self.cursor,
        )


def _rejection_of(bad: BadRow) -> Rejection:
    return Rejection.of(bad.field or "row", None, bad.reason, "")


def _add_case(rows: _Rows, case: Case, policy: Policy, person_key: str, now: datetime) -> Iterator[Rejection]:
    """Add the usable rows of a case; yield rejections of the rest."""
    if wrong := _out_of_time("changed_at", case.changed_at, now):
        yield wrong
        return
    recorded_at = case.changed_at
    lead, rejections = lead_version(
        case.lead, policy=policy, recorded_at=recorded_at, event_id=case.event_id, person_key=person_key
    )
    yield from rejections
    if lead is None:
        return
    version = convert(lead, LeadRow)
    rows.leads.append(version)
    identities, rejections = identity_rows(case.lead, policy=policy, recorded_at=recorded_at)
    rows.identities += convert(identities, list[IdentityRow])
    yield from rejections
    yield from _add_touchpoints(rows, case, version.lead_id)
    if case.status_changed:
        yield from _add_outcome(rows, case, version.lead_id, policy)


def _add_touchpoints(rows: _Rows, case: Case, lead_id: str) -> Iterator[Rejection]:
    for touchpoint in case.touchpoints:
        if wrong := _out_of_time("touchpoints.occurred_at", touchpoint.occurred_at, case.changed_at):
            yield wrong
            continue
        moment = min(touchpoint.occurred_at, case.changed_at).astimezone(UTC)
        row = TouchpointRow(
            event_id=touchpoint.event_id,
            lead_id=lead_id,
            day=moment.date(),
            occurred_at=moment,
            recorded_at=case.changed_at.astimezone(UTC),
            kind=touchpoint.kind,
        )
        rows.touchpoints.append(row)


def _add_outcome(rows: _Rows, case: Case, lead_id: str, policy: Policy) -> Iterator[Rejection]:
    reason = (case.reason or "").strip() or None
    outcome = outcome_of(policy, case.status, reason)
    if outcome is None and case.kind is not None:
        # A stage of a custom pipeline has an opaque number for a name; what kind it is, the CRM says itself.
        outcome = outcome_of(policy, case.kind, reason)
    if outcome is None:
        yield _unknown_status(case.status, reason)
        return
    amount = None
    try:
        amount = None if case.amount in (None, "") else parse_amount(case.amount)
    except InputError as error:
        yield Rejection.of("amount", case.amount, error.message, error.remedy)
    moment = case.changed_at.astimezone(UTC)
    row = OutcomeRow(
        event_id=case.event_id,
        lead_id=lead_id,
        day=moment.date(),
        occurred_at=moment,
        recorded_at=moment,
        status=case.status,
        reason=reason,
        outcome=outcome,
        amount=amount,
    )
    rows.outcomes.append(row)


def _out_of_time(name: str, moment: datetime, now: datetime) -> Rejection | None:
    """The rejection of an impossible moment, or None; the calendar's first years cannot be converted to UTC."""
    if EARLIEST <= moment <= now + CLOCK_TOLERANCE:
        return None
    problem = "is too long ago" if moment < EARLIEST else "lies in the future"
    message = f"{name} {moment.isoformat()} {problem}."
    return Rejection.of(name, moment, message, "Check the clock and time zone of the CRM.")


def _unknown_status(status: str, reason: str | None) -> Rejection:
    because = f" (reason {reason!r})" if reason else ""
    return Rejection.of(
        "status",
        status,
        f"The policy has no outcome for the status {status!r}{because}.",
        "Add a rule for it under `outcomes` in the policy, then ingest once from the start.",
    )


def rejection_row(rejection: Rejection, source: str, row: str, rejected_at: datetime) -> RejectionRow:
    """The same bad row read twice has the same id, so it is stored once. `rejected_at` is UTC."""
    reason = f"{rejection.reason} {rejection.remedy}".strip()
    identity = "\x1f".join((source, row, rejection.field, reason))
    return RejectionRow(
        rejection_id=hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:32],
        day=rejected_at.date(),
        rejected_at=rejected_at,
        source=source,
        row=row,
        field=rejection.field,
        reason=reason,
    )

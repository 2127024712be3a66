"""Ingest: turns CRM changes since the cursor into lead versions, links, touchpoints and outcomes.

Every row takes its key and times from the change, never from the run. So changes may come twice, out of order or in
several interrupted runs, and the tables end up the same. The cursor moves only after its page is stored. So a backfill
of any size is read in runs that end in time, oldest changes first.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta

from msgspec import Struct

from leadwerk.crm import delivery_attempts, outbox
from leadwerk.crm.case_page import Case, CasePage, GoneRecord, Unread
from leadwerk.crm.port import CRM
from leadwerk.errors import CODE_FAULTS, RecordFailure
from leadwerk.lead import Rejection
from leadwerk.pipeline.case_rows import CaseRows, add_activity, add_case, out_of_time, rejection_of, rejection_row
from leadwerk.pipeline.gone_records import store_gone
from leadwerk.pipeline.own_writes import without_own_writes
from leadwerk.pipeline.privacy.delete_again import delete_again
from leadwerk.pipeline.run_limit import UNLIMITED, RunLimit
from leadwerk.policy.model import Policy
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import (
    CursorRow,
)
from leadwerk.warehouse.statement import statement

# Two moves of a cursor never share a moment.
STEP = timedelta(microseconds=1)
# Cases at which the code fails are rejected. With more than this, and more than half of a page, the cases are not at
# fault: the run stops before the cursor passes cases that a fixed release can read.
TOLERATED_FAILURES = 10
REREAD_TABLES = ("leads", "identities", "touchpoints", "outcomes", "rejections")  # an erased person may be in these

logger = logging.getLogger("leadwerk")


@dataclass(frozen=True)
class IngestReport:
    """Pages and cases read by a run, and new rows per table; `rejected` rows name field and remedy.

    `unfinished`: the run's limit ended it, and the next run goes on at the cursor. `unread`: what the credentials may
    not read, by name, with what it costs and needs.
    """

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
    unfinished: bool = False
    unread: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class IngestOptions:
    """`from_start`: all changes instead of those since the cursor, after the policy has learnt a status.

    `limit`: of the run, by time or cases; at least a page is read.
    """

    from_start: bool = False
    limit: RunLimit = UNLIMITED


ALL_CHANGES = IngestOptions()


def run(
    warehouse: Warehouse,
    policy: Policy,
    crm: CRM,
    *,
    now: datetime,
    person_key: str,
    options: IngestOptions = ALL_CHANGES,
) -> IngestReport:
    """Read the changes since the stored cursor. `person_key`: secret key for the hashes of persons.

    Raises:
        CRMUnavailable, CRMRejected: the CRM failed between two pages; earlier pages are stored and a rerun continues.
        RecordFailure: the code fails at most cases of a page; likewise.
    """
    is_used_up = options.limit.begin()
    with warehouse.kept_open():
        cursor, moved_at = _position(warehouse, crm.source)
        reading = _Reading(warehouse, policy, crm.source, now, person_key, cursor, moved_at)
        for page in crm.pull(None if options.from_start else cursor):
            if reading.pages and is_used_up(reading.cases):
                reading.unfinished = True
                break
            reading.store(_with_real_changes(warehouse, policy, crm, page, now))
        delete_again(warehouse, person_key, REREAD_TABLES)
    reading.warn()
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
class _Reading:
    """State of a run: its inputs, and counts of what it stored so far."""

    warehouse: Warehouse
    policy: Policy
    source: str
    now: datetime
    person_key: str
    cursor: str | None
    moved_at: datetime | None
    unfinished: bool = False
    pages: int = 0
    cases: int = 0
    new_rows: Counter[str] = field(default_factory=Counter)
    unknown_statuses: Counter[str] = field(default_factory=Counter)
    rejected_fields: Counter[str] = field(default_factory=Counter)
    unread: dict[str, Unread] = field(default_factory=dict)

    def store(self, page: CasePage) -> None:
        """Store a page's rows, and only then move the cursor past it, unless it is there already."""
        self.unread |= {unread.name: unread for unread in page.unread}
        rows = self._rows(page)
        with self.warehouse.unit_of_work():
            for table, new in rows.tables():
                # The rows come before the cursor moves: after a crash the page is read again, and its keys are known.
                self.new_rows[table] += self.warehouse.append(table, new) if new else 0
            # After the page's own rows, which a merged lead hands on as well.
            gone_records = [record for record in page.gone_records if self._wrong_time(record) is None]
            self.new_rows["leads"] += store_gone(self.warehouse, gone_records, self.now)
            self._make_due([lead.lead_id for lead in rows.leads])
            if page.cursor != (self.cursor or ""):
                self._move(page.cursor)
        self.pages += 1
        self.cases += len(page.cases)

    def _wrong_time(self, record: GoneRecord) -> Rejection | None:
        return out_of_time("changed_at", record.changed_at, self.now) if record.changed_at else None

    def _make_due(self, lead_ids: Sequence[str]) -> None:
        """Make scores due whose lead was unknown to the CRM until now: the next delivery sends them."""
        if not lead_ids:
            return
        parameters = {"lead_ids": lead_ids, "first_day": outbox.first_day(self.policy, self.now), "now": self.now}
        refused = self.warehouse.rows(
            statement("deliveries/unknown_leads", delivery_attempts.RefusedAttempt), parameters
        )
        if refused:
            due = [attempt.due(self.now, "ingested", "the CRM has the lead now") for attempt in refused]
            self.warehouse.append("deliveries", due)

    def _move(self, cursor: str) -> None:
        self.moved_at = self.now if self.moved_at is None else max(self.now, self.moved_at + STEP)
        self.cursor = cursor
        self.warehouse.append("cursors", [CursorRow(source=self.source, cursor=cursor, moved_at=self.moved_at)])

    def _rows(self, page: CasePage) -> CaseRows:
        rows = CaseRows()
        for bad in page.bad:
            self._reject(rows, bad.row, rejection_of(bad))
        failures: list[RecordFailure] = []
        for case in page.cases:
            of_case, rejections = self._read(case, failures)
            rows.add(of_case)
            for rejection in rejections:
                self._reject(rows, case.event_id, rejection)
                if rejection.field == "status":
                    self.unknown_statuses[case.status] += 1
        for activity in page.activities:
            for rejection in add_activity(rows, activity, self.now):
                self._reject(rows, activity.touchpoint.event_id, rejection)
        for record in page.gone_records:
            if wrong := self._wrong_time(record):
                self._reject(rows, record.lead_id, wrong)
        if len(failures) > max(TOLERATED_FAILURES, len(page.cases) / 2):
            raise failures[0]
        return rows

    def _read(self, case: Case, failures: list[RecordFailure]) -> tuple[CaseRows, list[Rejection]]:
        """Rows and rejections of a case; only a rejection if the code fails, which is added to `failures`."""
        rows = CaseRows()
        try:
            return rows, list(add_case(rows, case, self.policy, self.person_key, self.now))
        # One case that we did not foresee must not stop all later ones.
        except CODE_FAULTS as error:
            failure = RecordFailure.at(f"Case {case.event_id}", error)
        logger.error(failure.message, extra={"fields": {"event": "record_failed", "stage": "ingest"}})
        failures.append(failure)
        return CaseRows(), [Rejection.of("case", None, failure.message, failure.remedy)]

    def _reject(self, rows: CaseRows, row: str, rejection: Rejection) -> None:
        rows.rejections.append(rejection_row(rejection, self.source, row, self.now))
        self.rejected_fields[rejection.field] += 1

    def warn(self) -> None:
        """Name in the log what the credentials may not read."""
        for unread in self.unread.values():
            logger.warning(
                f"The CRM lets no {unread.name} be read, so there are no {unread.costs}. They need {unread.needs}.",
                extra={"fields": {"event": "crm_unread", "object": unread.name, "reason": unread.reason}},
            )

    def report(self) -> IngestReport:
        """The report so far."""
        new = self.new_rows
        return IngestReport(
            pages=self.pages,
            cases=self.cases,
            **{field.name: new[field.name] for field in fields(CaseRows) if field.name != "rejections"},
            rejected=new["rejections"],
            unknown_statuses=dict(self.unknown_statuses),
            rejected_fields=dict(self.rejected_fields),
            cursor=self.cursor,
            unfinished=self.unfinished,
            unread={unread.name: f"no {unread.costs}; needs {unread.needs}" for unread in self.unread.values()},
        )

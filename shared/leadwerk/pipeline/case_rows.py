"""Rows that one CRM change adds: a lead version, links to visitors, touchpoints, an outcome; and what is rejected."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec import convert

from leadwerk.crm.case_page import Activity, BadRow, Case, Touchpoint
from leadwerk.errors import InputError
from leadwerk.lead import Rejection, identity_rows, lead_version, parse_amount
from leadwerk.lead.lead import EARLIEST
from leadwerk.lead.mail_scan import SCAN, MailClick, scans
from leadwerk.policy.model import Policy
from leadwerk.policy.outcome import outcome_of
from leadwerk.texts.message import Message, sentences, stored
from leadwerk.warehouse.records import IdentityRow, LeadRow, OutcomeRow, RejectionRow, TableRow, TouchpointRow

# Clocks differ: a change dated slightly ahead counts as now, one further ahead is a mistake.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass
class CaseRows:
    """Rows of a page, by table."""

    leads: list[LeadRow] = field(default_factory=list)
    identities: list[IdentityRow] = field(default_factory=list)
    touchpoints: list[TouchpointRow] = field(default_factory=list)
    outcomes: list[OutcomeRow] = field(default_factory=list)
    rejections: list[RejectionRow] = field(default_factory=list)

    def add(self, other: CaseRows) -> None:
        """Add the rows of `other`."""
        for name, rows in vars(self).items():
            rows += vars(other)[name]

    def tables(self) -> Iterator[tuple[str, list[TableRow]]]:
        return iter(vars(self).items())


def rejection_of(bad: BadRow) -> Rejection:
    """The rejection of a row that is not in the CRM's own format."""
    return Rejection.of(bad.field or "row", None, bad.reason, "")


def add_case(rows: CaseRows, case: Case, policy: Policy, person_key: str, now: datetime) -> Iterator[Rejection]:
    """Add the usable rows of a case; yield rejections of the rest."""
    if wrong := out_of_time("changed_at", case.changed_at, now):
        yield wrong
        return
    if case.is_past:
        # The lead's fields are those of today: dated back, they would tell a model of the past what came later.
        yield from _add_outcome(rows, case, str(case.lead["lead_id"]), policy)
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
    yield from _add_touchpoints(rows, case, version.lead_id, policy)
    if case.status_changed:
        yield from _add_outcome(rows, case, version.lead_id, policy)


def _add_touchpoints(rows: CaseRows, case: Case, lead_id: str, policy: Policy) -> Iterator[Rejection]:
    clicks = [MailClick(lead_id, item.kind, item.occurred_at, item.event_id) for item in case.touchpoints]
    is_scan = scans(policy.mail_scanners, clicks)
    for touchpoint, scanned in zip(case.touchpoints, is_scan, strict=True):
        if wrong := out_of_time("touchpoints.occurred_at", touchpoint.occurred_at, case.changed_at):
            yield wrong
            continue
        kind = SCAN if scanned else touchpoint.kind
        rows.touchpoints.append(_touchpoint_row(touchpoint, lead_id, case.changed_at, kind))


def add_activity(rows: CaseRows, activity: Activity, now: datetime) -> Iterator[Rejection]:
    """Add an activity of the CRM as a touchpoint of its lead, or yield why it cannot be one."""
    touchpoint = activity.touchpoint
    for name, moment in (("touchpoints.occurred_at", touchpoint.occurred_at), ("changed_at", activity.changed_at)):
        if wrong := out_of_time(name, moment, now):
            yield wrong
            return
    rows.touchpoints.append(_touchpoint_row(touchpoint, activity.lead_id, activity.changed_at, touchpoint.kind))


def _touchpoint_row(touchpoint: Touchpoint, lead_id: str, recorded_at: datetime, kind: str) -> TouchpointRow:
    moment = min(touchpoint.occurred_at, recorded_at).astimezone(UTC)
    return TouchpointRow(
        event_id=touchpoint.event_id,
        lead_id=lead_id,
        day=moment.date(),
        occurred_at=moment,
        recorded_at=recorded_at.astimezone(UTC),
        kind=kind,
    )


def _add_outcome(rows: CaseRows, case: Case, lead_id: str, policy: Policy) -> Iterator[Rejection]:
    reason = (case.reason or "").strip() or None
    outcome = outcome_of(policy, case.status, reason)
    if outcome is None and case.kind is not None:
        # A stage of a custom pipeline has an opaque number for a name; the CRM itself states its kind.
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


def out_of_time(name: str, moment: datetime, now: datetime) -> Rejection | None:
    """The rejection of an impossible moment, or None; the calendar's first years cannot be converted to UTC."""
    if EARLIEST <= moment <= now + CLOCK_TOLERANCE:
        return None
    problem = "reject.past" if moment < EARLIEST else "reject.future"
    message = Message(problem, value=f"{name} {moment.isoformat()}")
    return Rejection.of(name, moment, message, Message("reject.crm_clock.remedy"))


def _unknown_status(status: str, reason: str | None) -> Rejection:
    if reason:
        message = Message("reject.status.reason", status=repr(status), reason=repr(reason))
    else:
        message = Message("reject.status", status=repr(status))
    return Rejection.of("status", status, message, Message("reject.status.remedy"))


def rejection_row(rejection: Rejection, source: str, row: str, rejected_at: datetime) -> RejectionRow:
    """The same bad row read twice has the same id, so it is stored once. `rejected_at` is UTC."""
    reason = sentences(rejection.reason, rejection.remedy)
    identity = "\x1f".join((source, row, rejection.field, reason))
    return RejectionRow(
        rejection_id=hashlib.sha256(identity.encode(errors="replace")).hexdigest()[:32],
        day=rejected_at.date(),
        rejected_at=rejected_at,
        source=source,
        row=row,
        field=rejection.field,
        reason=str(reason),
        reason_message=stored(reason) or None,
    )

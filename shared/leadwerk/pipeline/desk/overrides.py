"""Overrides: a person sets the cluster of one lead, or releases it; recorded with author, reason and end.

Override rows are appended and never changed; the newest of a lead is the active one
(tables/overrides/active.fragment.sql). An override does not lock the lead, so no compare-and-swap is needed: of two at
the same moment both rows are kept, the later one wins, and the response names the author it replaces. (Picks need a
swap: two sellers who both hold a lead would call it twice.)

Scores follow without further work: each scoring reads the active override together with the lead's other state.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec import Struct

from leadwerk.errors import InputError, UnknownLead
from leadwerk.pipeline.thresholds.daily import day_of
from leadwerk.policy.model import Policy
from leadwerk.scoring.override import CLUSTERS, end_of, last_day
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import OverrideRow
from leadwerk.warehouse.statement import statement

DAYS = 30
"""Duration of an override without an end: what a person knows of a lead ages as fast as its behaviour, which feature
windows cover for one to three months."""

LONGEST_DAYS = 365
"""Longest duration of an override; it can be set again afterwards."""

LONGEST_NAME, LONGEST_REASON = 100, 500  # characters


class OverrideRecord(Struct, frozen=True, kw_only=True):
    """An override by `by`: `cluster` holds through the day `until` (policy's time zone), that is before `ends_at`.

    The three are None for a release. Moments are UTC. `overrules`: author of the override it replaces (None: none).
    """

    lead_id: str
    cluster: str | None
    by: str
    reason: str
    set_at: datetime
    until: date | None
    ends_at: datetime | None
    overrules: str | None = None


class OverrideRequest(Struct, frozen=True, kw_only=True):
    """An override to set: for `days` after today, or through the day `until`; without either, for DAYS days."""

    cluster: str
    by: str
    reason: str
    days: int | None = None
    until: date | None = None


class StoredOverride(Struct, frozen=True, kw_only=True):
    """A row of overrides/active: an override in force."""

    lead_id: str
    cluster: str
    author: str
    reason: str
    set_at: datetime
    ends_at: datetime


class LatestOverride(Struct, frozen=True, kw_only=True):
    """A row of overrides/latest: an existing lead, when the CRM closed it, and its latest override or release."""

    lead_id: str
    closed_at: datetime | None
    sequence: int | None
    set_at: datetime | None
    cluster: str | None
    ends_at: datetime | None
    author: str | None
    reason: str | None

    def active(self, now: datetime) -> StoredOverride | None:
        """The override, if it is in force at `now`."""
        if self.cluster is None or self.ends_at is None or now >= self.ends_at:
            return None
        # A row with a cluster has an author, a reason and a moment.
        assert self.set_at is not None
        return StoredOverride(
            lead_id=self.lead_id,
            cluster=self.cluster,
            author=self.author or "",
            reason=self.reason or "",
            set_at=self.set_at,
            ends_at=self.ends_at,
        )


@dataclass(frozen=True)
class _Decision:
    """A checked override; without cluster and end, a release."""

    author: str
    reason: str
    cluster: str | None = None
    ends_at: datetime | None = None


def override(
    warehouse: Warehouse, policy: Policy, lead_id: str, request: OverrideRequest, now: datetime
) -> OverrideRecord:
    """Set the cluster of a lead from `now` (aware) on.

    Idempotent: repeating the active override (same cluster, author, reason and end) stores nothing and returns it.

    Raises:
        UnknownLead: there is no such lead.
        InputError: the lead is closed; cluster, author, reason or end is missing or invalid.
    """
    author, reason, cluster = _name(request.by), _reason(request.reason), _cluster(request.cluster)
    decision = _Decision(author, reason, cluster, _end(policy, now, request.days, request.until))
    has_end = request.days is not None or request.until is not None
    with warehouse.unit_of_work():
        latest = _latest(warehouse, lead_id, now)
        if latest.closed_at is not None:
            raise _closed(lead_id, latest.closed_at)
        active = latest.active(now)
        repeated = active and (active.author, active.reason, active.cluster) == (author, reason, cluster)
        # A double click, or a retry after a lost answer, must not write a second override.
        if active and repeated and (not has_end or decision.ends_at == active.ends_at):
            return _record(active, policy)
        return _append(warehouse, policy, latest, decision, now)


def release(
    warehouse: Warehouse, policy: Policy, lead_id: str, *, by: str, reason: str = "", now: datetime
) -> OverrideRecord | None:
    """End the active override of a lead. Without one, nothing is stored and the result is None.

    Raises:
        UnknownLead: there is no such lead.
        InputError: the author is missing or invalid.
    """
    decision = _Decision(_name(by), _reason(reason) if reason.strip() else "")
    with warehouse.unit_of_work():
        latest = _latest(warehouse, lead_id, now)
        return _append(warehouse, policy, latest, decision, now) if latest.active(now) else None


def active_overrides(warehouse: Warehouse, policy: Policy, now: datetime) -> list[OverrideRecord]:
    """All overrides active at `now` (aware), the earliest end first."""
    rows = warehouse.rows(statement("overrides/active", StoredOverride), {"as_of": now})
    return [_record(row, policy) for row in rows]


def _append(
    warehouse: Warehouse, policy: Policy, latest: LatestOverride, decision: _Decision, now: datetime
) -> OverrideRecord:
    # Orders overrides of one moment; the clock alone cannot.
    sequence = (latest.sequence or 0) + 1
    row = OverrideRow(
        event_id=_event_id(latest.lead_id, sequence, decision),
        lead_id=latest.lead_id,
        sequence=sequence,
        set_at=now,
        cluster=decision.cluster,
        ends_at=decision.ends_at,
        author=decision.author,
        reason=decision.reason,
    )
    warehouse.append("overrides", [row])
    replaced = latest.active(now)
    return _record(row, policy, overrules=replaced.author if replaced else None)


def _event_id(lead_id: str, sequence: int, decision: _Decision) -> str:
    """Id of an override row: equal for a repeated delivery, distinct for each step of the lead (sequence)."""
    parts = (lead_id, sequence, decision.cluster, decision.author, decision.reason)
    # A separator that no name can hold: "a" + "bc" and "ab" + "c" must differ.
    identity = "\x1f".join(map(str, (*parts, decision.ends_at and decision.ends_at.isoformat())))
    return hashlib.sha256(identity.encode(errors="surrogatepass")).hexdigest()[:32]


def _latest(warehouse: Warehouse, lead_id: str, now: datetime) -> LatestOverride:
    """The lead's row of overrides/latest."""
    rows = warehouse.rows(statement("overrides/latest", LatestOverride), {"lead_id": lead_id, "as_of": now})
    if not rows:
        raise UnknownLead(
            Message("refusal.lead", lead=lead_id[:LONGEST_NAME]),
            field="lead_id",
            value=lead_id[:LONGEST_NAME],
            remedy=Message("refusal.lead.call_list"),
        )
    return rows[0]


def _record(row: StoredOverride | OverrideRow, policy: Policy, overrules: str | None = None) -> OverrideRecord:
    return OverrideRecord(
        lead_id=row.lead_id,
        cluster=row.cluster,
        by=row.author,
        reason=row.reason,
        set_at=row.set_at,
        until=last_day(row.ends_at, policy) if row.ends_at else None,
        ends_at=row.ends_at,
        overrules=overrules,
    )


def _cluster(cluster: str) -> str:
    if cluster not in CLUSTERS:
        raise InputError(
            Message("refusal.cluster", cluster=cluster[:60]),
            field="cluster",
            value=cluster[:60],
            remedy=Message("refusal.cluster.remedy", choices=", ".join(CLUSTERS)),
        )
    return cluster


def _name(author: str) -> str:
    return _text("by", author, LONGEST_NAME, Message("refusal.override.by"))


def _reason(reason: str) -> str:
    return _text("reason", reason, LONGEST_REASON, Message("refusal.override.reason"))


def _text(field: str, value: str, longest: int, remedy: str) -> str:
    text = " ".join(value.split())
    # Unprintable signs could hide in a name that others read, or break a CRM field.
    if not text or len(text) > longest or not text.isprintable():
        fault = "empty" if not text else "long" if len(text) > longest else "unprintable"
        message = Message(f"refusal.text.{fault}", field=field, length=longest)
        raise InputError(message, field=field, value=value[:60], remedy=remedy)
    return text


def _end(policy: Policy, now: datetime, days: int | None, until: date | None) -> datetime:
    today = day_of(policy, now)
    if days is not None and until is not None:
        raise InputError(Message("refusal.override.ends"), field="until", value=str(until))
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        remedy = Message("refusal.override.days.remedy", days=LONGEST_DAYS)
        raise InputError(Message("refusal.override.days", days=days), field="days", value=days, remedy=remedy)
    last = until or today + timedelta(days=days or DAYS)
    if last < today:
        raise InputError(Message("refusal.day.past", day=last), field="until", value=str(last))
    if last > today + timedelta(days=LONGEST_DAYS):
        remedy = Message("refusal.day.far.remedy", days=LONGEST_DAYS)
        raise InputError(Message("refusal.day.far", day=last), field="until", value=str(last), remedy=remedy)
    return end_of(last, policy)


def _closed(lead_id: str, at: datetime) -> InputError:
    return InputError(
        Message("refusal.lead.closed", lead=lead_id, day=f"{at:%Y-%m-%d}"), field="lead_id", value=lead_id
    )

"""The audit trail: every act on rules, thresholds, models, leads, scores and deliveries, read where it is recorded.

An act is written once, by the stage that does it, into its own table; tables/audit/trail.sql reads them all. What has
no table of its own (a sign-in, an answer to a person, an export, a rollback) is recorded here, in audit_log.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from msgspec import Struct

from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import AuditLogRow
from leadwerk.warehouse.statement import statement

THE_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


class AuditEntry(Struct, frozen=True, kw_only=True):
    """A row of audit/trail: `actor` did `action` to `object`; no actor is Leadwerk itself. `source` is its table."""

    source: str
    entry_id: str
    occurred_at: datetime
    actor: str | None
    action: str
    object: str | None
    lead_id: str | None
    reason: str | None
    before: str | None
    after: str | None


@dataclass(frozen=True)
class AuditFilter:
    """Which entries: from `since` to `until` (aware), of these leads, an actor or action where it is given."""

    until: datetime
    since: datetime = THE_BEGINNING
    lead_ids: tuple[str, ...] = ()
    actor: str | None = None
    action: str | None = None

    def accepts(self, entry: AuditEntry) -> bool:
        """Whether the entry is of those leads, that actor and action; the query has chosen the period."""
        if self.lead_ids and entry.lead_id not in self.lead_ids:
            return False
        return self.actor in (None, entry.actor) and (self.action is None or entry.action.startswith(self.action))


def read_trail(warehouse: Warehouse, filters: AuditFilter) -> list[AuditEntry]:
    """The entries, the oldest first."""
    parameters = {"since": filters.since, "until": filters.until, "lead_ids": list(filters.lead_ids)}
    entries = warehouse.rows(statement("audit/trail", AuditEntry), parameters)
    return [entry for entry in entries if filters.accepts(entry)]


@dataclass(frozen=True, kw_only=True)
class Act:
    """What a person did to an object, and its state before and after."""

    actor: str | None
    action: str
    object: str | None = None
    reason: str | None = None
    before: str | None = None
    after: str | None = None


def record_act(warehouse: Warehouse, act: Act, now: datetime) -> None:
    """Record an act that no other table records."""
    row = AuditLogRow(
        # Random: two equal acts at one moment are two acts.
        entry_id=secrets.token_hex(16),
        day=now.astimezone(UTC).date(),
        occurred_at=now,
        **vars(act),
    )
    warehouse.append("audit_log", [row])


def entry_hash(entry: AuditEntry, secret: str) -> str:
    """HMAC-SHA256 (RFC 2104) of an entry: equal while the entry is what it was, and no help to guess a lead."""
    return hmac.new(secret.encode(), msgspec.json.encode(entry), hashlib.sha256).hexdigest()

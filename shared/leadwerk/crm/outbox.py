"""The outbox, without its I/O: what to send. What an answer means, and when to try again, is in `delivery_attempts`.

Only the newest score of a lead is sent, so an older one needs no ending.

The idempotency key of a score is its id, however often it is tried: what a CRM took before it dropped the connection it
takes once. Where an older score may stand over it, it has to take effect a second time: that is a `repair`, with a key
never used before.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.crm.fields import FieldMapping
from leadwerk.crm.port import LeadUpdate
from leadwerk.policy.model import Policy
from leadwerk.warehouse.records import ScoreReason, ScoreRow

UNKNOWN_LEAD = 404
HOT = "HOT"
# An older score helps no seller; the window also bounds what BigQuery reads.
WINDOW = timedelta(days=90)


class ShownRow(Struct, frozen=True, kw_only=True, gc=False):
    """A row of deliveries/last_shown: the score that the CRM last took."""

    lead_id: str
    score_id: str
    predictive_score: int | None
    score_cluster: str
    recommended_action: str
    probability: float | None
    points: float | None
    matrix_cell: str | None
    tier: str | None
    stage: str | None
    traffic_light: str | None
    reasons: tuple[ScoreReason, ...]


class OutboxRow(ShownRow, frozen=True, kw_only=True, gc=False):
    """A row of deliveries/outbox; `shown_hash` is what the CRM shows of the lead, where that is certain."""

    scored_at: datetime
    attempts: int = 0
    last_state: str | None = None
    last_http_status: int | None = None
    next_attempt_at: datetime | None = None
    shown_hash: str | None = None
    record_id: str | None = None


class Pending(Struct, frozen=True, gc=False):
    """A score that the CRM should hold; `attempts` were made at it, and it may be tried from `not_before` on."""

    update: LeadUpdate
    scored_at: datetime
    attempts: int
    not_before: datetime | None
    repair: bool = False
    shown_hash: str | None = None
    is_hot: bool = False

    def due(self, now: datetime) -> bool:
        """Whether it may be tried at `now`."""
        return self.not_before is None or self.not_before <= now

    def is_shown(self) -> bool:
        """Whether the CRM shows these very fields already."""
        return not self.repair and self.shown_hash is not None and self.shown_hash == self.update.payload_hash


def first_day(policy: Policy, now: datetime) -> date:
    """First UTC day of scores that are sent and of attempts that are read.

    Where records of deliveries expire sooner than scores, an old score must not look as if it was never sent.
    """
    return (now - min(WINDOW, timedelta(days=policy.retention.deliveries))).date()


def untried(score: ScoreRow) -> OutboxRow:
    """A score that was stored a moment ago as a row of deliveries/outbox: no attempt at it was made."""
    columns = {name: getattr(score, name) for name in ShownRow.__struct_fields__}
    return OutboxRow(scored_at=score.scored_at, **columns)


def pending(rows: Sequence[OutboxRow], mapping: FieldMapping) -> list[Pending]:
    """The rows of deliveries/outbox as what is to be sent, in their order."""
    return [_pending(row, mapping) for row in rows]


def repair(item: Pending) -> Pending:
    """The same score, to be sent over an older one."""
    return replace(item, update=replace(item.update, key=_new_key(item.update.score_id)), repair=True)


def redirected(item: Pending, record_id: str) -> Pending:
    """The same score, to be sent to the record into which the lead's was merged."""
    return replace(item, update=replace(item.update, record_id=record_id, key=_new_key(item.update.score_id)))


def _new_key(score_id: str) -> str:
    return f"{score_id}.{secrets.token_hex(8)}"


def _pending(row: OutboxRow, mapping: FieldMapping) -> Pending:
    update = LeadUpdate(
        key=row.score_id,
        score_id=row.score_id,
        lead_id=row.lead_id,
        fields=mapping.values(row),
        record_id=row.record_id or "",
    )
    is_repair = row.last_state == "repair"
    is_hot = row.score_cluster == HOT
    item = Pending(update, row.scored_at, row.attempts, row.next_attempt_at, is_repair, row.shown_hash, is_hot)
    # A CRM may remember its refusal under the old key as well, so what it refused gets a new one.
    refused = row.last_state not in (None, "retry") or row.last_http_status == UNKNOWN_LEAD
    return replace(repair(item), repair=is_repair) if refused else item

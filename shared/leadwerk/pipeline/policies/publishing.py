"""Publishing and reverting policies; policy_changes records author, moment and reason."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from leadwerk.errors import InputError
from leadwerk.pipeline.policies.policy_store import Draft, InForce, PolicyStore, check_base
from leadwerk.texts.message import Message
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import PolicyChangeRow
from leadwerk.warehouse.statement import statement

SHOWN = 1_000
"""Most changes of the history that are read."""


@dataclass(frozen=True)
class PublicationNote:
    """Author, reason and moment (aware) of a decision."""

    author: str
    reason: str
    now: datetime


def publication_note(author: str, reason: str, now: datetime) -> PublicationNote:
    """Check author and reason of a decision.

    Raises:
        InputError: author or reason is empty.
    """
    for field, text in (("by", author), ("reason", reason)):
        if not text.strip():
            message, remedy = Message("refusal.note.empty", field=field), Message("refusal.note.empty.remedy")
            raise InputError(message, field=field, value=text, remedy=remedy)
    return PublicationNote(author.strip(), reason.strip(), now)


def publish(
    policies: PolicyStore, warehouse: Warehouse, draft: Draft, present: InForce, note: PublicationNote
) -> PolicyChangeRow:
    """Put a draft in force instead of `present`; returns the row of policy_changes.

    If the draft is in force already without a record (a crash while publishing, an edit by hand), it is recorded.

    Raises:
        WriteConflict: the policy in force changed since the draft was made, or since `present` was read.
        InputError: the draft is in force and recorded already.
    """
    if draft.policy.version != present.version:
        check_base(draft, present)
        policies.replace(present, draft.text, draft.policy)
        return _record(warehouse, "publish", present.version, draft.policy.version, note)
    before = unrecorded_changes(warehouse, present, note.now)
    if before is None:
        raise InputError(Message("refusal.policy.same", version=present.version), field="policy")
    return _record(warehouse, "publish", before, present.version, note)


def revert(policies: PolicyStore, warehouse: Warehouse, version: str | None, note: PublicationNote) -> PolicyChangeRow:
    """Put a former policy in force again: `version`, or the previous one; returns the row of policy_changes.

    Raises:
        InputError: there is no such version, or no previous one.
        WriteConflict: another publication happened in the meantime.
    """
    present = policies.in_force()
    target = version or _before(warehouse, present, note.now)
    if target == present.version:
        message, remedy = Message("refusal.policy.in_force", version=target), Message("refusal.policy.in_force.remedy")
        raise InputError(message, field="version", value=target, remedy=remedy)
    former = policies.archived(target)
    policies.replace(present, former.text, former.policy)
    return _record(warehouse, "revert", present.version, target, note)


def history(warehouse: Warehouse, now: datetime, most: int = SHOWN) -> list[PolicyChangeRow]:
    """Rows of policy_changes, newest first."""
    return warehouse.rows(statement("policy_changes/history", PolicyChangeRow), {"now": now, "most": most})


def unrecorded_changes(warehouse: Warehouse, present: InForce, now: datetime) -> str | None:
    """The last recorded version if another one is in force: the file was edited by hand."""
    newest = history(warehouse, now, 1)
    return newest[0].to_version if newest and newest[0].to_version != present.version else None


def _before(warehouse: Warehouse, present: InForce, now: datetime) -> str:
    changes = history(warehouse, now)
    for change in changes:
        if change.to_version == present.version:
            return change.from_version
    if changes:
        # The policy in force was edited by hand; this one came before.
        return changes[0].to_version
    raise InputError(Message("refusal.policy.first", version=present.version), field="version")


def _record(warehouse: Warehouse, kind: str, before: str, after: str, note: PublicationNote) -> PolicyChangeRow:
    identity = f"{kind} {before} {after} {note.now.isoformat()}"
    row = PolicyChangeRow(
        change_id=hashlib.sha256(identity.encode()).hexdigest()[:16],
        changed_at=note.now,
        kind=kind,
        from_version=before,
        to_version=after,
        author=note.author,
        reason=note.reason,
    )
    warehouse.append("policy_changes", [row])
    return row

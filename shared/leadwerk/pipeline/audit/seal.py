"""Seals: hashes of the audit trail's entries, chained, so that an entry that was changed or deleted is seen.

Each nightly run seals the entries that no seal holds yet. A chain alone would break with the first erasure; a seal
therefore keeps the hash of each entry, and an erasure and an expiry account for those that are gone.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from leadwerk.pipeline.audit.trail import THE_BEGINNING, AuditEntry, AuditFilter, entry_hash, read_trail
from leadwerk.pipeline.privacy.retention import retention_days
from leadwerk.policy.model import Policy
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import AuditSealRow
from leadwerk.warehouse.statement import statement

HASHES_A_SEAL = 10_000
LOOK_BACK = timedelta(days=40)


class ErasedEntries(Struct, frozen=True):
    """A row of erasures/audit_hashes: hashes of entries that an erasure deleted."""

    hashes: tuple[str, ...]


class AuditFinding(Struct, frozen=True, kw_only=True):
    """Something that is wrong with the trail: a broken chain, or entries of a seal that are changed or gone."""

    sequence: int
    source: str
    first_at: datetime
    last_at: datetime
    problem: str
    entries: int = 0


def seal(warehouse: Warehouse, secret: str, now: datetime) -> int:
    """Seal the entries up to `now` (aware) that no seal holds; returns how many.

    After the first seal only entries of the last LOOK_BACK are read: a CRM dates its changes back by days, not months.
    """
    seals = _seals(warehouse)
    # Rows may be stored late: entries from before the newest seal are looked for again.
    since = seals[-1].sealed_at - LOOK_BACK if seals else THE_BEGINNING
    sealed = {hash_ for row in seals for hash_ in row.hashes}
    by_source: dict[str, list[tuple[str, AuditEntry]]] = defaultdict(list)
    for entry in read_trail(warehouse, AuditFilter(until=now, since=since)):
        hash_ = entry_hash(entry, secret)
        # An entry in two seals would hide that one of them was removed.
        if hash_ not in sealed:
            by_source[entry.source].append((hash_, entry))
    rows = [*_new_seals(by_source, seals[-1] if seals else None, secret, now)]
    if rows:
        warehouse.append("audit_seals", rows)
    return sum(len(row.hashes) for row in rows)


def verify(warehouse: Warehouse, policy: Policy, secret: str, now: datetime) -> list[AuditFinding]:
    """What is wrong with the trail; empty if every sealed entry is there, erased by order, or expired."""
    present = {entry_hash(entry, secret) for entry in read_trail(warehouse, AuditFilter(until=now))}
    erased = warehouse.rows(statement("erasures/audit_hashes", ErasedEntries), {})
    # An erasure removes entries by right and leaves their hashes: these are not missing.
    accounted = present | {hash_ for row in erased for hash_ in row.hashes}
    findings: list[AuditFinding] = []
    previous: AuditSealRow | None = None
    for row in _seals(warehouse):
        findings += _findings(row, previous, secret, accounted, policy, now)
        previous = row
    return findings


def _seals(warehouse: Warehouse) -> list[AuditSealRow]:
    return warehouse.rows(statement("audit_seals/all", AuditSealRow), {})


def _new_seals(
    by_source: dict[str, list[tuple[str, AuditEntry]]], last: AuditSealRow | None, secret: str, now: datetime
) -> Iterator[AuditSealRow]:
    for source, entries in sorted(by_source.items()):
        for start in range(0, len(entries), HASHES_A_SEAL):
            part = entries[start : start + HASHES_A_SEAL]
            moments = [entry.occurred_at for _, entry in part]
            unsealed = AuditSealRow(
                sequence=last.sequence + 1 if last else 1,
                sealed_at=now,
                source=source,
                first_at=min(moments),
                last_at=max(moments),
                hashes=tuple(sorted(hash_ for hash_, _ in part)),
                # Each seal holds the one before it, so that none can be taken out or replaced unseen.
                previous=last.seal if last else "",
                seal="",
            )
            last = msgspec.structs.replace(unsealed, seal=_seal_of(unsealed, secret))
            yield last


def _findings(
    row: AuditSealRow,
    previous: AuditSealRow | None,
    secret: str,
    accounted: Iterable[str],
    policy: Policy,
    now: datetime,
) -> Iterator[AuditFinding]:
    follows = (previous.sequence + 1, previous.seal) if previous else (1, "")
    if (row.sequence, row.previous) != follows:
        yield _finding(row, "a seal before this one is gone")
    if row.seal != _seal_of(row, secret):
        yield _finding(row, "the seal was changed")
    missing = set(row.hashes).difference(accounted)
    # Tables expire by retention; what is gone by then is no tampering.
    if missing and not _is_expired(row, policy, now):
        yield _finding(row, "entries were changed or deleted", len(missing))


def _finding(row: AuditSealRow, problem: str, entries: int = 0) -> AuditFinding:
    return AuditFinding(
        sequence=row.sequence,
        source=row.source,
        first_at=row.first_at,
        last_at=row.last_at,
        problem=problem,
        entries=entries,
    )


def _is_expired(row: AuditSealRow, policy: Policy, now: datetime) -> bool:
    """Whether the table may have let the seal's oldest entries expire."""
    days = retention_days(schema.table(row.source), policy)
    return days is not None and row.first_at < now - timedelta(days=days)


def _seal_of(row: AuditSealRow, secret: str) -> str:
    # A keyed hash: an account that can write the table could otherwise write matching seals.
    content = msgspec.json.encode(msgspec.structs.replace(row, seal=""))
    return hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()

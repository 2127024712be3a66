"""Erasure: deletes a person from tables, picks and the next model, and proves it by a receipt without their data.

First the hashes of all ids are stored (erased_ids.py), and a row records who ordered it; then rows are deleted. From
that row on the erasure can only be completed: whatever ends a run early, `sweep` recognises what is left by the
hashes, deletes it and writes the receipt. So a run after kill -9 needs no list of the ids, and a second run proves that
nothing is left.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from leadwerk.pipeline.audit.trail import THE_BEGINNING, AuditFilter, entry_hash, read_trail
from leadwerk.pipeline.desk.picks import Picks
from leadwerk.pipeline.policies.shared_draft import DraftStore
from leadwerk.pipeline.privacy import erased_ids
from leadwerk.pipeline.privacy.anonymous_counts import keep_counts
from leadwerk.pipeline.privacy.delete_again import ErasedByMoment, delete_leftovers, delete_of, delete_rows
from leadwerk.pipeline.privacy.erased_ids import ErasedIds
from leadwerk.pipeline.privacy.order_texts import author_text, reason_text
from leadwerk.pipeline.privacy.person import PersonIds, find_person, key_of_name, unknown_person
from leadwerk.pipeline.uploads import Uploads
from leadwerk.registry import Registry
from leadwerk.registry.erasure_marks import ErasureMark
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.records import ErasureDeleted, ErasureRow
from leadwerk.warehouse.statement import statement
from leadwerk.warehouse.table_statements import stored_ids


@dataclass(frozen=True)
class ErasurePlaces:
    """All places that hold data of persons; `secret` is the key of the hashes of persons.

    `drafts` has the replay of a draft, which names leads.
    """

    warehouse: Warehouse
    picks: Picks
    registry: Registry
    uploads: Uploads
    drafts: DraftStore
    secret: str


class Receipt(Struct, frozen=True, kw_only=True):
    """Result of an erasure. `deleted`: rows by table and objects; `models` may have learned from them.

    `already_erased`: nothing was left of an earlier erasure of the same id, whose number this is.
    """

    erasure_id: str
    erased_at: datetime
    deleted: dict[str, int]
    models: tuple[str, ...]
    already_erased: bool = False


class ErasureOfId(Struct, frozen=True):
    """A row of erasures/of_id."""

    erasure_id: str
    erased_at: datetime


class UnfinishedErasure(Struct, frozen=True):
    """A row of erasures/unfinished: begun and not completed."""

    erasure_id: str
    begun_at: datetime
    author: str
    reason: str


class FirstTrace(Struct, frozen=True):
    """The row of erasures/first_trace."""

    created_at: datetime | None


def erase(place: ErasurePlaces, name: str, *, by: str, reason: str, now: datetime) -> Receipt:
    """Erase the person of a lead's id, a visitor's id, an e-mail address or a number, with all that belongs to them.

    Idempotent, and continues what an earlier run left. Raises:
        UnknownPerson: nothing is stored of such a person, and nothing was erased.
        InputError: author or reason is missing, too long, or names the person.
        WarehouseBusy: BigQuery buffers rows that it cannot delete yet; a later run or `sweep` ends the erasure.
    """
    person = find_person(place.warehouse, name, place.secret)
    ids = (name, *person.leads, *person.visitors)
    author, reason = author_text(by, ids), reason_text(reason, ids)
    if not person:
        return _earlier(place, name, now)
    erasure_id = f"E-{now:%Y%m%d}-{secrets.token_hex(4)}"
    models = _models_that_may_know(place, person, now)
    # Without leads the filter would mean all acts.
    acts = read_trail(place.warehouse, AuditFilter(until=now, lead_ids=person.leads)) if person.leads else []
    hashes_of_acts = [entry_hash(entry, place.secret) for entry in acts]
    order = UnfinishedErasure(erasure_id, now, author, reason)
    begun = _row(erasure_id, "begun", order, now, {}, models)
    begun = replace(begun, audit_hashes=tuple(hashes_of_acts))
    # Counted by an earlier erasure that BigQuery's streaming buffer interrupted: rows of it may be left.
    counted_before = {
        lead for of_moment in ErasedIds.read(place.warehouse, place.secret).among("lead", person.leads).values()
        for lead in of_moment
    }  # fmt: skip
    hashes = erased_ids.rows_of(person.by_kind, erasure_id=erasure_id, erased_at=now, secret=place.secret)
    # Hashes without an order erase nothing, and an order without hashes would stay open for ever: so they come first.
    place.warehouse.append("erased_ids", hashes)
    place.warehouse.append("erasures", [begun])
    # After the hashes: an erasure that dies here loses counts, and none counts a lead twice.
    keep_counts(place.warehouse, place.picks.policy, sorted({*person.leads} - counted_before), now)
    deleted = _delete(place, {kind: {now: list(ids)} for kind, ids in person.by_kind.items()})
    return _complete(place, order, deleted, models, now)


def sweep(place: ErasurePlaces, now: datetime) -> dict[str, int]:
    """Delete all that is stored of erased ids from before their erasure, and complete unfinished erasures.

    Returns rows by table and pick objects: empty proves that nothing is left.
    """
    erased = ErasedIds.read(place.warehouse, place.secret)
    if not erased.erased_at:
        return {}
    picked = place.warehouse.rows(*stored_ids(schema.table("picks"), "lead_id"))
    objects = _delete_picks(place.picks, erased.among("lead", (row.id for row in picked)))
    rows = Counter(delete_of(place.warehouse, erased)) + Counter(delete_leftovers(place.warehouse, erased, now))
    deleted = dict(rows) | objects
    _complete_unfinished(place, deleted, now)
    return deleted


def _complete_unfinished(place: ErasurePlaces, deleted: Mapping[str, int], now: datetime) -> None:
    for unfinished in place.warehouse.rows(statement("erasures/unfinished", UnfinishedErasure), {}):
        models = place.registry.trained_between(THE_BEGINNING, unfinished.begun_at)
        _complete(place, unfinished, dict(deleted), models, now)


def _earlier(place: ErasurePlaces, name: str, now: datetime) -> Receipt:
    """The receipt of an earlier erasure of this id, after a search for what it may have left."""
    id_ = key_of_name(name, place.secret) or name
    hashes = [erased_ids.proof(kind, id_, place.secret) for kind in ("lead", "visitor", "person")]
    earlier = [
        row
        for proof in hashes
        for row in place.warehouse.rows(statement("erasures/of_id", ErasureOfId), {"proof": proof})
    ]
    if not earlier:
        raise unknown_person()
    deleted = sweep(place, now)
    newest = max(earlier, key=lambda row: row.erased_at)
    return Receipt(
        erasure_id=newest.erasure_id, erased_at=newest.erased_at, deleted=deleted, models=(), already_erased=True
    )


def _models_that_may_know(place: ErasurePlaces, person: PersonIds, now: datetime) -> list[str]:
    [trace] = place.warehouse.rows(statement("erasures/first_trace", FirstTrace), {"lead_ids": list(person.leads)})
    # A visitor without a lead has no outcome, so no model was trained on them.
    return place.registry.trained_between(trace.created_at, now) if trace.created_at else []


def _delete(place: ErasurePlaces, ids: Mapping[str, ErasedByMoment]) -> dict[str, int]:
    counts = {table.name: delete_rows(place.warehouse, table, ids) for table in schema.tables_of_persons()}
    present = {name: count for name, count in counts.items() if count}
    return present | _delete_picks(place.picks, ids["lead"])


def _delete_picks(picks: Picks, leads: ErasedByMoment) -> dict[str, int]:
    deleted = sum(picks.forget(lead, erased_at) for erased_at, of_moment in leads.items() for lead in of_moment)
    return {"pick objects": deleted} if deleted else {}


def _complete(
    place: ErasurePlaces,
    unfinished: UnfinishedErasure,
    deleted: Mapping[str, int],
    models: Sequence[str],
    now: datetime,
) -> Receipt:
    """Overwrite, drop files that may name the person, mark the models, and only then write the receipt."""
    place.warehouse.overwrite_deleted()
    # Nobody looks into them for the person: both are made again within a minute.
    files = {"uploads": place.uploads.delete_all(), "replays": place.drafts.delete_replays()}
    deleted = {**deleted, **{name: count for name, count in files.items() if count}}
    for version in models:
        place.registry.mark_erasure(version, ErasureMark(unfinished.erasure_id, unfinished.begun_at))
    row = _row(unfinished.erasure_id, "completed", unfinished, now, deleted, models)
    place.warehouse.append("erasures", [row])
    return Receipt(
        erasure_id=unfinished.erasure_id,
        erased_at=unfinished.begun_at,
        deleted=dict(deleted),
        models=tuple(models),
    )


def _row(
    erasure_id: str,
    state: str,
    order: UnfinishedErasure,
    now: datetime,
    deleted: Mapping[str, int],
    models: Sequence[str],
) -> ErasureRow:
    return ErasureRow(
        entry_id=f"{erasure_id}/{state}",
        erasure_id=erasure_id,
        recorded_at=now,
        state=state,
        author=order.author,
        reason=order.reason,
        deleted=tuple(ErasureDeleted(place=place, row_count=count) for place, count in sorted(deleted.items())),
        models=tuple(models),
    )

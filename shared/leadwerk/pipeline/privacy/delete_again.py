"""Deletion of what a source brings again: an ingest from the start, an export read anew, a file imported again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from leadwerk.pipeline.privacy.erased_ids import ErasedIds
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.table_statements import stored_ids

STORED_WITHIN = timedelta(hours=1)
"""By then the row of a lead that came again is visible beside its first score."""

ErasedByMoment = Mapping[datetime, Sequence[str]]
"""Ids by the moment of their erasure: rows up to then are deleted, later ones are of a person who came again."""


def delete_again(
    warehouse: Warehouse,
    secret: str,
    tables: Iterable[str] | None = None,
    days: tuple[date, date] | None = None,
) -> dict[str, int]:
    """Delete rows of erased ids from before their erasure; returns rows by table, without zeros.

    `tables` and `days` (first and last, of tables with a partition) limit the search to what was just written; without
    them everything is searched. Without any erasure it costs one small query.
    """
    return delete_of(warehouse, ErasedIds.read(warehouse, secret), tables, days)


def delete_of(
    warehouse: Warehouse,
    erased: ErasedIds,
    tables: Iterable[str] | None = None,
    days: tuple[date, date] | None = None,
) -> dict[str, int]:
    """As `delete_again`, of ids that were read already."""
    deleted: Counter[str] = Counter()
    for table in schema.tables_of_persons() if erased.erased_at else ():
        if tables is None or table.name in tables:
            deleted[table.name] += delete_rows(warehouse, table, _erased_in(warehouse, table, erased, days))
    if erased.erased_at:
        # Even where nothing was found: a process may have been killed between its deletions and this.
        warehouse.overwrite_deleted()
    return dict(+deleted)


def delete_leftovers(warehouse: Warehouse, erased: ErasedIds, now: datetime) -> dict[str, int]:
    """Delete what was decided on erased leads after their erasure, where no lead is stored: returns rows by table.

    A form's score or a rescoring may have read the lead before its rows were gone, and decided on it as of later; the
    moment alone does not tell such a row from one of a person who came again.
    """
    deleted: Counter[str] = Counter()
    present = {row.id for row in warehouse.rows(*stored_ids(schema.table("leads"), "lead_id"))}
    for table in (table for table in schema.tables_of_persons() if table.privacy.decides):
        of_erased = _erased_in(warehouse, table, erased, None)["lead"]
        orphans = [lead for of_moment in of_erased.values() for lead in of_moment if lead not in present]
        if orphans:
            until = now - STORED_WITHIN
            deleted[table.name] += warehouse.delete(
                table.name, "lead_id", orphans, moment=table.privacy.moment, until=until
            )
    warehouse.overwrite_deleted()
    return dict(+deleted)


def delete_rows(warehouse: Warehouse, table: schema.Table, ids: Mapping[str, ErasedByMoment]) -> int:
    """Delete a table's rows of ids, given by kind (lead, event, visitor); returns how many."""
    return sum(
        warehouse.delete(table.name, column, of_moment, moment=table.privacy.moment, until=erased_at)
        for column, kind in table.privacy.subject.items()
        for erased_at, of_moment in ids.get(kind, {}).items()
    )


def _erased_in(
    warehouse: Warehouse, table: schema.Table, erased: ErasedIds, days: tuple[date, date] | None
) -> dict[str, ErasedByMoment]:
    ids: dict[str, ErasedByMoment] = {}
    for column, kind in table.privacy.subject.items():
        statement, parameters = stored_ids(table, column, days)
        ids[kind] = erased.among(kind, (row.id for row in warehouse.rows(statement, parameters)))
    return ids

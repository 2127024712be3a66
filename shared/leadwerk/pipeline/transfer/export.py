"""Export: all tables, models, picks and the policy of a deployment into one folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Literal

import msgspec

from leadwerk.errors import InputError
from leadwerk.pipeline.policies.policy_store import PolicyStore
from leadwerk.pipeline.transfer import manifest
from leadwerk.pipeline.transfer.manifest import ExportedFile, ExportManifest
from leadwerk.pipeline.transfer.table_files import RowBatch, write_csv, write_parquet
from leadwerk.private_files import private_folder
from leadwerk.progress import Progress, part_of, silent
from leadwerk.registry.store import Store
from leadwerk.texts.message import Message
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Warehouse
from leadwerk.warehouse.table_statements import PartitionDays, all_rows, partition_days, row_count

FileFormat = Literal["parquet", "csv"]
DAYS_A_BATCH = 30
TABLES_SHARE = 0.95
"""Share of an export's time that tables take, by rows; the rest is for models, picks and policies."""
IN_FORCE = "in_force"
"""Name of the policy in force among the policies, the others of which are named by their versions."""


@dataclass(frozen=True)
class TransferPlaces:
    """Where a deployment keeps what is moved, and its secret key of persons, which is not."""

    warehouse: Warehouse
    models: Store
    picks: Store
    policies: PolicyStore
    person_key: str


def export(
    stores: TransferPlaces,
    folder: Path,
    *,
    file_format: FileFormat = "parquet",
    now: datetime,
    progress: Progress = silent,
) -> ExportManifest:
    """Write everything into an empty `folder`, the manifest last.

    Raises:
        InputError: the folder is not empty, or cannot be written to.
    """
    _check_empty(folder)
    files = [*_tables(stores.warehouse, folder, file_format, part_of(progress, 0.0, TABLES_SHARE))]
    for name, store in (("models", stores.models), ("picks", stores.picks)):
        progress(name, TABLES_SHARE)
        files += _objects(store, folder, name)
    texts = {IN_FORCE: stores.policies.in_force().text, **stores.policies.archive()}
    files += [_text_file(folder, f"policies/{name}.yaml", text) for name, text in texts.items()]
    written = ExportManifest(
        exported_at=now,
        release=version("leadwerk"),
        format=file_format,
        files=files,
        person_key_mark=manifest.mark_of(stores.person_key),
    )
    # The manifest last: a folder without one was interrupted, and no import takes it.
    (folder / manifest.FILE).write_bytes(msgspec.json.format(msgspec.json.encode(written), indent=1))
    return written


def _check_empty(folder: Path) -> None:
    try:
        private_folder(folder)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        remedy = Message("refusal.transfer.folder")
        raise InputError(f"{folder}: {error.strerror}.", field="folder", value=str(folder), remedy=remedy) from error
    if not is_empty:
        raise InputError(Message("refusal.transfer.not_empty", folder=folder), field="folder", value=str(folder))


def _tables(warehouse: Warehouse, folder: Path, file_format: FileFormat, progress: Progress) -> Iterator[ExportedFile]:
    write = write_parquet if file_format == "parquet" else write_csv
    private_folder(folder / "tables")
    tables = schema.own_tables()
    # Counted before: the bar goes by rows, for one table holds most of them.
    counts = [warehouse.rows(row_count(table), {})[0].row_count for table in tables]
    for at, table in enumerate(tables):
        part = part_of(progress, *(sum(counts[:end]) / max(sum(counts), 1) for end in (at, at + 1)))
        path = folder / "tables" / f"{table.name}.{file_format}"
        count = write(path, table, _batches(warehouse, table, part))
        yield manifest.described(folder, path, count)


def _batches(warehouse: Warehouse, table: schema.Table, progress: Progress) -> Iterator[RowBatch]:
    """All rows of a table; those of a partitioned one by some days at a time, so that memory stays flat."""
    progress(table.name, 0.0)
    if table.partition is None:
        yield warehouse.rows(all_rows(table), {})
        return
    [days] = warehouse.rows(partition_days(table), {})
    spans = [*_spans(days)]
    for at, (first, last) in enumerate(spans):
        progress(Message("progress.table_until", table=table.name, day=last), at / len(spans))
        yield warehouse.rows(all_rows(table), {"first_day": first, "last_day": last})


def _spans(days: PartitionDays) -> Iterator[tuple[date, date]]:
    first, last = days.first_day, days.last_day
    while first and last and first <= last:
        yield first, min(last, first + timedelta(days=DAYS_A_BATCH - 1))
        first += timedelta(days=DAYS_A_BATCH)


def _text_file(folder: Path, name: str, text: str) -> ExportedFile:
    path = folder / name
    private_folder(path.parent)
    path.write_bytes(text.encode())
    return manifest.described(folder, path)


def _objects(store: Store, folder: Path, name: str) -> Iterator[ExportedFile]:
    for key in store.names():
        blob = store.read(key)
        if blob is None:  # deleted since it was listed
            continue
        path = folder / name / key
        private_folder(path.parent)
        path.write_bytes(blob.data)
        yield manifest.described(folder, path)

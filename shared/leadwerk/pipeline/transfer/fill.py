"""Fill: an empty deployment takes over the state of an export."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from leadwerk.errors import InputError
from leadwerk.pipeline.transfer import manifest
from leadwerk.pipeline.transfer.export import IN_FORCE, TABLES_SHARE, TransferPlaces
from leadwerk.pipeline.transfer.manifest import ExportManifest
from leadwerk.pipeline.transfer.table_files import read_parquet
from leadwerk.progress import Progress, silent
from leadwerk.registry.champion_pointer import POINTER
from leadwerk.texts.message import Message
from leadwerk.warehouse import schema
from leadwerk.warehouse.table_statements import row_count


def fill(
    stores: TransferPlaces,
    folder: Path,
    *,
    progress: Progress = silent,
) -> ExportManifest:
    """Take over everything of an export; repeated after an interruption it continues, since rows have keys.

    Raises:
        InputError: the export is incomplete, changed, or of CSV files; or the deployment has leads of its own, or
            another key of persons.
    """
    exported = manifest.read(folder)
    if exported.format != "parquet":
        raise InputError(Message("refusal.transfer.csv"), field="folder", value=str(folder))
    # With another key no hash matches: erased persons come back, objections bind nobody, and all seals look broken.
    if exported.person_key_mark and exported.person_key_mark != manifest.mark_of(stores.person_key):
        raise InputError(Message("refusal.transfer.key"), field="person_key")
    tables = {PurePosixPath(file.path).stem: file for file in exported.files if file.path.startswith("tables/")}
    _check_empty(stores, {name: file.rows or 0 for name, file in tables.items()})
    total, moved = sum(file.rows or 0 for file in tables.values()), 0
    for name, file in tables.items():
        for rows in read_parquet(folder / file.path):
            doing = Message("progress.table_rows", table=name, done=f"{moved:,}", total=f"{total:,}")
            progress(doing, TABLES_SHARE * moved / total)
            stores.warehouse.append(name, rows, is_moved=True)
            moved += len(rows)
    for name, store in (("models", stores.models), ("picks", stores.picks)):
        progress(name, TABLES_SHARE)
        # The pointer to the champion comes last: until then nothing scores by a model that is half there.
        paths = [file.path for file in exported.files if file.path.startswith(f"{name}/")]
        paths.sort(key=lambda path: path.endswith(POINTER))
        for path in paths:
            store.write(path.removeprefix(f"{name}/"), (folder / path).read_bytes())
    policies = {Path(file.path).stem: file.path for file in exported.files if file.path.startswith("policies/")}
    texts = {name: (folder / path).read_bytes().decode() for name, path in policies.items()}
    stores.policies.take_over(texts.pop(IN_FORCE), texts)
    return exported


def _check_empty(stores: TransferPlaces, exported: dict[str, int]) -> None:
    """Refuse to mix two states: a table holds at most the rows of an interrupted run of the same export."""
    # What was done to the deployment before, such as a run of this command, stays in its trail.
    for name in sorted(exported.keys() - {"audit_log"}):
        [present] = stores.warehouse.rows(row_count(schema.table(name)), {})
        if present.row_count > exported[name]:
            raise InputError(
                Message(
                    "refusal.transfer.rows", rows=f"{present.row_count:,}", table=name, exported=f"{exported[name]:,}"
                ),
                field="home",
                value=name,
            )

"""Import home: the files that an import leaves in the home folder (policy, column mapping), and their protection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from leadwerk.errors import UNREADABLE_JSON, InputError
from leadwerk.importing.column_format import ColumnFormat
from leadwerk.importing.column_mapping import ROW_NUMBER, ColumnMapping
from leadwerk.importing.lead_ids import example_without_zeros
from leadwerk.importing.plan import ImportPlan
from leadwerk.importing.policy_file import is_untouched
from leadwerk.importing.unit_column import unit_factor, unit_refusal
from leadwerk.policy.folding import folded
from leadwerk.private_files import private_folder
from leadwerk.texts.message import Message

MAPPING_FILE, POLICY_FILE = "import.json", "policy.yaml"


def rejects_path(plan: ImportPlan, folder: Path) -> Path:
    """Where the rows that could not be used are listed."""
    return folder / "imports" / f"{plan.table.path.stem}.rejects.csv"


@contextmanager
def prepared_files(plan: ImportPlan, folder: Path) -> Iterator[Callable[[], object]]:
    """Write policy and mapping aside; yields the function that puts them in their places.

    Whatever fails inside leaves the home as it was, and no new folder.
    """
    is_new = not folder.exists()
    private_folder(folder)
    prepared = _write_prepared(plan, folder)
    with ExitStack() as undo:
        undo.callback(_discard, [file for file, _ in prepared], folder if is_new else None)
        yield lambda: [file.replace(target) for file, target in prepared]
        # Nothing failed, so there is nothing to undo.
        undo.pop_all()


def _discard(prepared: Sequence[Path], new_folder: Path | None) -> None:
    """Remove what was prepared, and the folder that was made for it if nothing else lies there."""
    for file in prepared:
        file.unlink(missing_ok=True)
    if new_folder is not None and not any(new_folder.iterdir()):
        new_folder.rmdir()


def _write_prepared(plan: ImportPlan, folder: Path) -> list[tuple[Path, Path]]:
    contents = {MAPPING_FILE: msgspec.json.format(msgspec.json.encode(plan.mapping), indent=1)}
    if plan.own_policy is None:
        contents[POLICY_FILE] = plan.policy_text.encode()
    prepared = []
    for name, content in contents.items():
        file = folder / f"{name}.prepared"
        file.write_bytes(content)
        prepared.append((file, folder / name))
    return prepared


def refuse_overwriting(plan: ImportPlan, folder: Path, *, replace: bool) -> None:
    """Keep a policy that a person wrote, or from most of whose columns this file could not be scored.

    Raises:
        InputError: the home has such a policy, and the user does not replace it; or a spreadsheet took the zeros in
            front of the ids, so that no lead would be found again.
    """
    if not replace:
        _refuse_lost_zeros(plan, folder)
        _refuse_other_units(plan, folder)
    path = folder / POLICY_FILE
    if plan.own_policy is not None or replace or not path.exists():
        return
    text = path.read_text("utf-8", errors="replace")
    if not is_untouched(text):
        raise InputError(Message("import.home.edited", path=path), field="home", value=str(folder))
    mapping = read_mapping(folder)
    imported_columns = {name for name, how in mapping.formats.items() if name != mapping.time} if mapping else set()
    imported_columns = _policy_columns(text) or imported_columns
    lacking = sorted(name for name in imported_columns if plan.table.find(name) is None)
    if imported_columns and len(lacking) > len(imported_columns) / 2:
        raise InputError(
            Message(
                "import.home.lacks",
                file=plan.table.path.name,
                lacking=len(lacking),
                total=len(imported_columns),
                columns=", ".join(map(repr, lacking[:5])),
            ),
            field="file",
            value=str(plan.table.path),
        )


def columns_left(plan: ImportPlan, folder: Path) -> tuple[Message, ...]:
    """A warning of columns that the home learns from and this file lacks: the policy that it writes is without them."""
    path = folder / POLICY_FILE
    if plan.own_policy is not None or not path.exists() or not is_untouched(text := path.read_text("utf-8", "replace")):
        return ()
    lacking = sorted(name for name in _policy_columns(text) if plan.table.find(name) is None)
    columns = ", ".join(map(repr, lacking))
    return (Message("import.home.left", file=plan.table.path.name, columns=columns),) if lacking else ()


def _refuse_lost_zeros(plan: ImportPlan, folder: Path) -> None:
    before, column = read_mapping(folder), plan.mapping.id
    width = before.formats.get(before.id, ColumnFormat()).width if before else None
    if width is None or column == ROW_NUMBER:
        return
    example = example_without_zeros(plan.table.column(column), width)
    if example is not None:
        raise InputError(
            Message("import.home.zeros", column=column, width=width, example=example, before=example.zfill(width)),
            field="id",
            value=column,
        )


def _refuse_other_units(plan: ImportPlan, folder: Path) -> None:
    """Refuse a column whose numbers do not continue those of the file before: a lead stored in cm, the next in mm."""
    before = read_mapping(folder)
    learned = {folded(name): how.unit for name, how in before.formats.items()} if before else {}
    for name, how in plan.mapping.formats.items():
        unit = learned.get(folded(name))
        if name in plan.mapping.exclude or unit is None or how.unit is None:
            continue
        if unit_factor(name, unit, how.unit) != 1.0:
            raise unit_refusal(name, unit, how.unit)


def _policy_columns(text: str) -> set[str]:
    from leadwerk.policy.load import parse

    return {attribute.source or attribute.name for attribute in parse(text).attributes}


def read_mapping(home: Path) -> ColumnMapping | None:
    """How the home's file was imported; None if none was.

    Raises:
        InputError: the note of it cannot be read.
    """
    path = home / MAPPING_FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=ColumnMapping) if path.exists() else None
    except UNREADABLE_JSON as error:
        raise InputError(Message("import.home.mapping", path=path, error=error), field=MAPPING_FILE) from error

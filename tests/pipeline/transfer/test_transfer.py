"""Export and move: the state of a deployment in files, and the same state out of them."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from leadwerk.errors import InputError
from leadwerk.pipeline.policies.policy_store import PolicyStore
from leadwerk.pipeline.transfer.export import TransferPlaces, export
from leadwerk.pipeline.transfer.fill import fill
from leadwerk.policy.load import parse, shipped_text
from leadwerk.registry import FolderStore
from leadwerk.warehouse import schema
from leadwerk.warehouse.protocol import Row
from leadwerk.warehouse.statement import from_text
from support.homes import home_warehouse
from support.person_rows import ANNA, BEAT, BEFORE, ERASED_AT, fill as fill_rows, row

PUBLISHED = shipped_text("mortgage").replace("activity: 830", "activity: 900")


def stores(home: Path, person_key: str = "key of the tests") -> TransferPlaces:
    policies = PolicyStore(FolderStore(home), "policy.yaml", shipped_text("mortgage"))
    models, picks = FolderStore(home / "models"), FolderStore(home / "picks")
    return TransferPlaces(home_warehouse(home), models, picks, policies, person_key)


@pytest.fixture
def source(tmp_path: Path) -> TransferPlaces:
    filled = stores(tmp_path / "source")
    fill_rows(filled.warehouse, ANNA, BEAT)
    for table in schema.own_tables():
        if not table.privacy.subject:
            filled.warehouse.append(table.name, [row(table, ANNA, BEFORE)])
    filled.models.write("v1/manifest.json", b"{}")
    filled.models.write("champion.json", b"v1")
    filled.picks.write("leads/ab/1.json", b"pick")
    filled.policies.replace(filled.policies.in_force(), PUBLISHED, parse(PUBLISHED, "published"))
    return filled


def rows(deployment: TransferPlaces) -> dict[str, list[Row]]:
    return {
        table.name: deployment.warehouse.rows(
            from_text(f"SELECT * FROM leadwerk.{table.name} ORDER BY {', '.join(table.key)}"), {}
        )
        for table in schema.own_tables()
    }


def objects(deployment: TransferPlaces) -> dict[str, bytes]:
    stores = {"models": deployment.models, "picks": deployment.picks}
    return {
        f"{name}/{key}": blob.data
        for name, store in stores.items()
        for key in store.names()
        if (blob := store.read(key))
    }


@pytest.mark.slow
def test_an_empty_home_gets_the_same_state(source: TransferPlaces, tmp_path: Path) -> None:
    export(source, tmp_path / "export", now=ERASED_AT)
    target = stores(tmp_path / "target")
    fill(target, tmp_path / "export")
    assert all(rows(source).values())
    assert rows(target) == rows(source)
    assert objects(target) == objects(source)
    assert target.policies.in_force().text == PUBLISHED
    assert target.policies.archive() == source.policies.archive()


def test_a_move_that_died_continues(source: TransferPlaces, tmp_path: Path) -> None:
    export(source, tmp_path / "export", now=ERASED_AT)
    target = stores(tmp_path / "target")

    class FullDisk(FolderStore):
        def write(self, name, data, **options):  # type: ignore[no-untyped-def]
            raise OSError("No space left on device")

    with pytest.raises(OSError, match="space"):
        fill(replace(target, picks=FullDisk(tmp_path / "full")), tmp_path / "export")
    fill(target, tmp_path / "export")
    assert all(rows(source).values())
    assert rows(target) == rows(source)
    assert objects(target) == objects(source)


def test_two_states_are_never_mixed(source: TransferPlaces, tmp_path: Path) -> None:
    small = stores(tmp_path / "small")
    export(small, tmp_path / "export", now=ERASED_AT)
    with pytest.raises(InputError, match="This deployment has 2 rows in activity_daily, the export 0"):
        fill(source, tmp_path / "export")


@pytest.mark.parametrize("damage", ["changed", "missing", "outside"])
def test_a_damaged_export_changes_nothing(source: TransferPlaces, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "export"
    export(source, folder, now=ERASED_AT)
    if damage == "changed":
        (folder / "models/champion.json").write_bytes(b"v2")
    elif damage == "missing":
        (folder / "tables/scores.parquet").unlink()
    else:
        manifest = folder / "manifest.json"
        manifest.write_text(manifest.read_text().replace("models/champion.json", "models/../../outside.json"))
    target = stores(tmp_path / "target")
    with pytest.raises(InputError, match=r"is not the file|is missing|leads out"):
        fill(target, folder)
    assert objects(target) == {}
    assert not any(rows(target).values())


def test_an_export_goes_into_an_empty_folder_only(source: TransferPlaces, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(InputError, match="is not empty"):
        export(source, tmp_path / "full", now=ERASED_AT)


def test_a_csv_has_every_column_and_runs_no_formula(source: TransferPlaces, tmp_path: Path) -> None:
    lead = next(iter(rows(source)["leads"]))
    formula = {**lead, "event_id": "formula", "channel": "=HYPERLINK(1)"}
    source.warehouse.append("leads", [formula])
    export(source, tmp_path / "export", file_format="csv", now=ERASED_AT)
    with (tmp_path / "export/tables/leads.csv").open(encoding="utf-8-sig", newline="") as file:
        written = {row["event_id"]: row for row in csv.DictReader(file)}
    assert list(written["formula"]) == [field.name for field in schema.table("leads").fields]
    assert written["formula"]["channel"] == "'=HYPERLINK(1)"
    assert written["formula"]["created_at"].startswith("2026-04-25T09:30:00")
    with pytest.raises(InputError, match="CSV cannot be taken over"):
        fill(stores(tmp_path / "target"), tmp_path / "export")


def test_a_deployment_with_another_key_of_persons_takes_nothing(source: TransferPlaces, tmp_path: Path) -> None:
    """Its hashes would match nobody: erased persons would come back, and objections bind nobody."""
    export(source, tmp_path / "export", now=ERASED_AT)
    with pytest.raises(InputError, match="key of persons"):
        fill(stores(tmp_path / "other", "another key"), tmp_path / "export")
    fill(stores(tmp_path / "other"), tmp_path / "export")
